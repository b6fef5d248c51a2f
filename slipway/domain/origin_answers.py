"""The questions about what a version was made of: data, hyperparameters, libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.names import LIBRARIES_LABEL
from slipway.domain.answers import Answer, Listing, counted, known, listed, moment, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.domain.version_origin import Origin

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
