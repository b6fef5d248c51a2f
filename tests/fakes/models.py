"""A model to release in tests, and the site it is released on."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

from slipway.domain.manifest import Manifest
from slipway.domain.plan import Pins, plan_of
from slipway.domain.site import Site

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
REPOSITORY = "models/pricing/hotel-rates"
IMAGE_DIGEST = "sha256:" + "9f" * 32
IMAGE_URI = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{REPOSITORY}@{IMAGE_DIGEST}"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/slipway-dev-pricing-hotel-rates/1"
RELEASE_MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:release"
PROMOTE_MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:promote"

_DOCUMENT: dict[str, Any] = {
    "model": {"project": "pricing", "name": "hotel-rates", "description": "Rates of hotels"},
    "programs": {"train": ["train"], "evaluate": ["evaluate"], "serve": ["serve"]},
    "training": {
        "instance_type": "ml.m5.large",
        "instance_count": 1,
        "volume_gb": 30,
        "max_runtime_minutes": 30,
        "spot": False,
        "checkpoints": False,
        "channels": {"train": "hotel-rates:1.x"},
        "hyperparameters": {"learning_rate": 0.1, "rounds": 200, "early_stopping": True},
        "metrics": {"validation:mae": "validation mae=([0-9.eE+-]+)"},
    },
    "evaluation": {
        "instance_type": "ml.m5.xlarge",
        "volume_gb": 20,
        "max_runtime_minutes": 15,
        "primary_metric": "mae",
        "margin": 0.0,
        "channels": {"holdout": "hotel-rates-holdout:1.0.0"},
        "metrics": {"mae": {"direction": "minimize", "unit": "EUR"}},
    },
    "gates": ["mae <= 60"],
    "serving": {
        "instance_type": "ml.m5.large",
        "instance_count": 1,
        "min_instances": 1,
        "max_instances": 2,
        "invocations_per_instance": 1000,
        "startup_timeout_seconds": 240,
        "identity": "proxy",
        "sample": {
            "content_type": "application/json",
            "accept": "application/json",
            "body": '{"instances": [[1, 2]]}',
        },
    },
}


def a_manifest(**sections: dict[str, Any]) -> Manifest:
    """A valid manifest; ``training={"spot": True, …}`` changes keys of a section."""
    document = copy.deepcopy(_DOCUMENT)
    for name, changes in sections.items():
        document[name] = changes if isinstance(changes, list) else {**document.get(name, {}), **changes}
    return Manifest.from_label(json.dumps(document))


def a_site(**policy: Any) -> Site:
    """A site; ``max_instance_count=1`` and the like change its policy."""
    return Site(
        environment="dev",
        artifact_bucket="artifacts",
        data_key_arn="arn:aws:kms:eu-west-1:123456789012:key/1",
        job_role_arn="arn:aws:iam::123456789012:role/jobs",
        serving_role_arn="arn:aws:iam::123456789012:role/serving",
        policy={
            "repository_prefix": "models",
            "projects": [],
            "training_instance_types": [],
            "serving_instance_types": [],
            "max_training_minutes": 120,
            "max_instance_count": 4,
            "approvers": {"*": ["ana@example.com"]},
            "recipients": {},
            "approval_timeout_hours": 72,
            "resource_prefix": "slipway-dev",
            "poll_seconds": 30,
            "step_cache_days": 90,
            **policy,
        },
    )


def pinned(channel: str = "train", data_set: str = "hotel-rates", version: str = "1.2.0") -> Any:
    """``contracts.release.PinnedDataSet``."""
    return {
        "channel": channel,
        "data_set": data_set,
        "version": version,
        "digest": "sha256:" + "ab" * 32,
        "uri": f"s3://data/pricing/{data_set}/{version}/files/",
        "rows": 100,
    }


def a_champion(version: str = "1.0.0") -> Any:
    """``contracts.release.Champion``."""
    return {
        "release_id": "c0c0c0c0c0c0c0c0",
        "version": version,
        "image_uri": IMAGE_URI.replace("9f", "c0"),
        "image_digest": IMAGE_DIGEST.replace("9f", "c0"),
        "model_uri": "s3://artifacts/old/model.tar.gz",
        "package_arn": PACKAGE,
        "evaluate": ["python", "evaluate.py"],
    }


def a_plan(
    version: str = "1.1.0", *, champion: Any = None, release_id: str = "9f2c41d07b3a55e1", **sections: Any
) -> Any:
    """``contracts.release.Plan``."""
    pins = Pins(
        cause="push",
        repository=REPOSITORY,
        version=version,
        image_uri=IMAGE_URI,
        image_digest=IMAGE_DIGEST,
        training_data=[pinned()],
        evaluation_data=[pinned("holdout", "hotel-rates-holdout", "1.0.0")],
        champion=champion,
    )
    return plan_of(
        a_site(), a_manifest(**sections), pins, release_id=release_id, planned_at="2026-11-22T03:00:00.000Z"
    )


def a_document(plan: Any = None, *, champion_run: bool = False) -> Any:
    """``contracts.release.ReleaseDocument`` as it is after both evaluations."""
    plan = plan or a_plan()
    prefix = plan["artifact_prefix"]
    return {
        "plan": plan,
        "training": {
            "job_name": "slipway-dev-hotel-rates-1-1-0-9f2c41d0-train-0-0",
            "job_arn": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/slipway-dev-hotel-rates-train",
            "model_uri": f"{prefix}/training/job/output/model.tar.gz",
            "seconds": 61.0,
            "billable_seconds": 61.0,
            "metrics": {"validation:mae": 30.1},
        },
        "evaluation": {
            # the machine takes it from the job's output, with a slash at its end
            "challenger": {"job_name": "c", "report_prefix": f"{prefix}/evaluation/challenger/"},
            "champion": (
                {"job_name": "d", "report_prefix": f"{prefix}/evaluation/champion/"} if champion_run else None
            ),
        },
    }


def an_accepted_document(plan: Any = None) -> Any:
    """The document as it is when the release is registered."""
    document = a_document(plan)
    return {
        **document,
        "verdict": {
            "accepted": True,
            "summary": "accepted",
            "primary_metric": "mae",
            "challenger": {"mae": 31.2},
            "champion": None,
            "gates": [],
            "report_uri": f"{document['plan']['artifact_prefix']}/report.json",
        },
    }


def a_version(version: str = "1.1.0", **changes: Any) -> Any:
    """``contracts.ledger.VersionRecord``."""
    return {
        "project": "pricing",
        "model": "hotel-rates",
        "version": version,
        "release_id": "9f2c41d07b3a55e1",
        "image_uri": IMAGE_URI,
        "image_digest": IMAGE_DIGEST,
        "model_uri": "s3://artifacts/model.tar.gz",
        "package_arn": PACKAGE,
        "manifest": a_manifest().document(),
        "training_data": [pinned()],
        "evaluation_data": [pinned("holdout")],
        "metrics": {"mae": 31.25},
        "report_uri": "s3://artifacts/report.json",
        "approval": "pending",
        "registered_at": "2026-11-22T03:10:00.000Z",
        **changes,
    }


def a_promotion_request(version: str = "1.1.0", **changes: Any) -> Any:
    """``contracts.promotion.PromotionRequest``."""
    return {
        "project": "pricing",
        "model": "hotel-rates",
        "version": version,
        "release_id": "9f2c41d07b3a55e1",
        "cause": "approval",
        "actor": "ana@example.com",
        "reason": "better on every slice",
        **changes,
    }
