"""Whatever order events come in, and whoever writes at the same time: the same items, byte for byte."""

from __future__ import annotations

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from slipway.adapters.dynamodb_lineage import DynamoDbLineage
from slipway.contracts.lineage import kind_of
from slipway.domain.lineage_errors import LineageBusyError
from tests.adapters.test_ledger import create_table
from tests.adapters.test_lineage import a_node

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("data-set", "image", "release", "training-job", "model-artifact", "evaluation-job", "report",
         "model-package", "promotion", "endpoint")  # fmt: skip
RELATIONS = ("ContributedTo", "Produced", "DerivedFrom", "AssociatedWith")


@st.composite
def histories(draw: st.DrawFn) -> list[Any]:
    """Versions of nodes of a random graph; of each node, the last one is the newest."""
    kinds = sorted(draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=9)), key=KINDS.index)
    names = [f"{kind}:n{number}" for number, kind in enumerate(kinds)]
    told = []
    for place, name in enumerate(names):
        for version in range(draw(st.integers(0, 2))):
            chosen = draw(st.sets(st.sampled_from(names[:place]), max_size=3)) if place else set()
            edges = [f"{draw(st.sampled_from(RELATIONS))} {source}" for source in sorted(chosen)]
            facts = {"digest": f"sha256:{draw(st.integers(0, 2))}", "version": draw(st.integers(0, 1))}
            told.append(a_node(name, *edges, as_of=str(version + 1), **facts))
    return told


