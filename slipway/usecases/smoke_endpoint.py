"""Ask each version on an endpoint for one prediction, and see that it made it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import container
from slipway.domain.errors import IdentityMismatchError, SmokeTestFailedError
from slipway.domain.identity import parse_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slipway.contracts.promotion import Promotion, PromotionDocument
    from slipway.domain.smoke import EndpointAnswer
    from slipway.usecases.ports import EndpointRuntime

PAUSES_SECONDS: Final = (0.5, 1.0, 2.0, 4.0)
"""Between attempts: the fleet's switch may take moments to reach every router."""
PATIENCE_SECONDS: Final = 60.0
"""Of one version: after so long no further attempt begins."""
BUDGET_SECONDS: Final = 450.0
"""Of all versions together: the function that asks them has ten minutes, and the last answer may take two."""


def smoke_endpoint(
    document: PromotionDocument, *, runtime: EndpointRuntime, sleep: Callable[[float], None]
) -> dict[str, Any]:
    """
    Send the manifest's sample request until it is answered as the wanted version: to every version in turn.

    Where several versions stand side by side, each is asked by its variant's name. A shadow answers nobody,
    and is not asked.

    Returns:
        ``{"status", "http_status", "milliseconds", "identity", "attempts"}`` of the version that the
        promotion is about, and the same of every variant under ``variants``.

    Raises:
        SmokeTestFailedError: No attempt was answered with 200, or there was no time left to ask.
        IdentityMismatchError: The last answer was not by the wanted version.
    """
    promotion = document["promotion"]
    answers: dict[str, dict[str, Any]] = {}
    spent = 0.0
    for variant, wanted in _variants(promotion).items():
        left = BUDGET_SECONDS - spent
        if left <= 0:
            late = f"variant {variant} was not asked: the {len(answers)} before it took {spent:.0f} seconds"
            raise SmokeTestFailedError(promotion["endpoint_name"], late)
        patience = min(PATIENCE_SECONDS, left)
        answers[variant], seconds = _ask(
            promotion, variant, wanted, runtime=runtime, sleep=sleep, patience=patience
        )
        spent += seconds
    version = promotion["identity"]["version"]
    own = next((one for one in answers.values() if one["identity"]["version"] == version), None)
    return {**(own or next(iter(answers.values()))), "variants": answers}


def _variants(promotion: Promotion) -> dict[str, Mapping[str, str]]:
    """Production variants with the identity that each has to answer with; the champion's comes first."""
    made = {
        request["ModelName"]: json.loads(request["PrimaryContainer"]["Environment"][container.IDENTITY])
        for request in promotion["model_requests"]
    }
    found = {
        one["VariantName"]: made[one["ModelName"]]
        for one in promotion["endpoint_config_request"]["ProductionVariants"]
    }
    if len(found) > 1:
        return found
    (alone,) = found.values()
    return {"": alone}


def _ask(
    promotion: Promotion,
    variant: str,
    wanted: Mapping[str, str],
    *,
    runtime: EndpointRuntime,
    sleep: Callable[[float], None],
    patience: float,
) -> tuple[dict[str, Any], float]:
    """What it answered, and the seconds that all attempts took; ``patience``: after so many none begins."""
    endpoint, asynchronous = promotion["endpoint_name"], promotion["kind"] == "asynchronous"
    ask = _later(promotion, runtime) if asynchronous else _at_once(promotion, runtime)
    problem, answered_by, spent = "", "", 0.0
    for attempt, pause in enumerate((*PAUSES_SECONDS, 0.0), start=1):
        answer = ask(variant)
        problem = answer.problem
        spent += answer.milliseconds / 1000
        if not problem:
            # an asynchronous answer is a file, which does not say who wrote it
            identity = parse_identity(answer.custom_attributes) if not asynchronous else dict(wanted)
            answered_by = identity.get("version", "")
            digest = identity.get("image_digest", wanted["image_digest"])
            if (answered_by, digest) == (wanted["version"], wanted["image_digest"]):
                passed = {
                    "status": "passed",
                    "http_status": answer.status,
                    "milliseconds": answer.milliseconds,
                    "identity": identity,
                    "attempts": attempt,
                }
                return passed, spent
        spent += pause
        if not pause or spent > patience:
            break
        sleep(pause)
    if problem:
        raise SmokeTestFailedError(endpoint, f"variant {variant}: {problem}" if variant else problem)
    raise IdentityMismatchError(endpoint, wanted["version"], answered_by)


def _at_once(promotion: Promotion, runtime: EndpointRuntime) -> Callable[[str], EndpointAnswer]:
    sample = promotion["smoke"]
    return lambda variant: runtime.invoke(
        promotion["endpoint_name"],
        body=sample["body"].encode(),
        content_type=sample["content_type"],
        accept=sample["accept"],
        variant=variant,
    )


def _later(promotion: Promotion, runtime: EndpointRuntime) -> Callable[[str], EndpointAnswer]:
    """The question stands beside the answers."""
    sample, config = promotion["smoke"], promotion["endpoint_config_request"]
    answers = config["AsyncInferenceConfig"]["OutputConfig"]["S3OutputPath"]
    question = f"{answers.rpartition('/')[0]}/questions/{config['EndpointConfigName']}"
    return lambda _variant: runtime.invoke_later(
        promotion["endpoint_name"],
        body=sample["body"].encode(),
        content_type=sample["content_type"],
        accept=sample["accept"],
        question=question,
    )
