"""How lists of registered versions show one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slipway.contracts.ledger import AliasRecord, VersionRecord
    from slipway.usecases.ports import Versions

HEAD: Final = ("version", "state", "aliases", "metrics", "data", "registered")
SHOWN_METRICS: Final = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One version: as a document, and as cells under ``HEAD``."""

    document: dict[str, Any]
    cells: tuple[str, ...]


def with_aliases(records: Iterable[VersionRecord], ledger: Versions) -> Iterator[Row]:
    """Versions with the aliases that point to them now; reads each model's aliases once."""
    held: dict[tuple[str, str], list[AliasRecord]] = {}
    for record in records:
        subject = record["project"], record["model"]
        if subject not in held:
            held[subject] = [one for one in ledger.aliases(*subject) if not one.get("removed")]
        yield _row(record, [one["alias"] for one in held[subject] if one["version"] == record["version"]])


def _row(record: VersionRecord, aliases: list[str]) -> Row:
    cells = (
        _name(record),
        state_of(record),
        ", ".join(aliases),
        _metrics(record),
        _data(record),
        _when(record),
    )
    return Row({**record, "aliases": aliases}, cells)


def line_of(record: VersionRecord) -> str:
    """One line of a search."""
    return "  ".join(
        part
        for part in (_name(record), state_of(record), _metrics(record), _data(record), _when(record))
        if part
    )


def state_of(record: VersionRecord) -> str:
    """Whether it may serve, in words; the stage where SageMaker's registry has one."""
    if "artifact_removed_at" in record:
        return f"artifact removed {record['artifact_removed_at'][:10]}"
    if record["approval"] == "pending":
        return "waits for approval"
    return record.get("stage") or record["approval"]


def _name(record: VersionRecord) -> str:
    return f"{record['project']}/{record['model']}:{record['version']}"


def _metrics(record: VersionRecord) -> str:
    shown = [f"{name} {float(value):g}" for name, value in sorted(record["metrics"].items())]
    return ", ".join(shown[:SHOWN_METRICS]) + (" …" if len(shown) > SHOWN_METRICS else "")


def _data(record: VersionRecord) -> str:
    return ", ".join(term for term in record.get("data_sets", []) if not term.startswith("sha256:"))


def _when(record: VersionRecord) -> str:
    return record["registered_at"][:16].replace("T", " ")
