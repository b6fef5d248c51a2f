"""What is said of endpoints that do not answer; SageMaker's own answers are the embedded AWS's."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from slipway.contracts import names
from slipway.contracts.ledger_keys import endpoint_state_key
from tests.adapters.test_ledger_endpoints import a_state
from tests.workbench.cli.conftest import PLATFORM
from workbench.cli import frame
from workbench.cli.endpoint import no_answer
from workbench.cli.release import invoke_command

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws
    from tests.workbench.cli.conftest import Slipway

pytestmark = pytest.mark.embedded
WHEN = "2026-11-22T03:00:00.000Z"


class Ledger:
    """The states that promotions left."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._client = aws.client("dynamodb")

    def left(self, **changes: Any) -> str:
        """A new model's endpoint, as the newest promotion left it; ``PROJECT/MODEL``."""
        model = f"m{uuid.uuid4().hex[:8]}"
        endpoint = names.endpoint(PLATFORM["resource_prefix"], "homes", model)
        state = a_state(endpoint=endpoint, project="homes", model=model, **changes)
        state = {key: value for key, value in state.items() if not isinstance(value, float)}
        item = {**state, "layout": [{"version": "1.1.0"}], **endpoint_state_key(endpoint)}
        serialize = TypeSerializer().serialize
        self._client.put_item(
            TableName=PLATFORM["ledger_table"], Item={key: serialize(value) for key, value in item.items()}
        )
        return f"homes/{model}"


@pytest.fixture
def ledger(platform: EmbeddedAws) -> Ledger:
    return Ledger(platform)


class TestStoppedEndpoint:
    @pytest.mark.parametrize(
        "command",
        [
            ("show",),
            ("invoke",),
            ("invoke", "--body", "[1]"),
            ("invoke", "--async", "--body", "[1]"),
            ("metrics", "--plot"),
        ],
    )
    def test_says_when_by_whom_and_why(
        self, slipway: Slipway, ledger: Ledger, command: tuple[str, ...]
    ) -> None:
        """It did exist, and one command brings it back."""
        model = ledger.left(status="stopped", actor="ana", reason="nobody asks", changed_at=WHEN)
        answer = slipway("endpoint", command[0], model, *command[1:])

        assert answer.exit_code == 3
        assert f"was stopped at {WHEN} by ana: nobody asks" in answer.stderr
        assert f"`slipway endpoint start {model}` brings it back with 1.1.0" in answer.stderr

    def test_that_somebody_deleted_says_so(self, slipway: Slipway, ledger: Ledger) -> None:
        """No stop is on record: a promotion makes it again."""
        model = ledger.left(status="in-service")
        answer = slipway("endpoint", "show", model)

        assert answer.exit_code == 3
        assert f"`slipway promote {model}:1.1.0" in answer.stderr

    def test_that_never_was_is_not_called_stopped(self, slipway: Slipway, platform: EmbeddedAws) -> None:
        """The ledger knows nothing of it."""
        assert "there is no endpoint" in slipway("endpoint", "show", "homes/never").stderr


class FakeSageMaker:
    """One asynchronous endpoint."""

    def describe_endpoint(self, **_: Any) -> dict[str, Any]:
        return {"EndpointName": "e", "EndpointConfigName": "c"}

    def describe_endpoint_config(self, **_: Any) -> dict[str, Any]:
        variant = {
            "VariantName": "v",
            "ModelName": "m",
            "InstanceType": "ml.m5.large",
            "InitialVariantWeight": 1.0,
        }
        return {"ProductionVariants": [variant], "AsyncInferenceConfig": {}}

    def describe_model(self, **_: Any) -> dict[str, Any]:
        return {"PrimaryContainer": {}}


class TestAsynchronousEndpoint:
    def test_asked_without_async_says_so(self) -> None:
        """SageMaker's refusal names an operation; what a person types is --async."""
        workspace = frame.Workspace(_clients={"sagemaker": FakeSageMaker()}, _platform=PLATFORM)  # type: ignore[arg-type]
        refused = ClientError({"Error": {"Code": "ValidationError", "Message": "no"}}, "InvokeEndpoint")
        refusal = no_answer(workspace, "e", "homes/rents", refused)

        assert refusal is not None
        assert "`slipway endpoint invoke homes/rents --async`" in refusal.hint

    @pytest.mark.parametrize(("kind", "how"), [("asynchronous", " --async"), ("serverless", "")])
    def test_release_says_how_its_model_is_asked(self, ledger: Ledger, kind: str, how: str) -> None:
        """What `release watch` ends with can be typed as it stands."""
        project, name = ledger.left(kind=kind).split("/")

        assert invoke_command(frame.Workspace(), project, name) == (
            f"slipway endpoint invoke {project}/{name}{how}"
        )
