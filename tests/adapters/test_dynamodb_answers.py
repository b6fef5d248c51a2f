"""Answers that skip botocore's walk say the same as those that don't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from slipway.adapters.dynamodb_answers import read_as_json
from slipway.adapters.dynamodb_expressions import Action
from slipway.adapters.dynamodb_table import DynamoDbTable
from slipway.adapters.dynamodb_values import to_item
from tests.adapters.test_ledger import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEM = {"pk": "a", "sk": "b", "text": "ä", "n": 1.5, "list": [1, None, {"x": True}], "empty": {}}


@pytest.fixture
def clients() -> Iterator[tuple[Any, Any]]:
    """A client as boto3 makes it, and one that reads answers as JSON; the table has one item."""
    with mock_aws():
        names = {"region_name": "eu-west-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
        usual, lean = boto3.client("dynamodb", **names), boto3.client("dynamodb", **names)
        read_as_json(lean)
        read_as_json(lean)
        create_table(usual)
        usual.put_item(TableName="ledger", Item=to_item(ITEM))
        yield usual, lean


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    return answer


class TestAnswers:
    @pytest.mark.parametrize("sort_key", ["b", "not there"])
    def test_get_batch_and_query(self, clients: tuple[Any, Any], sort_key: str) -> None:
        """Every kind of value, and nothing at all."""
        key = to_item({"pk": "a", "sk": sort_key})
        values = {":pk": {"S": "a"}, ":sk": {"S": sort_key}}
        requests = (
            ("get_item", {"TableName": "ledger", "Key": key}),
            ("batch_get_item", {"RequestItems": {"ledger": {"Keys": [key]}}}),
            (
                "query",
                {
                    "TableName": "ledger",
                    "KeyConditionExpression": "pk = :pk AND sk = :sk",
                    "ExpressionAttributeValues": values,
                },
            ),
        )
        for operation, request in requests:
            usual, lean = (without_metadata(getattr(client, operation)(**request)) for client in clients)
            assert lean == usual

    def test_errors_are_errors(self, clients: tuple[Any, Any]) -> None:
        """A table that is not there is said by its exception."""
        _, lean = clients
        with pytest.raises(lean.exceptions.ResourceNotFoundException):
            lean.get_item(TableName="other", Key=to_item({"pk": "a", "sk": "b"}))


class TestTransactions:
    def test_a_lost_race_is_a_no(self, clients: tuple[Any, Any]) -> None:
        """What is not as expected is answered by False, and nothing is written."""
        table = DynamoDbTable(clients[1], "ledger")
        new = Action("Put", {"pk": "a", "sk": "c"})

        assert (
            table.transact(
                [new, Action("ConditionCheck", {"pk": "a", "sk": "b"}, "attribute_not_exists(#pk)")]
            )
            is False
        )
        assert table.get({"pk": "a", "sk": "c"}) is None
        assert table.transact([new, Action("Delete", {"pk": "a", "sk": "b"})]) is True
        assert [item["sk"] for item in table.batch_get([{"pk": "a", "sk": one} for one in "bc"])] == ["c"]

    def test_a_wrong_request_is_no_lost_race(self, clients: tuple[Any, Any]) -> None:
        """It would be wrong the next time as well."""
        table = DynamoDbTable(clients[1], "ledger")
        twice = Action("Put", {"pk": "a", "sk": "c"})

        with pytest.raises(ClientError, match="multiple operations on one item"):
            table.transact([twice, twice])
