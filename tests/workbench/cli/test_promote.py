"""Which versions may be promoted by hand; the machine here does nothing."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from slipway.adapters.dynamodb_ledger import DynamoDbLedger
from tests.fakes.models import a_version
from tests.workbench.cli.conftest import PLATFORM

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws
    from tests.workbench.cli.conftest import Answer, Slipway

pytestmark = pytest.mark.embedded
VERSION = "1.1.0"


@pytest.fixture
def revoked(platform: EmbeddedAws, machine: None) -> str:
    """A registered version whose approval was taken back, and whose artifact is gone."""
    model = f"m{uuid.uuid4().hex[:8]}"
    record = a_version(
        VERSION, project="homes", model=model, approval="rejected", model_uri="s3://cli-data/gone"
    )
    assert DynamoDbLedger(platform.client("dynamodb"), PLATFORM["ledger_table"]).put_version(record) is None
    return f"homes/{model}:{VERSION}"


def promote(slipway: Slipway, reference: str, *more: str) -> Answer:
    return slipway("promote", reference, "--reason", "a test", "--yes", "--no-wait", "--json", *more)


class TestVersionThatMayNotServe:
    @pytest.mark.parametrize("how", [(), ("--beside",), ("--shadow",)])
    def test_does_not_come_to_serve(self, slipway: Slipway, revoked: str, how: tuple[str, ...]) -> None:
        """Neither alone nor beside the champion."""
        answer = promote(slipway, revoked, *how)
        assert answer.exit_code == 1
        assert "may not serve" in answer.stderr

    def test_is_taken_away(self, slipway: Slipway, revoked: str, platform: EmbeddedAws) -> None:
        """Whose approval was taken back must leave the endpoint, and so must who has no artifact."""
        answer = promote(slipway, revoked, "--remove")
        assert answer.exit_code == 0, answer.stderr
        execution = platform.client("stepfunctions").describe_execution(
            executionArn=answer.json["execution_arn"]
        )
        request = json.loads(execution["input"])["request"]
        assert (request["action"], request["version"]) == ("remove", VERSION)


class TestReason:
    @pytest.mark.parametrize("reason", ["", "  "])
    @pytest.mark.parametrize(
        "command",
        [
            ("promote", "homes/rents:1.0.0"),
            ("rollback", "homes/rents"),
            ("endpoint", "stop", "homes/rents"),
            ("endpoint", "start", "homes/rents"),
            ("ab", "start", "homes/rents:1.0.0"),
            ("ab", "stop", "homes/rents"),
            ("shadow", "start", "homes/rents:1.0.0"),
            ("shadow", "stop", "homes/rents"),
        ],
    )
    def test_is_words(self, slipway: Slipway, command: tuple[str, ...], reason: str) -> None:
        """An empty or blank one tells nobody anything, and is refused before anything is asked."""
        answer = slipway(*command, "--reason", reason)
        assert answer.exit_code == 2
        assert "a reason needs words" in answer.stderr


class TestVersion:
    @pytest.mark.parametrize("how", [(), ("--beside",), ("--remove",)])
    def test_must_be_named(self, slipway: Slipway, how: tuple[str, ...]) -> None:
        """A model alone is no wish: its champion would be promoted again, with a row in the history."""
        answer = promote(slipway, "homes/rents", *how)
        assert answer.exit_code == 2
        assert "names no version" in answer.stderr
        assert "`slipway registry list --model homes/rents`" in answer.stderr
