"""What changed from one version to another: data, code, hyperparameters, libraries, machines, metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.domain.answers import counted, short
from slipway.domain.change_sizes import code_size, content_size, library_size, parameter_size, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slipway.domain.version_origin import Origin

Kind = Literal["evaluation data", "training data", "hyperparameters", "code", "libraries", "machines"]
KINDS: Final[tuple[Kind, ...]] = (
    "evaluation data",
    "training data",
    "hyperparameters",
    "code",
    "libraries",
    "machines",
)


@dataclass(frozen=True, slots=True)
class Change:
    """
    One thing that is not as it was.

    Attributes:
        kind: What it belongs to.
        name: Of the channel, the hyperparameter, the library, or of what else.
        before: Plain text; empty: it was not there.
        after: Likewise.
        size: From 0 (it can't have changed a metric) to 1.
        certain: False where nobody knows whether it changed: an image that does not say its commit.
        why: What the size comes from, in words; empty: nothing to say.
    """

    kind: Kind
    name: str
    before: str
    after: str
    size: float
    certain: bool = True
    why: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": self.kind,
            "name": self.name,
            "before": self.before or None,
            "after": self.after or None,
            "size": round(self.size, 3),
            "certain": self.certain,
            "why": self.why,
        }


def changes(before: Origin, after: Origin) -> list[Change]:
    """Everything that differs, kind by kind."""
    found = [
        *_data("evaluation data", before.evaluation_data, after.evaluation_data),
        *_data("training data", before.training_data, after.training_data),
        *_parameters(before.hyperparameters or {}, after.hyperparameters or {}),
        *_libraries(before, after),
        *_machines(before, after),
    ]
    explained = any(one.kind in ("hyperparameters", "libraries", "machines") for one in found)
    found += _code(before, after, explained=explained)
    return sorted(found, key=lambda one: (KINDS.index(one.kind), -one.size, one.name))


def size_of(kind: Kind, found: Sequence[Change]) -> float:
    """How much of one kind changed in all, from 0 to 1."""
    return together(one.size for one in found if one.kind == kind)


def _data(
    kind: Kind, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> Iterator[Change]:
    was = {str(one["channel"]): one for one in before}
    now = {str(one["channel"]): one for one in after}
    for channel in sorted({*was, *now}):
        one, other = was.get(channel), now.get(channel)
        if one is None or other is None:
            there = "there is a new channel" if one is None else "a channel is gone"
            yield Change(kind, channel, _pinned(one), _pinned(other), 1.0, why=there)
            continue
        if (one["data_set"], one["version"], one["digest"]) == (
            other["data_set"],
            other["version"],
            other["digest"],
        ):
            continue
        if one["digest"] == other["digest"]:
            yield Change(kind, channel, _pinned(one), _pinned(other), 0.0, why="the content is the same")
            continue
        size, why = content_size(one.get("rows"), other.get("rows"))
        if one["data_set"] != other["data_set"]:
            size, why = 1.0, "it is another data set"
        yield Change(kind, channel, _pinned(one), _pinned(other), size, why=why)


def _pinned(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return ""
    rows = one.get("rows")
    how_many = f", {counted(rows, 'row')}" if isinstance(rows, int) else ""
    return f"{one['data_set']}:{one['version']}{how_many} ({short(str(one['digest']))})"


def _parameters(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was != now:
            size, why = parameter_size(was, now)
            yield Change("hyperparameters", name, was or "", now or "", size, why=why)


def _libraries(before: Origin, after: Origin) -> Iterator[Change]:
    # one that does not say what it holds differs from nothing
    if before.python and after.python and before.python != after.python:
        size, why = library_size("python", before.python, after.python)
        yield Change("libraries", "Python", before.python, after.python, size, why=why)
    if before.libraries and after.libraries:
        for name in sorted({*before.libraries, *after.libraries}, key=str.lower):
            was, now = before.libraries.get(name, ""), after.libraries.get(name, "")
            if was != now:
                size, why = library_size(name, was, now)
                yield Change("libraries", name, was, now, size, why=why)
    was, now = (str((one.source or {}).get("base_digest", "")) for one in (before, after))
    if was and now and was != now:
        names = [str((one.source or {}).get("base_image", "")) for one in (before, after)]
        old, new = (f"{name} ({short(one)})".strip() for name, one in zip(names, (was, now), strict=True))
        yield Change(
            "libraries", "base image", old, new, _BASE, why="the operating system's libraries may differ"
        )


_BASE: Final = 0.25


def _machines(before: Origin, after: Origin) -> Iterator[Change]:
    was, now = _machine(before), _machine(after)
    if was and now and was != now:
        several = before.instance_count != after.instance_count
        yield Change(
            "machines",
            "training",
            was,
            now,
            1.0 if several else 0.5,
            why="the work is divided differently" if several else "",
        )


def _machine(origin: Origin) -> str:
    return f"{origin.instance_count} × {origin.instance_type}" if origin.instance_type else ""


def _code(before: Origin, after: Origin, *, explained: bool) -> Iterator[Change]:
    """
    Of an image's digest alone nobody can say whether code changed: manifest, version and libraries are in it.
    """
    if before.image_digest == after.image_digest:
        return
    certain, size, why = code_size(before.commit, after.commit, explained=explained)
    if not size:
        return
    was, now = (one.commit[:_COMMIT] or short(one.image_digest) for one in (before, after))
    if before.commit and before.commit == after.commit:  # both with changes that no commit holds
        was, now = (f"{commit} ({short(one.image_digest)})" for commit, one in ((was, before), (now, after)))
    yield Change(
        "code", "git commit" if before.commit and after.commit else "image", was, now, size, certain, why
    )


_COMMIT: Final = 18
"""Characters: twelve digits and ``+dirty``."""
