"""The release's functions as Lambda calls them: settings from the environment, AWS by moto."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from functions import _ports, _wiring
from functions.plan_release import request_of
from slipway.adapters.clients import client
from slipway.contracts.ledger_keys import lease_key
from slipway.domain.errors import MissingSettingError
from slipway.usecases.plan_release import PlanRequest
from tests.adapters.test_ledger import create_table
from tests.fakes.artifacts import packed
from tests.fakes.models import a_document, a_plan, a_promotion_request, a_site, an_accepted_document

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "eu-west-1"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine"


@dataclass
class Context:
    """What Lambda tells a handler of its call."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:function"
    aws_request_id: str = "1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account with the platform's table and bucket, and a function's settings."""
    settings = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "SLIPWAY_ENVIRONMENT": "dev",
        "SLIPWAY_LEDGER_TABLE": "ledger",
        "SLIPWAY_DATA_BUCKET": "data",
        "SLIPWAY_ARTIFACT_BUCKET": "artifacts",
        "SLIPWAY_RELEASE_MACHINE_ARN": f"{MACHINE}:release",
        "SLIPWAY_PROMOTE_MACHINE_ARN": f"{MACHINE}:promote",
        "SLIPWAY_POLICY": json.dumps(a_site().policy),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    _forget()
    with mock_aws():
        create_table(boto3.client("dynamodb", region_name=REGION))
        boto3.client("stepfunctions", region_name=REGION).create_state_machine(
            name="promote",
            definition='{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}',
            roleArn="arn:aws:iam::123456789012:role/promote",
        )
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="artifacts")
        yield
    _forget()


def _forget() -> None:
    """A new process: nothing is wired yet."""
    client.cache_clear()
    for made in (*vars(_ports).values(), *vars(_wiring).values()):
        if hasattr(made, "cache_clear"):
            made.cache_clear()


def _put_artifact(document: Any) -> None:
    """What the training job left."""
    bucket, _, key = document["training"]["model_uri"].removeprefix("s3://").partition("/")
    archive = packed({"model.json": b"{}"})
    boto3.client("s3", region_name=REGION).put_object(Bucket=bucket, Key=key, Body=archive)


def call(function: str, event: Any) -> Any:
    """Invoke a function; what it returns must survive JSON."""
    answer = importlib.import_module(f"functions.{function}").handler(event, Context())
    return json.loads(json.dumps(answer, allow_nan=False))


class TestPlanRequests:
    def test_push_event(self) -> None:
        """ECR's event names repository, tag and digest."""
        event = {
            "source": "aws.ecr",
            "detail-type": "ECR Image Action",
            "detail": {
                "action-type": "PUSH",
                "result": "SUCCESS",
                "repository-name": "models/pricing/hotel-rates",
                "image-tag": "1.0.0",
                "image-digest": "sha256:9f",
            },
        }

        assert request_of(event) == PlanRequest("push", "models/pricing/hotel-rates", "1.0.0", "sha256:9f")

    def test_child_manifests_event(self) -> None:
        """The manifests of an index are pushed without a tag, which may be empty or missing."""
        detail = {"repository-name": "models/a/b", "image-digest": "sha256:9f"}

        assert request_of({"detail": detail}).tag == ""
        assert request_of({"detail": {**detail, "image-tag": ""}}).tag == ""

    def test_asked_by_hand(self) -> None:
        """The command line names a tag, and may force."""
        asked = {"cause": "cli", "repository": "models/a/b", "tag": "1.0.0", "force": True}

        assert request_of(asked) == PlanRequest("cli", "models/a/b", "1.0.0", force=True)

    def test_asked_to_train_again(self) -> None:
        """With its moment, and without the step cache."""
        asked = {"cause": "schedule", "repository": "models/a/b", "tag": "1.0.0", "no_cache": True}

        assert request_of(asked | {"retrain": "20261124T043000Z"}) == PlanRequest(
            "schedule", "models/a/b", "1.0.0", retrain="20261124T043000Z", no_cache=True
        )


