"""
Writes the store of ``old_pipeline.sqlite`` with the real ml-metadata, or lets it read an export of ours.

ml-metadata has no wheels for every Python and is no dependency of ours. In a directory outside of this one:

    uv venv --python 3.11 mlmd
    uv pip install --python mlmd/bin/python ml-metadata==1.17.1
    mlmd/bin/python <here>/write_store.py old_pipeline.sqlite
    mlmd/bin/python <here>/write_store.py --check export.json

The second one ends with 0 if protobuf takes every word of ``slipway lineage export --format mlmd``.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

DAYS = ("2019-03-01", "2019-03-02", "2019-03-03")


def written(path: Path) -> None:
    """A pipeline as TFX has them: three daily runs, of which the last fails, a deployment, odd corners."""
    path.unlink(missing_ok=True)
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(path)
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    store = metadata_store.MetadataStore(config)
    types = _types(store)
    pipeline = store.put_contexts([_item(mlmd.Context, types["pipeline"], name="taxi")])[0]
    schema = store.put_artifacts(
        [_item(mlmd.Artifact, types["Schema"], uri="s3://old/schema", properties={"version": 3})]
    )[0]
    for number, day in enumerate(DAYS, start=1):
        _run(store, types, pipeline, schema, number, day)
    _corners(store, types)
    del store
    with sqlite3.connect(path) as database:
        database.execute("VACUUM")


def _types(store: Any) -> dict[str, int]:
    integer, double, text = mlmd.INT, mlmd.DOUBLE, mlmd.STRING
    artifacts = {
        "Examples": ({"day": text, "span": integer}, mlmd.ArtifactType.DATASET),
        "Model": ({"framework": text}, mlmd.ArtifactType.MODEL),
        "ModelEvaluation": ({"auc": double}, mlmd.ArtifactType.METRICS),
        "Schema": ({"version": integer}, None),
        "Vocabulary": ({}, None),
        "NeverUsed": ({"why": text}, None),
    }
    executions = {
        "CsvExampleGen": ({"input_base": text}, None),
        "Trainer": ({"train_steps": integer, "learning_rate": double}, mlmd.ExecutionType.TRAIN),
        "Evaluator": ({}, mlmd.ExecutionType.EVALUATE),
        "Pusher": ({"destination": text}, mlmd.ExecutionType.DEPLOY),
    }
    found = {}
    for name, (properties, base) in artifacts.items():
        kind = mlmd.ArtifactType(name=name, properties=properties)
        if base is not None:
            kind.base_type = base
        found[name] = store.put_artifact_type(kind)
    for name, (properties, base) in executions.items():
        kind = mlmd.ExecutionType(name=name, properties=properties, version="1", description=f"{name} of TFX")
        if base is not None:
            kind.base_type = base
        found[name] = store.put_execution_type(kind)
    for name, properties in {"pipeline": {}, "pipeline_run": {"run": integer}}.items():
        found[name] = store.put_context_type(mlmd.ContextType(name=name, properties=properties))
    return found


def _run(store: Any, types: dict[str, int], pipeline: int, schema: int, number: int, day: str) -> None:
    run = store.put_contexts(
        [_item(mlmd.Context, types["pipeline_run"], name=f"taxi-{day}", properties={"run": number})]
    )[0]
    store.put_parent_contexts([mlmd.ParentContext(child_id=run, parent_id=pipeline)])
    examples = _step(
        store,
        _item(mlmd.Execution, types["CsvExampleGen"], properties={"input_base": "s3://old/csv"}),
        {},
        {"examples": _item(mlmd.Artifact, types["Examples"], uri=f"s3://old/examples/{number}",
                           properties={"day": day, "span": number},
                           custom={"rows": 15002 + number, "split_names": '["train", "eval"]'})},
        run,
    )  # fmt: skip
    failed = day == DAYS[-1]
    steps = {"train_steps": 10_000, "learning_rate": 0.003}
    trainer = _item(
        mlmd.Execution,
        types["Trainer"],
        name=f"trainer-{day}",
        properties=steps,
        custom={"module": "taxi.py"},
    )
    trainer.last_known_state = mlmd.Execution.FAILED if failed else mlmd.Execution.COMPLETE
    model = _item(mlmd.Artifact, types["Model"], name=f"taxi-{day}", uri=f"s3://old/models/{number}",
                  properties={"framework": "tensorflow 1.13"})  # fmt: skip
    inputs = {"examples": examples[0], "schema": schema}
    if failed:
        _step(store, trainer, inputs, {}, run)
        return
    models = _step(store, trainer, inputs, {"model": model}, run)
    _step(
        store,
        _item(mlmd.Execution, types["Evaluator"]),
        {"model": models[0], "examples": examples[0]},
        {"evaluation": _item(mlmd.Artifact, types["ModelEvaluation"], uri=f"s3://old/evaluations/{number}",
                             properties={"auc": 0.93 + number / 100})},
        run,
    )  # fmt: skip
    if number == 1:
        pusher = _item(mlmd.Execution, types["Pusher"], properties={"destination": "serving"})
        _step(store, pusher, {"model": models[0]}, {}, run)


def _corners(store: Any, types: dict[str, int]) -> None:
    """What a store may hold and a pipeline seldom writes."""
    vocabulary = _item(mlmd.Artifact, types["Vocabulary"], uri="s3://old/words")
    vocabulary.custom_properties["nested"].struct_value.update({"tokens": ["a", "b"], "size": 2})
    vocabulary.custom_properties["checked"].bool_value = True
    vocabulary.custom_properties["smallest"].double_value = 5e-324
    vocabulary.custom_properties["largest"].int_value = 2**63 - 1
    vocabulary.state = mlmd.Artifact.LIVE
    # written where it was read: a circle in a graph of artifacts and executions
    words = store.put_artifacts([vocabulary])[0]
    in_place = store.put_executions([_item(mlmd.Execution, types["CsvExampleGen"], name="in place")])[0]
    store.put_events(
        [
            mlmd.Event(artifact_id=words, execution_id=in_place, type=mlmd.Event.INPUT),
            mlmd.Event(artifact_id=words, execution_id=in_place, type=mlmd.Event.OUTPUT),
        ]
    )
    # two of one URI, one of them of no execution; and a context of nothing
    store.put_artifacts([_item(mlmd.Artifact, types["Examples"], uri="s3://old/examples/1")])
    store.put_contexts([_item(mlmd.Context, types["pipeline"], name="abandoned")])


def _step(
    store: Any, execution: Any, inputs: dict[str, int], outputs: dict[str, Any], context: int
) -> list[int]:
    pairs = [(mlmd.Artifact(id=one), _event(mlmd.Event.INPUT, key)) for key, one in inputs.items()]
    pairs = [(store.get_artifacts_by_id([one.id])[0], event) for one, event in pairs]
    pairs += [(artifact, _event(mlmd.Event.OUTPUT, key)) for key, artifact in outputs.items()]
    held = store.get_contexts_by_id([context])
    _, artifacts, _ = store.put_execution(execution, pairs, held)
    return list(artifacts[len(inputs) :])


def _event(kind: int, key: str) -> Any:
    event = mlmd.Event(type=kind)
    event.path.steps.add().key = key
    event.path.steps.add().index = 0
    return event


def _item(
    make: Any,
    type_id: int,
    *,
    name: str = "",
    uri: str = "",
    properties: dict[str, Any] | None = None,
    custom: dict[str, Any] | None = None,
) -> Any:
    item = make(type_id=type_id)
    if name:
        item.name = name
    if uri:
        item.uri = uri
    for values, place in ((properties, item.properties), (custom, item.custom_properties)):
        for key, value in (values or {}).items():
            field = {int: "int_value", float: "double_value", str: "string_value"}[type(value)]
            setattr(place[key], field, value)
    return item


def checked(path: Path) -> None:
    """Read an export as protobuf's own ``LineageGraph``; what it does not know raises."""
    document = json.loads(path.read_text())
    graph = json_format.ParseDict(
        {key: value for key, value in document.items() if key not in ("parent_contexts", "schema_version")},
        mlmd.LineageGraph(),
    )
    for one in document.get("parent_contexts", ()):
        json_format.ParseDict(one, mlmd.ParentContext())
    counts = {name: len(getattr(graph, name)) for name in ("artifacts", "executions", "contexts", "events")}
    sys.stdout.write(json.dumps(counts) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        checked(Path(sys.argv[2]))
    else:
        written(Path(sys.argv[1]))
