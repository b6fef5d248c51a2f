"""What came of what, and the steps whose results can be taken again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slipway.contracts.lineage import Descendant, Node, NodeFacts, NodeKind, Serving
    from slipway.contracts.steps import Step, StepRecord


class Lineage(Protocol):
    """The ledger's graph of what came of what."""

    def put_nodes(self, nodes: Sequence[NodeFacts]) -> int:
        """
        Write nodes with the edges that lead to them, in both directions; the number that changed.

        Idempotent and order-independent: a source that is not there yet becomes a stub, and what is below a
        node hears of ancestors that come late. One transaction for each node and its edges.
        """

    def node(self, node: str) -> Node | None:
        """One strongly consistent read: the node and the whole graph above it."""

    def nodes(self, nodes: Sequence[str]) -> dict[str, Node]:
        """Those of them that are there, in as few reads as possible."""

    def descendants(
        self, node: str, *, kind: NodeKind | None = None, limit: int | None = None
    ) -> Iterator[Descendant]:
        """What is below a node, ordered by kind and id, page by page as asked for."""

    def by_digest(self, digest: str) -> list[str]:
        """Ids of the data sets, images and artifacts with this ``sha256:…``."""

    def put_serving(self, serving: Serving) -> bool:
        """What an endpoint serves now; False when something newer, or the same, is recorded."""

    def serving(self) -> list[Serving]:
        """Every endpoint, by name; one that was deleted has no variants."""

    def experiments(self) -> Iterator[dict[str, Any]]:
        """Training jobs that no release made, newest first, as lists show them."""


class Steps(Protocol):
    """The ledger's step cache."""

    def step(self, key: str) -> StepRecord | None: ...

    def claim_step(self, record: StepRecord, *, instead_of: str = "") -> StepRecord | None:
        """Claim a key for a release; None, or who has it. ``instead_of``: take over that release's claim."""

    def finish_step(self, record: StepRecord) -> bool:
        """Keep what came of a claimed step, also as the model's last; False when another release has it."""

    def release_step(self, key: str, release_id: str) -> bool:
        """Give back a claim that came to nothing; False when this release holds none."""

    def latest_step(self, project: str, model: str, step: Step) -> StepRecord | None:
        """What a miss is compared with."""


class Fingerprints(Protocol):
    """Files in the artifact bucket, without their content."""

    def fingerprint(self, uri: str) -> str:
        """Changes whenever the file's bytes do; empty: there is no such file."""