@pytest.mark.usefixtures("aws")
class TestFunctions:
    def test_plan_release_ignores_a_child_manifest(self) -> None:
        """The answer says what became of the push."""
        detail = {"repository-name": "models/a/b", "image-digest": "sha256:9f", "image-tag": ""}

        answer = call("plan_release", {"detail": detail})

        assert answer == {
            "outcome": "ignored",
            "release_id": "",
            "reason": "child manifest",
            "execution_arn": "",
        }

    def test_plan_release_refuses_what_is_not_there(self) -> None:
        """A refusal is an answer, and stands in the ledger."""
        answer = call(
            "plan_release", {"cause": "cli", "repository": "models/pricing/hotel-rates", "tag": "1.0.0"}
        )

        assert answer["outcome"] == "refused"
        assert _ports.ledger().release(answer["release_id"])["status"] == "refused"

    def test_from_evaluation_to_the_alias(self) -> None:
        """Judge, register, promote and move the alias, each fed with what the one before returned."""
        document = a_document()
        reports = boto3.client("s3", region_name=REGION)
        prefix = document["evaluation"]["challenger"]["report_prefix"].removeprefix("s3://artifacts/")
        body = b'{"metrics": {"mae": 31.2}, "rows": 500}'
        reports.put_object(Bucket="artifacts", Key=f"{prefix}evaluation.json", Body=body)

        document["verdict"] = call("judge_release", document)
        assert document["verdict"]["accepted"] is True
        _put_artifact(document)
        document["package"] = call("register_release", document)
        _ports.model_registry().set_approval(document["package"]["arn"], "Approved", "fine")
        lease = {"owner": "arn:aws:states:eu-west-1:1:execution:promote:p", "fence": 1}
        promotion = {"request": a_promotion_request(), "lease": lease}
        promotion["promotion"] = call("plan_promotion", promotion)
        endpoint = promotion["promotion"]["endpoint_name"]
        _ports.ledger()._table.put({**lease_key(endpoint), **lease})
        moved = call("move_alias", promotion)

        assert (moved["alias"], moved["version"], moved["moved"]) == ("champion", "1.1.0", ["champion"])
        assert _ports.ledger().alias("pricing", "hotel-rates", "champion")["version"] == "1.1.0"
        call("mark_stages", promotion)
        version = _ports.ledger().version("pricing", "hotel-rates", "1.1.0")
        assert (version["approval"], version["stage"]) == ("approved", "Production")

    def test_second_release_takes_what_the_first_made(self) -> None:
        """Look up, keep and look up again, with S3 and DynamoDB behind them."""
        first, second = ({"plan": a_plan(version, release_id=version * 3)} for version in ("1.1.0", "1.1.1"))
        s3, made = boto3.client("s3", region_name=REGION), a_document(first["plan"])
        s3.put_object(Bucket="artifacts", Key=made["training"]["model_uri"][15:], Body=b"a model")
        report = f"{made['evaluation']['challenger']['report_prefix'][15:]}evaluation.json"
        s3.put_object(Bucket="artifacts", Key=report, Body=b'{"metrics": {"mae": 31.2}, "rows": 500}')

        first |= call("look_up_steps", {"document": first, "before": "training"})
        assert first["lookups"]["training"]["result"] == "miss"
        first["training"] = made["training"]
        first |= call("look_up_steps", {"document": first, "before": "evaluation"})
        call("judge_release", {**first, "evaluation": made["evaluation"]})
        second |= call("look_up_steps", {"document": second, "before": "training"})
        second |= call("look_up_steps", {"document": second, "before": "evaluation"})

        whose = first["plan"]["release_id"]
        assert second["training"] == {**made["training"], "cached_from": whose}
        assert second["lookups"]["challenger"]["outputs"] == {
            **made["evaluation"]["challenger"],
            "cached_from": whose,
        }

    def test_register_release_twice(self) -> None:
        """Step Functions may call a function twice."""
        document = an_accepted_document()
        _put_artifact(document)

        assert call("register_release", document) == call("register_release", document)

    def test_record_outcome_of_an_unknown_execution(self) -> None:
        """An event of an execution that is gone is answered, not raised for ever."""
        arn = f"{MACHINE.replace('stateMachine', 'execution')}:release:gone"

        answer = call("record_outcome", {"detail": {"name": "gone", "executionArn": arn, "status": "FAILED"}})

        assert answer["status"] == ""

    @pytest.mark.parametrize("function", ["sweep_pushes", "sweep_executions"])
    def test_sweeps_of_an_empty_account(self, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where there is nothing, a sweep finds nothing."""
        monkeypatch.setenv("SLIPWAY_PLAN_FUNCTION_ARN", "arn:aws:lambda:eu-west-1:123456789012:function:plan")

        assert list(call(function, {}).values()) == [[]]

    def test_setting_that_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A function without a setting says which one."""
        monkeypatch.delenv("SLIPWAY_LEDGER_TABLE")

        with pytest.raises(MissingSettingError, match="SLIPWAY_LEDGER_TABLE"):
            call("sweep_executions", {})
