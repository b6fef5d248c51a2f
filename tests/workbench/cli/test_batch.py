"""What a batch is refused for before anything is asked."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from slipway.adapters.dynamodb_ledger import DynamoDbLedger
from tests.fakes.models import a_version
from tests.workbench.cli.conftest import PLATFORM

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws
    from tests.workbench.cli.conftest import Slipway

pytestmark = pytest.mark.embedded


class TestInput:
    def test_that_is_missing_is_said_before_a_job_is(self, slipway: Slipway, platform: EmbeddedAws) -> None:
        """Nobody is told of a job that is never asked for."""
        model = f"m{uuid.uuid4().hex[:8]}"
        record = a_version("1.0.0", project="homes", model=model)
        DynamoDbLedger(platform.client("dynamodb"), PLATFORM["ledger_table"]).put_version(record)
        answer = slipway("batch", "run", f"homes/{model}:1.0.0", "--input", "nosuch.csv")

        assert answer.exit_code == 5
        assert "there is no file at nosuch.csv" in answer.stderr
        assert "is asked as" not in answer.stderr