def client_of_moto() -> Any:
    client = boto3.client(
        "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    create_table(client)
    return client


def scan(client: Any, table: str = "ledger") -> list[str]:
    """Every item, as text."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return sorted(json.dumps(item, sort_keys=True) for page in pages for item in page["Items"])


def clear(client: Any) -> None:
    for item in client.scan(TableName="ledger")["Items"]:
        client.delete_item(TableName="ledger", Key={"pk": item["pk"], "sk": item["sk"]})


class Oracle:
    """The graph of a history, by walking every way from every node."""

    def __init__(self, told: list[Any]) -> None:
        self.inputs: dict[str, list[Any]] = {}
        for node in sorted(told, key=lambda one: one["as_of"]):
            for edge in node["inputs"]:
                self.inputs.setdefault(edge["source"], [])
            self.inputs[node["id"]] = sorted(node["inputs"], key=lambda one: (one["source"], one["relation"]))

    def ways(self, node: str) -> Iterator[list[str]]:
        """Every way up from a node: ids from the node to an ancestor."""
        for edge in self.inputs[node]:
            yield [node, edge["source"]]
            measured = (kind_of(edge["source"]), kind_of(node)) == ("model-artifact", "evaluation-job")
            if edge["relation"] != "AssociatedWith" and not measured:
                for rest in self.ways(edge["source"]):
                    yield [node, *rest]

    def upstream(self, node: str) -> dict[str, Any]:
        return {way[-1]: self.inputs[way[-1]] for way in self.ways(node)}

    def descendants(self, ancestor: str) -> list[tuple[str, int, list[str]]]:
        found = []
        for node in sorted(self.inputs, key=lambda one: (kind_of(one), one)):
            ways = [way for way in self.ways(node) if way[-1] == ancestor]
            if ways:
                through = sorted({kind_of(way[-2]) for way in ways})
                found.append((node, min(map(len, ways)) - 1, through))
        return found


class TestOrder:
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(told=histories(), seed=st.integers(0, 2**16))
    def test_order_repetition_and_grouping_do_not_matter(self, told: list[Any], seed: int) -> None:
        """Recorded one by one as it happened, or shuffled, doubled, in groups and partly only named first."""
        chance = random.Random(seed)
        shuffled = [*told, *(one for one in told if chance.random() < 0.3)]
        chance.shuffle(shuffled)
        with mock_aws():
            client = client_of_moto()
            lineage = DynamoDbLineage(client, "ledger")
            for node in told:
                lineage.put_nodes([node])
            as_it_happened = scan(client)
            clear(client)

            for node in told:
                if chance.random() < 0.2:
                    lineage.put_nodes([{**node, "inputs": [], "facts": {}, "as_of": ""}])
            while shuffled:
                count = chance.randint(1, 4)
                lineage.put_nodes(shuffled[:count])
                del shuffled[:count]

            assert scan(client) == as_it_happened

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(told=histories(), seed=st.integers(0, 2**16))
    def test_the_graph_is_what_walking_every_way_finds(self, told: list[Any], seed: int) -> None:
        """Ancestors with their inputs; descendants with the shortest way and the kinds that lead there."""
        random.Random(seed).shuffle(told)
        oracle = Oracle(told)
        with mock_aws():
            lineage = DynamoDbLineage(client_of_moto(), "ledger")
            lineage.put_nodes(told)

            for node in oracle.inputs:
                found = lineage.node(node)
                assert found is not None
                assert found["inputs"] == oracle.inputs[node]
                assert found["upstream"] == oracle.upstream(node)
                entries = [(one["id"], one["depth"], one["through"]) for one in lineage.descendants(node)]
                assert entries == oracle.descendants(node)


class OneAtATime:
    """
    A client of moto that lets one request through at a time, as DynamoDB makes each appear to be.

    moto's transactions copy the tables and put the copy back on failure: two at once undo each other.
    """

    def __init__(self, client: Any, lock: Any) -> None:
        self._client = client
        self._lock = lock

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            with self._lock:
                return getattr(self._client, operation)(**request)

        return call


class DiedError(Exception):
    """A writer died."""


class DyingClient:
    """A client whose owner dies before one of its writes."""

    def __init__(self, client: Any, writes: int) -> None:
        self._client = client
        self._left = writes

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            if operation in ("transact_write_items", "update_item"):
                if not self._left:
                    raise DiedError
                self._left -= 1
            return getattr(self._client, operation)(**request)

        return call


LATE = "data-set:p/raw:1.0.0"
SET = "data-set:p/set:1.0.0"


def a_family(count: int) -> list[Any]:
    """A derived data set, and trainings on it."""
    jobs = [a_node(f"training-job:t{number}", SET) for number in range(count)]
    made = [a_node(f"model-artifact:a{number}", f"Produced {job['id']}") for number, job in enumerate(jobs)]
    return [a_node(LATE, digest="sha256:1"), a_node(SET, f"DerivedFrom {LATE}"), *jobs, *made]


class TestConcurrentWriters:
    @pytest.mark.parametrize("seed", range(4))
    def test_all_at_once_end_like_one_after_the_other(self, seed: int) -> None:
        """Eight writers, the same events twice in random order: the same items as one writer's."""
        family = a_family(6)
        with mock_aws():
            client = client_of_moto()
            DynamoDbLineage(client, "ledger").put_nodes(family)
            wanted = scan(client)
            clear(client)
            lineage = DynamoDbLineage(OneAtATime(client, threading.RLock()), "ledger")
            events = family * 2
            random.Random(seed).shuffle(events)

            with ThreadPoolExecutor(8) as writers:
                list(writers.map(lambda node: lineage.put_nodes([node]), events))

            assert scan(client) == wanted

    @pytest.mark.embedded
    @pytest.mark.parametrize("seed", range(12))
    def test_over_http(self, embedded_aws: Any, seed: int) -> None:
        """Likewise on the embedded AWS, whose requests overlap."""
        client, family = embedded_aws.client("dynamodb"), a_family(6)
        one, other = f"lineage-order-one-{seed}", f"lineage-order-other-{seed}"
        for table in (one, other):
            create_table(client, table)
        DynamoDbLineage(client, one).put_nodes(family)
        events = family * 2
        random.Random(seed).shuffle(events)
        lineage = DynamoDbLineage(client, other)

        with ThreadPoolExecutor(8) as writers:
            list(writers.map(lambda node: lineage.put_nodes([node]), events))

        assert scan(client, other) == scan(client, one)

    @pytest.mark.parametrize("writes", range(8))
    def test_a_writer_that_died_is_made_good_by_the_same_event(self, writes: int) -> None:
        """A late data set has 30 nodes below it; its writer dies in the middle of telling them."""
        family = a_family(15)
        with mock_aws():
            client = client_of_moto()
            DynamoDbLineage(client, "ledger").put_nodes(family)
            wanted = scan(client)
            clear(client)
            lineage = DynamoDbLineage(client, "ledger")
            lineage.put_nodes(family[2:])
            try:
                DynamoDbLineage(DyingClient(client, writes), "ledger").put_nodes(family[:2])
            except DiedError:
                assert scan(client) != wanted

            lineage.put_nodes(family[:2])

            assert scan(client) == wanted

    def test_a_race_that_is_always_lost_ends(self) -> None:
        """After so many attempts it is said who could not be written; nothing waits for ever."""
        waited: list[float] = []
        with mock_aws():
            client = client_of_moto()
            lineage = DynamoDbLineage(Contested(client), "ledger", pause=waited.append)

            with pytest.raises(LineageBusyError, match="send the event again"):
                lineage.put_nodes(a_family(1))

        assert len(waited) == 16
        assert max(waited) <= 1.0
        assert len(set(waited)) > 1


class Contested:
    """A client of a table in which every transaction meets another one."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def transact_write_items(self, **_request: Any) -> Any:
        reasons = [{"Code": "TransactionConflict"}]
        error = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        raise self._client.exceptions.TransactionCanceledException(error, "TransactWriteItems")
