"""Begins a trial: works out what is tried how long, and records it once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.contracts.events import TRIAL_STARTED
from slipway.contracts.names import CHAMPION
from slipway.domain.manifest import Manifest
from slipway.domain.timestamps import timestamp
from slipway.domain.trials.trial import NoTrialError, problem_of, settings_of, trial_id_of

if TYPE_CHECKING:
    from slipway.contracts.ledger import TrialRecord
    from slipway.contracts.policy import Policy
    from slipway.contracts.trial import Trial, TrialRequest
    from slipway.domain.serving import Strategy
    from slipway.usecases.ports import Clock, EventBus, Ledger


def begin_trial(
    request: TrialRequest,
    execution_arn: str,
    *,
    ledger: Ledger,
    events: EventBus,
    policy: Policy,
    environment: str,
    clock: Clock,
) -> Trial:
    """
    Record the trial of an execution; the same one each time that the step is tried.

    Raises:
        NoTrialError: Nothing serves beside which the version could be tried, it is not registered, or its
            strategy is no trial's.
    """
    settings, champion = terms_of(request, ledger)
    trial_id, now = trial_id_of(execution_arn), timestamp(clock())
    record: TrialRecord = {
        "trial_id": trial_id,
        "project": request["project"],
        "model": request["model"],
        "kind": settings["kind"],
        "champion": champion,
        "challenger": request["version"],
        "release_id": request["release_id"],
        "status": "running",
        "started_at": now,
        "ends_by": "",
        "settings": settings,
        "state": {},
        "looks": 0,
        "execution_arn": execution_arn,
    }
    if ledger.begin_trial(record):
        events.emit(
            TRIAL_STARTED,
            {
                "environment": environment,
                "release_id": request["release_id"],
                "project": request["project"],
                "model": request["model"],
                "version": request["version"],
                "trial_id": trial_id,
                "kind": settings["kind"],
                "champion": champion,
                "settings": settings,
                "actor": request["actor"],
            },
        )
    return {
        "trial_id": trial_id,
        "kind": settings["kind"],
        "champion": champion,
        "action": "beside" if settings["kind"] == "ab" else "shadow",
        "share": float(settings["share"]),
        "strategy": settings,
        "approval_timeout_seconds": policy["approval_timeout_hours"] * 3600,
        "poll_seconds": policy["poll_seconds"],
    }


def terms_of(request: TrialRequest, ledger: Ledger) -> tuple[dict[str, Any], str]:
    """
    What would be tried how, and the champion beside which it would be; nothing is written.

    Raises:
        NoTrialError: As ``begin_trial``.
    """
    subject = request["project"], request["model"], request["version"]
    version, champion = ledger.version(*subject), ledger.alias(*subject[:2], CHAMPION)
    if version is None:
        raise NoTrialError(*subject, "it is not registered")
    if champion is None:
        raise NoTrialError(*subject, "no champion serves beside which it could be; promote it instead")
    if champion["version"] == request["version"]:
        raise NoTrialError(*subject, "it is the champion")
    settings = settings_of(_strategy(request, Manifest.from_document(version["manifest"]).serving.strategy))
    serving = ledger.version(*subject[:2], champion["version"])
    share = Manifest.from_document((serving or version)["manifest"]).serving.capture_share
    if problem := problem_of(settings, capture_share=share):
        raise NoTrialError(*subject, problem)
    return settings, champion["version"]


def _strategy(request: TrialRequest, own: Strategy) -> Strategy:
    """The manifest's, with what the request or the approver's conditions say instead."""
    conditions = request.get("conditions") or {}
    asked = dict(request["strategy"]) or {
        key: value
        for key, value in (("kind", conditions.get("strategy")), ("share", conditions.get("share")))
        if value
    }
    return own.instead(asked) if asked else own
