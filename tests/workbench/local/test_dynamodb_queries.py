"""Queries of large partitions are answered here; ministack's answers to the same are what they must be."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.test_ledger import create_table
from workbench.local.dynamodb_queries import SortedPartition

pytestmark = pytest.mark.embedded
COUNT = 120


@pytest.fixture(scope="module")
def table(embedded_aws: Any) -> Any:
    """A client, and a table with one large partition that was changed in every way."""
    client, name = embedded_aws.client("dynamodb"), f"queries-{uuid.uuid4().hex}"
    create_table(client, name)
    keys = [f"{kind}#{number:03}" for kind in ("DOWN", "NODE", "ä") for number in range(COUNT // 3)]
    random.Random(1).shuffle(keys)

    def put(key: str, text: str) -> None:
        item = {"pk": {"S": "large"}, "sk": {"S": key}, "text": {"S": text}, "n": {"N": "1"}}
        client.put_item(TableName=name, Item=item)

    for key in keys[10:]:
        put(key, "first")
    ask(client, name, {"values": {":pk": {"S": "large"}}})  # sorted from here on
    for key in keys[:20]:
        put(key, "x" * 30_000)
    for key in keys[50:60]:
        client.delete_item(TableName=name, Key={"pk": {"S": "large"}, "sk": {"S": key}})
    return client, name


def ask(client: Any, table: str, wish: dict[str, Any], *, upstream: bool = False) -> list[Any]:
    """All pages of a query; ``upstream`` has a filter that changes nothing, and is ministack's."""
    names = {"#pk": "pk"} | ({"#sk": "sk"} if "#sk" in wish.get("also", "") else {})
    more: dict[str, Any] = dict(wish.get("more", {}))
    if wish.get("shown"):
        names |= {f"#{name}": name for name in wish["shown"]}
        more["ProjectionExpression"] = ", ".join(f"#{name}" for name in wish["shown"])
    if upstream:
        names |= {"#n": "n"}
        more["FilterExpression"] = "attribute_exists(#n)"
    pages = []
    while True:
        answer = client.query(
            TableName=table,
            KeyConditionExpression=f"#pk = :pk{wish.get('also', '')}",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=wish["values"],
            **more,
        )
        answer.pop("ResponseMetadata")
        pages.append(answer)
        if "LastEvaluatedKey" not in answer:
            return pages
        more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


texts = st.sampled_from(["DOWN#", "NODE#", "NODE#02", "ä", "DOWN#020", "O", "z", "ä#039", "D"])


class TestQuery:
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        also=st.sampled_from(["", " AND begins_with(#sk, :a)", " AND #sk BETWEEN :a AND :b"]),
        bounds=st.tuples(texts, texts).map(sorted),
        limit=st.none() | st.integers(1, 60),
        forward=st.booleans(),
        shown=st.sampled_from([(), ("sk",), ("text", "sk", "nothing")]),
    )
    def test_it_answers_as_ministack_does(
        self, table: Any, also: str, bounds: list[str], limit: int | None, *, forward: bool, shown: Any
    ) -> None:
        """Page by page: the same items, in the same order, with the same cursor."""
        values = {":pk": {"S": "large"}}
        values |= {word: {"S": text} for word, text in zip((":a", ":b"), bounds, strict=True) if word in also}
        more = {"ScanIndexForward": forward} | ({"Limit": limit} if limit else {})
        wish = {"also": also, "values": values, "more": more, "shown": shown}

        assert ask(*table, wish) == ask(*table, wish, upstream=True)

    def test_what_is_wrong_is_said_by_ministack(self, table: Any) -> None:
        """A value that nothing uses, a cursor out of range: refused as before."""
        client, name = table
        with pytest.raises(client.exceptions.ClientError, match="unused"):
            ask(client, name, {"values": {":pk": {"S": "large"}, ":b": {"S": "x"}}})
        cursor = {"pk": {"S": "large"}, "sk": {"S": "NODE#001"}}
        values = {":pk": {"S": "large"}, ":a": {"S": "DOWN"}}
        wish = {
            "also": " AND begins_with(#sk, :a)",
            "values": values,
            "more": {"ExclusiveStartKey": cursor},
        }
        with pytest.raises(client.exceptions.ClientError, match="starting key"):
            ask(client, name, wish)


class TestSortedPartition:
    @given(st.lists(st.tuples(st.sampled_from("pdos"), st.text(max_size=2))))
    def test_it_is_a_dict_whose_order_is_that_of_its_keys(self, changes: list[tuple[str, str]]) -> None:
        """Whatever is put and removed."""
        partition, plain = SortedPartition({"a": 1, "Z": 2}), {"a": 1, "Z": 2}
        for change, key in changes:
            if change == "p":
                partition[key] = plain[key] = 3
            elif change == "d" and key in plain:
                del partition[key], plain[key]
            else:
                assert partition.pop(key, None) == plain.pop(key, None)

        assert partition == plain
        assert partition.order == sorted(plain)
