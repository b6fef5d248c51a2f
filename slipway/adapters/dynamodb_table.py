"""One DynamoDB table: the few operations that the ledger's parts share."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, Final

from slipway.adapters.dynamodb_answers import read_as_json
from slipway.adapters.dynamodb_expressions import expressions
from slipway.adapters.dynamodb_values import from_item, to_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slipway.adapters.dynamodb_expressions import Action

MAX_BATCH_KEYS: Final = 100
_LOST_RACES: Final = {
    "None",
    "ConditionalCheckFailed",
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}
"""Why a transaction is cancelled that may go through when it is made anew."""
_KEYS = ("pk", "sk", "model_pk", "model_sk", "month_pk", "month_sk", "expires_at")


_CONFLICT_PAUSES_SECONDS: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def _reasons(error: Exception) -> str:
    """Codes of a cancelled transaction, as the error's text or its list has them."""
    response: Any = getattr(error, "response", {})
    listed = [str(reason.get("Code", "")) for reason in response.get("CancellationReasons", [])]
    return " ".join([*listed, str(error)])


def _code(error: Exception) -> str:
    # botocore is not imported here: the error's shape tells enough
    response: Any = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))


class DynamoDbTable:
    """
    Reads and conditional writes.

    Names in expressions are written as they are, with a leading ``#`` (``#status``);
    values as ``:name``.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name
        read_as_json(client)

    def get(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        """One item without its key attributes, strongly consistent: 1 read unit per 4 KB."""
        answer = self._client.get_item(TableName=self._name, Key=to_item(key), ConsistentRead=True)
        return record_of(answer["Item"]) if "Item" in answer else None

    def put(
        self, item: Mapping[str, Any], *, condition: str = "", values: Mapping[str, Any] | None = None
    ) -> bool:
        """Write an item; False when the condition does not hold."""
        return self._conditional("put_item", condition, values, Item=to_item(item))

    def update(
        self, key: Mapping[str, str], expression: str, *, condition: str, values: Mapping[str, Any]
    ) -> bool:
        """Change an item; False when the condition does not hold."""
        return self._conditional(
            "update_item", condition, values, expression, Key=to_item(key), UpdateExpression=expression
        )

    def delete(self, key: Mapping[str, str], *, condition: str, values: Mapping[str, Any]) -> bool:
        """Remove an item; False when the condition does not hold."""
        return self._conditional("delete_item", condition, values, Key=to_item(key))

    def transact_put(
        self,
        puts: Sequence[tuple[Mapping[str, Any], str, Mapping[str, Any]]],
        *,
        checks: Sequence[tuple[Mapping[str, str], str, Mapping[str, Any]]] = (),
    ) -> bool:
        """
        Write all of ``(item, condition, values)``, or none: False when a condition does not hold.

        Args:
            puts: Each with its own condition.
            checks: ``(key, condition, values)`` of other items, which stay as they are.
        """
        table = {"TableName": self._name}
        requests = [
            {"Put": {**table, "Item": to_item(item), **expressions(values, condition)}}
            for item, condition, values in puts
        ] + [
            {"ConditionCheck": {**table, "Key": to_item(key), **expressions(values, condition)}}
            for key, condition, values in checks
        ]
        for pause in (*_CONFLICT_PAUSES_SECONDS, None):
            try:
                self._client.transact_write_items(TransactItems=requests)
            except Exception as error:
                if _code(error) != "TransactionCanceledException":
                    raise
                if "ConditionalCheckFailed" in _reasons(error):
                    return False
                # another write touches one of the items right now: boto3 leaves that to its caller
                if pause is None:
                    raise
                time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
            else:
                return True
        raise AssertionError("the last pause is None")

    def transact(self, actions: Sequence[Action]) -> bool:
        """All of at most 100 actions, or none: False when another writer came between; then read again."""
        try:
            self._client.transact_write_items(TransactItems=[one.request(self._name) for one in actions])
        except Exception as error:
            if _code(error) == "TransactionInProgressException":
                return False
            if _code(error) != "TransactionCanceledException":
                raise
            response: Any = getattr(error, "response", {})
            reasons = {reason.get("Code") or "None" for reason in response.get("CancellationReasons", ())}
            if reasons <= _LOST_RACES:
                return False
            raise
        return True

    def batch_get(self, keys: Sequence[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
        """Items that are there, with their key attributes, in no order, strongly consistent."""
        for start in range(0, len(keys), MAX_BATCH_KEYS):
            wanted: Any = [to_item(key) for key in keys[start : start + MAX_BATCH_KEYS]]
            while wanted:
                answer = self._client.batch_get_item(
                    RequestItems={self._name: {"Keys": wanted, "ConsistentRead": True}}
                )
                yield from (from_item(item) for item in answer["Responses"].get(self._name, ()))
                # what did not fit into 16 MB, or was throttled
                wanted = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys")

    def query(
        self,
        partition: str,
        prefix: str = "",
        *,
        between: tuple[str, str] | None = None,
        index: str = "",
        newest_first: bool = False,
        limit: int | None = None,
        attributes: Sequence[str] = (),
    ) -> Iterator[dict[str, Any]]:
        """
        Items of one partition, page by page as asked for; without ``index`` strongly consistent.

        ``prefix`` is what their sort keys begin with, ``between`` the first and the last of them.
        """
        found = self.rows(
            partition,
            prefix,
            between=between,
            index=index,
            newest_first=newest_first,
            limit=limit,
            attributes=attributes,
        )
        return (record_of(item) for item in found)

    def rows(
        self,
        partition: str,
        prefix: str = "",
        *,
        between: tuple[str, str] | None = None,
        index: str = "",
        newest_first: bool = False,
        limit: int | None = None,
        attributes: Sequence[str] = (),
    ) -> Iterator[dict[str, dict[str, Any]]]:
        """As ``query``, but as DynamoDB has them and with their keys."""
        pk, sk = (
            ("pk", "sk")
            if not index
            else (f"{index.removeprefix('by_')}_pk", f"{index.removeprefix('by_')}_sk")
        )
        condition, values = f"#{pk} = :pk", {":pk": partition}
        if prefix:
            condition, values = f"{condition} AND begins_with(#{sk}, :sk)", {**values, ":sk": prefix}
        if between:
            condition = f"{condition} AND #{sk} BETWEEN :first AND :last"
            values = {**values, ":first": between[0], ":last": between[1]}
        projection = ", ".join(f"#{name}" for name in attributes)
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ScanIndexForward": not newest_first,
            **expressions(values, condition, projection, keyword=""),
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            **({"ProjectionExpression": projection} if projection else {}),
        }
        left = limit
        while True:
            answer = self._client.query(**request, **({"Limit": left} if left is not None else {}))
            yield from answer["Items"]
            if left is not None:
                left -= len(answer["Items"])
            if "LastEvaluatedKey" not in answer or (left is not None and left <= 0):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _conditional(
        self,
        operation: str,
        condition: str,
        values: Mapping[str, Any] | None,
        *others: str,
        **request: Any,
    ) -> bool:
        try:
            getattr(self._client, operation)(
                TableName=self._name, **request, **expressions(values or {}, condition, *others)
            )
        except Exception as error:
            if _code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


def record_of(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """An item without the attributes that only place it."""
    return from_item({name: value for name, value in item.items() if name not in _KEYS})
