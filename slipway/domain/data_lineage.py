"""A data set version's node, from its ``data-set.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.lineage import node_id
from slipway.domain.data_sets import RECORD_FILE
from slipway.domain.derivation import node_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.lineage import NodeFacts
    from slipway.contracts.lineage_facts import DataSetFacts

_FILES: Final = "files"


def data_set_node(document: Mapping[str, Any], files_uri: str) -> NodeFacts:
    """
    The node of an immutable version: its source knows one state only.

    Args:
        document: What ``data-set.json`` says.
        files_uri: Where its files lie, with a slash at its end.
    """
    project, name, version = document["project"], document["name"], document["version"]
    facts: DataSetFacts = {
        "project": project,
        "data_set": name,
        "version": version,
        "digest": document["digest"],
        "files": len(document["files"]),
        "uri": files_uri,
    }
    for key, value in (
        ("rows", document.get("rows")),
        ("bytes", document.get("bytes")),
        ("notes", document.get("message")),
        ("created_at", document.get("created_at")),
    ):
        if value not in (None, ""):
            facts[key] = value  # type: ignore[literal-required]  # four of its keys
    return node_of(
        "data-set",
        f"{project}/{name}:{version}",
        title=f"{name}:{version}",
        facts=facts,
        as_of=document.get("created_at") or document["digest"],
    )


def data_set_of_uri(uri: str, bucket: str) -> tuple[str, str, str] | None:
    """
    Project, name and version of the data set that a channel's S3 URI reads; None: it reads something else.

    >>> data_set_of_uri("s3://data/pricing/hotel-rates/1.1.0/files/", "data")
    ('pricing', 'hotel-rates', '1.1.0')
    >>> data_set_of_uri("s3://elsewhere/pricing/hotel-rates/1.1.0/files/", "data")
    """
    start = f"s3://{bucket}/"
    parts = uri.removeprefix(start).split("/")
    if not uri.startswith(start) or len(parts) < 4 or parts[3] != _FILES:  # noqa: PLR2004 - project/name/version/files
        return None
    return parts[0], parts[1], parts[2]


def data_set_of_key(key: str) -> str:
    """
    The node's id of the data set version whose ``data-set.json`` lies at a key; empty: the key is another's.

    >>> data_set_of_key("pricing/hotel-rates/1.1.0/data-set.json")
    'data-set:pricing/hotel-rates:1.1.0'
    """
    parts = key.split("/")
    if len(parts) != 4 or parts[3] != RECORD_FILE or not all(parts):  # noqa: PLR2004 - as above
        return ""
    return node_id("data-set", f"{parts[0]}/{parts[1]}:{parts[2]}")
