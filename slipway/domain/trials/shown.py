"""A trial in a few facts, for page, message and terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.domain.amounts import day_and_time
from slipway.domain.trials.agreement import Agreement

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = {"ab": "A/B test", "shadow": "shadow run"}


def facts_of(trial: Mapping[str, Any]) -> list[tuple[str, str]]:
    """
    Label and text of what a trial has shown so far, in the order in which one asks.

    Args:
        trial: ``trial`` of a report: kind, settings, begun_at, weights, effect, tally, loads.
    """
    settings, tally = trial["settings"], trial["tally"]
    begun = day_and_time(trial["begun_at"]) if trial.get("begun_at") else ""
    facts = [("Kind", KINDS.get(str(trial["kind"]), str(trial["kind"]))), ("Since", begun)]
    facts.append(("Requests", _both(tally["requests"])))
    if trial["kind"] == "ab":
        outcome = settings.get("outcome") or "outcome"
        counts = [one["count"] for one in tally["outcomes"]]
        facts += [
            ("Share", _shares(trial)),
            ("Outcomes", f"{_both(counts)} of {outcome!r}"),
            ("Effect", effect_in_words(trial.get("effect"))),
            ("Smallest that matters", f"{float(settings['minimum_effect']):g}, {settings['direction']}"),
        ]
    else:
        facts.append(("Share", f"{float(settings['share']):.1%} of the requests mirrored"))
        facts += _agreement(Agreement.of_record(tally["agreement"]))
    for side, load in sorted(trial.get("loads", {}).items()):
        if load.get("invocations"):
            facts.append((f"{side.capitalize()} answered", _load(load)))
    odd = {
        "reported again": tally["repeated"],
        "reported again with another value": tally["conflicting"],
        "inference ids used twice": tally["reused"],
        "captured lines that can't be read": tally["unreadable"],
        "outcomes that are no numbers": tally["words"] if trial["kind"] == "ab" else 0,
    }
    said = ", ".join(f"{count:,} {what}" for what, count in odd.items() if count)
    return [(label, text) for label, text in [*facts, ("Not counted", said)] if text]


def effect_in_words(effect: Mapping[str, Any] | None) -> str:
    """
    An effect with its interval.

    >>> effect_in_words({"estimate": 0.021, "lower": 0.004, "upper": 0.038, "confidence": 0.95})
    '+0.021 (95 % interval at every look: +0.004 to +0.038)'
    """
    if effect is None:
        return "not known yet"
    return (
        f"{float(effect['estimate']):+.4g} ({float(effect['confidence']):.0%} interval at every look: "
        f"{float(effect['lower']):+.4g} to {float(effect['upper']):+.4g})"
    ).replace("%", " %")


def _shares(trial: Mapping[str, Any]) -> str:
    """Of all that stood there at the last look; trials of before weights were kept have their setting."""
    weights = trial.get("weights")
    if not weights:
        return f"{float(trial['settings']['share']):.1%} of the traffic to the challenger"
    return ", ".join(f"{float(share):.1%} to {version}" for version, share in weights.items())


def _both(counts: list[int]) -> str:
    ours, theirs = counts
    return f"{theirs:,} of the challenger, {ours:,} of the champion"


def _agreement(found: Agreement) -> list[tuple[str, str]]:
    if found.share is None:
        return [("Compared", "nothing yet")]
    facts = [("Compared", f"{found.answers:,} answers, {found.share:.1%} the same")]
    if found.mean_distance is not None:
        facts.append(("Mean absolute difference", f"{found.mean_distance:.6g}"))
    if found.correlation is not None:
        facts.append(("Correlation", f"{found.correlation:.4f}"))
    if found.unlike:
        facts.append(("Not comparable", f"{found.unlike:,} requests"))
    return facts


def _load(load: Mapping[str, Any]) -> str:
    said = f"{float(load['invocations']):,.0f} requests, {float(load['errors']):,.0f} errors"
    if load.get("latency_p50_ms") is not None:
        said += f", p50 {float(load['latency_p50_ms']):.3g} ms, p99 {float(load['latency_p99_ms']):.3g} ms"
    return said
