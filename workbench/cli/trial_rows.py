"""How one trial stands, label by label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import TrialRecord


def rows_of(
    record: TrialRecord, weights: Mapping[str, float], left: Mapping[str, Any] | None
) -> list[tuple[str, str]]:
    """
    Labels and texts in the order in which one asks; of what nobody knows yet, and what is over, none.

    Args:
        record: The trial.
        weights: Of each version on the endpoint, 0 to 1.
        left: ``outlook`` of one that runs; None: it does not.
    """
    from slipway.contracts.ledger import OPEN_TRIALS
    from slipway.domain.trials.outlook import in_words
    from slipway.domain.trials.shown import facts_of

    state = record["state"]
    rows = [
        ("weights", ", ".join(f"{version} {weight:.1%}" for version, weight in weights.items())),
        ("began", state.get("begun_at") or record["started_at"]),
    ]
    if state:
        rows += [(label.lower(), text) for label, text in facts_of({**record, **state})[2:]]
        rows += [("decided", state["word"] or "nothing yet"), ("why", state["reason"])]
    subject = f"{record['project']}/{record['model']}"
    waits = f"an approver: slipway approval open {subject}" if record["status"] == "proposed" else ""
    ended = f"{record.get('ended_at', '')}: {record.get('reason', '')}".strip(": ")
    rows += [
        ("how long still", in_words(left) if left else ""),
        ("looked at", state.get("looked_at", "never yet")),
        ("waits for", waits),
        # the reason of one that is proposed is the look's
        ("ended", "" if record["status"] in OPEN_TRIALS else ended),
        ("trial", record["trial_id"]),
    ]
    return [(label, text) for label, text in rows if text]
