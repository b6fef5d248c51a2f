from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from slipway.adapters.eventbridge_events import EventBridgeEvents
from slipway.adapters.lambda_planner import LambdaPlanner
from slipway.contracts.events import RELEASE_STARTED
from slipway.domain.errors import EventNotAcceptedError

CREDENTIALS = {"region_name": "eu-west-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}


class TestEvents:
    def emit(self, answer: Any) -> None:
        client = boto3.client("events", **CREDENTIALS)
        detail = json.dumps({"environment": "dev", "release_id": "9f"}, separators=(",", ":"))
        entry = {"Source": "slipway", "DetailType": "Release Started", "Detail": detail}
        with Stubber(client) as stub:
            stub.add_response("put_events", answer, {"Entries": [entry]})
            EventBridgeEvents(client, "dev").emit(RELEASE_STARTED, {"release_id": "9f"})

    def test_detail_names_the_environment(self) -> None:
        """Every event is the platform's own, and says which environment it comes from."""
        self.emit({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})

    def test_entry_that_was_refused(self) -> None:
        """PutEvents answers well even if it refused the event: that is an error here."""
        refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}

        with pytest.raises(EventNotAcceptedError, match="slow down"):
            self.emit({"FailedEntryCount": 1, "Entries": [refused]})


class TestPlanner:
    def test_nobody_waits(self) -> None:
        """The function is asked asynchronously, in the words of its contract."""
        client = boto3.client("lambda", **CREDENTIALS)
        payload = b'{"cause": "sweep", "repository": "models/a/b", "tag": "1.0.0"}'
        expected = {"FunctionName": "arn", "InvocationType": "Event", "Payload": payload}
        with Stubber(client) as stub:
            stub.add_response("invoke", {"StatusCode": 202}, expected)

            LambdaPlanner(client, "arn").ask("models/a/b", "1.0.0", cause="sweep")

            stub.assert_no_pending_responses()
