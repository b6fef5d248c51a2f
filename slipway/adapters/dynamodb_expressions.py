"""Requests to DynamoDB: expressions with the names and values they use, and the parts of a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from slipway.adapters.dynamodb_values import to_attribute, to_item

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Action:
    """
    One part of a transaction.

    Attributes:
        kind: Put an item, delete the one of a key, or only check its condition.
        item: The item, or its key.
        condition: As in ``DynamoDbTable``; a check needs one.
        values: What it compares with.
    """

    kind: Literal["Put", "Delete", "ConditionCheck"]
    item: Mapping[str, Any]
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Partition and sort key: a transaction touches each once."""
        return self.item["pk"], self.item["sk"]

    def request(self, table: str) -> dict[str, Any]:
        named = {"Item" if self.kind == "Put" else "Key": to_item(self.item)}
        return {self.kind: {"TableName": table, **named, **expressions(self.values, self.condition)}}


def expressions(
    values: Mapping[str, Any], condition: str, *others: str, keyword: str = "ConditionExpression"
) -> dict[str, Any]:
    """Parameters of a request for its expressions, in which each name has a leading ``#``."""
    words = " ".join((condition, *others)).replace("(", " ").replace(")", " ").replace(",", " ").split()
    names = {word: word[1:] for word in words if word.startswith("#")}
    return {
        **({keyword: condition} if condition and keyword else {}),
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": {k: to_attribute(v) for k, v in values.items()}} if values else {}),
    }
