"""
The complete requests of a release's jobs, but for what only the state machine knows.

Pure: the same manifest, pins and site give the same request, so that a release can be read
before it runs, and run again as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import container, names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.release import Champion, JobNames, PinnedDataSet
    from slipway.domain.manifest import Manifest
    from slipway.domain.site import Site

DEFAULT_TRAIN: Final = ("train",)
"""What SageMaker runs by itself: ``docker run IMAGE train``."""
MODEL_INPUT: Final = "model"
"""Input of an evaluation that holds model.tar.gz; the machine fills in the challenger's S3Uri."""

_SUFFIX_ROOM: Final = len("-challenger") + len("-999-999")


def job_names(site: Site, manifest: Manifest, version: str, release_id: str) -> JobNames:
    """Stems that are unique per release; a name may be used once per account, for ever."""
    stem = names.of_release(
        site.policy["resource_prefix"], manifest.model.name, version, release_id, room=_SUFFIX_ROOM
    )
    return {"training": f"{stem}-train", "challenger": f"{stem}-challenger", "champion": f"{stem}-champion"}


def training_request(
    site: Site,
    manifest: Manifest,
    *,
    image_uri: str,
    channels: Sequence[PinnedDataSet],
    artifact_prefix: str,
    tags: list[dict[str, str]],
) -> dict[str, Any]:
    """CreateTrainingJob without ``TrainingJobName``."""
    training = manifest.training
    algorithm: dict[str, Any] = {
        "TrainingImage": image_uri,
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in training.metrics.items()],
    }
    if tuple(manifest.programs.train) != DEFAULT_TRAIN:
        algorithm["ContainerEntrypoint"] = list(manifest.programs.train)
    stopping: dict[str, Any] = {"MaxRuntimeInSeconds": training.max_runtime_minutes * 60}
    if training.spot:
        # waiting for capacity counts: the limit may not be below the run time
        wait = max(training.max_wait_minutes or 0, training.max_runtime_minutes)
        stopping["MaxWaitTimeInSeconds"] = wait * 60
    request: dict[str, Any] = {
        "AlgorithmSpecification": algorithm,
        "RoleArn": site.job_role_arn,
        "HyperParameters": {name: str(value) for name, value in training.hyperparameters.items()},
        "InputDataConfig": [_channel(pinned) for pinned in channels],
        "OutputDataConfig": {
            "S3OutputPath": f"{artifact_prefix}/training/",
            "CompressionType": "GZIP",
            **({"KmsKeyId": site.data_key_arn} if site.data_key_arn else {}),
        },
        "ResourceConfig": {
            "InstanceType": training.instance_type,
            "InstanceCount": training.instance_count,
            "VolumeSizeInGB": training.volume_gb,
            **volume_key(site.data_key_arn, training.instance_type),
        },
        "StoppingCondition": stopping,
        "EnableManagedSpotTraining": training.spot,
        "EnableInterContainerTrafficEncryption": training.instance_count > 1,
        "Tags": tags,
    }
    if training.checkpoints:
        request["CheckpointConfig"] = {
            "S3Uri": f"{artifact_prefix}/checkpoints/",
            "LocalPath": container.CHECKPOINTS,
        }
    return request


def evaluation_request(
    site: Site,
    manifest: Manifest,
    *,
    side: str,
    image_uri: str,
    evaluate: Sequence[str],
    model_uri: str | None,
    channels: Sequence[PinnedDataSet],
    artifact_prefix: str,
    tags: list[dict[str, str]],
    entry: bool = False,
) -> dict[str, Any]:
    """
    CreateProcessingJob without ``ProcessingJobName``.

    The instance, the limit and the data are the challenger's for both sides; image, model and
    program are each side's own. Nothing tells a program on which side it is: it could not measure
    itself differently, and the step cache may take a challenger's report for the champion that it
    became. ``model_uri`` None: the machine fills in what was trained. ``entry``: the image has the
    platform's entry point, which runs the same program and measures the model's server afterwards.
    """
    evaluation = manifest.evaluation
    model = _input(MODEL_INPUT, container.EVALUATION_MODEL, model_uri)
    data = [
        _input(f"data-{pinned['channel']}", f"{container.EVALUATION_DATA}/{pinned['channel']}", pinned["uri"])
        for pinned in channels
    ]
    return {
        "AppSpecification": {
            "ImageUri": image_uri,
            "ContainerEntrypoint": [container.ENTRY, "evaluate"] if entry else list(evaluate),
        },
        "RoleArn": site.job_role_arn,
        "ProcessingInputs": [model, *data],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "evaluation",
                    "S3Output": {
                        "S3Uri": f"{artifact_prefix}/evaluation/{side}/",
                        "LocalPath": container.EVALUATION_OUTPUT,
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ],
            **({"KmsKeyId": site.data_key_arn} if site.data_key_arn else {}),
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": evaluation.instance_type,
                "VolumeSizeInGB": evaluation.volume_gb,
                **volume_key(site.data_key_arn, evaluation.instance_type),
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": evaluation.max_runtime_minutes * 60},
        "Tags": tags,
    }


def champion_request(
    site: Site,
    manifest: Manifest,
    champion: Champion,
    *,
    channels: Sequence[PinnedDataSet],
    artifact_prefix: str,
    tags: list[dict[str, str]],
) -> dict[str, Any]:
    """The champion's evaluation on the challenger's data: complete but for its name."""
    return evaluation_request(
        site,
        manifest,
        side="champion",
        image_uri=champion["image_uri"],
        evaluate=champion["evaluate"],
        model_uri=champion["model_uri"],
        channels=channels,
        artifact_prefix=artifact_prefix,
        tags=tags,
        entry=champion.get("entry", False),
    )


def volume_key(key_arn: str, instance_type: str, name: str = "VolumeKmsKeyId") -> Mapping[str, str]:
    """
    The key of an instance's volume; instances with local NVMe storage refuse one, and encrypt by themselves.

    >>> volume_key("arn:key", "ml.m5.large"), volume_key("arn:key", "ml.g5.xlarge")
    ({'VolumeKmsKeyId': 'arn:key'}, {})
    """
    return {} if not key_arn or _has_local_storage(instance_type) else {name: key_arn}


_LOCAL_STORAGE_FAMILIES: Final = ("g4", "g5", "g6", "p3dn", "p4", "p5", "p6", "trn1", "trn2", "i3", "i4")


def _has_local_storage(instance_type: str) -> bool:
    family = instance_type.removeprefix("ml.").partition(".")[0]
    generation = family.lstrip("abcdefghijklmnopqrstuvwxyz")
    return family.startswith(_LOCAL_STORAGE_FAMILIES) or "d" in generation


def _channel(pinned: PinnedDataSet) -> dict[str, Any]:
    return {
        "ChannelName": pinned["channel"],
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": pinned["uri"],
                "S3DataDistributionType": "FullyReplicated",
            }
        },
        "InputMode": "File",
        "CompressionType": "None",
        "RecordWrapperType": "None",
    }


def _input(name: str, path: str, uri: str | None) -> dict[str, Any]:
    source: dict[str, Any] = {
        "LocalPath": path,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }
    return {"InputName": name, "S3Input": source if uri is None else {"S3Uri": uri, **source}}
