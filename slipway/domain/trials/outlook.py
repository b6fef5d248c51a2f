"""How long a trial may still take, from how fast it went so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.domain.amounts import duration
from slipway.domain.timestamps import moment_of
from slipway.domain.trials.join import CHALLENGER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def outlook(record: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """
    ``ends_by`` (its hours are over), ``left_seconds`` (until it ends at the latest), ``decides_seconds``.

    The last says when, at the rate so far, something would be decided if the effect that is seen is the true
    one; each is None while nobody knows.

    Args:
        record: contracts.ledger.TrialRecord.
        now: Hours are counted from here.
    """
    state, settings = record["state"], record["settings"]
    left = (moment_of(record["ends_by"]) - now).total_seconds() if record["ends_by"] else None
    answer: dict[str, Any] = {
        "ends_by": record["ends_by"] or None,
        "left_seconds": None,
        "decides_seconds": None,
    }
    if not state:
        return answer
    took = (moment_of(state["looked_at"]) - moment_of(state["begun_at"])).total_seconds()
    tally = state["tally"]
    outcomes: list[int] = [int(one["count"]) for one in tally["outcomes"]]
    counted = outcomes[CHALLENGER] if record["kind"] == "ab" else int(tally["requests"][CHALLENGER])
    ends = [left] if left is not None else []
    if counted and took > 0 and settings.get("requests"):
        ends.append((float(settings["requests"]) - counted) * took / counted)
    answer["left_seconds"] = max(0.0, min(ends)) if ends else None
    known = sum(outcomes)
    if state.get("remaining") is not None and known and took > 0:
        answer["decides_seconds"] = float(state["remaining"]) * took / known
    return answer


def in_words(found: Mapping[str, Any]) -> str:
    """
    An outlook in a sentence.

    >>> in_words({"ends_by": None, "left_seconds": 7200.0, "decides_seconds": 600.0})
    'decided in about 10 min if the effect stays as it is; over in 2 h at the latest'
    """
    left, decides = found["left_seconds"], found["decides_seconds"]
    parts = []
    if decides is not None and (left is None or decides <= left):
        parts.append(f"decided in about {duration(decides)} if the effect stays as it is")
    elif decides is not None:
        parts.append("too few outcomes come in to decide before it is over")
    if left is not None:
        parts.append(f"over in {duration(left)} at the latest")
    return "; ".join(parts) or "not known yet"
