"""Outcomes as the HTTP API and EventBridge hand them over."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from functions import _wiring, take_outcomes, take_outcomes_file
from slipway.domain.timestamps import now
from slipway.usecases.take_outcomes import OutcomeIntake
from tests.fakes.kept_files import FakeKeptFiles
from tests.fakes.ledger import FakeLedger

BODY = json.dumps({"project": "p", "model": "m", "outcomes": [{"inference_id": "a", "value": 1}]})


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> FakeKeptFiles:
    ledger, kept = FakeLedger(), FakeKeptFiles()
    moved = {"alias": "champion", "version": "1.0.0", "release_id": "r", "revision": 1}
    ledger.move_alias({"project": "p", "model": "m", "moved_at": "2026-11-01T00:00:00.000Z", **moved})
    intake = OutcomeIntake(ledger, kept, now)
    monkeypatch.setattr(_wiring, "outcome_intake", lambda: intake)
    return kept


class Context:
    function_name = "take"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn"
    aws_request_id = "1"


class TestTakeOutcomes:
    @pytest.mark.parametrize(
        ("event", "status"),
        [
            ({"body": BODY}, 200),
            ({"body": base64.b64encode(BODY.encode()).decode(), "isBase64Encoded": True}, 200),
            ({"body": "no JSON"}, 400),
            ({"body": BODY.replace('"m"', '"n"')}, 404),
            ({}, 400),
        ],
    )
    def test_every_request_is_answered_in_json(self, files: Any, event: Any, status: int) -> None:
        """With what was taken, or why nothing was."""
        answer = take_outcomes.handler(event, Context())  # type: ignore[arg-type]

        assert answer["statusCode"] == status
        assert json.loads(answer["body"])
        assert len(files.files) == (status == 200)


class TestTakeOutcomesFile:
    def test_the_event_names_the_file(self, files: Any) -> None:
        """Its key is as it is, blanks and all."""
        files.write("outcomes/p/m/a b.csv", "inference_id,value\na,1\n")
        event = {"time": "2026-11-28T09:00:00Z", "detail": {"object": {"key": "outcomes/p/m/a b.csv"}}}

        assert take_outcomes_file.handler(event, Context()) == {"accepted": 1, "refused": 0}  # type: ignore[arg-type]
        assert [key for key in files.files if key.startswith("outcomes-kept/p/m/2026/11/28/09/")]
