"""What became of an endpoint by a promotion that made no champion, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEADLINES: Final[Mapping[str, str]] = {
    "beside": "stands beside the champion",
    "shadow": "gets copies of the champion's requests",
    "remove": "was taken off the endpoint",
    "stop": "endpoint stopped",
}
_AFTER: Final[Mapping[str, str]] = {
    "shadow": "It answers nobody.",
    "remove": "The champion goes on serving.",
    "stop": "Nobody answers any more, and nothing costs any more; `slipway endpoint start` serves again.",
}


def change_headline(action: str) -> str:
    """
    What happened, after the version's name.

    >>> change_headline("beside")
    'stands beside the champion'
    """
    return _HEADLINES.get(action, "endpoint changed")


def change_after(action: str) -> str:
    """What that means for who calls the endpoint; empty: the layout says all."""
    return _AFTER.get(action, "")


def layout_lines(layout: Sequence[Mapping[str, Any]]) -> str:
    """
    Who stands on an endpoint, one line each.

    >>> layout_lines([{"version": "1.0.0", "share": 0.9, "role": "champion", "variant": "AllTraffic"}])
    '1.0.0: champion, 90 % of requests (variant AllTraffic)'
    """
    return "\n".join(
        f"{one['version']}: {one['role']}, {one['share'] * 100:g} % of requests (variant {one['variant']})"
        for one in layout
    )
