"""
The ledger beside ml-metadata and MLflow: the same trainings written and queried, interleaved, in one run.

Ours is the embedded AWS over HTTP with boto3, the peers are libraries on SQLite in a process of their own:
what they do in one call without a network takes us one or two round trips; ``round_trip_ms`` is what such a
trip costs here when nothing is found.
``SLIPWAY_BENCHMARK_NODES=100000`` adds a graph of that size. Also draws ``build/benchmarks/ledger.svg``.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks._ledger_peers import Peer
from benchmarks._ledger_plot import draw
from benchmarks._ledger_units import Meter
from slipway.adapters.dynamodb_ledger import DynamoDbLedger
from slipway.adapters.dynamodb_lineage import DynamoDbLineage
from slipway.adapters.dynamodb_values import to_item
from slipway.contracts.ledger_keys import version_key
from slipway.contracts.lineage import kind_of
from tests.adapters.test_ledger import create_table
from tests.conftest import start_embedded_aws
from tests.fakes.models import a_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES: Final = (100, 1_000, 10_000)
MOST_MODELS: Final = 10_000
"""That one data set leads to, and versions of one model."""
ROUNDS: Final = {"record": 30, "upstream": 30, "first page": 20, "resolve": 30, "move": 20, "runs page": 20}
FEW_ROUNDS: Final = 5
PAGE: Final = 100
AT_ONCE: Final = 16
HOT, COLD = "data-set:pricing/hotel-rates:1.1.0", "data-set:pricing/flights:1.0.0"
CHAIN: Final = tuple(f"data-set:pricing/raw-{number}:1.0.0" for number in range(3))
DEEP: Final = "model-package:pricing-deep/1"
DIGEST: Final = "sha256:hot"
PEER_ACTS: Final = {
    "record": {"mlmd": "record", "mlflow": "record"},
    "upstream": {"mlmd": "upstream"},
    "first page": {"mlmd": "downstream"},
    "downstream": {"mlmd": "downstream"},
    "resolve": {"mlflow": "resolve"},
    "move": {"mlflow": "move"},
    "runs page": {"mlflow": "runs_page"},
    "runs": {"mlmd": "runs", "mlflow": "runs"},
}
AIMS: Final = {
    "record": {"mlmd": 4.0, "mlflow": 5.0},
    "upstream": {"mlmd": 10.0},
    "first page": {"mlmd": 5.0},
    "downstream": {"mlmd": 5.0},
    "resolve": {"mlflow": 10.0},
    "move": {"mlflow": 100.0},
    "runs page": {"mlflow": 10.0},
    "runs": {"mlflow": 10.0},
}
"""Times that a peer takes, of ours."""
HEAD: Final = "  nodes act         found   ours ms     mlmd   mlflow trips   RRU  WRU  times ours"


class Ours:
    """The ledger on a table of its own."""

    def __init__(self, client: Any, table: str) -> None:
        self.client, self.table = client, table
        self.count = itertools.count()
        self.revision = 0

    @property
    def lineage(self) -> DynamoDbLineage:
        return DynamoDbLineage(self.client, self.table)

    def training(self, source: str) -> list[Any]:
        """A job on a data set, and the model that it made."""
        number = next(self.count)
        job = f"training-job:slipway-prod-hotel-rates-1-{number}"
        facts = {
            "release_id": f"{number:016}",
            "status": "Completed",
            "hyperparameters": {"depth": "6", "rate": "0.1"},
            "metrics": {"mae": 18.5, "rmse": 25.25},
        }
        return [
            a_node(job, ("ContributedTo", source), **facts),
            a_node(f"model-artifact:s3://data/{number}/model.tar.gz", ("Produced", job)),
        ]

    def load(self, models: int, hot: int) -> None:
        roots = [a_node(HOT, digest=DIGEST), a_node(COLD, digest="sha256:cold")]
        steps = [a_node(CHAIN[0]), *(a_node(b, ("DerivedFrom", a)) for a, b in itertools.pairwise(CHAIN))]
        release, job, made = "release:deep", "training-job:deep", "model-artifact:s3://data/deep"
        steps += [
            a_node(release, ("ContributedTo", CHAIN[-1])),
            a_node(job, ("ContributedTo", release), release_id="deep"),
            a_node(made, ("Produced", job)),
            a_node(DEEP, ("ContributedTo", made)),
        ]
        self.lineage.put_nodes([*roots, *steps])
        for start in range(0, models, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, models))
            nodes = [self.training(HOT if number < hot else COLD) for number in numbers]
            self.lineage.put_nodes([node for pair in nodes for node in pair])
        self.load_versions(min(models, MOST_MODELS))

    def load_versions(self, count: int) -> None:
        for start in range(0, count, 25):
            records = [a_version(f"1.0.{number}") for number in range(start, min(start + 25, count))]
            items = [
                {**record, **version_key(record["project"], record["model"], record["version"])}
                for record in records
            ]
            requests = [{"PutRequest": {"Item": to_item(item)}} for item in items]
            self.client.batch_write_item(RequestItems={self.table: requests})
        self.move()

    def record(self) -> int:
        return self.lineage.put_nodes(self.training(HOT))

    def upstream(self) -> int:
        found = self.lineage.node(DEEP)
        return len(found["upstream"]) if found else 0

    def first_page(self) -> int:
        return len(list(self.lineage.descendants(HOT, kind="model-artifact", limit=PAGE)))

    def downstream(self) -> int:
        return len(list(self.lineage.descendants(HOT, kind="model-artifact")))

    def runs_page(self) -> int:
        (node,) = self.lineage.by_digest(DIGEST)
        return len(list(self.lineage.descendants(node, kind="training-job", limit=PAGE)))

    def runs(self) -> int:
        (node,) = self.lineage.by_digest(DIGEST)
        return len(list(self.lineage.descendants(node, kind="training-job")))

    def resolve(self) -> int:
        found = DynamoDbLedger(self.client, self.table).alias("pricing", "hotel-rates", "champion")
        return 1 if found else 0

    def move(self) -> int:
        self.revision += 1
        record: Any = {
            "project": "pricing",
            "model": "hotel-rates",
            "alias": "champion",
            "version": f"1.0.{self.revision % 2}",
            "release_id": "9f2c41d07b3a55e1",
            "moved_at": f"2026-11-22T03:00:00.{self.revision:06}Z",
            "actor": "ana@example.com",
            "reason": "benchmark",
            "revision": self.revision,
        }
        return int(DynamoDbLedger(self.client, self.table).move_alias(record))

    def nothing(self) -> float:
        """Seconds of a read that finds nothing: boto3, HTTP and the embedded server."""
        started = time.perf_counter()
        assert self.lineage.node("image:none") is None
        return time.perf_counter() - started

    def acts(self) -> dict[str, Callable[[], int]]:
        return {
            "record": self.record,
            "upstream": self.upstream,
            "first page": self.first_page,
            "downstream": self.downstream,
            "resolve": self.resolve,
            "move": self.move,
            "runs page": self.runs_page,
            "runs": self.runs,
        }


def a_node(name: str, *inputs: tuple[str, str], **facts: Any) -> Any:
    return {
        "id": name,
        "kind": kind_of(name),
        "name": name.partition(":")[2],
        "facts": facts,
        "inputs": [{"relation": relation, "source": source} for relation, source in inputs],
        "as_of": "2026-11-22T03:00:00.000Z",
    }


def run() -> dict[str, Any]:
    sizes = [*SIZES, *map(int, filter(None, [os.environ.get("SLIPWAY_BENCHMARK_NODES")]))]
    results: dict[str, Any] = {}
    print(HEAD, file=sys.stderr)
    for nodes in sizes:
        with tempfile.TemporaryDirectory(prefix="slipway-bench-", ignore_cleanup_errors=True) as folder:
            results[str(nodes)] = measure(nodes, Path(folder).resolve())
        print("\n".join(lines(nodes, results[str(nodes)])), file=sys.stderr, flush=True)
    chart = draw(results, Path("build/benchmarks/ledger.svg"))
    return {"nodes": results, "aims": AIMS, "units": "worked out from item sizes", "chart": str(chart)}


def measure(nodes: int, folder: Path) -> dict[str, Any]:
    """All acts at one size, each round by all in turn."""
    models = nodes // 2
    hot = min(models, MOST_MODELS)
    aws, process = start_embedded_aws(folder / "aws")
    peers: dict[str, Peer] = {}
    try:
        peers |= {name: Peer(name, folder / name) for name in ("mlmd", "mlflow")}
        client = aws.client("dynamodb")
        create_table(client, "ledger")
        ours = Ours(client, "ledger")
        started = time.perf_counter()
        ours.load(models, hot)
        loaded = {"ours": time.perf_counter() - started}
        loaded |= {name: peer.do("load", models=models, hot=hot)[0] for name, peer in peers.items()}
        acts: dict[str, Any] = {name: compare(name, ours, peers) for name in ours.acts()}
        floor = statistics.median(ours.nothing() for _ in range(50)) * 1000
        for name, found in acts.items():
            meter = Meter(client)
            ours.client = meter
            ours.acts()[name]()
            ours.client = client
            found |= {"round_trips": len(meter.calls), "reads": meter.reads, "writes": meter.writes}
    finally:
        for peer in peers.values():
            peer.end()
        process.kill()
        process.wait()
    rounded = {name: round(seconds, 1) for name, seconds in loaded.items()}
    return {
        "models_of_one_data_set": hot,
        "load_seconds": rounded,
        "round_trip_ms": round(floor, 2),
        "acts": acts,
    }


def compare(name: str, ours: Ours, peers: dict[str, Peer]) -> dict[str, Any]:
    """Milliseconds of ours and of the peers, and how many times ours a peer takes."""
    act = ours.acts()[name]
    theirs = PEER_ACTS[name]
    taken: dict[str, list[float]] = {"ours": [], **{peer: [] for peer in theirs}}
    counts: dict[str, int] = {}
    for number in range(ROUNDS.get(name, FEW_ROUNDS) + 1):  # the first is not counted
        started = time.perf_counter()
        counts["ours"] = act()
        seconds = {"ours": time.perf_counter() - started}
        for peer, command in theirs.items():
            seconds[peer], counts[peer] = peers[peer].do(command)
        for who, one in seconds.items():
            if number:
                taken[who].append(one * 1000)
    medians = {who: statistics.median(each) for who, each in taken.items()}
    return {
        "ms": {who: round(one, 2) for who, one in medians.items()},
        "p95_ms": {who: round(sorted(each)[int(len(each) * 0.95)], 2) for who, each in taken.items()},
        "found": counts,
        "times_ours": {who: round(one / medians["ours"], 1) for who, one in medians.items() if who != "ours"},
    }


def lines(nodes: int, result: dict[str, Any]) -> Iterator[str]:
    """One size's table for people."""
    for name, act in result["acts"].items():
        shown = "".join(f"{act['ms'].get(who, ''):>9}" for who in ("ours", "mlmd", "mlflow"))
        times = ", ".join(_times(name, who, found) for who, found in act["times_ours"].items())
        units = f"{act['round_trips']:>6}{act['reads']:>6g}{act['writes']:>5g}"
        yield f"{nodes:>7} {name:<11}{act['found']['ours']:>6} {shown}{units}  {times}"
    yield f"{nodes:>7} one round trip that finds nothing: {result['round_trip_ms']} ms"


def _times(name: str, who: str, found: float) -> str:
    aim = AIMS[name].get(who)
    return f"{who} {found:g}" + (f" (aim {aim:g})" if aim and found < aim else "")


if __name__ == "__main__":
    run()
