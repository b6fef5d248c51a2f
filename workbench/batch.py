"""Runs a batch: inputs staged, the version's model made, the transform job awaited, outputs fetched."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.batch import transform_request
from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from slipway.contracts.ledger import VersionRecord
    from slipway.domain.batch import Batch

RUNNING: Final = ("InProgress", "Stopping")
LOG_GROUP: Final = "/aws/sagemaker/TransformJobs"
_CHUNK: Final = 1 << 20
_MARK: Final = "[sagemaker logs]: "


class NoInputError(SlipwayError):
    """There is nothing to ask of."""

    def __init__(self, where: str) -> None:
        super().__init__(f"there is no file at {where}")
        self.where = where


class MixedInputError(SlipwayError):
    """Inputs that cannot be in one job."""

    def __init__(self) -> None:
        super().__init__("some inputs are packed by gzip (.gz) and some are not: a job takes one kind alone")


@dataclass(frozen=True, slots=True)
class Place:
    """
    A bucket's prefix.

    >>> Place.of("s3://bucket/a/b").key
    'a/b'
    """

    bucket: str
    key: str

    @classmethod
    def of(cls, uri: str) -> Place:
        """Read ``s3://bucket/key``."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return cls(bucket, key)


@dataclass(frozen=True, slots=True)
class BatchRun:
    """
    One batch of one version.

    Attributes:
        s3: boto3's client.
        sagemaker: boto3's client.
        name: Of the job and of its model.
        folder: Where all of it lies in S3, with a slash at its end.
    """

    s3: Any
    sagemaker: Any
    name: str
    folder: str

    @property
    def output_uri(self) -> str:
        """Where the outputs lie."""
        return f"{self.folder}output"

    def inputs(self, source: str) -> list[tuple[str, Place | Path]]:
        """
        The names of the inputs below the input folder, and where they come from.

        Args:
            source: ``s3://…`` (an object, or a prefix), or a file or directory of this machine.

        Raises:
            NoInputError: There is none.
            MixedInputError: Only some of them are packed.
        """
        named: Iterator[tuple[str, Place | Path]] = (
            self._in_s3(source) if source.startswith("s3://") else self._on_disk(Path(source))
        )
        found = dict(named)
        if not found:
            raise NoInputError(source)
        if len({name.endswith(".gz") for name in found}) > 1:
            raise MixedInputError
        return sorted(found.items(), key=lambda one: one[0])

    def stage(self, found: Sequence[tuple[str, Place | Path]], progress: Callable[[str], None]) -> None:
        """
        Bring the inputs to where the model's role may read them.

        Args:
            found: As ``inputs`` has them.
            progress: Is told each input.
        """
        target = Place.of(f"{self.folder}input/")
        for number, (name, origin) in enumerate(found, 1):
            progress(f"  input {number} of {len(found)}: {name}")
            if isinstance(origin, Place):
                copied = {"Bucket": origin.bucket, "Key": origin.key}
                self.s3.copy(copied, target.bucket, target.key + name)
            else:
                self.s3.upload_file(str(origin), target.bucket, target.key + name)

    def _in_s3(self, uri: str) -> Iterator[tuple[str, Place]]:
        place = Place.of(uri)
        for key in self._keys(place):
            below = key.removeprefix(place.key).lstrip("/")
            exact = key == place.key
            if exact or place.key == "" or place.key.endswith("/") or key[len(place.key)] == "/":
                yield (key.rpartition("/")[2] if exact else below), Place(place.bucket, key)

    @staticmethod
    def _on_disk(path: Path) -> Iterator[tuple[str, Path]]:
        if path.is_file():
            yield path.name, path
            return
        for each in path.rglob("*"):
            if each.is_file() and not any(part.startswith(".") for part in each.relative_to(path).parts):
                yield each.relative_to(path).as_posix(), each

    def _keys(self, place: Place) -> Iterator[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.key)
        for page in pages:
            for one in page.get("Contents", ()):
                if not one["Key"].endswith("/"):
                    yield one["Key"]

    def start(
        self,
        record: VersionRecord,
        batch: Batch,
        model: dict[str, Any],
        *,
        compressed: bool,
        data_key_arn: str,
        tags: list[dict[str, str]],
    ) -> None:
        """Make the model (a CreateModel request, under this job's name) and ask for the job."""
        self.sagemaker.create_model(**model)
        request = transform_request(
            record,
            batch,
            name=self.name,
            input_uri=f"{self.folder}input/",
            output_uri=self.output_uri,
            compressed=compressed,
            data_key_arn=data_key_arn,
            tags=tags,
        )
        try:
            self.sagemaker.create_transform_job(**request)
        except Exception:
            self.forget_model()
            raise

    def wait(self, inputs: int, pause: float, progress: Callable[[str], None]) -> dict[str, Any]:
        """Wait for the job's end, telling how many inputs are done; its description."""
        began, told = time.monotonic(), ""
        while True:
            job: dict[str, Any] = self.sagemaker.describe_transform_job(TransformJobName=self.name)
            status = job["TransformJobStatus"]
            done = f"  {status}, {len(self.outputs())} of {inputs} inputs done"
            if done != told:
                progress(f"{done} after {time.monotonic() - began:.1f} s")
                told = done
            if status not in RUNNING:
                return job
            time.sleep(pause)

    def forget_model(self) -> None:
        """Remove the job's own model."""
        self.sagemaker.delete_model(ModelName=self.name)

    def outputs(self) -> list[str]:
        """The outputs' names below the output folder, in order."""
        place = Place.of(f"{self.output_uri}/")
        return [key.removeprefix(place.key) for key in self._keys(place)]

    def lines(self, name: str) -> int:
        """How many lines an output has."""
        place = Place.of(f"{self.output_uri}/{name}")
        body = self.s3.get_object(Bucket=place.bucket, Key=place.key)["Body"]
        return sum(chunk.count(b"\n") for chunk in body.iter_chunks(_CHUNK))

    def deliver(self, target: str) -> None:
        """Bring the outputs to ``target``: a directory of this machine, or ``s3://…``."""
        for name in self.outputs():
            origin = Place.of(f"{self.output_uri}/{name}")
            if target.startswith("s3://"):
                place = Place.of(f"{target.rstrip('/')}/{name}")
                self.s3.copy({"Bucket": origin.bucket, "Key": origin.key}, place.bucket, place.key)
                continue
            path = Path(target) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self.s3.download_file(origin.bucket, origin.key, str(path))


def complaints(logs: Any, job: str) -> list[str]:
    """What the job's log says of inputs that failed; ``logs`` is boto3's client."""
    try:
        found = logs.filter_log_events(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{job}/")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    said = [event["message"].partition(_MARK)[2] for event in found if _MARK in event["message"]]
    return [text for text in said if "Error" in text]
