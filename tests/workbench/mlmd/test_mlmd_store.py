"""A store that the real ml-metadata wrote (``write_store.py``) is read whole, with sqlite3 alone."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slipway.domain.lineage_text import plain
from slipway.domain.mlmd_export import document_of
from slipway.domain.mlmd_nodes import nodes_of
from slipway.usecases.import_lineage import ForeignNodeError, import_lineage
from tests.fakes.lineage import FakeLineage
from workbench.mlmd_store import InvalidStoreError, read_store

if TYPE_CHECKING:
    from slipway.domain.mlmd import MlmdDocument

STORE = Path(__file__).parent / "old_pipeline.sqlite"
EXAMPLES = "data-set:taxi/Examples/s3://old/examples/1#2"
MODEL = "model-artifact:taxi/Model/taxi-2019-03-01"


@pytest.fixture(scope="module")
def document() -> MlmdDocument:
    return read_store(STORE)


@pytest.fixture(scope="module")
def lineage(document: MlmdDocument) -> FakeLineage:
    lineage = FakeLineage()
    import_lineage(nodes_of(document, "taxi").nodes, lineage=lineage)
    return lineage


def test_all_of_it_is_read(document: MlmdDocument) -> None:
    with closing(sqlite3.connect(STORE)) as database:
        for part, table in {
            "artifacts": "Artifact",
            "executions": "Execution",
            "contexts": "Context",
            "events": "Event",
            "attributions": "Attribution",
            "associations": "Association",
            "parent_contexts": "ParentContext",
        }.items():
            rows = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            assert len(document[part]) == rows > 0  # type: ignore[literal-required]


def test_what_it_says_is_read_in_protobufs_words(document: MlmdDocument) -> None:
    trainer = next(kind for kind in document["execution_types"] if kind["name"] == "Trainer")
    assert trainer["base_type"] == "TRAIN"
    assert trainer["properties"] == {"learning_rate": "DOUBLE", "train_steps": "INT"}
    failed = next(one for one in document["executions"] if one.get("last_known_state") == "FAILED")
    assert failed["properties"]["learning_rate"] == {"double_value": 0.003}
    assert failed["custom_properties"]["module"] == {"string_value": "taxi.py"}
    words = next(one for one in document["artifacts"] if one["uri"] == "s3://old/words")
    assert words["custom_properties"]["largest"] == {"int_value": 2**63 - 1}
    assert words["custom_properties"]["checked"] == {"bool_value": True}
    assert words["custom_properties"]["nested"]["string_value"].startswith("mlmd-struct::")
    assert words["state"] == "LIVE"
    assert document["events"][0]["path"] == {"steps": [{"key": "examples"}, {"index": 0}]}


def test_a_model_is_traced_to_its_data_and_data_to_its_models(lineage: FakeLineage) -> None:
    above = lineage.node(MODEL)["upstream"]
    assert EXAMPLES in above
    assert "training-job:taxi/CsvExampleGen/#1" in above
    assert [one["id"] for one in lineage.descendants(EXAMPLES, kind="model-artifact")] == [MODEL]


def test_a_failed_training_keeps_what_it_was_asked_for(lineage: FakeLineage) -> None:
    facts = lineage.node("training-job:taxi/Trainer/trainer-2019-03-03")["facts"]
    assert facts["status"] == "Failed"
    assert facts["hyperparameters"] == {"train_steps": "10000", "learning_rate": "0.003"}


def test_what_has_no_place_of_its_own_is_counted(document: MlmdDocument) -> None:
    counted = nodes_of(document, "taxi").only_in_facts
    assert counted["edges that would have closed a circle"] == 1
    assert counted["types that nothing is of"] == 1
    assert counted["artifacts of types that are kept as the closest kind, data-set"] == 2
    assert counted["properties"] == 25


def test_importing_it_twice_changes_nothing(document: MlmdDocument, lineage: FakeLineage) -> None:
    told: list[int] = []
    nodes = nodes_of(document, "taxi").nodes
    assert import_lineage(nodes, lineage=lineage, progress=told.append) == 0
    assert told[-1] == len(nodes)


def test_export_gives_back_what_was_imported(document: MlmdDocument, lineage: FakeLineage) -> None:
    out: Any = document_of([lineage.node(name) for name in lineage.told])
    for part in ("artifacts", "executions", "contexts", "events", "attributions", "associations"):
        assert as_set(out[part]) == as_set(document[part])  # type: ignore[literal-required]
    unused = {kind["name"] for kind in document["artifact_types"] if not kind["name"].startswith("mlmd.")}
    assert {kind["name"] for kind in out["artifact_types"]} == unused


def as_set(items: list[dict[str, Any]]) -> set[str]:
    return {json.dumps(plain(item), sort_keys=True) for item in items}


def test_another_store_is_not_mixed_into_the_same_project(lineage: FakeLineage, tmp_path: Path) -> None:
    copy = shutil.copy(STORE, tmp_path / "other.sqlite")
    with closing(sqlite3.connect(copy)) as database, database:
        database.execute("UPDATE Artifact SET create_time_since_epoch = create_time_since_epoch + 1")
    nodes = nodes_of(read_store(Path(copy)), "taxi").nodes
    before = dict(lineage.told)
    with pytest.raises(ForeignNodeError, match="--project"):
        import_lineage(nodes, lineage=lineage)
    assert lineage.told == before
    assert import_lineage(nodes_of(read_store(Path(copy)), "other").nodes, lineage=lineage) > 0


def test_a_store_that_has_grown_adds_what_is_new(document: MlmdDocument, tmp_path: Path) -> None:
    lineage = FakeLineage()
    import_lineage(nodes_of(document, "taxi").nodes, lineage=lineage)
    copy = shutil.copy(STORE, tmp_path / "grown.sqlite")
    with closing(sqlite3.connect(copy)) as database, database:
        database.execute(
            "INSERT INTO Artifact (type_id, uri, create_time_since_epoch, last_update_time_since_epoch) "
            "SELECT type_id, 's3://old/new', 1, 1 FROM Artifact LIMIT 1"
        )
    assert import_lineage(nodes_of(read_store(Path(copy)), "taxi").nodes, lineage=lineage) == 1


class TestRefusals:
    """Files that are no store say so, and what to do."""

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidStoreError, match="there is no such file"):
            read_store(tmp_path / "missing.sqlite")

    def test_no_sqlite(self, tmp_path: Path) -> None:
        path = tmp_path / "store.sqlite"
        path.write_text("a text that is no database, and long enough to be looked at " * 20)
        with pytest.raises(InvalidStoreError, match="not a database"):
            read_store(path)

    def test_another_tools_database(self, tmp_path: Path) -> None:
        path = tmp_path / "mlflow.sqlite"
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE experiments (id INTEGER)")
        with pytest.raises(InvalidStoreError, match="no table MLMDEnv"):
            read_store(path)

    @pytest.mark.parametrize("version", [6, 11])
    def test_another_schema(self, tmp_path: Path, version: int) -> None:
        path = Path(shutil.copy(STORE, tmp_path / "store.sqlite"))
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE MLMDEnv SET schema_version = ?", [version])
        with pytest.raises(InvalidStoreError, match=f"schema version is {version}, and 10"):
            read_store(path)
