"""The environment variables that stacks set and functions read."""

from __future__ import annotations

from typing import Final

ENVIRONMENT: Final = "SLIPWAY_ENVIRONMENT"
"""The environment's name: ``local``, ``dev``, ``stage`` or ``prod``."""

LEDGER_TABLE: Final = "SLIPWAY_LEDGER_TABLE"
DATA_BUCKET: Final = "SLIPWAY_DATA_BUCKET"
ARTIFACT_BUCKET: Final = "SLIPWAY_ARTIFACT_BUCKET"

RELEASE_MACHINE_ARN: Final = "SLIPWAY_RELEASE_MACHINE_ARN"
PROMOTE_MACHINE_ARN: Final = "SLIPWAY_PROMOTE_MACHINE_ARN"
PLAN_FUNCTION_ARN: Final = "SLIPWAY_PLAN_FUNCTION_ARN"

JOB_ROLE_ARN: Final = "SLIPWAY_JOB_ROLE_ARN"
"""The execution role of training and processing jobs."""
SERVING_ROLE_ARN: Final = "SLIPWAY_SERVING_ROLE_ARN"
"""The execution role of endpoints."""
DATA_KEY_ARN: Final = "SLIPWAY_DATA_KEY_ARN"
"""The KMS key of buckets, jobs and endpoints."""

NOTICE_TOPIC_ARN: Final = "SLIPWAY_NOTICE_TOPIC_ARN"
ALARM_TOPIC_ARN: Final = "SLIPWAY_ALARM_TOPIC_ARN"
"""Where alarms on models ring."""
RUNBOOK: Final = "SLIPWAY_RUNBOOK"
"""The URL of the page whose headings say what to do."""
SLACK_SECRET_ARN: Final = "SLIPWAY_SLACK_SECRET_ARN"  # noqa: S105 - a variable's name, not a secret
"""A Secrets Manager secret whose string is the incoming webhook's URL; empty: no Slack."""

OTLP_ENDPOINT: Final = "SLIPWAY_OTLP_ENDPOINT"
"""The base URL of an OpenTelemetry collector."""
OTLP_HEADERS_SECRET_ARN: Final = "SLIPWAY_OTLP_HEADERS_SECRET_ARN"  # noqa: S105 - a variable's name, not a secret
"""A Secrets Manager secret with the collector's headers as ``name=value,…``; empty: none are sent."""
METRICS_MINUTES: Final = "SLIPWAY_METRICS_MINUTES"
"""How long the windows are whose metrics are handed on."""
SLACK_SIGNING_SECRET_ARN: Final = "SLIPWAY_SLACK_SIGNING_SECRET_ARN"  # noqa: S105 - likewise
"""A Secrets Manager secret whose string is the Slack app's signing secret."""
SLACK_PEOPLE: Final = "SLIPWAY_SLACK_PEOPLE"
"""JSON of Slack's member ids to e-mail addresses."""
SLACK_BUTTONS: Final = "SLIPWAY_SLACK_BUTTONS"
"""Not empty: requests for approval have buttons in Slack."""

APPROVAL_KEY_ID: Final = "SLIPWAY_APPROVAL_KEY_ID"
"""The KMS HMAC key (HMAC_256) that signs approval links."""
APPROVAL_URL: Final = "SLIPWAY_APPROVAL_URL"
"""The approval API's base URL, without a slash at its end."""

POLICY: Final = "SLIPWAY_POLICY"
"""JSON of ``contracts.policy.Policy``: what this environment allows."""

PRICES: Final = "SLIPWAY_PRICES"
"""JSON of instance types to USD per hour, as the settings state them; missing: they state none."""

RETENTION: Final = "SLIPWAY_RETENTION"
"""JSON of ``contracts.retention.ArtifactRetention``: when artifacts are removed."""

IDLE: Final = "SLIPWAY_IDLE"
"""JSON of ``contracts.idle.IdleRule``: what is done about endpoints that nobody calls."""
