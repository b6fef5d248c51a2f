"""The promote workflow's document: ``request`` is its input, then ``promotion``, ``endpoint``, ``smoke``."""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict

STRATEGY_KINDS: Final = ("all-at-once", "canary", "linear", "rolling", "shadow", "ab")
"""How traffic may move to a version."""


class PromotionConditions(TypedDict):
    """What whoever approved asks for in place of the manifest's ``[serving.strategy]``."""

    strategy: str
    """One of STRATEGY_KINDS; empty: the manifest's."""
    share: float | None
    """Above 0, at most 1; None: the manifest's."""


Action = Literal["serve", "beside", "shadow", "remove", "stop"]
"""
What becomes of VERSION on its model's endpoint.

``serve``: it becomes champion, alone. ``beside``: it gets a share of the traffic beside the champion; with
share 0 only who names its variant reaches it. ``shadow``: it gets copies of requests and answers nobody.
``remove``: it leaves, the champion stays. ``stop``: the endpoint is deleted; the ledger keeps what served.
"""

Role = Literal["champion", "challenger", "beside", "shadow"]
"""``challenger``: beside the champion in an A/B test; ``beside``: for any other reason."""

ServingKind = Literal["real-time", "serverless", "asynchronous"]


class LayoutEntry(TypedDict):
    """One version on an endpoint."""

    variant: str
    version: str
    release_id: str
    share: float
    """Of the traffic, 0 to 1: production variants add up to 1. Of a shadow: of requests, mirrored."""
    role: Role


class AliasMove(TypedDict):
    """An alias that moves with the promotion."""

    alias: str
    version: str | None
    """None: it points nowhere from now on."""
    release_id: str
    """Of ``version``; empty where that is None."""


class ScalingTarget(TypedDict):
    """How Application Auto Scaling keeps one variant; there is one for each that is scaled."""

    resource_id: str
    dimension: str
    min_capacity: int
    max_capacity: int
    policies: list[dict[str, Any]]
    """Complete PutScalingPolicy requests, in this order."""
    schedules: list[dict[str, Any]]
    """Complete PutScheduledAction requests."""
    step_alarms: list[dict[str, Any]]
    """PutMetricAlarm requests but for ``AlarmActions``: the ARN that PutScalingPolicy answers for the policy
    of the alarm's name. Only step scaling needs any: target tracking makes its own."""


class ScaledVariant(TypedDict):
    """A scalable target that must go before the endpoint is updated: SageMaker refuses the update else."""

    resource_id: str
    dimension: str


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
    action: NotRequired[Action]
    """Missing: ``serve``."""
    share: NotRequired[float]
    """Of ``beside`` and ``shadow``; missing: that of the strategy."""
    strategy: NotRequired[dict[str, Any]]
    """Instead of ``[serving.strategy]`` of the manifest, key by key: what the approver's conditions say."""
    accept_drift: NotRequired[str]
    """The endpoint config that somebody set by hand and that may be replaced."""
    trial_id: NotRequired[str]
    """The trial that puts the version there, or ends by this promotion."""
    conditions: NotRequired[PromotionConditions]
    """Missing: whoever approved set none."""


class Identity(TypedDict):
    """What every answer of the endpoint says of the model behind it."""

    project: str
    model: str
    version: str
    image_digest: str
    data_version: str


class Promotion(TypedDict):
    """
    What ``plan_promotion`` worked out.

    With action ``stop`` there are no requests: ``model_requests`` and the like are empty.
    """

    endpoint_name: str
    endpoint_config_name: str
    model_name: str
    """Of the version that ``identity`` names."""
    identity: Identity
    """What the smoke test's answer must say: VERSION, or the champion where VERSION answers nobody."""
    endpoint_config_request: dict[str, Any]
    """Complete CreateEndpointConfig request."""
    deployment_config: dict[str, Any] | None
    """DeploymentConfig of UpdateEndpoint; None: send none (variants' names differ, or the kind has none)."""
    tags: list[dict[str, str]]
    smoke: dict[str, Any]
    """``{"content_type", "body", "accept", "variant"}`` of the manifest's sample request; ``variant`` is the
    TargetVariant, empty where one production variant stands alone."""
    previous: dict[str, Any] | None
    """The champion's ``{"version", "release_id"}`` before this promotion; the alias moves only from there."""
    poll_seconds: int
    action: Action
    kind: ServingKind
    layout: list[LayoutEntry]
    """As wanted; the champion first. Empty: nothing is to stand (``stop``)."""
    model_requests: list[dict[str, Any]]
    """Complete CreateModel requests of all versions in the layout; one that exists is the one we want."""
    retain_variant_properties: bool
    """RetainAllVariantProperties: autoscaled counts stay. False where a variant may stand at 0 instances."""
    fewest_retained: int
    """They stay only if every variant has so many now; else the new fleet begins as its config says."""
    exclude_retained: list[dict[str, str]]
    """ExcludeRetainedVariantProperties; send it only with the above."""
    alarms: list[dict[str, Any]]
    """Complete PutMetricAlarm requests; ``deployment_config``, where there is one, has their names."""
    scaling_targets: list[ScalingTarget]
    scaling_removals: list[ScaledVariant]
    """Every scalable target that the layout before may have; deregistered before the update."""
    alias_moves: list[AliasMove]
    believed_config: str | None
    """The config that the ledger says serves; another one in service is drift, and refused
    (EndpointDriftedError) unless it is the request's ``accept_drift``. None: the ledger knows of none."""
    trial_id: str
    """The trial whose challenger stands in the layout; kept with it. Empty: none."""
    superseded_trial: str
    """The trial that this promotion ends, as the endpoint's state holds another ``trial_id`` from then on, or
    none. Empty: it ends none but its own. Once it has succeeded, ``supersede_trial`` closes that trial."""


class Lease(TypedDict):
    """What the execution holds; with any other in the ledger, nothing can be recorded."""

    owner: str
    """The execution's ARN."""
    fence: int
    """Counted up each time that the lease is taken."""


class EndpointSummary(TypedDict):
    """What the release document, the ledger and the messages say of the endpoint."""

    endpoint_name: str
    endpoint_config_name: str
    """Where the endpoint was stopped, the one that served last."""
    action: Action
    kind: ServingKind
    layout: list[LayoutEntry]
    identity: Identity
    endpoint_arn: NotRequired[str]
    """Missing, like all below: the endpoint was stopped."""
    variant: NotRequired[str]
    """The champion's, like all below."""
    instance_type: NotRequired[str]
    """``serverless`` where it has none."""
    instance_count: NotRequired[int]
    smoke_status: NotRequired[str]
    smoke_milliseconds: NotRequired[float]


class PromotionDocument(TypedDict):
    """The whole, as the execution ends with it."""

    request: PromotionRequest
    lease: Lease
    promotion: NotRequired[Promotion]
    smoke: NotRequired[dict[str, Any]]
    endpoint: NotRequired[EndpointSummary]
