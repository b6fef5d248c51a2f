"""Pages of List operations: filters, order, and tokens that stay right while things are added."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.errors import invalid
from workbench.local.sagemaker.service_model import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.local.sagemaker.store import Document

DEFAULT_PAGE: Final = 10


def page(
    documents: Sequence[Document],
    request: Document,
    *,
    name: str,
    status: str = "",
    default_order: str = "Descending",
    default_sort: str = "CreationTime",
) -> tuple[list[Document], str | None]:
    """
    The page that ``request`` asks for, and the token of the next.

    Args:
        documents: All of them.
        request: With the filters NameContains, StatusEquals, CreationTimeAfter/Before,
            LastModifiedTimeAfter/Before, and SortBy, SortOrder, MaxResults, NextToken.
        name: The member that holds a document's name.
        default_order: SortOrder where the request gives none.
        default_sort: SortBy where the request gives none.
        status: The member that StatusEquals and SortBy=Status look at.
    """
    kept = [document for document in documents if _matches(document, request, name, status)]
    sort_by = request.get("SortBy", default_sort)
    member = {"Name": name, "Status": status or name}.get(sort_by, "CreationTime")
    descending = request.get("SortOrder", default_order) == "Descending"

    def key(document: Document) -> tuple[Any, str]:
        return document.get(member, 0 if member == "CreationTime" else ""), str(document.get(name, ""))

    kept.sort(key=key, reverse=descending)
    if token := request.get("NextToken"):
        last = _read_token(token)
        kept = [d for d in kept if (key(d) < last if descending else key(d) > last)]
    size = int(request.get("MaxResults", DEFAULT_PAGE))
    shown = kept[:size]
    return shown, _token(key(shown[-1])) if len(kept) > size else None


def _matches(document: Document, request: Document, name: str, status: str) -> bool:
    contains = request.get("NameContains")
    if contains and contains.lower() not in str(document.get(name, "")).lower():
        return False
    wanted = request.get("StatusEquals")
    if wanted and document.get(status) != wanted:
        return False
    for member in ("CreationTime", "LastModifiedTime"):
        value = document.get(member, 0)
        after, before = request.get(f"{member}After"), request.get(f"{member}Before")
        if after is not None and not value > timestamp(after):
            return False
        if before is not None and not value < timestamp(before):
            return False
    return True


def _token(key: tuple[Any, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read_token(token: str) -> tuple[Any, str]:
    try:
        first, second = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError):
        raise invalid("Invalid pagination token.") from None
    return first, second


def listed(member: str, items: list[Document], token: str | None) -> Document:
    """The answer of a List operation."""
    return {member: items} | ({"NextToken": token} if token else {})
