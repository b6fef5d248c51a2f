"""S3 objects to files and back, under a job's role."""

from __future__ import annotations

import functools
import io
import json
import os
import tarfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from workbench import archives
from workbench.local import seams
from workbench.local.services import role_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

_client_lock = threading.Lock()
_LARGE: Final = 64 << 20


class TransferError(SlipwayError):
    """S3 refused, or holds nothing there; ``code`` is S3's error code, or ``NoObjects``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@functools.cache
def _session() -> Any:
    import botocore.session  # noqa: PLC0415 - costs start-up time of every importer

    return botocore.session.Session()


def prepare() -> None:
    """Load botocore's description of S3, some 0.3 s, before the first job needs it."""
    with _client_lock:
        _session().get_service_model("s3")


def split(uri: str) -> tuple[str, str]:
    """
    Bucket and key of an S3 URI.

    >>> split("s3://prices/hotel/data.csv")
    ('prices', 'hotel/data.csv')
    """
    if uri.startswith("https://"):
        _, _, rest = uri.removeprefix("https://").partition("/")
        uri = "s3://" + rest
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def relative(key: str, prefix: str) -> str:
    """
    Where below a channel's directory an object's file goes.

    >>> relative("data/train/a/x.csv", "data/train"), relative("data/train.csv", "data/tr")
    ('a/x.csv', 'train.csv')
    """
    if key == prefix:
        return key.rpartition("/")[2]
    if prefix == "" or prefix.endswith("/") or key[len(prefix) :].startswith("/"):
        return key[len(prefix) :].lstrip("/")
    return key[prefix.rfind("/") + 1 :]


class RoleStorage:
    """S3 as a role sees it."""

    def __init__(self, endpoint_url: str, role_arn: str, session: str) -> None:
        from botocore.config import Config  # noqa: PLC0415 - costs start-up time of every importer

        self.role_arn = role_arn
        found = role_credentials(role_arn, session)
        with _client_lock:
            self._client = _session().create_client(
                "s3",
                region_name=seams.RESPONSES.get_region(),
                endpoint_url=endpoint_url,
                aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
                aws_session_token=found.get("AWS_SESSION_TOKEN"),
                config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}),
            )

    def _call(self, operation: str, **arguments: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

        try:
            return getattr(self._client, operation)(**arguments)
        except ClientError as error:
            raise TransferError(error.response["Error"]["Code"], str(error)) from error
        except BotoCoreError as error:
            raise TransferError("Unreachable", str(error)) from error

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """Every key below a prefix; markers of directories are left out."""
        token: dict[str, str] = {}
        while True:
            found = self._call("list_objects_v2", Bucket=bucket, Prefix=prefix, **token)
            for entry in found.get("Contents", []):
                if not entry["Key"].endswith("/"):
                    yield entry["Key"]
            if not found.get("IsTruncated"):
                return
            token = {"ContinuationToken": found["NextContinuationToken"]}

    def fetch(self, bucket: str, key: str, target: Path) -> None:
        """One object into a file, whose directories are made."""
        target.parent.mkdir(parents=True, exist_ok=True)
        body = self._call("get_object", Bucket=bucket, Key=key)["Body"]
        with target.open("wb") as file:
            for chunk in body.iter_chunks(1 << 20):
                file.write(chunk)

    def read(self, bucket: str, key: str) -> bytes:
        """One object whole."""
        body: bytes = self._call("get_object", Bucket=bucket, Key=key)["Body"].read()
        return body

    def fetch_source(self, uri: str, target: Path, *, manifest: bool = False) -> int:
        """
        Everything below an S3 prefix (or that a manifest file lists) into a directory; how many files.

        Raises:
            TransferError: Also when there is none.
        """
        bucket, prefix = split(uri)
        target.mkdir(parents=True, exist_ok=True)
        found = self.manifest_keys(bucket, prefix) if manifest else None
        count = 0
        for each_bucket, key, name in found or (
            (bucket, k, relative(k, prefix)) for k in self.keys(bucket, prefix)
        ):
            if not (target / name).resolve().is_relative_to(target.resolve()):
                raise TransferError("InvalidKey", f"the key {key!r} leaves its channel's directory")
            self.fetch(each_bucket, key, target / name)
            count += 1
        if count == 0:
            region = seams.RESPONSES.get_region()
            raise TransferError(
                "NoObjects",
                f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that '
                f"the bucket exists in the selected region ({region}), that objects exist under that S3 "
                f'prefix, and that the role "{self.role_arn}" has "s3:ListBucket" permissions on bucket '
                f'"{bucket}".',
            )
        return count

    def manifest_keys(self, bucket: str, key: str) -> list[tuple[str, str, str]]:
        """What a manifest lists: bucket, key, and the name below the manifest's prefix."""
        first, *names = json.loads(self.read(bucket, key))
        base_bucket, base = split(first["prefix"])
        return [(base_bucket, base + name, name) for name in names]

    def put(self, uri: str, body: bytes) -> None:
        """One object."""
        bucket, key = split(uri)
        self._call("put_object", Bucket=bucket, Key=key, Body=body)

    def put_file(self, uri: str, path: Path) -> None:
        """One file."""
        bucket, key = split(uri)
        with path.open("rb") as file:
            self._call("put_object", Bucket=bucket, Key=key, Body=file)

    def put_tree(self, directory: Path, uri: str, seen: dict[str, tuple[int, int]] | None = None) -> int:
        """
        Every file below a directory, links not followed; how many were sent.

        ``seen`` keeps size and time of what was sent before, so that only changes are sent again.
        """
        count = 0
        for parent, _, names in os.walk(directory):
            for name in names:
                path = Path(parent, name)
                if path.is_symlink():
                    continue
                key = str(path.relative_to(directory))
                state = path.stat()
                mark = (state.st_size, state.st_mtime_ns)
                if seen is not None:
                    if seen.get(key) == mark:
                        continue
                    seen[key] = mark
                self.put_file(f"{uri.rstrip('/')}/{key}", path)
                count += 1
        return count


def pack(directory: Path, target: Path) -> None:
    """A directory's content as ``tar.gz``, paths relative to it."""
    with tarfile.open(target, "w:gz", compresslevel=6) as archive:
        for entry in sorted(directory.iterdir()):
            archive.add(entry, arcname=entry.name)


def unpack(body: bytes, target: Path) -> None:
    """
    A model archive's content into a directory.

    Raises:
        TransferError: It is no tar.gz, or would write outside of the directory.
    """
    target.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(body)) as archive:
            archives.extract_all(archive, target)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise TransferError("InvalidArchive", f"the model archive cannot be unpacked: {error}") from error
