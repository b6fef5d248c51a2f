"""Names of what belongs to one model or release; SageMaker allows 63 characters of ``[a-zA-Z0-9-]``."""

from __future__ import annotations

import re
from typing import Final

MAX_SAGEMAKER_NAME: Final = 63
MAX_PROJECT: Final = 20
MAX_MODEL: Final = 24
RELEASE_ID_LENGTH: Final = 16

MANIFEST_LABEL: Final = "io.slipway.manifest"
"""The OCI label that carries the model manifest as canonical JSON."""

CHAMPION: Final = "champion"
"""The alias of the version in production."""

LIBRARIES_LABEL: Final = "io.slipway.libraries"
"""The OCI label of an image's Python and distributions: ``{"python": …, "libraries": {…}}``."""

PROTECTED_ALIASES: Final = (CHAMPION, "challenger", "shadow")
"""Moved by promotions alone; so is every alias that begins with ``ab-``."""

VARIANT: Final = "AllTraffic"
"""The production variant; deployment guardrails demand the same name in every config."""


def _slug(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]+", "-", text).strip("-")


def repository(prefix: str, project: str, model: str) -> str:
    """
    The ECR repository of a model.

    >>> repository("models", "pricing", "hotel-rates")
    'models/pricing/hotel-rates'
    """
    return f"{prefix}/{project}/{model}" if prefix else f"{project}/{model}"


def endpoint(resource_prefix: str, project: str, model: str) -> str:
    """
    The endpoint of a model, which is also the name of its model package group.

    >>> endpoint("slipway-prod", "pricing", "hotel-rates")
    'slipway-prod-pricing-hotel-rates'
    """
    return f"{resource_prefix}-{project}-{model}"[:MAX_SAGEMAKER_NAME].rstrip("-")


def of_release(resource_prefix: str, model: str, version: str, release_id: str, *, room: int = 0) -> str:
    """
    A name that carries model, version and release; ``room`` characters are left for a suffix.

    What is too long is cut in the version's build metadata first, then in the model, and in the version only
    when nothing is left of the model. Never in the prefix: roles may touch what begins with it.

    >>> of_release("slipway-prod", "hotel-rates", "1.4.0", "9f2c41d07b3a55e1")
    'slipway-prod-hotel-rates-1-4-0-9f2c41d0'
    >>> of_release("slipway-prod", "forecast-of-occupancy-eu", "12.10.0", "9f2c41d07b3a55e1", room=19)
    'slipway-prod-forecast-of-oc-12-10-0-9f2c41d0'
    >>> of_release("slipway-prod", "tiny", "1.0.0+retrain.20261124T043000Z", "9f2c41d07b3a55e1", room=19)
    'slipway-prod-tiny-1-0-0-retrain-202-9f2c41d0'
    """
    tail = f"-{release_id[:8]}"
    left = MAX_SAGEMAKER_NAME - room - len(tail) - len(resource_prefix)
    number, _, build = version.partition("+")
    said = f"-{_slug(number)}"[: max(left, 0)].rstrip("-")
    subject = f"-{_slug(model)}"[: max(left - len(said), 0)].rstrip("-")
    more = f"-{_slug(build)}"[: max(left - len(said) - len(subject), 0)].rstrip("-")
    return resource_prefix + subject + said + more + tail
