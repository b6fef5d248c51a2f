"""The promote workflow's document: ``request`` is its input, then ``promotion``, ``endpoint``, ``smoke``."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class PromotionRequest(TypedDict):
    """Which registered version is to serve, and why."""

    project: str
    model: str
    version: str
    release_id: str
    cause: Literal["approval", "promote", "rollback"]
    actor: str
    """Who approved or asked: an e-mail address or an IAM ARN."""
    reason: str


class Identity(TypedDict):
    """What every answer of the endpoint says of the model behind it."""

    project: str
    model: str
    version: str
    image_digest: str
    data_version: str


class Promotion(TypedDict):
    """What ``plan_promotion`` worked out."""

    endpoint_name: str
    endpoint_config_name: str
    model_name: str
    identity: Identity
    model_request: dict[str, Any]
    """Complete CreateModel request."""
    endpoint_config_request: dict[str, Any]
    """Complete CreateEndpointConfig request."""
    deployment_config: dict[str, Any]
    """DeploymentConfig of UpdateEndpoint."""
    tags: list[dict[str, str]]
    scaling: dict[str, Any] | None
    """``{"resource_id", "min_capacity", "max_capacity", "policy_name", "invocations_per_instance"}``."""
    smoke: dict[str, Any]
    """``{"content_type", "body", "accept"}`` of the manifest's sample request."""
    previous: dict[str, Any] | None
    """The champion's ``{"version", "release_id"}`` before this promotion; the alias moves only from there."""
    poll_seconds: int


class EndpointSummary(TypedDict):
    """What the release document, the ledger and the messages say of the endpoint."""

    endpoint_name: str
    endpoint_arn: str
    endpoint_config_name: str
    variant: str
    instance_type: str
    instance_count: int
    identity: Identity
    smoke_status: str
    smoke_milliseconds: float


class PromotionDocument(TypedDict):
    """The whole, as the execution ends with it."""

    request: PromotionRequest
    promotion: NotRequired[Promotion]
    smoke: NotRequired[dict[str, Any]]
    endpoint: NotRequired[EndpointSummary]
