"""What an event says that may have changed: a source to look at again, and nothing of its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.contracts.events import SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping

SourceKind = Literal[
    "data-set", "release", "training-job", "evaluation-job", "model-package", "promotion", "endpoint"
]


@dataclass(frozen=True, slots=True, order=True)
class LineageSubject:
    """
    One source.

    Attributes:
        kind: Which source.
        name: ``<project>/<name>:<version>`` of a data set, the id of a release (its approval and its
            evidence are read with it), a job's name, a model package's ARN, the ARN of a promotion's
            execution, an endpoint's name.
    """

    kind: SourceKind
    name: str


_NAMED_IN: Final[dict[str, tuple[SourceKind, str]]] = {
    "SageMaker Training Job State Change": ("training-job", "TrainingJobName"),
    "SageMaker Processing Job State Change": ("evaluation-job", "ProcessingJobName"),
    "SageMaker Model Package State Change": ("model-package", "ModelPackageArn"),
    "SageMaker Endpoint State Change": ("endpoint", "EndpointName"),
    "SageMaker Endpoint Deployment State Change": ("endpoint", "EndpointName"),
}
EXECUTIONS: Final = "Step Functions Execution Status Change"
OBJECTS: Final = "Object Created"


def subjects_of(event: Mapping[str, Any], *, promote_machine_arn: str) -> list[LineageSubject]:
    """
    The sources that an event of EventBridge tells to look at; none for one that we know nothing of.

    >>> subjects_of({"source": "aws.sagemaker", "detail-type": "SageMaker Endpoint State Change",
    ...     "detail": {"EndpointName": "slipway-dev-pricing-hotel-rates"}}, promote_machine_arn="")
    [LineageSubject(kind='endpoint', name='slipway-dev-pricing-hotel-rates')]
    """
    kind, detail = event["detail-type"], event["detail"]
    if event["source"] == SOURCE:
        return [LineageSubject("release", detail["release_id"])]
    if kind == EXECUTIONS:
        arn = detail["executionArn"]
        if detail["stateMachineArn"] == promote_machine_arn:
            return [LineageSubject("promotion", arn)]
        return [LineageSubject("release", arn.rpartition(":")[2])]
    if kind == OBJECTS:
        from slipway.domain.data_lineage import data_set_of_key  # noqa: PLC0415 - few events are of data sets

        node = data_set_of_key(detail["object"]["key"])
        return [LineageSubject("data-set", node.partition(":")[2])] if node else []
    if kind in _NAMED_IN:
        source, member = _NAMED_IN[kind]
        return [LineageSubject(source, detail[member])] if detail.get(member) else []
    return []
