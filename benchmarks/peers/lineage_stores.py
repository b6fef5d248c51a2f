"""
The ledger's peers, each in a process of its own: ``lineage_stores.py mlmd|mlflow FOLDER``.

Reads one JSON command a line (``{"do": name, ...}``), does it once, and answers with a line
``{"seconds": …, "count": …}``. Runs in the peers' own Python, see ``lineage.txt`` beside this file.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import sys
import time
import uuid
from pathlib import Path
from typing import Any

HOT = "sha256:hot"
METRICS = {"mae": 18.5, "rmse": 25.25}
PARAMETERS = {"depth": "6", "rate": "0.1"}
BATCH = 500


class Mlmd:
    """ml-metadata on SQLite."""

    def __init__(self, folder: Path) -> None:
        from ml_metadata import metadata_store  # noqa: PLC0415 - each process has one peer
        from ml_metadata.proto import metadata_store_pb2 as pb  # noqa: PLC0415 - likewise

        self.pb = pb
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(folder / "mlmd.db")
        self.store = metadata_store.MetadataStore(config)
        self.types: dict[str, int] = {}
        for name in ("DataSet", "Model"):
            kind = pb.ArtifactType(name=name)
            kind.properties["digest"] = pb.STRING
            self.types[name] = self.store.put_artifact_type(kind)
        kind = pb.ExecutionType(name="Training")
        for name in PARAMETERS:
            kind.properties[name] = pb.STRING
        for name in METRICS:
            kind.properties[name] = pb.DOUBLE
        self.types["Training"] = self.store.put_execution_type(kind)
        self.count = 0

    def load(self, models: int, hot: int) -> int:
        """Data sets, a chain of six steps, and trainings of which ``hot`` read the same data set."""
        digests = (HOT, "sha256:cold", "sha256:r0", "sha256:r1", "sha256:r2")
        made = self.store.put_artifacts([self.artifact("DataSet", digest) for digest in digests])
        self.hot, self.cold, *chain = made
        for source, target in itertools.pairwise(chain):
            self.train(source, target)
        self.deep = self.train(chain[-1], None)
        for start in range(0, models, BATCH):
            numbers = range(start, min(start + BATCH, models))
            executions = [self.execution() for _ in numbers]
            artifacts = [self.artifact("Model", f"sha256:m{number}") for number in numbers]
            edges = []
            for place, number in enumerate(numbers):
                source = self.hot if number < hot else self.cold
                edges.append((place, None, self.pb.Event(type=self.pb.Event.INPUT, artifact_id=source)))
                edges.append((place, place, self.pb.Event(type=self.pb.Event.OUTPUT)))
            self.store.put_lineage_subgraph(executions, artifacts, [], edges)
        return models

    def artifact(self, kind: str, digest: str) -> Any:
        self.count += 1
        found = self.pb.Artifact(type_id=self.types[kind], uri=f"s3://data/{self.count}")
        found.properties["digest"].string_value = digest
        return found

    def execution(self) -> Any:
        found = self.pb.Execution(type_id=self.types["Training"], last_known_state=self.pb.Execution.COMPLETE)
        for name, text in PARAMETERS.items():
            found.properties[name].string_value = text
        for name, number in METRICS.items():
            found.properties[name].double_value = number
        return found

    def train(self, source: int, target: int | None) -> int:
        """One atomic execution; the id of what it made."""
        event = self.pb.Event
        made = (None, event(type=event.OUTPUT, artifact_id=target)) if target else None
        made = made or (self.artifact("Model", "sha256:new"), event(type=event.OUTPUT))
        pairs = [(None, event(type=event.INPUT, artifact_id=source)), made]
        _, artifacts, _ = self.store.put_execution(self.execution(), pairs, [])
        return int(artifacts[-1])

    def record(self) -> int:
        self.train(self.hot, None)
        return 1

    def downstream(self) -> int:
        found = self.subgraph(self.hot, 2, self.pb.LineageSubgraphQueryOptions.DOWNSTREAM)
        return sum(artifact.type_id == self.types["Model"] for artifact in found.artifacts)

    def upstream(self) -> int:
        found = self.subgraph(self.deep, 6, self.pb.LineageSubgraphQueryOptions.UPSTREAM)
        return len(found.artifacts)

    def subgraph(self, start: int, hops: int, direction: Any) -> Any:
        options = self.pb.LineageSubgraphQueryOptions(max_num_hops=hops, direction=direction)
        options.starting_artifacts.filter_query = f"id = {start}"
        return self.store.get_lineage_subgraph(options)

    def runs(self) -> int:
        from ml_metadata.metadata_store import ListOptions  # noqa: PLC0415 - likewise

        wanted = ListOptions(filter_query=f"properties.digest.string_value = '{HOT}'")
        artifacts = self.store.get_artifacts(list_options=wanted)
        events = self.store.get_events_by_artifact_ids([artifact.id for artifact in artifacts])
        executions = {event.execution_id for event in events}
        return len(self.store.get_executions_by_id(sorted(executions)))


class Mlflow:
    """MLflow's tracking store and registry on SQLite."""

    def __init__(self, folder: Path) -> None:
        os.chdir(folder)
        from mlflow import MlflowClient, entities  # noqa: PLC0415 - likewise

        self.entities = entities
        self.path = folder / "mlflow.db"
        self.client = MlflowClient(f"sqlite:///{self.path}")
        self.experiment = self.client.create_experiment("pricing")
        self.versions = 0

    def load(self, models: int, hot: int) -> int:
        """Runs and versions: one of each through the API, all others as rows like these."""
        one = self.train(HOT)
        other = self.train("sha256:cold")
        self.client.create_registered_model("hotel-rates")
        self.client.create_model_version("hotel-rates", "s3://data/model", one)
        self.client.set_registered_model_alias("hotel-rates", "champion", "1")
        database = sqlite3.connect(self.path)
        self.clone_runs(database, one, hot - 1)
        self.clone_runs(database, other, models - hot - 1)
        self.versions = min(models, 10_000)
        row = database.execute("select * from model_versions").fetchone()
        columns = [part[1] for part in database.execute("pragma table_info(model_versions)")]
        place = columns.index("version")
        rows = [(*row[:place], number, *row[place + 1 :]) for number in range(2, self.versions + 1)]
        database.executemany(f"insert into model_versions values ({','.join('?' * len(columns))})", rows)  # noqa: S608
        database.commit()
        database.execute("analyze")
        database.close()
        return models

    def clone_runs(self, database: Any, run: str, count: int) -> None:
        fresh = [uuid.uuid4().hex for _ in range(max(count, 0))]
        for table, column in (
            ("runs", "run_uuid"), ("params", "run_uuid"), ("tags", "run_uuid"), ("metrics", "run_uuid"),
            ("latest_metrics", "run_uuid"), ("inputs", "destination_id"),
        ):  # fmt: skip
            columns = [part[1] for part in database.execute(f"pragma table_info({table})")]
            place = columns.index(column)
            for row in database.execute(f"select * from {table} where {column} = ?", (run,)).fetchall():  # noqa: S608
                rows = []
                for name in fresh:
                    copy = list(row)
                    copy[place] = name
                    if table == "inputs":
                        copy[columns.index("input_uuid")] = uuid.uuid4().hex
                    rows.append(copy)
                marks = ",".join("?" * len(columns))
                database.executemany(f"insert into {table} values ({marks})", rows)  # noqa: S608
        database.commit()

    def train(self, digest: str) -> str:
        """What a training's three calls log."""
        made = self.entities
        run = self.client.create_run(self.experiment).info.run_id
        self.client.log_batch(
            run,
            metrics=[made.Metric(name, number, 0, 0) for name, number in METRICS.items()],
            params=[made.Param(name, text) for name, text in PARAMETERS.items()],
        )
        data = made.Dataset(name="rates", digest=digest[-36:], source_type="s3", source="s3://data/rates")
        tags = [made.InputTag("mlflow.data.context", "training")]
        self.client.log_inputs(run, [made.DatasetInput(data, tags=tags)])
        return str(run)

    def record(self) -> int:
        self.train(HOT)
        return 1

    def runs(self) -> int:
        found, token = 0, None
        while True:
            page = self.client.search_runs(
                [self.experiment], f"dataset.digest = '{HOT}'", max_results=10_000, page_token=token
            )
            found, token = found + len(page), page.token
            if not token:
                return found

    def runs_page(self) -> int:
        return len(self.client.search_runs([self.experiment], f"dataset.digest = '{HOT}'", max_results=100))

    def resolve(self) -> int:
        return int(self.client.get_model_version_by_alias("hotel-rates", "champion").version) and 1

    def move(self) -> int:
        self.turn = 3 - getattr(self, "turn", 1)
        self.client.set_registered_model_alias("hotel-rates", "champion", str(self.turn))
        return 1


def main() -> None:
    folder = Path(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else a peer prints is none of our answers
    store: Any = {"mlmd": Mlmd, "mlflow": Mlflow}[sys.argv[1]](folder)
    for line in sys.stdin:
        command = json.loads(line)
        act = getattr(store, command.pop("do"))
        started = time.perf_counter()
        count = act(**command)
        seconds = time.perf_counter() - started
        print(json.dumps({"seconds": seconds, "count": count}), file=answers, flush=True)


if __name__ == "__main__":
    main()
