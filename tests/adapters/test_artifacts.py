"""What is promised of model artifacts; the fake and S3 both keep it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from slipway.adapters.s3_artifacts import S3Artifacts
from slipway.domain.artifacts import ArtifactUnreadableError
from tests.fakes.artifacts import FakeArtifacts, packed

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "s3://artifacts/pricing/hotel-rates/releases/9f2c"
URI = f"{PREFIX}/training/job-0-0/output/model.tar.gz"


class Shelf:
    """An adapter, and how archives get where it looks."""

    def __init__(self, artifacts: Any, s3: Any = None) -> None:
        self.artifacts, self.s3 = artifacts, s3

    def put(self, uri: str, content: bytes) -> None:
        if self.s3 is None:
            self.artifacts.archives[uri] = content
        else:
            self.s3.put_object(Bucket="artifacts", Key=uri.removeprefix("s3://artifacts/"), Body=content)


@pytest.fixture(params=["fake", "s3"])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    if request.param == "fake":
        yield Shelf(FakeArtifacts())
        return
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_bucket(Bucket="artifacts")
        yield Shelf(S3Artifacts(client), client)


class TestDigests:
    def test_bytes_and_content(self, shelf: Shelf) -> None:
        """The archive is known by its bytes, and by the digests and paths of its files."""
        archive = packed({"./b/weights.bin": b"\1" * 3_000_000, "model.json": b"{}"})
        shelf.put(URI, archive)

        found = shelf.artifacts.digests(URI)

        lines = sorted(
            f"{hashlib.sha256(content).hexdigest()} {path}\n"
            for path, content in {"b/weights.bin": b"\1" * 3_000_000, "model.json": b"{}"}.items()
        )
        assert found == {
            "sha256": f"sha256:{hashlib.sha256(archive).hexdigest()}",
            "content": f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}",
            "bytes": len(archive),
        }

    def test_packing_does_not_count(self, shelf: Shelf) -> None:
        """The same files packed at another time, in another order: other bytes, the same content."""
        shelf.put(URI, packed({"a": b"1", "b": b"2"}, mtime=1))
        other = URI.replace("job-0-0", "job-0-1")
        shelf.put(other, packed({"./b": b"2", "a": b"1"}, mtime=2))

        one, two = shelf.artifacts.digests(URI), shelf.artifacts.digests(other)
        assert one["content"] == two["content"]
        assert one["sha256"] != two["sha256"]

    @pytest.mark.parametrize("change", [{"a": b"2"}, {"b": b"1"}, {"a": b"1", "b": b""}, {}])
    def test_every_byte_and_path_counts(self, shelf: Shelf, change: dict[str, bytes]) -> None:
        """Another content, another path, one file more or none make another digest."""
        shelf.put(URI, packed({"a": b"1"}))
        other = URI.replace("job-0-0", "job-0-1")
        shelf.put(other, packed(change))

        assert shelf.artifacts.digests(URI)["content"] != shelf.artifacts.digests(other)["content"]

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"no archive",
            packed({"a": b"1" * 100_000})[:-40],
            packed({"a": bytes(range(256)) * 9})[:-1] + b"x",
            packed({"a": b"1"}, mode="w"),
        ],
        ids=["empty", "text", "cut off", "damaged", "not compressed"],
    )
    def test_what_is_no_whole_archive_is_said(self, shelf: Shelf, content: bytes) -> None:
        """SageMaker could not serve it either: the release fails here, with the artifact's name."""
        shelf.put(URI, content)

        with pytest.raises(ArtifactUnreadableError, match="job-0-0"):
            shelf.artifacts.digests(URI)

    def test_what_is_not_there_is_said(self, shelf: Shelf) -> None:
        """A missing artifact has its own words."""
        with pytest.raises(ArtifactUnreadableError, match="no such object"):
            shelf.artifacts.digests(URI)


class TestRemoval:
    def test_only_artifacts_of_training_are_found(self, shelf: Shelf) -> None:
        """Reports, evaluations and other releases' artifacts lie beside them, and are evidence."""
        archive = packed({"a": b"1"})
        for uri in (
            URI,
            f"{PREFIX}/training/job-0-1/output/model.tar.gz",
            f"{PREFIX}/training/job-0-1/output/output.tar.gz",
            f"{PREFIX}/evaluation/challenger/model.tar.gz",
            f"{PREFIX}0/training/job/output/model.tar.gz",
            f"{PREFIX}/report.json",
        ):
            shelf.put(uri, archive)

        assert shelf.artifacts.trained_by(PREFIX) == [URI, URI.replace("0-0", "0-1")]
        assert shelf.artifacts.remove(URI) is True
        assert shelf.artifacts.remove(URI) is False
        assert shelf.artifacts.trained_by(PREFIX) == [URI.replace("0-0", "0-1")]


class Breaking:
    """An S3 client whose answers break off after some bytes."""

    def __init__(self, client: Any, after: int) -> None:
        self._client, self._after, self.asked = client, after, []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_object(self, **request: Any) -> Any:
        self.asked.append(request)
        answer = self._client.get_object(**request)
        body, left = answer["Body"], self._after

        class Body:
            def read(self, size: int) -> Any:
                nonlocal left
                chunk = body.read(min(size, left))
                left -= len(chunk)
                return chunk

            def close(self) -> None:
                body.close()

        return {**answer, "Body": Body()}


class TestBrokenConnections:
    def test_reading_goes_on_where_it_broke(self) -> None:
        """Each answer ends early; the digest is that of the whole object, asked for by its entity tag."""
        with mock_aws():
            client = boto3.client(
                "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
            )
            client.create_bucket(Bucket="artifacts")
            archive = packed({f"{n}.bin": hashlib.sha256(bytes([n])).digest() * 500 for n in range(9)})
            client.put_object(Bucket="artifacts", Key=URI.removeprefix("s3://artifacts/"), Body=archive)
            breaking = Breaking(client, after=1000)

            found = S3Artifacts(breaking).digests(URI)

            assert found["sha256"] == f"sha256:{hashlib.sha256(archive).hexdigest()}"
            assert len(breaking.asked) == -(-len(archive) // 1000)
            assert all(request["IfMatch"] for request in breaking.asked[1:])

    def test_a_connection_that_gives_nothing_ends_it(self) -> None:
        """Nobody waits for ever: after some tries without a byte the artifact is unreadable."""
        with mock_aws():
            client = boto3.client(
                "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
            )
            client.create_bucket(Bucket="artifacts")
            client.put_object(Bucket="artifacts", Key=URI.removeprefix("s3://artifacts/"), Body=b"x" * 100)

            with pytest.raises(ArtifactUnreadableError, match="broke 8 times at byte 0 of 100"):
                S3Artifacts(Breaking(client, after=0)).digests(URI)
