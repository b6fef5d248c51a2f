"""Which version was deployed last? What serves, since when, by whom, why, and what served before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.answers import Answer, Listing, known, moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import AliasRecord, VersionRecord
    from slipway.contracts.lineage import Serving

MAX_PERIODS: Final = 12
"""Rows of the table; `slipway alias show` has them all."""


@dataclass(frozen=True, slots=True)
class Period:
    """
    A time in which one version served.

    Attributes:
        move: The move of the alias with which it began.
        until: When the next move was; empty: it goes on.
    """

    move: AliasRecord
    until: str


def periods(moves: Sequence[AliasRecord]) -> list[Period]:
    """When what served, newest first, from the champion's history, newest first."""
    ends = ["", *(move["moved_at"] for move in moves)]
    return [Period(move, until) for move, until in zip(moves, ends, strict=False)]


def deployed_answer(
    *,
    version: str,
    moves: Sequence[AliasRecord],
    champion: VersionRecord | None,
    serving: Sequence[Serving],
) -> Answer:
    """
    What serves now and what served before.

    Args:
        version: The one that is asked about; empty: a release without one.
        moves: Of the alias ``champion``, newest first.
        champion: The version that it points to.
        serving: The model's endpoints.
    """
    served = periods(moves)
    live = [one for one in serving if one["variants"]]
    if not served:
        unknown = f" But {_endpoints(live)}." if live else ""
        return Answer(
            "deployed",
            f"No version of it was ever deployed.{unknown}",
            facts={"serves": None, "before": None, "endpoints": [dict(one) for one in live]},
        )
    now = served[0].move
    before = next((one for one in served if one.move["version"] != now["version"]), None)
    said = f"{now['version']} serves since {moment(now['moved_at'])}, put there by {now['actor']}"
    said += f": {now['reason']}." if now["reason"] else "."
    said += f" Before it, {before.move['version']} served." if before else " Nothing served before it."
    if version and version != now["version"]:
        said += f" {version} {_own(version, served)}."
    differs = [
        one["endpoint"]
        for one in live
        if all(variant["version"] != now["version"] for variant in one["variants"])
    ]
    if differs:
        said += f" But {_endpoints([one for one in live if one['endpoint'] in differs])}."
    record: Mapping[str, Any] = champion or {}
    approver, why = record.get("approver"), record.get("decision_reason")
    same = (approver, why) == (now["actor"], now["reason"])
    details = [
        ("Serves now", now["version"]),
        ("Since", moment(now["moved_at"])),
        ("Put there by", now["actor"]),
        ("Because", now["reason"]),
        ("Approved by", "" if same else approver),
        ("Approved because", "" if same else why),
        ("Served before", before.move["version"] if before else "nothing"),
        *(("Endpoint", f"{one['endpoint']}: {_shares(one)}") for one in live),
    ]
    return Answer(
        question="deployed",
        said=said,
        facts={
            "serves": _fact(served[0]) | {"approver": approver},
            "before": _fact(before) if before else None,
            "history": [_fact(one) for one in served[:MAX_PERIODS]],
            "endpoints": [dict(one) for one in live],
        },
        details=known(details),
        listing=Listing(
            ("version", "served from", "until", "by", "because"),
            tuple(
                (
                    one.move["version"],
                    moment(one.move["moved_at"]),
                    moment(one.until) or "now",
                    one.move["actor"],
                    one.move["reason"],
                )
                for one in served[:MAX_PERIODS]
            ),
        ),
        good=not differs,
    )


def _own(version: str, served: Sequence[Period]) -> str:
    mine = [one for one in served if one.move["version"] == version]
    if not mine:
        return "itself never served"
    return f"itself served from {moment(mine[0].move['moved_at'])} until {moment(mine[0].until)}"


def _fact(period: Period) -> dict[str, Any]:
    move: Mapping[str, Any] = period.move
    kept = {name: move[name] for name in ("version", "release_id", "moved_at", "actor", "reason")}
    return {**kept, "until": period.until or None}


def _endpoints(serving: Sequence[Serving]) -> str:
    return "; ".join(f"endpoint {one['endpoint']} serves {_shares(one)}" for one in serving)


def _shares(serving: Serving) -> str:
    """
    What an endpoint serves, with shares where there are several.

    >>> a = {"variant": "A", "package": "", "version": "1.0.0", "share": 0.9}
    >>> b = {**a, "variant": "B", "version": "1.1.0", "share": 0.1}
    >>> _shares({"variants": [a, b], "status": "InService"})
    '1.0.0 (90 %, variant A) and 1.1.0 (10 %, variant B)'
    """
    parts = [
        f"{variant['version'] or 'a version that the ledger does not know'} "
        f"({100 * variant['share']:g} %, variant {variant['variant']})"
        for variant in serving["variants"]
    ]
    state = "" if serving["status"] == "InService" else f", {serving['status']}"
    return " and ".join(parts) + state
