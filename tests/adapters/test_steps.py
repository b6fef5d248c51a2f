"""The step cache's promises; the fake and DynamoDB both keep them."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from slipway.adapters.dynamodb_steps import DynamoDbSteps
from slipway.adapters.s3_fingerprints import S3Fingerprints
from tests.adapters.test_ledger import create_table
from tests.fakes.steps import FakeSteps

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "5a" * 32
OUTPUTS = {
    "job_name": "t",
    "model_uri": "s3://artifacts/m.tar.gz",
    "seconds": 61.5,
    "metrics": {"mae": 31.25},
}


@pytest.fixture(params=["fake", "dynamodb", pytest.param("embedded", marks=pytest.mark.embedded)])
def steps(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "fake":
        yield FakeSteps()
        return
    if request.param == "embedded":
        client = request.getfixturevalue("embedded_aws").client("dynamodb")
        table = f"ledger-{uuid.uuid4().hex}"
        create_table(client, table)
        yield DynamoDbSteps(client, table)
        return
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        create_table(client)
        yield DynamoDbSteps(client, "ledger")


def a_step(release_id: str = "one", *, key: str = KEY, **changes: Any) -> Any:
    return {
        "key": key,
        "step": "training",
        "project": "pricing",
        "model": "hotel-rates",
        "inputs": {"image": "sha256:9f", "hyperparameter depth": "6"},
        "status": "running",
        "release_id": release_id,
        "version": "1.0.0",
        "claimed_at": "2026-11-22T03:00:00.000Z",
        "expires_at": 1_800_000_000,
        **changes,
    }


def done(release_id: str = "one", **changes: Any) -> Any:
    return a_step(release_id, status="done", outputs=OUTPUTS, done_at="2026-11-22T03:10:00.000Z", **changes)


class TestClaim:
    def test_first_gets_it(self, steps: Any) -> None:
        """Nobody has it: the claim holds, and others read who has it."""
        assert steps.claim_step(a_step("one")) is None

        held = steps.claim_step(a_step("two"))

        assert (held["release_id"], held["status"], held["inputs"]) == (
            "one",
            "running",
            a_step()["inputs"],
        )

    def test_claim_of_one_s_own_holds_again(self, steps: Any) -> None:
        """A retry of whoever has it is not refused by itself."""
        steps.claim_step(a_step("one"))

        assert steps.claim_step(a_step("one")) is None

    def test_of_many_one_gets_it(self, request: pytest.FixtureRequest, steps: Any) -> None:
        """However many ask at once."""
        # moto checks a condition and writes in two steps
        together = 1 if "dynamodb" in request.node.name else 16
        with ThreadPoolExecutor(together) as pool:
            answers = list(pool.map(lambda n: steps.claim_step(a_step(f"release-{n}")), range(32)))

        assert answers.count(None) == 1
        assert len({answer["release_id"] for answer in answers if answer}) == 1

    def test_claim_of_the_dead_is_taken_over_once(self, steps: Any) -> None:
        """Two that saw the same release end: one gets its claim, the other hears who."""
        steps.claim_step(a_step("dead"))

        assert steps.claim_step(a_step("two"), instead_of="dead") is None
        assert steps.claim_step(a_step("three"), instead_of="dead")["release_id"] == "two"

    def test_outputs_that_are_no_use_are_replaced(self, steps: Any) -> None:
        """What is too old or gone is claimed anew, by one."""
        steps.finish_step(done("one"))

        assert steps.claim_step(a_step("two"), instead_of="one") is None
        assert steps.step(KEY)["status"] == "running"
        assert "outputs" not in steps.step(KEY)

    def test_what_is_done_is_no_longer_claimed(self, steps: Any) -> None:
        """Not even by who did it."""
        steps.finish_step(done("one"))

        assert steps.claim_step(a_step("one"))["outputs"] == OUTPUTS


class TestFinish:
    def test_outputs_are_kept(self, steps: Any) -> None:
        """Numbers and all come back as they were."""
        steps.claim_step(a_step("one"))

        assert steps.finish_step(done("one")) is True
        assert steps.step(KEY)["outputs"] == OUTPUTS

    def test_not_over_another_s_claim(self, steps: Any) -> None:
        """Who lost its claim keeps nothing, and is not the model's last."""
        steps.claim_step(a_step("two"))

        assert steps.finish_step(done("one")) is False
        assert steps.step(KEY)["release_id"] == "two"
        assert steps.latest_step("pricing", "hotel-rates", "training") is None

    def test_claim_that_was_given_back_does_not_matter(self, steps: Any) -> None:
        """A release that failed, gave its claim back and was retried keeps its outputs all the same."""
        assert steps.finish_step(done("one")) is True

    def test_last_one_of_a_model_is_known(self, steps: Any) -> None:
        """Its inputs are what the next miss is compared with; each step has its own."""
        steps.finish_step(done("one"))
        steps.finish_step(done("two", key="6b" * 32, inputs={"image": "sha256:a0"}))
        steps.finish_step(done("one", key="7c" * 32, step="challenger"))

        latest = steps.latest_step("pricing", "hotel-rates", "training")

        assert (latest["release_id"], latest["inputs"]) == ("two", {"image": "sha256:a0"})
        assert steps.latest_step("pricing", "hotel-rates", "challenger")["release_id"] == "one"
        assert steps.latest_step("pricing", "hotel-rates", "champion") is None
        assert steps.latest_step("pricing", "other", "training") is None


class TestRelease:
    def test_claim_is_given_back(self, steps: Any) -> None:
        """The next one gets it."""
        steps.claim_step(a_step("one"))

        assert steps.release_step(KEY, "one") is True
        assert steps.claim_step(a_step("two")) is None

    def test_only_one_s_own_claim(self, steps: Any) -> None:
        """Neither another's claim nor what is done is given back; nor is anything twice."""
        steps.claim_step(a_step("one"))
        assert steps.release_step(KEY, "two") is False
        steps.finish_step(done("one"))

        assert steps.release_step(KEY, "one") is False
        assert steps.step(KEY)["status"] == "done"
        assert steps.release_step("6b" * 32, "one") is False


def test_items_expire() -> None:
    """DynamoDB removes what is past its time by itself; the inputs of a model's last step stay."""
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        create_table(client)
        DynamoDbSteps(client, "ledger").finish_step(done())
        items = {item["pk"]["S"]: item for item in client.scan(TableName="ledger")["Items"]}

    assert items[f"STEP#{KEY}"]["expires_at"] == {"N": "1800000000"}
    assert "expires_at" not in items["MODEL#pricing/hotel-rates"]


class TestFingerprints:
    def test_follows_the_bytes(self) -> None:
        """Other bytes have another fingerprint, the same ones the same; nothing has none."""
        with mock_aws():
            client = boto3.client(
                "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
            )
            client.create_bucket(Bucket="artifacts")
            fingerprints = S3Fingerprints(client)
            seen = []
            for content in (b"one", b"two", b"one"):
                client.put_object(Bucket="artifacts", Key="m.tar.gz", Body=content)
                seen.append(fingerprints.fingerprint("s3://artifacts/m.tar.gz"))

            assert fingerprints.fingerprint("s3://artifacts/other.tar.gz") == ""
        assert seen[0] == seen[2] != seen[1]
        assert seen[0]
