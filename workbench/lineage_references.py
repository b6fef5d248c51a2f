"""Finds nodes of the lineage graph by what people call them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from slipway.contracts.lineage import NODE_KINDS, kind_of, node_id
from slipway.domain.derivation import package_id
from slipway.domain.errors import SlipwayError
from workbench.releases import RELEASE_ID
from workbench.versions import InvalidReferenceError, UnresolvedReferenceError, resolve

if TYPE_CHECKING:
    from slipway.usecases.ports import Ledger, Lineage

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
REFERENCE_HELP: Final = "a node's id, MODEL[@ALIAS|:VERSION], DATASET:VERSION, a release's id, or sha256:…"


class UnknownNodeError(SlipwayError):
    """Lineage holds nothing that goes by this name."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"lineage knows nothing that is called {reference!r}; name {REFERENCE_HELP}. If it is new, its "
            "event may still be on the way"
        )
        self.reference = reference


class ShortDigestError(UnknownNodeError):
    """A digest that was cut off, as pages and lists show it."""

    def __init__(self, reference: str) -> None:
        SlipwayError.__init__(
            self,
            f"{reference!r} is not a whole digest: write sha256: and all 64 hexadecimal digits; "
            "`slipway why` and `slipway data show` print them",
        )
        self.reference = reference


class SeveralNodesError(SlipwayError):
    """A digest that several nodes have."""

    def __init__(self, reference: str, nodes: list[str]) -> None:
        super().__init__(f"{reference} is the digest of {len(nodes)} nodes; name one of: {', '.join(nodes)}")
        self.reference, self.nodes = reference, nodes


def find_node(ledger: Ledger, lineage: Lineage, reference: str, *, project: str | None = None) -> str:
    """
    The id of the node that a person means.

    What names a version and a data set alike is the version; ``data-set:<project>/<name>:<version>`` is the
    other.

    Args:
        ledger: For versions and releases.
        lineage: The graph.
        reference: What ``REFERENCE_HELP`` says.
        project: Of a data set that is named without one.

    Raises:
        UnknownNodeError: There is none.
        SeveralNodesError: A digest of more than one.
        AmbiguousModelError: A model's name that several projects use.
    """
    if kind_of(reference) in NODE_KINDS:
        return _there(lineage, reference, reference)
    if reference.startswith("sha256:"):
        nodes = lineage.by_digest(reference)
        if len(nodes) > 1:
            raise SeveralNodesError(reference, nodes)
        if nodes:
            return nodes[0]
        raise (UnknownNodeError if _DIGEST.fullmatch(reference) else ShortDigestError)(reference)
    if RELEASE_ID.fullmatch(reference):
        return _there(lineage, node_id("release", reference), reference)
    try:
        return package_id(resolve(ledger, reference)["package_arn"])
    except (UnresolvedReferenceError, InvalidReferenceError):
        return data_set_node(lineage, reference, project=project)


def data_set_of_the_same_name(
    lineage: Lineage, reference: str, found: str, *, project: str | None
) -> str | None:
    """
    The id of the data set version that a name might have meant as well; None: it could mean but one thing.

    Args:
        lineage: The graph.
        reference: What the person wrote.
        found: What ``find_node`` made of it.
        project: Of a data set that is named without one.
    """
    if kind_of(found) != "model-package" or kind_of(reference) in NODE_KINDS or ":" not in reference:
        return None
    try:
        return data_set_node(lineage, reference, project=project)
    except UnknownNodeError:
        return None


def data_set_node(lineage: Lineage, reference: str, *, project: str | None) -> str:
    """
    The id of a data set version, ``[PROJECT/]NAME:VERSION``.

    Raises:
        UnknownNodeError: The graph does not hold it.
    """
    named = reference if "/" in reference or project is None else f"{project}/{reference}"
    return _there(lineage, node_id("data-set", named.removeprefix("data-set:")), reference)


def _there(lineage: Lineage, node: str, reference: str) -> str:
    if lineage.node(node) is None:
        raise UnknownNodeError(reference)
    return node
