"""
Which versions stand on an endpoint, in which role and with which share.

The champion comes first, always in the variant of the same name; there is exactly
one. The shares of those that answer add up to 1: what others get is taken from it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from slipway.contracts import names
from slipway.domain.layout_errors import (
    ChampionLeavesError,
    NoRoomError,
    NothingServesError,
    NotOnEndpointError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.promotion import Action, AliasMove, LayoutEntry, Role

MAX_VARIANTS: Final = 10  # SageMaker
_DIGITS: Final = 6
"""Of a share: SageMaker's weights are single floats."""


def alone(version: str, release_id: str) -> list[LayoutEntry]:
    """One version as champion, and nothing else."""
    return [
        {
            "variant": names.VARIANT,
            "version": version,
            "release_id": release_id,
            "share": 1.0,
            "role": "champion",
        }
    ]


def wanted_layout(
    before: Sequence[LayoutEntry],
    *,
    endpoint: str,
    action: Action,
    version: str,
    release_id: str,
    share: float,
    on_trial: bool,
) -> list[LayoutEntry]:
    """
    What stands on the endpoint after an action.

    Args:
        before: What stands there; empty: nothing is in service.
        endpoint: Its name, for messages.
        action: What becomes of the version.
        version: The one that it is about.
        release_id: Of the release that registered it.
        share: For ``beside`` (of the traffic, 0 to less than 1) and ``shadow`` (of the requests).
        on_trial: Whether a trial puts it there: in place of another trial's, and itself the challenger.

    Raises:
        LayoutError: One of its kinds: the endpoint can't look like this.
    """
    if action == "serve":
        return alone(version, release_id)
    if action == "stop":
        return []
    if not before:
        raise NothingServesError(endpoint, action)
    champion, *others = before
    if version == champion["version"]:
        raise ChampionLeavesError(endpoint, version, action)
    stays = [one for one in others if one["version"] != version]
    if action == "remove":
        if len(stays) == len(others):
            raise NotOnEndpointError(endpoint, version, [one["version"] for one in others])
        return _balanced(champion, stays)
    if on_trial:
        stays = [one for one in stays if one["role"] not in ("challenger", "shadow")]
    role: Role = "shadow" if action == "shadow" else "challenger" if on_trial else "beside"
    if action == "shadow":
        stays = [one for one in stays if one["role"] != "shadow"]
    _there_is_room(endpoint, version, role, stays)
    entry: LayoutEntry = {
        "variant": names.variant_of(version),
        "version": version,
        "release_id": release_id,
        "share": round(share, _DIGITS),
        "role": role,
    }
    layout = _balanced(champion, [*stays, entry])
    if layout[0]["share"] <= 0:
        taken = sum(one["share"] for one in stays if one["role"] != "shadow")
        raise NoRoomError(
            endpoint,
            version,
            f"nothing of the traffic would be left to the champion, as others have {taken:g} of it and "
            "it is to "
            f"get {share:g}; give it less, or to serve alone promote it",
        )
    return layout


def _there_is_room(endpoint: str, version: str, role: Role, stays: Sequence[LayoutEntry]) -> None:
    if role == "shadow" and stays:
        named = ", ".join(one["version"] for one in stays)
        raise NoRoomError(
            endpoint,
            version,
            f"SageMaker mirrors requests to one version beside one, and {named} is there too; "
            "remove that first",
        )
    if role != "shadow" and any(one["role"] == "shadow" for one in stays):
        raise NoRoomError(
            endpoint,
            version,
            "requests are mirrored to a version, and SageMaker lets no further one stand beside it; "
            "remove that "
            "first",
        )
    if len(stays) + 2 > MAX_VARIANTS:
        raise NoRoomError(
            endpoint, version, f"SageMaker lets at most {MAX_VARIANTS} versions stand there; remove one first"
        )


def _balanced(champion: LayoutEntry, others: Sequence[LayoutEntry]) -> list[LayoutEntry]:
    given = sum(one["share"] for one in others if one["role"] != "shadow")
    return [{**champion, "share": round(1 - given, _DIGITS)}, *others]


def digest(layout: Sequence[LayoutEntry]) -> str:
    """The same for layouts that are the same, as hexadecimal digits."""
    said = [[one[key] for key in ("variant", "version", "release_id", "share", "role")] for one in layout]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def config_name(prefix: str, model: str, layout: Sequence[LayoutEntry]) -> str:
    """
    The endpoint config of a layout, which is a function of it.

    >>> config_name("slipway-dev", "rates", alone("1.4.0", "9f2c41d07b3a55e1"))
    'slipway-dev-rates-1-4-0-9f2c41d0'
    """
    champion = layout[0]
    if len(layout) == 1:
        return names.of_release(prefix, model, champion["version"], champion["release_id"])
    room = names.of_release(prefix, model, champion["version"], champion["release_id"], room=7)
    return names.of_layout(room, digest(layout))


def same_variants(before: Sequence[LayoutEntry], after: Sequence[LayoutEntry]) -> bool:
    """Whether SageMaker's guardrails apply to the change: they want the same names, and no shadow."""
    shadowed = any(one["role"] == "shadow" for one in (*before, *after))
    return not shadowed and {one["variant"] for one in before} == {one["variant"] for one in after}


def alias_of(entry: LayoutEntry) -> str:
    """The alias that says what an entry is there for."""
    match entry["role"]:
        case "champion":
            return names.CHAMPION
        case "challenger":
            return names.CHALLENGER
        case "shadow":
            return names.SHADOW
        case "beside":
            return names.alias_beside(entry["version"])


def alias_moves(pointing: Mapping[str, tuple[str, str]], wanted: Sequence[LayoutEntry]) -> list[AliasMove]:
    """
    What moves so that aliases say what the layout is.

    Args:
        pointing: Protected alias to the version and release that it points to now.
        wanted: The layout; empty: the champion's alias stays, as it says what served last.
    """
    after = {alias_of(entry): (entry["version"], entry["release_id"]) for entry in wanted}
    if not wanted and names.CHAMPION in pointing:
        after[names.CHAMPION] = pointing[names.CHAMPION]
    moves: list[AliasMove] = [
        {"alias": alias, "version": version, "release_id": release_id}
        for alias, (version, release_id) in after.items()
        if pointing.get(alias) != (version, release_id)
    ]
    gone = sorted(pointing.keys() - after.keys())
    return moves + [{"alias": alias, "version": None, "release_id": ""} for alias in gone]
