"""What SageMaker's Describe operations answer of what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_MISSING: Final = ("ValidationException", "ResourceNotFound", "ResourceNotFoundException")


def described(client: Any, operation: str, **request: str) -> Mapping[str, Any] | None:
    """The answer of a Describe operation; None: there is no such thing."""
    try:
        answer: Mapping[str, Any] = getattr(client, operation)(**request)
    except client.exceptions.ClientError as error:
        # SageMaker has no error name of its own for most of what is missing
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
    return answer
