"""Trials: an A/B test or a shadow run of a challenger beside the champion."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

TrialKind = Literal["ab", "shadow"]

TrialWord = Literal["better", "worse", "equivalent", "undecided", "mismatched", "compared"]
"""``compared``: both sides' answers were, as no outcomes say which was right."""


class MomentsRecord(TypedDict):
    """An arm's outcomes, as the ledger keeps them: small, and mergeable."""

    count: int
    mean: float
    squares: float
    """Sum of squared deviations from the mean."""
    binary: bool
    """Whether every outcome was 0 or 1."""


class EffectRecord(TypedDict):
    """Challenger less champion; the interval holds at every look at once."""

    estimate: float
    lower: float
    upper: float
    confidence: float


class AgreementRecord(TypedDict):
    """How alike mirrored answers are; domain.trials.agreement says what the numbers are."""

    answers: int
    equal: int
    numbers: int
    distance: float
    means: list[float]
    squares: list[float]
    unlike: int


class TallyRecord(TypedDict):
    """What a trial remembers of requests and outcomes; domain.trials.tally says what the numbers are."""

    requests: list[int]
    outcomes: list[MomentsRecord]
    words: int
    agreement: AgreementRecord
    settled: list[int]
    open: dict[str, list[int]]
    repeated: int
    conflicting: int
    reused: int
    unreadable: int


class VariantLoad(TypedDict):
    """What CloudWatch says of a variant since the trial began."""

    invocations: float
    errors: float
    """Answers that were an error of model or container."""
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    """None: nothing was measured."""


class TrialState(TypedDict):
    """The last analysis of a trial: ``state`` of its record."""

    looks: int
    """How often it was looked at; a look is written only on top of the one before it."""
    calls: int
    """How often the machine asked for a look; one call may look several times."""
    begun_at: str
    """Since when the challenger stands there: nothing before it counts."""
    looked_at: str
    cursors: dict[str, str]
    """Last file read, of ``champion``'s and ``challenger``'s captures and of ``outcomes``."""
    shards: dict[str, int]
    """Part of the table of requests to the look that wrote it."""
    tally: TallyRecord
    word: TrialWord | None
    """What is decided; None: nothing yet."""
    reason: str
    effect: EffectRecord | None
    remaining: int | None
    """About how many more outcomes would decide; None: nobody knows."""
    weights: dict[str, float]
    """Version to its share, of all that stand on the endpoint; the champion first."""
    parts: list[float]
    """The smallest and the largest part that the challenger had of what it and the champion answer."""
    loads: dict[str, VariantLoad]
    """Of ``champion`` and ``challenger``."""
    report_uri: str
    """Of the evidence that approvers are shown; empty: there is none yet."""


class TrialRequest(TypedDict):
    """What the trial machine is started with."""

    project: str
    model: str
    version: str
    """The challenger's."""
    release_id: str
    cause: Literal["approval", "promote"]
    actor: str
    reason: str
    strategy: dict[str, Any]
    """``[serving.strategy]`` in full, of kind ``ab`` or ``shadow``; empty: the manifest's."""
    conditions: NotRequired[dict[str, Any]]
    """contracts.promotion.PromotionConditions of the approval that started it."""


class Trial(TypedDict):
    """What ``start_trial`` worked out."""

    trial_id: str
    kind: TrialKind
    champion: str
    action: Literal["beside", "shadow"]
    share: float
    strategy: dict[str, Any]
    """As decided; goes with the promotion."""
    approval_timeout_seconds: int
    poll_seconds: int


class TrialLook(TypedDict):
    """What the machine does after a look."""

    next: Literal["wait", "again", "propose", "remove", "gone"]
    """``again``: there is more to read; ``gone``: the challenger does not stand there any more."""
    wait_seconds: int
    word: TrialWord | None
    reason: str
    status: str
    """What becomes of the trial if it ends here: contracts.ledger.TrialStatus."""


class TrialDocument(TypedDict):
    """The whole, as the trial machine's execution ends with it."""

    request: TrialRequest
    trial: NotRequired[Trial]
    look: NotRequired[TrialLook]
    approval: NotRequired[dict[str, Any]]
    endpoint: NotRequired[dict[str, Any]]
    """contracts.promotion.EndpointSummary, where the challenger became champion."""
    ended: NotRequired[dict[str, Any]]
    """``{"status", "reason"}``."""
