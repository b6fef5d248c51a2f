"""Change a version's tags; what somebody else changed meanwhile is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypedDict

from slipway.domain.tags import tags_problem

if TYPE_CHECKING:
    from slipway.usecases.ports import Versions

ATTEMPTS: Final = 5


class TagWish(TypedDict):
    """What somebody asks for."""

    project: str
    model: str
    version: str
    tags: dict[str, str]
    """To set; an empty value takes the tag away."""


class TagAnswer(TypedDict):
    """What came of it."""

    outcome: Literal["tagged", "unchanged", "refused"]
    reason: str
    """Why it was refused; empty otherwise."""
    tags: dict[str, str]
    """As they are now."""


def tag_version(wish: TagWish, *, ledger: Versions) -> TagAnswer:
    """Set and take away single tags, all or none; read and written again when another change came between."""
    subject = wish["project"], wish["model"], wish["version"]
    tags: dict[str, str] = {}
    for _ in range(ATTEMPTS):
        record = ledger.version(*subject)
        if record is None:
            known = "`slipway registry list` shows those that are"
            return _refused(
                f"version {subject[2]!r} of {subject[0]}/{subject[1]} is not registered; {known}", {}
            )
        tags = record.get("tags", {})
        changed = {key: value for key, value in {**tags, **wish["tags"]}.items() if value}
        problem = tags_problem(changed)
        if problem:
            return _refused(problem, tags)
        if changed == tags:
            return {"outcome": "unchanged", "reason": "", "tags": tags}
        if ledger.tag_version(*subject, tags=changed, instead_of=tags):
            return {"outcome": "tagged", "reason": "", "tags": changed}
    return _refused("others change its tags all the time; ask again", tags)


def _refused(reason: str, tags: dict[str, str]) -> TagAnswer:
    return {"outcome": "refused", "reason": reason, "tags": tags}
