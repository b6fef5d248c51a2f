"""What a node reached: the models that were made with it, and where they serve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from slipway.contracts.ledger import OPEN_STATUSES

if TYPE_CHECKING:
    from collections.abc import Collection

    from slipway.contracts.lineage import NodeKind

How = Literal["trained on", "judged with", "contains", "planned with"]
"""``planned with``: its release named it, and none of the jobs that led to the model read it."""

UNDER_WAY: Final = OPEN_STATUSES
FAILED: Final = ("failed", "stopped")

_TRAINED: Final = {"training-job", "model-artifact"}
_JUDGED: Final = {"evaluation-job", "report"}


@dataclass(frozen=True, slots=True)
class BlamedPackage:
    """A model version that a node reached; project, model and version are empty where nobody told them."""

    id: str
    name: str
    project: str
    model: str
    version: str
    how: tuple[How, ...]


@dataclass(frozen=True, slots=True)
class BlamedRelease:
    """A release that a node reached, and that failed or has not ended."""

    id: str
    name: str
    project: str
    model: str
    version: str
    status: str


@dataclass(frozen=True, slots=True)
class LiveVariant:
    """A production variant that serves a blamed version; ``share`` is of its endpoint's traffic, 0 to 1."""

    endpoint: str
    variant: str
    package: str
    version: str
    share: float
    status: str


@dataclass(frozen=True, slots=True)
class Blame:
    """
    All that a node reached.

    Attributes:
        node: Its id.
        packages: By id.
        failed: Releases that failed or were stopped.
        under_way: Releases that have not ended.
        live: Where its packages serve now, by endpoint and variant.
    """

    node: str
    packages: tuple[BlamedPackage, ...]
    failed: tuple[BlamedRelease, ...]
    under_way: tuple[BlamedRelease, ...]
    live: tuple[LiveVariant, ...]


def how_reached(kind: NodeKind, through: Collection[NodeKind]) -> set[How]:
    """
    What a package has to do with a node, from the kinds that lead from the node to the package.

    A data set behind another data set leads nowhere by itself: ask of the other.

    >>> sorted(how_reached("data-set", ["release", "training-job"]))
    ['trained on']
    >>> sorted(how_reached("image", ["evaluation-job", "model-package", "training-job"]))
    ['contains', 'judged with', 'trained on']
    >>> how_reached("data-set", ["release"])
    {'planned with'}
    >>> how_reached("data-set", ["data-set"])
    set()
    """
    found: set[How] = set()
    kinds = set(through)
    if kind == "release":  # the job and the package that it asked for
        return {"planned with"}
    if kinds & _TRAINED:
        found.add("trained on")
    if kinds & _JUDGED or (kind == "report" and kinds):
        found.add("judged with")
    if "model-package" in kinds and kind != "report":
        found.add("contains")
    return found or ({"planned with"} if "release" in kinds else set())
