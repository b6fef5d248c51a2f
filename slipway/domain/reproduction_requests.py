"""The requests that train and evaluate a recorded release again, as an experiment beside it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import names
from slipway.domain.jobs import MODEL_INPUT

if TYPE_CHECKING:
    from slipway.contracts.release import Plan

REPRODUCES: Final = "slipway:reproduces"
"""Tag of its jobs: the release that is reproduced."""
FOLDER: Final = "reproductions"
_ROOM: Final = len("-reproduce-20261124050607")


def place(plan: Plan, moment: str) -> str:
    """
    Where all of one reproduction lies, with a slash at its end.

    Args:
        plan: The release's.
        moment: When it began, in UTC: ``20261124T050607Z``.
    """
    return f"{plan['artifact_prefix']}/{FOLDER}/{moment}/"


def job_name(plan: Plan, resource_prefix: str, moment: str) -> str:
    """Of the training job; that of the evaluation ends in ``-e``."""
    stem = names.of_release(
        resource_prefix, plan["model"], plan["version"], plan["release_id"], room=_ROOM + len("-e")
    )
    digits = "".join(character for character in moment if character.isdigit())
    return f"{stem}-reproduce-{digits}"


def training_again(plan: Plan, *, name: str, folder: str) -> dict[str, Any]:
    """CreateTrainingJob: the recorded request, but for its name, its tags and where it writes."""
    request = copy.deepcopy(plan["requests"]["training"])
    request["TrainingJobName"] = name
    request["OutputDataConfig"]["S3OutputPath"] = f"{folder}training/"
    if "CheckpointConfig" in request:  # those of the first time would be gone on from
        request["CheckpointConfig"]["S3Uri"] = f"{folder}checkpoints/"
    request["Tags"] = tags(plan)
    return request


def evaluation_again(plan: Plan, *, name: str, folder: str, model_uri: str) -> dict[str, Any]:
    """CreateProcessingJob: the recorded evaluation of what was trained again."""
    request = copy.deepcopy(plan["requests"]["challenger"])
    request["ProcessingJobName"] = name
    for one in request["ProcessingInputs"]:
        if one["InputName"] == MODEL_INPUT:
            one["S3Input"]["S3Uri"] = model_uri
    for output in request["ProcessingOutputConfig"]["Outputs"]:
        output["S3Output"]["S3Uri"] = f"{folder}evaluation/"
    request["Tags"] = tags(plan)
    return request


def tags(plan: Plan) -> list[dict[str, str]]:
    """An experiment of the model: no release is named as the one that asked for it."""
    words = {
        REPRODUCES: plan["release_id"],
        "slipway:project": plan["project"],
        "slipway:model": plan["model"],
        "slipway:environment": plan["environment"],
    }
    return [{"Key": key, "Value": value} for key, value in words.items()]
