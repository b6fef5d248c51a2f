"""
Queries of large partitions in the time of a page.

ministack sorts a whole partition for each page and parses the key condition anew for each item in it:
10,000 items take seconds. A plain query of a large partition is answered here from its sorted keys; whatever
has an index, a filter, a selection or an unusual condition is ministack's.
"""

from __future__ import annotations

import json
import re
import zlib
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGE: Final = 25
"""Items of a partition that is worth it."""
PAGE_BYTES: Final = 1_048_576
_TAKEN: Final = {
    "TableName",
    "KeyConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ProjectionExpression",
    "ScanIndexForward",
    "ConsistentRead",
    "Limit",
    "ExclusiveStartKey",
}
_CONDITION: Final = re.compile(
    r"(?P<pk>#\w+) = (?P<pk_is>:\w+)"
    r"(?: AND begins_with\((?P<sk>#\w+), (?P<prefix>:\w+)\)"
    r"| AND (?P<range>#\w+) BETWEEN (?P<first>:\w+) AND (?P<last>:\w+))?"
)
_PROJECTION: Final = re.compile(r"(?:#\w+(?:, #\w+)*)?")


class SortedPartition(dict[str, Any]):
    """A partition's items by sort key, which knows the order of its keys and how large an item was."""

    def __init__(self, items: Mapping[str, Any]) -> None:
        super().__init__(items)
        self.sizes: dict[str, int] = {}
        self.order = sorted(items)  # of text: by code point, which is DynamoDB's order by UTF-8 bytes

    def __setitem__(self, key: str, item: Any) -> None:
        if key not in self:
            insort(self.order, key)
        self.sizes.pop(key, None)
        super().__setitem__(key, item)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.sizes.pop(key, None)
        del self.order[bisect_left(self.order, key)]

    def pop(self, key: str, *default: Any) -> Any:
        if key in self:
            self.sizes.pop(key, None)
            del self.order[bisect_left(self.order, key)]
        return super().pop(key, *default)

    def size_of(self, key: str) -> int:
        """Bytes of an item, by DynamoDB's rules."""
        if key not in self.sizes:
            self.sizes[key] = seams.DYNAMODB.item_size(self[key])
        return self.sizes[key]

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        from copy import deepcopy  # noqa: PLC0415 - for snapshots alone

        return {key: deepcopy(item, memo) for key, item in self.items()}


@dataclass(frozen=True, slots=True)
class PlainQuery:
    """What is asked of one partition: sort keys of a range, from where, in which direction, how many."""

    partition: str
    first: str
    last: str | None
    """Past the end; None: the partition's end."""
    last_counts: bool
    after: str | None
    forward: bool
    limit: int | None
    attributes: tuple[str, ...] | None

    def keys(self, order: list[str]) -> Iterator[str]:
        """Sort keys, in the order of the answer."""
        start = bisect_left(order, self.first)
        end = len(order)
        if self.last is not None:
            end = (bisect_right if self.last_counts else bisect_left)(order, self.last)
        if self.after is not None and self.forward:
            start = max(start, bisect_right(order, self.after))
        elif self.after is not None:
            end = min(end, bisect_left(order, self.after))
        places = range(start, end) if self.forward else range(end - 1, start - 1, -1)
        return (order[place] for place in places)


def install() -> None:
    """Stand before ministack's DynamoDB."""
    inner = seams.APP.handlers["dynamodb"]

    async def handle(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
        if headers.get("x-amz-target", "").endswith(".Query"):
            answer = _answer(body)
            if answer is not None:
                return answer
        return await inner(method, path, headers, body, query_params)

    seams.APP.handlers["dynamodb"] = handle


def _answer(body: bytes) -> tuple[int, dict[str, str], bytes] | None:
    if seams.loaded_service("dynamodb") is None:  # ministack loads it, with its stored items
        return None
    try:
        request = json.loads(body)
    except ValueError:
        return None
    table = seams.DYNAMODB.tables.get(request.get("TableName")) if isinstance(request, dict) else None
    query = plain_query(request, table) if table else None
    if query is None or table is None:
        return None
    items = table["items"].get(query.partition)
    if items is None or len(items) < LARGE:
        return None
    if not isinstance(items, SortedPartition):
        items = table["items"][query.partition] = SortedPartition(items)
    content = json.dumps(_page(query, items, table), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/x-amz-json-1.0", "x-amz-crc32": str(zlib.crc32(content))}
    return 200, headers, content


def _page(query: PlainQuery, items: SortedPartition, table: Mapping[str, Any]) -> dict[str, Any]:
    found: list[Any] = []
    size, whole = 0, True
    for key in query.keys(items.order):
        size += items.size_of(key)
        if found and size > PAGE_BYTES:
            whole = False
            break
        found.append(items[key])
        if len(found) == query.limit or size >= PAGE_BYTES:
            whole = False  # DynamoDB does not look whether there is another one
            break
    shown = found
    if query.attributes is not None:
        shown = [{name: item[name] for name in query.attributes if name in item} for item in found]
    answer: dict[str, Any] = {"Items": shown, "Count": len(found), "ScannedCount": len(found)}
    if not whole:
        answer["LastEvaluatedKey"] = {name: found[-1][name] for name in (table["pk_name"], table["sk_name"])}
    return answer


def plain_query(request: Mapping[str, Any], table: Mapping[str, Any]) -> PlainQuery | None:
    """The query, if it is one that is answered here."""
    match = _CONDITION.fullmatch(str(request.get("KeyConditionExpression", "")))
    projection = request.get("ProjectionExpression") or ""
    if match is None or not request.keys() <= _TAKEN or not _PROJECTION.fullmatch(projection):
        return None
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    used = [word for word in (match["pk"], match["sk"] or match["range"]) if word]
    keys = [table["pk_name"], table.get("sk_name")]
    wanted = [match[name] for name in ("pk_is", "prefix", "first", "last") if match[name]]
    shown = projection.split(", ") if projection else []
    start = request.get("ExclusiveStartKey")
    limit = request.get("Limit")
    texts = {word: values.get(word, {}).get("S") for word in wanted}
    after = start.get(keys[1], {}).get("S") if start else None
    if (
        [names.get(word) for word in used] != keys[: len(used)]
        or set(values) != set(texts)
        or set(names) != {*used, *shown}
        or len(set(shown)) != len(shown)
        or not all(texts.values())
        or (start is not None) != bool(after)
        or not (limit is None or limit > 0)
    ):
        return None  # ministack says what is wrong with it
    first, last = texts.get(match["first"], ""), texts.get(match["last"])
    if match["prefix"]:
        first = texts[match["prefix"]]
        last = first[:-1] + chr(ord(first[-1]) + 1)
    if (last is not None and (first > last or (after or first) > last)) or (after or first) < first:
        return None
    return PlainQuery(
        partition=texts[match["pk_is"]],
        first=first,
        last=last,
        last_counts=bool(match["range"]),
        after=after,
        forward=request.get("ScanIndexForward", True),
        limit=limit,
        attributes=tuple(names[word] for word in shown) if projection else None,
    )
