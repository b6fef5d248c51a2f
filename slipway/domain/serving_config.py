"""The complete requests that put registered versions behind an endpoint: their models, and its config."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import container, names
from slipway.domain.guardrails import MODEL_DOWNLOAD_SECONDS
from slipway.domain.jobs import volume_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.promotion import Identity, LayoutEntry
    from slipway.domain.serving import Serving
    from slipway.domain.site import Site

CSV_TYPES: Final = ("text/csv",)
JSON_TYPES: Final = ("application/json", "application/jsonlines")
"""Bodies of these media types are captured as they are, all others as base64."""


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


def model_name(prefix: str, record: VersionRecord) -> str:
    """The SageMaker model of a version: the same each time, and of no other version."""
    return names.of_release(prefix, record["model"], record["version"], record["release_id"])


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
    site: Site,
    layout: Sequence[LayoutEntry],
    servings: Mapping[str, Serving],
    models: Mapping[str, str],
    *,
    endpoint_name: str,
    name: str,
    tags: list[dict[str, str]],
) -> dict[str, Any]:
    """
    CreateEndpointConfig of a layout.

    Args:
        site: Bucket and key.
        layout: Who stands there, the champion first: its manifest says what concerns the whole endpoint.
        servings: Version to what its manifest says.
        models: Version to its SageMaker model.
        endpoint_name: Under which an asynchronous endpoint keeps its answers.
        name: Of the config.
        tags: Of the config.
    """
    champion = servings[layout[0]["version"]]
    production = [entry for entry in layout if entry["role"] != "shadow"]
    shadows = [entry for entry in layout if entry["role"] == "shadow"]

    def variant(entry: LayoutEntry) -> dict[str, Any]:
        return _variant(entry, servings[entry["version"]], models[entry["version"]])

    return {
        "EndpointConfigName": name,
        "ProductionVariants": [variant(entry) for entry in production],
        **({"ShadowProductionVariants": [variant(entry) for entry in shadows]} if shadows else {}),
        **(_queue(site, endpoint_name, champion) if champion.kind == "asynchronous" else {}),
        **_capture(site, champion.capture_share),
        **_volume_key(site, [servings[entry["version"]] for entry in layout]),
        "Tags": tags,
    }


def _variant(entry: LayoutEntry, serving: Serving, model: str) -> dict[str, Any]:
    variant: dict[str, Any] = {
        "VariantName": entry["variant"],
        "ModelName": model,
        # of a shadow's it is the share of the production variant's requests
        "InitialVariantWeight": entry["share"],
    }
    if serving.kind == "serverless":
        return variant | {
            "ServerlessConfig": {
                "MemorySizeInMB": serving.memory_mb,
                "MaxConcurrency": serving.max_concurrency,
            }
        }
    return variant | {
        "InstanceType": serving.instance_type,
        "InitialInstanceCount": serving.instance_count,
        "ContainerStartupHealthCheckTimeoutInSeconds": serving.startup_timeout_seconds,
        "ModelDataDownloadTimeoutInSeconds": MODEL_DOWNLOAD_SECONDS,
    }


def _queue(site: Site, endpoint_name: str, serving: Serving) -> dict[str, Any]:
    """Answers of an asynchronous endpoint, and what became of requests without one."""
    at = f"s3://{site.artifact_bucket}/{names.ASYNCHRONOUS_PREFIX}{endpoint_name}"
    output = {"S3OutputPath": f"{at}/answers", "S3FailurePath": f"{at}/failures"} | _key(site)
    config: dict[str, Any] = {"OutputConfig": output}
    if serving.concurrent_requests is not None:
        config["ClientConfig"] = {"MaxConcurrentInvocationsPerInstance": serving.concurrent_requests}
    return {"AsyncInferenceConfig": config}


def _capture(site: Site, share: float) -> dict[str, Any]:
    if not share:
        return {}
    percent = max(1, round(share * 100))
    return {
        "DataCaptureConfig": {
            "EnableCapture": True,
            "InitialSamplingPercentage": percent,
            # SageMaker adds <endpoint>/<variant>/yyyy/mm/dd/hh/
            "DestinationS3Uri": f"s3://{site.artifact_bucket}/{names.CAPTURE_PREFIX.rstrip('/')}",
            **_key(site),
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {
                "CsvContentTypes": list(CSV_TYPES),
                "JsonContentTypes": list(JSON_TYPES),
            },
        }
    }


def _volume_key(site: Site, servings: Sequence[Serving]) -> Mapping[str, str]:
    """The volumes' key, unless there are none, or some that encrypt by themselves and refuse one."""
    found: Mapping[str, str] = {}
    for serving in servings:
        found = (
            volume_key(site.data_key_arn, serving.instance_type, "KmsKeyId") if serving.instance_type else {}
        )
        if not found:
            return {}
    return found


def _key(site: Site) -> dict[str, str]:
    return {"KmsKeyId": site.data_key_arn} if site.data_key_arn else {}
