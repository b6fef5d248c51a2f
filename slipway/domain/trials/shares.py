"""How much of the traffic a trial's sides get, from what stands on the endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.contracts.promotion import LayoutEntry


def weights_of(layout: Sequence[LayoutEntry]) -> dict[str, float]:
    """Version to its share of the traffic (a shadow's: of the requests, as copies), the champion first."""
    return {one["version"]: one["share"] for one in layout}


def part_of(layout: Sequence[LayoutEntry], challenger: str) -> float:
    """
    The challenger's part of what it and the champion answer: a third version's requests count for neither.

    >>> shares = {"1.0.0": 0.7, "0.9.0": 0.2, "1.1.0": 0.1}
    >>> round(part_of([{"version": v, "share": share} for v, share in shares.items()], "1.1.0"), 9)
    0.125
    """
    weights = weights_of(layout)
    both = weights[layout[0]["version"]] + weights.get(challenger, 0.0)
    return weights.get(challenger, 0.0) / both if both else 0.0
