"""The question about the run: release, cause, times, cost, and what came from the step cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.amounts import about_usd, duration, sentence, took
from slipway.domain.answers import Answer, known, listed, moment
from slipway.domain.timestamps import moment_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import ReleaseRecord, VersionRecord
    from slipway.domain.version_origin import Origin

CAUSES: Final = {
    "push": "an image was pushed",
    "sweep": "the sweep found a pushed image that no event had told of",
    "cli": "somebody started it by hand",
    "schedule": "its schedule came round",
    "drift": "its data had drifted",
}
STEP_WORDS: Final = {
    "training": "the training",
    "challenger": "the challenger's evaluation",
    "champion": "the champion's evaluation",
}


def run_answer(
    origin: Origin,
    release: ReleaseRecord | None,
    version: VersionRecord | None,
    steps: Mapping[str, str],
    release_id: str,
) -> Answer:
    """Release, cause, when, how long, cost, and which steps were taken from the cache."""
    record: Mapping[str, Any] = release or {}
    training = origin.training or {}
    planned, ended = record.get("planned_at", ""), record.get("ended_at", "")
    whole = _between(planned, ended)
    registered: Mapping[str, Any] = version or {}
    waited = _between(registered.get("registered_at", ""), registered.get("decided_at", ""))
    cost = _cost(origin, version, release_id)
    why = CAUSES.get(str(record.get("cause", "")), str(record.get("cause", "")))
    took_text = f"; it took {duration(whole)}" if whole is not None else ""
    said = f"Release {release_id}" + (
        f", planned {moment(planned)}, because {why}{took_text}." if planned else "."
    )
    cached = {step: text for step, text in steps.items() if text.startswith("hit")}
    if cached:
        steps_taken = sentence(listed(STEP_WORDS.get(step, step) for step in sorted(cached)))
        said += f" {steps_taken} came from the step cache."
    waited_text = f", of which {duration(waited)} waiting for a decision" if waited else ""
    details = [
        ("Release", release_id),
        ("Status", record.get("status")),
        ("Cause", f"{record['cause']}: {why}" if record.get("cause") else ""),
        ("Image", f"{record['repository']}:{record['image_tag']}" if record.get("image_tag") else ""),
        ("Planned", moment(planned)),
        ("Ended", moment(ended)),
        ("Took", f"{duration(whole)}{waited_text}" if whole is not None else ""),
        ("Training job", training.get("job_name")),
        ("Trained by", _trained_elsewhere(training, release_id)),
        ("Training", _training(origin)),
        ("Cost", cost_text(cost)),
        ("Log", training.get("log")),
        ("Execution", record.get("execution_arn")),
        *((f"Step {step}", text) for step, text in sorted(steps.items())),
    ]
    facts = {
        "release_id": release_id,
        **{
            name: record[name]
            for name in (
                "status",
                "cause",
                "planned_at",
                "ended_at",
                "execution_arn",
                "repository",
                "image_tag",
            )
            if name in record
        },
        "seconds": whole,
        "waited_seconds": waited,
        "training_job": training.get("job_name"),
        "training_seconds": training.get("seconds"),
        "instance_type": origin.instance_type,
        "instance_count": origin.instance_count,
        "cost_usd": cost,
        "steps": dict(steps),
    }
    return Answer(question="run", said=said, facts=facts, details=known(details))


def _trained_elsewhere(training: Mapping[str, Any], release_id: str) -> str:
    other = training.get("release_id", release_id)
    return "" if other == release_id else f"release {other}, whose outputs were taken"


def _training(origin: Origin) -> str:
    training = origin.training or {}
    lasted = took(training.get("seconds"), training.get("billable_seconds"))
    machines = f"{origin.instance_count} × {origin.instance_type}" if origin.instance_type else ""
    return ", ".join(filter(None, [lasted, machines, "spot" if training.get("spot") else ""]))


def _cost(origin: Origin, version: VersionRecord | None, release_id: str) -> float | None:
    """Of the jobs that this release ran: what the cache gave is not paid again. None: no price is known."""
    jobs = [one for one in (origin.training or {}, *origin.evaluations) if one]
    own = [one for one in jobs if one.get("release_id", release_id) == release_id]
    if jobs and not own:
        return 0.0
    costs = [float(job["cost_usd"]) for job in own if isinstance(job.get("cost_usd"), int | float)]
    if costs:
        return sum(costs)
    return version.get("cost_usd") if version is not None else None


def cost_text(cost: float | None) -> str:
    """
    Jobs' cost in words.

    >>> cost_text(0.013), cost_text(0.0), cost_text(None)
    ('about 0.013 USD for its jobs, by list price', 'nothing: it ran no job', 'not known')
    """
    if cost is None:
        return "not known"
    return f"{about_usd(cost)} for its jobs, by list price" if cost else "nothing: it ran no job"


def _between(start: str, end: str) -> float | None:
    return (moment_of(end) - moment_of(start)).total_seconds() if start and end else None
