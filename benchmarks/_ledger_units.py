"""
Round trips and request units of calls to DynamoDB, by DynamoDB's rules.

The embedded DynamoDB does not look at sizes when it says what a read consumed, so this is worked out from
the items: a strongly consistent read takes a unit per 4 KB, a write one per KB, and twice that in a
transaction; a check counts as a write, an item that is not there as one unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Any


@dataclass
class Meter:
    """A client that counts; its requests go to ``client``."""

    client: Any
    calls: list[str] = field(default_factory=list)
    reads: float = 0
    writes: float = 0

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            before = self._sizes(request) if operation == "transact_write_items" else {}
            answer = getattr(self.client, operation)(**request)
            self.calls.append(operation)
            if operation == "transact_write_items":
                self.writes += sum(2 * units(sizes) for sizes in before.values())
            elif operation == "query":
                whole = {name: value for name, value in request.items() if name != "ProjectionExpression"}
                used = whole["KeyConditionExpression"]
                names = {
                    word: name for word, name in whole["ExpressionAttributeNames"].items() if word in used
                }
                items = self.client.query(**{**whole, "ExpressionAttributeNames": names})["Items"]
                self.reads += max(1, ceil(sum(map(size, items)) / 4096))
            elif operation == "get_item":
                self.reads += max(1, ceil(size(answer.get("Item", {})) / 4096))
            elif operation == "batch_get_item":
                (asked,) = request["RequestItems"].values()
                (found,) = answer["Responses"].values()
                self.reads += sum(max(1, ceil(size(item) / 4096)) for item in found)
                self.reads += len(asked["Keys"]) - len(found)
            return answer

        return call

    def _sizes(self, request: Any) -> dict[tuple[str, str], dict[str, int]]:
        """Of what a transaction touches, before and after."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        for one in request["TransactItems"]:
            ((_, action),) = one.items()
            key = action.get("Key") or {name: action["Item"][name] for name in ("pk", "sk")}
            before = self.client.get_item(TableName=action["TableName"], Key=key, ConsistentRead=True)
            sizes = {"before": size(before.get("Item", {})), "after": size(action.get("Item", {}))}
            found[key["pk"]["S"], key["sk"]["S"]] = sizes
        return found


def units(sizes: dict[str, int]) -> int:
    """Write units of one item, before the factor of a transaction."""
    return max(1, ceil(max(sizes.values()) / 1024))


def size(item: Any) -> int:
    """Bytes of an item: names and values."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: Any) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return len(held) // 2 + 2
        case "M":
            return 3 + sum(len(name.encode()) + _value(inner) + 1 for name, inner in held.items())
        case "L":
            return 3 + sum(_value(inner) + 1 for inner in held)
        case _:
            return 1
