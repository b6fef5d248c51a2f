"""SageMaker's jobs as ``.sync`` follows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from workbench.local.states.casing import from_answer
from workbench.local.states.documents import to_text
from workbench.local.states.failures import TASK_FAILED, StateFailedError


@dataclass(frozen=True, slots=True)
class JobKind:
    """How to look at one kind of job and how to stop it."""

    name: str
    """The request's member that names the job."""
    status: str
    describe: str
    stop: str


JOBS: Final = {
    "createTrainingJob": JobKind(
        "TrainingJobName", "TrainingJobStatus", "describe_training_job", "stop_training_job"
    ),
    "createProcessingJob": JobKind(
        "ProcessingJobName", "ProcessingJobStatus", "describe_processing_job", "stop_processing_job"
    ),
    "createTransformJob": JobKind(
        "TransformJobName", "TransformJobStatus", "describe_transform_job", "stop_transform_job"
    ),
    "createHyperParameterTuningJob": JobKind(
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobStatus",
        "describe_hyper_parameter_tuning_job",
        "stop_hyper_parameter_tuning_job",
    ),
}

_ENDED: Final = frozenset({"Completed", "Failed", "Stopped"})


def look_at(client: Any, kind: JobKind, name: str) -> Any:
    """
    The finished job's description; None while it runs.

    Raises:
        StateFailedError: States.TaskFailed with the description as cause; the job failed or was stopped.
    """
    answer = getattr(client, kind.describe)(**{kind.name: name})
    answer.pop("ResponseMetadata", None)
    status = answer[kind.status]
    if status not in _ENDED:
        return None
    operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[kind.describe])
    described = from_answer(answer, operation.output_shape, timestamps="milliseconds")
    if status != "Completed":
        raise StateFailedError(TASK_FAILED, to_text(described))
    return described


def stop(client: Any, kind: JobKind, name: str) -> None:
    """Ask the job to stop."""
    getattr(client, kind.stop)(**{kind.name: name})
