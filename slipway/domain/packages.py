"""The model package that SageMaker's registry keeps of a release."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.report import quality_uri
from slipway.domain.measurement import number
from slipway.domain.model_card import model_card

if TYPE_CHECKING:
    from slipway.contracts.release import ReleaseDocument

MAX_PROPERTIES: Final = 50
MAX_PROPERTY_VALUE: Final = 256
MAX_PROPERTY_KEY: Final = 128

RELEASE_PROPERTY: Final = "slipway:release"
"""By this property a package is found again when its registration is tried twice."""

_FORBIDDEN: Final = re.compile(r"[^\w .:/=+\-@]", re.ASCII)


def property_text(text: str, limit: int = MAX_PROPERTY_VALUE) -> str:
    """
    What a property may hold: letters, digits, space and ``_.:/=+-@``; never empty.

    >>> property_text("hotel rates, v2 {new}")
    'hotel rates- v2 -new-'
    """
    return _FORBIDDEN.sub("-", text)[:limit].strip() or "-"


def package_request(document: ReleaseDocument, group: str) -> dict[str, Any]:
    """
    CreateModelPackage, pending approval.

    A package of a group takes no tags; what names the release stands in its properties.
    """
    plan, training = document["plan"], document["training"]
    sample = plan["manifest"]["serving"]["sample"]
    instance_type = plan["manifest"]["serving"].get("instance_type")
    return {
        "ModelPackageGroupName": group,
        "ModelPackageDescription": f"{plan['project']}/{plan['model']} {plan['version']}, release "
        f"{plan['release_id']}",
        "ModelApprovalStatus": "PendingManualApproval",
        "ClientToken": plan["release_id"],
        "InferenceSpecification": {
            "Containers": [{"Image": plan["image_uri"], "ModelDataUrl": training["model_uri"]}],
            "SupportedContentTypes": [sample["content_type"]],
            "SupportedResponseMIMETypes": [sample["accept"]],
            **({"SupportedRealtimeInferenceInstanceTypes": [instance_type]} if instance_type else {}),
        },
        "ModelMetrics": {
            "ModelQuality": {
                "Statistics": {
                    "ContentType": "application/json",
                    "S3Uri": quality_uri(plan["artifact_prefix"]),
                }
            },
        },
        "ModelCard": model_card(document),
        "CustomerMetadataProperties": properties(document),
        "MetadataProperties": {"GeneratedBy": training["job_arn"], "Repository": plan["repository"]},
        "SkipModelValidation": "All",
    }


def properties(document: ReleaseDocument) -> dict[str, str]:
    """What to find a package by: versions, digests and metrics, as many as fit."""
    plan, verdict = document["plan"], document["verdict"]
    wanted = {
        "slipway:version": plan["version"],
        RELEASE_PROPERTY: plan["release_id"],
        "slipway:project": plan["project"],
        "slipway:model": plan["model"],
        "slipway:environment": plan["environment"],
        "slipway:image-digest": plan["image_digest"],
        "slipway:training-job": document["training"]["job_name"],
        "slipway:report": verdict["report_uri"],
    }
    for use, pinned in (("training", plan["training_data"]), ("evaluation", plan["evaluation_data"])):
        for one in pinned:
            wanted[f"slipway:{use}-data:{one['channel']}"] = (
                f"{one['data_set']}:{one['version']}@{one['digest']}"
            )
    for metric, value in sorted(verdict["challenger"].items()):
        wanted[f"metric:{metric}"] = number(value)
    cleaned = {property_text(key, MAX_PROPERTY_KEY): property_text(value) for key, value in wanted.items()}
    return dict(list(cleaned.items())[:MAX_PROPERTIES])
