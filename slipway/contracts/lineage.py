"""
Lineage: nodes, the edges between them, and where both lie in the ledger's table.

Words are SageMaker's: an artifact is a thing, an action made it, a context holds both together.
``docs/ledger.md`` says what is read how. An item is a function of what it says, and of nothing else:
no time of writing and no counter, so that the same facts give the same bytes in whatever order they came.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypedDict

NodeKind = Literal[
    "data-set",
    "image",
    "release",
    "training-job",
    "evaluation-job",
    "model-artifact",
    "report",
    "model-package",
    "approval",
    "promotion",
    "endpoint",
]
NODE_KINDS: Final[tuple[NodeKind, ...]] = (
    "data-set",
    "image",
    "release",
    "training-job",
    "evaluation-job",
    "model-artifact",
    "report",
    "model-package",
    "approval",
    "promotion",
    "endpoint",
)
ROLES: Final[dict[NodeKind, Literal["artifact", "action", "context"]]] = {
    "data-set": "artifact",
    "image": "artifact",
    "release": "action",
    "training-job": "action",
    "evaluation-job": "action",
    "model-artifact": "artifact",
    "report": "artifact",
    "model-package": "artifact",
    "approval": "action",
    "promotion": "action",
    "endpoint": "context",
}
"""SageMaker's word for each kind of node."""

Relation = Literal["ContributedTo", "Produced", "DerivedFrom", "AssociatedWith"]

MAX_NODE_BYTES: Final = 300_000
"""Of a node's item; DynamoDB allows 400 KB."""


def node_id(kind: NodeKind, name: str) -> str:
    """
    A node's id: its kind and a name that is unique within it.

    Names: ``<project>/<name>:<version>`` of a data set, ``<repository>@sha256:…`` of an image, the id of a
    release and of its approval, the job's name, the S3 URI of an artifact or report,
    ``<group>/<number>`` of a model package, the execution's name of a promotion, the endpoint's name.

    >>> node_id("data-set", "pricing/hotel-rates:1.1.0")
    'data-set:pricing/hotel-rates:1.1.0'
    """
    return f"{kind}:{name}"


def kind_of(node: str) -> NodeKind:
    """
    The kind that a node's id begins with.

    >>> kind_of("training-job:slipway-prod-hotel-rates-1-4-0-train-0-0")
    'training-job'
    """
    return node.partition(":")[0]  # type: ignore[return-value]  # ids are made by node_id alone


class InputEdge(TypedDict):
    """An edge, as the node at its end keeps it: it leads from ``source`` here."""

    relation: Relation
    source: str


class NodeFacts(TypedDict):
    """One node as its source of truth tells it: what ``domain.derivation`` makes."""

    id: str
    kind: NodeKind
    name: str
    """For people: ``hotel-rates:1.1.0``."""
    facts: dict[str, Any]
    """JSON; no fact says when it was written here."""
    inputs: list[InputEdge]
    """Sorted by source; a node that is only named, by a node that it leads to, has none and is a ``stub``."""
    as_of: str
    """
    The source's own time or revision (ISO 8601, or any text that sorts as the source's states follow each
    other); what is older never overwrites what is newer. Empty: a stub.
    """


class Node(NodeFacts):
    """A node as it lies in the ledger."""

    upstream: dict[str, list[InputEdge]]
    """Each ancestor with its own inputs: the whole graph above this node, in one read."""


class Descendant(TypedDict):
    """What an ancestor's partition says of one node below it."""

    id: str
    kind: NodeKind
    name: str
    depth: int
    """Edges on the shortest way."""
    through: list[NodeKind]
    """Kinds of the ancestor's neighbours on the ways here, sorted: with ``training-job`` it was trained."""


class Serving(TypedDict):
    """What one endpoint serves now."""

    endpoint: str
    project: str
    model: str
    status: str
    variants: list[ServingVariant]
    as_of: str


class ServingVariant(TypedDict):
    """One production variant."""

    variant: str
    package: str
    """A model package's node id; empty where the endpoint serves what the ledger does not know."""
    version: str
    share: float
    """Of the traffic, 0 to 1."""


SERVING_PARTITION: Final = "SERVING"
EXPERIMENTS: Final = "EXPERIMENTS"
"""``month_pk`` of training jobs that no release made; ``month_sk`` is when they began."""


def node_partition(node: str) -> str:
    """The partition of a node and of everything below it."""
    return f"NODE#{node}"


def node_key(node: str) -> dict[str, str]:
    """Key of a node."""
    return {"pk": node_partition(node), "sk": "NODE"}


def descendant_key(ancestor: str, descendant: str) -> dict[str, str]:
    """Key of what an ancestor knows of one node below it; kinds lie together."""
    return {"pk": node_partition(ancestor), "sk": f"DOWN#{kind_of(descendant)}#{descendant}"}


def descendant_prefix(kind: str = "") -> str:
    """What the sort keys of descendants begin with: all of them, or those of a kind."""
    return f"DOWN#{kind}#" if kind else "DOWN#"


def digest_key(digest: str, node: str) -> dict[str, str]:
    """Key by which a data set, an image or an artifact is found by its ``sha256:…``."""
    return {"pk": f"DIGEST#{digest}", "sk": node}


def serving_key(endpoint: str) -> dict[str, str]:
    """Key of what an endpoint serves now: all endpoints lie together, so that one query sees them."""
    return {"pk": SERVING_PARTITION, "sk": endpoint}
