"""Why did it fail? Every way in which a release ends, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.answers import Answer, known, moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import PromotionRecord, ReleaseRecord
    from slipway.domain.lineage_graph import LineageGraph

_OPEN: Final = {
    "running": "It has not failed: it runs.",
    "awaiting-approval": "It has not failed: it waits for a decision.",
    "on-trial": "It has not failed: it is tried beside the champion.",
    "promoting": "It has not failed: it is being promoted.",
}
_FAILED: Final = ("failed", "stopped")
_START: Final = "once its reason is mended: `slipway release start {image}`"
_PUSH: Final = "push a new version to try again"


def failure_answer(
    release: ReleaseRecord | None, graph: LineageGraph | None, promotions: Sequence[PromotionRecord]
) -> Answer:
    """
    Step, error, cause, last lines and what to do next; or that it did not fail.

    Args:
        release: None: its record is not at hand.
        graph: With the jobs whose last lines are known.
        promotions: Of this version, those asked for by hand.
    """
    if release is None:
        return Answer("failure", "Nothing says that it failed; the record of its release is not at hand.")
    status = release["status"]
    failure: Mapping[str, Any] | None = release.get("failure")
    if status in _OPEN:
        return Answer("failure", _OPEN[status], facts={"failed": False, "status": status})
    if status in _FAILED and failure is not None:
        return _failed(release, failure, _failed_job(graph, failure))
    if status == "deployed":
        return _served(promotions)
    said, follow = _answered(release)
    return Answer(
        "failure",
        said,
        facts={
            "failed": status in _FAILED,
            "status": status,
            "reason": release["reason"],
            "next_action": follow,
        },
        details=known([("Ended", moment(release.get("ended_at"))), ("Next", follow)]),
        good=False,
    )


def _failed(release: ReleaseRecord, failure: Mapping[str, Any], job: Mapping[str, Any]) -> Answer:
    lines = tuple(str(line) for line in job.get("last_lines") or ())
    cause = str(failure["cause"]).strip()
    return Answer(
        "failure",
        f"It failed at {failure['step']} with {failure['error']}: {_brief(cause, lines)}",
        facts={"failed": True, "status": release["status"], **failure, "last_lines": list(lines)},
        details=known(
            [
                ("Step", failure["step"]),
                ("Error", failure["error"]),
                ("Cause", cause),
                ("Ended", moment(release.get("ended_at"))),
                ("Job", job.get("job_name")),
                ("Log", job.get("log") or failure["log_url"]),
                ("Next", failure["next_action"]),
            ]
        ),
        lines=lines,
        good=False,
    )


def _brief(cause: str, lines: Sequence[str]) -> str:
    r"""
    The one line that says most: an exception's stands at the end; an error's name alone says nothing.

    >>> _brief("AlgorithmError: , exit code: 1", ["Traceback …", "ValueError: not a float"])
    'ValueError: not a float'
    >>> _brief("AlgorithmError: train ended:\nValueError: not a float, exit code: 1", [])
    'ValueError: not a float'
    >>> _brief("slipway-train ran longer than it may and was stopped", [])
    'slipway-train ran longer than it may and was stopped'
    """
    said = [_EXIT_CODE.sub("", line.strip()) for line in (*cause.splitlines(), *lines)]
    telling = [line for line in said if line and not _NAME_ALONE.fullmatch(line)]
    return telling[-1] if telling else cause or "no cause was given"


_EXIT_CODE: Final = re.compile(r",? exit code: \d+$")
_NAME_ALONE: Final = re.compile(r"\w*(Error|Exception):?\s*,?")


def _failed_job(graph: LineageGraph | None, failure: Mapping[str, Any]) -> Mapping[str, Any]:
    """The job that failed last, where one did; its log has the last word."""
    if graph is None:
        return {}
    jobs = [one["facts"] for one in graph.of_kind("training-job", "evaluation-job")]
    failed = [job for job in jobs if str(job.get("status")) == "Failed"]
    named = [job for job in failed if str(job.get("job_name", "?")) in str(failure)]
    return max(named or failed, key=lambda job: str(job.get("ended_at", "")), default={})


def _served(promotions: Sequence[PromotionRecord]) -> Answer:
    """Deployed; a later promotion by hand may have failed all the same."""
    failed = [one for one in promotions if one.get("failure")]
    if not failed:
        return Answer("failure", "It did not fail.", facts={"failed": False, "status": "deployed"})
    last = max(failed, key=lambda one: one["ended_at"])
    failure = last["failure"]
    return Answer(
        "failure",
        f"Its release did not fail; a later {last['cause']} of it did, at {failure['step']}: "
        f"{failure['error']}.",
        facts={"failed": False, "status": "deployed", "promotion": dict(last)},
        details=known(
            [
                ("Ended", moment(last["ended_at"])),
                ("Asked for by", last["actor"]),
                ("Cause", failure["cause"]),
                ("Next", failure["next_action"]),
            ]
        ),
        good=False,
    )


def _answered(release: ReleaseRecord) -> tuple[str, str]:
    """What a release that ended without serving and without a failure means, and what to do next."""
    reason = release["reason"].strip()
    image = f"{release['project']}/{release['model']}:{release['image_tag']}"
    match release["status"]:
        case "refused":
            return f"It was refused before anything ran: {reason}", _START.format(image=image)
        case "not-accepted":
            return f"It did not fail; it was not accepted: {reason}", _PUSH
        case "rejected":
            return f"It did not fail; it was rejected by {reason}", _PUSH
        case "expired":
            return f"It did not fail; {reason or 'nobody decided in time'}.", _PUSH
        case "stopped":
            return (
                f"It was stopped: {reason}",
                f"`slipway release retry {release['release_id']}` lets it go on",
            )
        case _:
            return (
                f"It failed: {reason or 'no reason was recorded'}",
                f"`slipway release show {release['release_id']}` shows its steps",
            )
