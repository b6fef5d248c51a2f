"""One suite over the fake and over S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from slipway.adapters.s3_kept_files import S3KeptFiles
from slipway.domain.texts import TooLarge
from tests.fakes.kept_files import FakeKeptFiles

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["fake", "s3"])
def files(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "fake":
        yield FakeKeptFiles()
        return
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_bucket(Bucket="data")
        yield S3KeptFiles(client, "data")


class TestKeptFiles:
    def test_what_was_written_is_read(self, files: Any) -> None:
        """Also over what was there before; what is missing is None, what is too large says so."""
        files.write("a/1.jsonl", "old")
        files.write("a/1.jsonl", "né\n")

        assert files.read("a/1.jsonl", limit=100) == "né\n"
        assert files.read("a/1.jsonl", limit=2) == TooLarge(4, 2)
        assert files.read("a/2.jsonl", limit=100) is None

    def test_keys_come_in_order_after_the_one_that_was_seen(self, files: Any) -> None:
        """So that only what is new is looked at."""
        for key in ("a/3", "b/1", "a/1", "a/2"):
            files.write(key, "x")

        assert list(files.keys("a/")) == ["a/1", "a/2", "a/3"]
        assert list(files.keys("a/", after="a/1")) == ["a/2", "a/3"]

    def test_what_is_removed_is_gone(self, files: Any) -> None:
        """However many there are, and whether they are there or not."""
        names = [f"a/{n}" for n in range(1005)]
        files.write(names[-1], "x")
        files.remove(names)

        assert list(files.keys("a/")) == []
