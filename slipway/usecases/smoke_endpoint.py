"""Ask the endpoint for one prediction, and see that the wanted version made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import IdentityMismatchError, SmokeTestFailedError
from slipway.domain.identity import parse_identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway.contracts.promotion import PromotionDocument
    from slipway.usecases.ports import EndpointRuntime

PAUSES_SECONDS: Final = (0.5, 1.0, 2.0, 4.0)
"""Between attempts: the fleet's switch may take moments to reach every router."""
PATIENCE_SECONDS: Final = 60.0
"""After so long no further attempt begins: the function must end before Lambda ends it."""


def smoke_endpoint(
    document: PromotionDocument, *, runtime: EndpointRuntime, sleep: Callable[[float], None]
) -> dict[str, Any]:
    """
    Send the manifest's sample request until it is answered as the wanted version.

    Returns:
        ``{"status", "http_status", "milliseconds", "identity", "attempts"}``.

    Raises:
        SmokeTestFailedError: No attempt was answered with 200.
        IdentityMismatchError: The last answer was not by the wanted version.
    """
    promotion = document["promotion"]
    endpoint, sample, wanted = promotion["endpoint_name"], promotion["smoke"], promotion["identity"]
    problem, answered_by, spent = "", "", 0.0
    for attempt, pause in enumerate((*PAUSES_SECONDS, 0.0), start=1):
        answer = runtime.invoke(
            endpoint,
            body=sample["body"].encode(),
            content_type=sample["content_type"],
            accept=sample["accept"],
        )
        problem = answer.problem
        if not problem:
            identity = parse_identity(answer.custom_attributes)
            answered_by = identity.get("version", "")
            digest = identity.get("image_digest", wanted["image_digest"])
            if (answered_by, digest) == (wanted["version"], wanted["image_digest"]):
                return {
                    "status": "passed",
                    "http_status": answer.status,
                    "milliseconds": answer.milliseconds,
                    "identity": identity,
                    "attempts": attempt,
                }
        spent += answer.milliseconds / 1000 + pause
        if not pause or spent > PATIENCE_SECONDS:
            break
        sleep(pause)
    if problem:
        raise SmokeTestFailedError(endpoint, problem)
    raise IdentityMismatchError(endpoint, wanted["version"], answered_by)
