"""
What every derivation of lineage uses: ids of nodes, edges, and a node put together.

Each kind of node has one source, and a function beside this file that makes the node of the source's
state, and of nothing else: whoever reads the same state gets the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.lineage import node_id
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from slipway.contracts.lineage import InputEdge, NodeFacts, NodeKind, Relation

_ARTIFACT_END: Final = "/output/model.tar.gz"


def node_of(
    kind: NodeKind,
    name: str,
    *,
    title: str,
    facts: Mapping[str, Any],
    inputs: Iterable[InputEdge] = (),
    as_of: str,
) -> NodeFacts:
    """
    One node; facts without a value (None) are left out, and inputs are put in order.

    Args:
        kind: Its kind.
        name: Unique within the kind.
        title: For people.
        facts: One of contracts.lineage_facts.
        inputs: In any order; one that is there twice counts once.
        as_of: The source's own time or revision.
    """
    by_source = {edge["source"]: edge for edge in inputs}
    return {
        "id": node_id(kind, name),
        "kind": kind,
        "name": title,
        "facts": {key: value for key, value in facts.items() if value is not None},
        "inputs": [by_source[source] for source in sorted(by_source)],
        "as_of": as_of,
    }


def edge(relation: Relation, source: str) -> InputEdge:
    """An edge that leads from ``source``."""
    return {"relation": relation, "source": source}


def contributed(*sources: str) -> list[InputEdge]:
    """Edges from what was used; empty ids are left out."""
    return [edge("ContributedTo", source) for source in sources if source]


def data_set_id(project: str, pinned: Mapping[str, Any]) -> str:
    """
    The id of the data set version that a channel reads.

    >>> data_set_id("pricing", {"data_set": "hotel-rates", "version": "1.1.0"})
    'data-set:pricing/hotel-rates:1.1.0'
    """
    return node_id("data-set", f"{project}/{pinned['data_set']}:{pinned['version']}")


def image_id(image_uri: str) -> str:
    """
    The id of the image that an ``<registry>/<repository>@sha256:…`` names; empty without a digest.

    >>> image_id("123456789012.dkr.ecr.eu-west-1.amazonaws.com/models/pricing/hotel-rates@sha256:9f2c")
    'image:models/pricing/hotel-rates@sha256:9f2c'
    >>> image_id("123456789012.dkr.ecr.eu-west-1.amazonaws.com/models/pricing/hotel-rates:1.0.0")
    ''
    """
    place, at, digest = image_uri.partition("@")
    repository = place.partition("/")[2]
    return node_id("image", f"{repository}@{digest}") if at and repository else ""


def artifact_id(uri: str) -> str:
    """The id of a model artifact; empty without its URI."""
    return node_id("model-artifact", uri) if uri else ""


def report_id(uri: str) -> str:
    """The id of a release's evidence; empty without its URI."""
    return node_id("report", uri) if uri else ""


def package_id(arn: str) -> str:
    """
    The id of a model package.

    >>> package_id("arn:aws:sagemaker:eu-west-1:123456789012:model-package/slipway-dev-pricing-hotel-rates/3")
    'model-package:slipway-dev-pricing-hotel-rates/3'
    """
    name = arn.partition(":model-package/")[2]
    return node_id("model-package", name) if name else ""


def job_of_artifact(uri: str) -> str:
    """
    The training job that SageMaker wrote an artifact for; empty where the URI is not of its making.

    >>> job_of_artifact("s3://artifacts/pricing/training/train-0-0/output/model.tar.gz")
    'train-0-0'
    """
    return uri.removesuffix(_ARTIFACT_END).rpartition("/")[2] if uri.endswith(_ARTIFACT_END) else ""


def time_text(moment: datetime | None) -> str | None:
    """A time of SageMaker's as the ledger writes it; None where SageMaker does not know it."""
    return None if moment is None else timestamp(moment)
