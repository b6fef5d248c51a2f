"""The four questions about how a version came to be: data, hyperparameters, run, libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.names import LIBRARIES_LABEL
from slipway.domain.amounts import duration, took, usd
from slipway.domain.answers import Answer, Listing, counted, known, listed, moment, short
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
TELLING: Final = (
    "tensorflow", "torch", "scikit-learn", "xgboost", "lightgbm", "catboost", "transformers", "jax", "numpy",
    "pandas", "scipy", "pyarrow",
)  # fmt: skip
"""Libraries that people ask for first, in this order."""
_NAMED: Final = 4
_UNSAID: Final = (
    f"The image does not say: it has no label {LIBRARIES_LABEL}, and no job wrote them to its log."
)
_UNREAD: Final = "Not known: it ended before its image was taken."


def data_answer(origin: Origin, *, trained: bool) -> Answer:
    """Name, version, digest and rows of every channel."""
    pinned = [*(("training", one) for one in origin.training_data)]
    pinned += [("evaluation", one) for one in origin.evaluation_data]
    names = listed(_data_set(one) for one in origin.training_data)
    if not names:
        said = "On none: it ended before any data set was pinned for it."
    elif trained:
        said = f"On {names}."
    else:
        said = f"It was not trained; it was to be on {names}."
    rows = tuple(
        (
            use,
            str(one.get("channel", "")),
            f"{one.get('data_set', '')}:{one.get('version', '')}",
            _rows(one),
            str(one.get("digest", "")),
        )
        for use, one in pinned
    )
    return Answer(
        question="data",
        said=said,
        facts={
            "trained": trained,
            "training_data": list(origin.training_data),
            "evaluation_data": list(origin.evaluation_data),
        },
        listing=Listing(("for", "channel", "data set", "rows", "digest"), rows, frozenset({3}))
        if rows
        else None,
    )


def _data_set(pinned: Mapping[str, Any]) -> str:
    rows = pinned.get("rows")
    how_many = f", {counted(rows, 'row')}" if isinstance(rows, int) else ""
    return (
        f"{pinned.get('data_set')} {pinned.get('version')}{how_many} ({short(str(pinned.get('digest', '')))})"
    )


def _rows(pinned: Mapping[str, Any]) -> str:
    rows = pinned.get("rows")
    return f"{rows:,}" if isinstance(rows, int) else "not known"


def parameters_answer(origin: Origin) -> Answer:
    """Every hyperparameter with its value."""
    if origin.hyperparameters is None:
        return Answer(
            "parameters", "Not known: it ended before its manifest was taken.", {"hyperparameters": {}}
        )
    parameters = dict(sorted((origin.hyperparameters or {}).items()))
    rows = tuple(parameters.items())
    said = (
        f"With {listed(f'{name} {value}' for name, value in rows)}."
        if rows
        else "With none: it declares none."
    )
    return Answer(
        question="parameters",
        said=said,
        facts={"hyperparameters": parameters},
        listing=Listing(("hyperparameter", "value"), rows) if rows else None,
    )


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
    waited = _between((version or {}).get("registered_at", ""), (version or {}).get("decided_at", ""))
    cost = _cost(origin, version)
    why = CAUSES.get(str(record.get("cause", "")), str(record.get("cause", "")))
    took_text = f"; it took {duration(whole)}" if whole is not None else ""
    said = f"Release {release_id}" + (
        f", planned {moment(planned)}, because {why}{took_text}." if planned else "."
    )
    cached = {step: text for step, text in steps.items() if text.startswith("hit")}
    if cached:
        said += f" {listed(sorted(cached)).capitalize()} came from the step cache."
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


def _cost(origin: Origin, version: VersionRecord | None) -> float | None:
    """Of the jobs; None: no price is known."""
    jobs = [origin.training or {}, *origin.evaluations]
    costs = [float(job["cost_usd"]) for job in jobs if isinstance(job.get("cost_usd"), int | float)]
    return sum(costs) if costs else (version or {}).get("cost_usd")


def cost_text(cost: float | None) -> str:
    """
    Jobs' cost in words.

    >>> cost_text(0.013), cost_text(None)
    ('about 0.013 USD for its jobs, by list price', 'not known')
    """
    return (
        "not known"
        if cost is None
        else f"about {usd(cost)} for its jobs, by list price".replace("about under", "under")
    )


def _between(start: str, end: str) -> float | None:
    return (moment_of(end) - moment_of(start)).total_seconds() if start and end else None


def libraries_answer(origin: Origin) -> Answer:
    """Python, libraries, image digest, git commit, base image."""
    source, libraries = origin.source or {}, dict(sorted(origin.libraries.items()))
    by_name = {name.lower(): name for name in libraries}
    first = [by_name[name] for name in TELLING if name in by_name][:_NAMED]
    first += [name for name in libraries if name not in first][: max(0, _NAMED - len(first))]
    parts = [f"Python {origin.python}"] if origin.python else []
    parts += [f"{name} {libraries[name]}" for name in first]
    unsaid = int(source.get("libraries_left_out") or 0)
    more = len(libraries) - len(first) + unsaid
    if more:
        parts.append(f"{more} more")
    said = f"{listed(parts)}." if parts else _UNSAID if origin.source is not None else _UNREAD
    if origin.image_digest:
        said += f" Image {short(origin.image_digest)}"
        said += (
            f", git commit {origin.commit[:12]}." if origin.commit else ", whose git commit is not recorded."
        )
    details = [
        ("Python", origin.python),
        ("Image", origin.image_uri.partition("@")[0]),
        ("Image digest", origin.image_digest),
        ("Git commit", origin.commit),
        ("Git repository", source.get("git_repository")),
        ("Base image", source.get("base_image")),
        ("Base digest", source.get("base_digest")),
        ("Built", moment(source.get("built_at"))),
        (
            "Not listed",
            f"{counted(unsaid, 'distribution')}: the label has no room for more" if unsaid else "",
        ),
    ]
    rows = tuple(libraries.items())
    return Answer(
        question="libraries",
        said=said,
        facts={
            "python": origin.python,
            "libraries": libraries,
            "image_digest": origin.image_digest,
            "image": dict(source),
        },
        details=known(details),
        listing=Listing(("library", "version"), rows) if rows else None,
    )
