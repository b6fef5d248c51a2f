"""
The model card of a package, in SageMaker's JSON: what it is for, how it was made, how it was judged.

A package's card has a simpler schema than a card of its own: its overview names creator and artifact alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.release import PinnedDataSet, ReleaseDocument

MAX_CONTENT: Final = 100_000
"""Characters, SageMaker's."""
MAX_DATA_SETS: Final = 10
_TEXT: Final = 1024
_LONG: Final = 2048
_NAME: Final = 255
_PARAMETERS: Final = 100
_METRICS: Final = 50
"""So many of each at most: the whole stays below MAX_CONTENT."""
CARD_STATUS: Final[Mapping[str, str]] = {
    "PendingManualApproval": "PendingReview",
    "Approved": "Approved",
    "Rejected": "Archived",
}
"""Of a card, by its package's approval."""


def model_card(document: ReleaseDocument) -> dict[str, str]:
    """``ModelCard`` of CreateModelPackage, in review."""
    content = json.dumps(_content(document), separators=(",", ":"), allow_nan=False)
    return {"ModelCardContent": content, "ModelCardStatus": CARD_STATUS["PendingManualApproval"]}


def _content(document: ReleaseDocument) -> dict[str, Any]:
    plan, training, verdict = document["plan"], document["training"], document["verdict"]
    description = str(plan["manifest"]["model"].get("description", ""))
    source = plan.get("source", {})
    made = f"Trained by Slipway from {plan['repository']} {plan['version']}, release {plan['release_id']}."
    return {
        "model_overview": {
            "model_creator": f"project {plan['project']}"[:_TEXT],
            "model_artifact": [training["model_uri"]],
        },
        "intended_uses": {
            "purpose_of_model": description[:_LONG] or f"{plan['project']}/{plan['model']}",
            "risk_rating": "Unknown",
        },
        "training_details": {
            "training_observations": made[:_TEXT],
            "training_job_details": {
                "training_arn": training["job_arn"],
                "training_datasets": _data_sets(plan["training_data"]),
                "training_environment": {"container_image": [plan["image_uri"]]},
                "training_metrics": _metrics(training["metrics"]),
                "hyper_parameters": [
                    {"name": str(name)[:_NAME], "value": str(value)[:_NAME]}
                    for name, value in sorted(
                        (plan["requests"]["training"].get("HyperParameters") or {}).items()
                    )[:_PARAMETERS]
                ],
            },
        },
        "evaluation_details": [
            {
                "name": f"{plan['version']} on frozen data"[:63],
                "evaluation_observation": verdict["summary"][:_LONG],
                "datasets": _data_sets(plan["evaluation_data"]),
                "metadata": {label: text[:_NAME] for label, text in verdict.get("numbers", [])},
                "metric_groups": _groups(document),
            }
        ],
        "additional_information": {
            "custom_details": {
                "release": plan["release_id"],
                "report": verdict["report_uri"],
                "image_digest": plan["image_digest"],
                **{
                    name: str(source[name])[:_TEXT]
                    for name in ("git_commit", "git_repository", "python")
                    if source.get(name)
                },
            }
        },
    }


def _groups(document: ReleaseDocument) -> list[dict[str, Any]]:
    verdict, champion = document["verdict"], document["plan"]["champion"]
    groups = [{"name": "challenger", "metric_data": _numbers(verdict["challenger"])}]
    if champion is not None and verdict["champion"]:
        name = f"champion {champion['version']}"[:63]
        groups.append({"name": name, "metric_data": _numbers(verdict["champion"])})
    return [group for group in groups if group["metric_data"]]


def _numbers(metrics: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{**one, "type": "number"} for one in _metrics(metrics)]


def _metrics(metrics: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"name": name[:_NAME], "value": value} for name, value in sorted(metrics.items())[:_METRICS]]


def _data_sets(pinned: list[PinnedDataSet]) -> list[str]:
    """Their URIs, which hold name and version."""
    return [one["uri"] for one in pinned[:MAX_DATA_SETS]]
