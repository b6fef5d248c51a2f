"""Inputs and outputs of a batch on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from workbench.batch import BatchRun, MixedInputError, NoInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="artifacts")
        client.create_bucket(Bucket="theirs")
        for key in ("rows/a.csv", "rows/more/b.csv", "rows-of-others/c.csv", "rows/"):
            client.put_object(Bucket="theirs", Key=key, Body=key.encode())
        yield client


def run(s3: Any) -> BatchRun:
    """A batch in the artifact bucket."""
    return BatchRun(s3=s3, sagemaker=None, name="job", folder="s3://artifacts/batch/x/")


def brought(s3: Any, source: str) -> list[str]:
    """The names of the inputs, once they have been brought."""
    batch = run(s3)
    found = batch.inputs(source)
    batch.stage(found, lambda _: None)
    return [name for name, _ in found]


def staged(s3: Any) -> dict[str, str]:
    """What lies in the batch's input folder."""
    found = s3.list_objects_v2(Bucket="artifacts", Prefix="batch/x/input/").get("Contents", [])
    return {
        one["Key"].removeprefix("batch/x/input/"): s3.get_object(Bucket="artifacts", Key=one["Key"])["Body"]
        .read()
        .decode()
        for one in found
    }


class TestInputs:
    @pytest.mark.parametrize("source", ["s3://theirs/rows/", "s3://theirs/rows"])
    def test_below_a_prefix_keep_their_tree(self, s3: Any, source: str) -> None:
        """
        With or without its slash a prefix is a folder: what only begins alike is not taken.
        """
        names = brought(s3, source)

        assert names == ["a.csv", "more/b.csv"]
        assert staged(s3) == {"a.csv": "rows/a.csv", "more/b.csv": "rows/more/b.csv"}

    def test_can_be_one_object(self, s3: Any) -> None:
        """
        An object's own URI is that object alone.
        """
        assert brought(s3, "s3://theirs/rows/a.csv") == ["a.csv"]

    def test_come_from_this_machine(self, s3: Any, tmp_path: Path) -> None:
        """
        A directory's files keep their tree, hidden ones stay; a file is itself.
        """
        for name in ("a.csv", "more/b.csv", ".git/config"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(name)

        assert brought(s3, str(tmp_path)) == ["a.csv", "more/b.csv"]
        assert brought(s3, str(tmp_path / "a.csv")) == ["a.csv"]

    def test_that_are_none_or_of_two_kinds_are_told(self, s3: Any, tmp_path: Path) -> None:
        """
        Nothing to ask of, and packed files among others, are refused before a job is asked for.
        """
        with pytest.raises(NoInputError, match="no file at s3://theirs/none"):
            brought(s3, "s3://theirs/none")
        for name in ("a.csv", "b.csv.gz"):
            (tmp_path / name).touch()
        with pytest.raises(MixedInputError):
            brought(s3, str(tmp_path))


class TestOutputs:
    def test_are_brought_to_a_directory_or_another_bucket(self, s3: Any, tmp_path: Path) -> None:
        """
        Outputs keep their names and tree wherever they are brought; their lines are counted.
        """
        for name in ("a.csv.out", "more/b.csv.out"):
            s3.put_object(Bucket="artifacts", Key=f"batch/x/output/{name}", Body=b"1\n2\n")
        batch = run(s3)
        batch.deliver(str(tmp_path / "out"))
        batch.deliver("s3://theirs/answers/")

        assert (tmp_path / "out/more/b.csv.out").read_text() == "1\n2\n"
        assert s3.get_object(Bucket="theirs", Key="answers/a.csv.out")["Body"].read() == b"1\n2\n"
        assert [batch.lines(name) for name in batch.outputs()] == [2, 2]
