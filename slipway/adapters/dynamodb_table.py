"""One DynamoDB table: the few operations that the ledger's parts share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.adapters.dynamodb_values import from_item, to_attribute, to_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KEYS = ("pk", "sk", "model_pk", "model_sk", "month_pk", "month_sk", "expires_at")


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

    def transact_put(self, puts: Sequence[tuple[Mapping[str, Any], str, Mapping[str, Any]]]) -> bool:
        """Write all of ``(item, condition, values)``, or none: False when a condition does not hold."""
        requests = [
            {"Put": {"TableName": self._name, "Item": to_item(item), **_expressions(values, condition)}}
            for item, condition, values in puts
        ]
        try:
            self._client.transact_write_items(TransactItems=requests)
        except Exception as error:
            if _code(error) == "TransactionCanceledException":
                return False
            raise
        return True

    def query(
        self,
        partition: str,
        prefix: str = "",
        *,
        index: str = "",
        newest_first: bool = False,
        limit: int | None = None,
        attributes: Sequence[str] = (),
    ) -> Iterator[dict[str, Any]]:
        """Items of one partition, page by page as asked for; without ``index`` strongly consistent."""
        pk, sk = (
            ("pk", "sk")
            if not index
            else (f"{index.removeprefix('by_')}_pk", f"{index.removeprefix('by_')}_sk")
        )
        condition, values = f"#{pk} = :pk", {":pk": partition}
        if prefix:
            condition, values = f"{condition} AND begins_with(#{sk}, :sk)", {**values, ":sk": prefix}
        projection = ", ".join(f"#{name}" for name in attributes)
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ScanIndexForward": not newest_first,
            **_expressions(values, condition, projection, keyword=""),
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            **({"ProjectionExpression": projection} if projection else {}),
        }
        left = limit
        while True:
            answer = self._client.query(**request, **({"Limit": left} if left is not None else {}))
            yield from (record_of(item) for item in answer["Items"])
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
        *expressions: str,
        **request: Any,
    ) -> bool:
        try:
            getattr(self._client, operation)(
                TableName=self._name, **request, **_expressions(values or {}, condition, *expressions)
            )
        except Exception as error:
            if _code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


def record_of(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """An item without the attributes that only place it."""
    return from_item({name: value for name, value in item.items() if name not in _KEYS})


def _expressions(
    values: Mapping[str, Any], condition: str, *others: str, keyword: str = "ConditionExpression"
) -> dict[str, Any]:
    words = " ".join((condition, *others)).replace("(", " ").replace(")", " ").replace(",", " ").split()
    names = {word: word[1:] for word in words if word.startswith("#")}
    return {
        **({keyword: condition} if condition and keyword else {}),
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": {k: to_attribute(v) for k, v in values.items()}} if values else {}),
    }
