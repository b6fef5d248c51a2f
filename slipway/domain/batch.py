"""The requests of a batch: a registered version asked of files, beside every endpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import container, names
from slipway.domain.jobs import volume_key
from slipway.domain.serving_config import identity_of

if TYPE_CHECKING:
    from slipway.contracts.ledger import VersionRecord

DEFAULT_INSTANCE: Final = "ml.m5.large"
"""Where the manifest names none, as a serverless model's does."""
CONTENT_TYPES: Final = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
}
"""By the ending of a file's name."""
IN_LINES: Final = ("text/csv", "application/jsonlines")
"""Content types of which each line is a record."""
_ROOM: Final = len("-batch-20261124050607")


@dataclass(frozen=True, slots=True)
class Batch:
    """
    How a version is asked.

    Attributes:
        content_type: Of each record.
        accept: Of each answer; empty: as the model likes.
        lines: Whether each line is a record; else each file is one.
        single: One record in each request, not as many as fit.
        at_a_time: Requests at the same time on an instance; None: as the model says, else 1.
        payload_mb: Most megabytes of a request; None: SageMaker's 6.
        instances: How many share the work.
        instance_type: Empty: as the version's endpoint has, else ``DEFAULT_INSTANCE``.
        join: Put each answer beside its record.
        input_filter: JSONPath of what of a record the model is asked.
        output_filter: JSONPath of what is kept of the answer, or of both where they are joined.
    """

    content_type: str
    accept: str = ""
    lines: bool = True
    single: bool = False
    at_a_time: int | None = None
    payload_mb: int | None = None
    instances: int = 1
    instance_type: str = ""
    join: bool = False
    input_filter: str = ""
    output_filter: str = ""


def content_type_of(name: str, default: str) -> str:
    """
    What a file's name says of its content.

    >>> content_type_of("rows.csv.gz", "text/plain"), content_type_of("rows", "text/plain")
    ('text/csv', 'text/plain')
    """
    stem = name.removesuffix(".gz")
    return next((kind for end, kind in CONTENT_TYPES.items() if stem.endswith(end)), default)


def job_name(record: VersionRecord, resource_prefix: str, moment: str) -> str:
    """
    Of the transform job, and of the SageMaker model that is made for it.

    Args:
        record: The version.
        resource_prefix: Every name of the environment begins with it.
        moment: When it was asked for, in UTC: ``20261124T050607Z``.
    """
    stem = names.of_release(
        resource_prefix, record["model"], record["version"], record["release_id"], room=_ROOM
    )
    return f"{stem}-batch-{''.join(character for character in moment if character.isdigit())}"


def folder(artifact_bucket: str, record: VersionRecord, moment: str) -> str:
    """Where a batch's inputs and outputs lie, with a slash at its end."""
    where = "/".join((record["project"], record["model"], record["version"], moment))
    return f"s3://{artifact_bucket}/{names.BATCH_PREFIX}{where}/"


def model_request(
    record: VersionRecord, *, name: str, serving_role_arn: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    """CreateModel: what would serve, under a name of the job's own."""
    return {
        "ModelName": name,
        "ExecutionRoleArn": serving_role_arn,
        "PrimaryContainer": {
            "Image": record["image_uri"],
            "ModelDataUrl": record["model_uri"],
            "Environment": {
                container.IDENTITY: json.dumps(identity_of(record), sort_keys=True, separators=(",", ":"))
            },
        },
        "Tags": tags,
    }


def transform_request(
    record: VersionRecord,
    batch: Batch,
    *,
    name: str,
    input_uri: str,
    output_uri: str,
    compressed: bool,
    data_key_arn: str,
    tags: list[dict[str, str]],
) -> dict[str, Any]:
    """
    CreateTransformJob.

    Args:
        record: The version that is asked.
        batch: How.
        name: Of the job, and of its model.
        input_uri: Prefix of the inputs, in S3.
        output_uri: Prefix of the outputs.
        compressed: Whether the inputs are packed by gzip.
        data_key_arn: KMS key of what is written; empty: none.
        tags: Of the job.
    """
    split = "Line" if batch.lines else "None"
    instance = batch.instance_type or record["manifest"]["serving"].get("instance_type") or DEFAULT_INSTANCE
    # what is a single record anyway can be no batch of several
    strategy = "SingleRecord" if batch.single or not batch.lines else "MultiRecord"
    request: dict[str, Any] = {
        "TransformJobName": name,
        "ModelName": name,
        "BatchStrategy": strategy,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": input_uri}},
            "ContentType": batch.content_type,
            "CompressionType": "Gzip" if compressed else "None",
            "SplitType": split,
        },
        "TransformOutput": {
            "S3OutputPath": output_uri,
            "AssembleWith": split,
            **({"Accept": batch.accept} if batch.accept else {}),
            **({"KmsKeyId": data_key_arn} if data_key_arn else {}),
        },
        "TransformResources": {
            "InstanceType": instance,
            "InstanceCount": batch.instances,
            **volume_key(data_key_arn, instance),
        },
        "Tags": tags,
    }
    if batch.at_a_time is not None:
        request["MaxConcurrentTransforms"] = batch.at_a_time
    if batch.payload_mb is not None:
        request["MaxPayloadInMB"] = batch.payload_mb
    processing = {
        "InputFilter": batch.input_filter,
        "OutputFilter": batch.output_filter,
        "JoinSource": "Input" if batch.join else "",
    }
    if found := {member: value for member, value in processing.items() if value}:
        request["DataProcessing"] = found
    return request
