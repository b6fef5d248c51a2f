"""The complete requests that put a registered version behind its endpoint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import container
from slipway.contracts.names import VARIANT
from slipway.domain.jobs import volume_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.promotion import Identity
    from slipway.domain.site import Site

MODEL_DOWNLOAD_SECONDS: Final = 600
MIN_DEPLOYMENT_SECONDS: Final = 600
MAX_DEPLOYMENT_SECONDS: Final = 28_800
_DEPLOYMENT_SLACK_SECONDS: Final = 900
"""Instances have to be found and the image pulled before the container may start."""


def data_version(pinned: Sequence[dict[str, Any]]) -> str:
    """
    The training data in a few words.

    >>> data_version([{"data_set": "hotel-rates", "version": "1.2.0"}])
    'hotel-rates:1.2.0'
    """
    return ",".join(dict.fromkeys(f"{one['data_set']}:{one['version']}" for one in pinned))


def identity_of(record: VersionRecord) -> Identity:
    """What every answer of the endpoint says."""
    return {
        "project": record["project"],
        "model": record["model"],
        "version": record["version"],
        "image_digest": record["image_digest"],
        "data_version": data_version(record["training_data"]),
    }


def model_request(
    site: Site, record: VersionRecord, *, name: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    """CreateModel: the image by digest, so that what was approved is what serves."""
    identity = identity_of(record)
    return {
        "ModelName": name,
        "ExecutionRoleArn": site.serving_role_arn,
        "PrimaryContainer": {
            "Image": record["image_uri"],
            "ModelDataUrl": record["model_uri"],
            "Environment": {
                container.IDENTITY: json.dumps(identity, sort_keys=True, separators=(",", ":")),
                container.MODEL_NAME: name,
            },
        },
        "Tags": tags,
    }


def endpoint_config_request(
    site: Site, record: VersionRecord, *, name: str, model_name: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    """CreateEndpointConfig: one production variant, always of the same name."""
    serving = record["manifest"]["serving"]
    return {
        "EndpointConfigName": name,
        "ProductionVariants": [
            {
                "VariantName": VARIANT,
                "ModelName": model_name,
                "InstanceType": serving["instance_type"],
                "InitialInstanceCount": int(serving["instance_count"]),
                "InitialVariantWeight": 1.0,
                "ContainerStartupHealthCheckTimeoutInSeconds": int(serving["startup_timeout_seconds"]),
                "ModelDataDownloadTimeoutInSeconds": MODEL_DOWNLOAD_SECONDS,
            }
        ],
        **volume_key(site.data_key_arn, serving["instance_type"], "KmsKeyId"),
        "Tags": tags,
    }


def deployment_config(startup_timeout_seconds: int, alarms: Sequence[str] = ()) -> dict[str, Any]:
    """
    DeploymentConfig of UpdateEndpoint: blue/green, all at once; back to the old fleet when the new one fails.

    ``alarms`` roll back as well while the new fleet takes the traffic; they must exist.
    """
    limit = startup_timeout_seconds + MODEL_DOWNLOAD_SECONDS + _DEPLOYMENT_SLACK_SECONDS
    config: dict[str, Any] = {
        "BlueGreenUpdatePolicy": {
            # the wait interval is demanded for ALL_AT_ONCE too
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": 0,
            "MaximumExecutionTimeoutInSeconds": min(
                max(limit, MIN_DEPLOYMENT_SECONDS), MAX_DEPLOYMENT_SECONDS
            ),
        }
    }
    if alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarms]}
    return config


def scaling(endpoint_name: str, serving: dict[str, Any]) -> dict[str, Any] | None:
    """Autoscaling's target and policy; None: the manifest asks for none."""
    target = serving.get("invocations_per_instance")
    if target is None:
        return None
    return {
        "resource_id": f"endpoint/{endpoint_name}/variant/{VARIANT}",
        "min_capacity": int(serving["min_instances"]),
        "max_capacity": int(serving["max_instances"]),
        "policy_name": f"{endpoint_name}-invocations",
        "invocations_per_instance": float(target),
    }
