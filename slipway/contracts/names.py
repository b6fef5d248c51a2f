"""Names of what belongs to one model or release; SageMaker allows 63 characters of ``[a-zA-Z0-9-]``."""

from __future__ import annotations

import hashlib
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

CHALLENGER: Final = "challenger"
"""The alias of the version under an A/B test."""

SHADOW: Final = "shadow"
"""The alias of the version that requests are mirrored to."""

BESIDE_PREFIX: Final = "beside-"

BATCH_PREFIX: Final = "batch/"
"""In the artifact bucket: inputs and outputs of batches, ``<project>/<model>/<version>/<moment>``."""

PROTECTED_ALIASES: Final = (CHAMPION, CHALLENGER, SHADOW)
"""Moved by promotions alone."""

PROTECTED_ALIAS_PREFIXES: Final = ("ab-", BESIDE_PREFIX)
"""So are those that begin so."""

VARIANT: Final = "AllTraffic"
"""The champion's variant; deployment guardrails demand the same name in every config."""

ALARM_SUBJECTS: Final = ("5xx", "model-errors", "latency-p99", "prediction-low", "prediction-high")
"""What the alarms of a promotion watch; the last part of their names."""

STANDING_ALARMS: Final = "watching"
"""What the names of alarms that belong to no promotion begin with."""

SCALING_ALARMS: Final = "scaling"
"""In place of a config's name: of alarms that scale an endpoint, whatever its config."""

CAPTURE_PREFIX: Final = "capture/"
"""In the artifact bucket: what endpoints were asked and answered, ``<endpoint>/<variant>/yyyy/mm/dd/hh/``."""

TRIAL_TABLES_PREFIX: Final = "trial-tables/"
"""In the artifact bucket: trials' tables, ``<project>/<model>/<trial id>/``; their reports lie elsewhere."""

ASYNCHRONOUS_PREFIX: Final = "asynchronous/"
"""In the artifact bucket: answers of asynchronous endpoints, ``<endpoint>/answers`` and ``failures``."""

PREDICTION_NAMESPACE: Final = "Slipway/Predictions"
PREDICTION_METRIC: Final = "Prediction"
"""Of CloudWatch; its one dimension ``ModelName`` is the SageMaker model, which is one version's own."""


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


def version_slug(version: str) -> str:
    """
    A version as part of a name; different versions give different slugs.

    Only ``1.2.3`` can be read back from its slug: all others carry six digits of their hash.

    >>> version_slug("1.1.0"), version_slug("1.1.0-rc.1")
    ('1-1-0', '1-1-0-rc-1-2d8b50')
    >>> version_slug("1.1.0-rc-1")
    '1-1-0-rc-1-44e9d7'
    """
    slug = _slug(version)[:24].rstrip("-").lower()
    return slug if re.fullmatch(r"[0-9.]{1,24}", version) else f"{slug}-{_short_hash(version)}"


def variant_of(version: str) -> str:
    """
    The variant of a version that stands beside the champion.

    >>> variant_of("1.1.0")
    'v-1-1-0'
    """
    return f"v-{version_slug(version)}"


def alias_beside(version: str) -> str:
    """
    The alias of a version that stands beside the champion for no trial.

    >>> alias_beside("1.1.0")
    'beside-1-1-0'
    """
    return f"{BESIDE_PREFIX}{version_slug(version)}"


def alarm(endpoint_name: str, config_name: str, subject: str, variant: str = VARIANT) -> str:
    """
    The alarm that is made with an endpoint config and goes with it; ``subject`` is one of ``ALARM_SUBJECTS``.

    >>> alarm("slipway-prod-pricing-hotel-rates", "slipway-prod-hotel-rates-1-4-0-9f2c41d0", "5xx")
    'slipway-prod-pricing-hotel-rates/slipway-prod-hotel-rates-1-4-0-9f2c41d0/5xx'
    >>> alarm("e", "c", "5xx", "v-1-4-1")
    'e/c/5xx/v-1-4-1'
    """
    of_variant = "" if variant == VARIANT else f"/{variant}"
    return f"{alarm_prefix(endpoint_name, config_name)}{subject}{of_variant}"


def alarm_prefix(endpoint_name: str, config_name: str = "") -> str:
    """What the names of an endpoint's alarms begin with, or of those of one of its configs."""
    return f"{endpoint_name}/{config_name}/" if config_name else f"{endpoint_name}/"


def scaling_alarm(endpoint_name: str, subject: str, variant: str = VARIANT) -> str:
    """
    An alarm by which a variant is scaled, and the name of its scaling policy.

    >>> scaling_alarm("slipway-prod-pricing-hotel-rates", "from-zero")
    'slipway-prod-pricing-hotel-rates/scaling/from-zero'
    """
    return alarm(endpoint_name, SCALING_ALARMS, subject, variant)


def old_scaling_alarm(endpoint_name: str) -> str:
    """
    As the one alarm that scales an endpoint was named before it could be told from others' by its name.

    >>> old_scaling_alarm("slipway-prod-pricing-hotel-rates")
    'slipway-prod-pricing-hotel-rates-AllTraffic-from-zero'
    """
    return f"{endpoint_name}-{VARIANT}-from-zero"


def standing_alarm(endpoint_name: str, subject: str, variant: str = VARIANT) -> str:
    """
    An alarm that stands for as long as the endpoint serves, whatever its config.

    >>> standing_alarm("slipway-prod-pricing-hotel-rates", "5xx")
    'watching/slipway-prod-pricing-hotel-rates/5xx'
    """
    of_variant = "" if variant == VARIANT else f"/{variant}"
    return f"{standing_alarm_prefix(endpoint_name)}{subject}{of_variant}"


def standing_alarm_prefix(endpoint_name: str) -> str:
    """What the names of an endpoint's standing alarms begin with."""
    return f"{STANDING_ALARMS}/{endpoint_name}/"


def of_layout(champion_name: str, layout_digest: str) -> str:
    """
    The endpoint config of more than the champion; ``champion_name`` is ``of_release(room=7)`` of it.

    >>> of_layout("slipway-prod-hotel-rates-1-4-0-9f2c41d0", "3fa9c1e07d")
    'slipway-prod-hotel-rates-1-4-0-9f2c41d0-3fa9c1'
    """
    return f"{champion_name}-{layout_digest[:6]}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]


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
