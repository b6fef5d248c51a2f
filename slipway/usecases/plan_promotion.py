"""Work out everything that a promotion needs, for versions that may serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.contracts import names
from slipway.domain.aliases import is_protected
from slipway.domain.errors import ArtifactRemovedError, PackageNotApprovedError, VersionNotRegisteredError
from slipway.domain.layout import wanted_layout
from slipway.domain.layout_errors import KindChangeError, NoRoomError, NothingServesError, TrialRunsError
from slipway.domain.promotion_plan import EndpointNow, PromotionPlan, stop
from slipway.domain.promotion_strategy import AT_ONCE, share_of, strategy_of
from slipway.domain.serving import Serving
from slipway.domain.succession import SupersededError, serves_instead
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.promotion import Action, LayoutEntry, Promotion, PromotionRequest, ServingKind
    from slipway.domain.site import Site
    from slipway.usecases.ports import Clock, Ledger, ModelRegistry

APPROVED = "Approved"


def plan_promotion(
    request: PromotionRequest, *, site: Site, ledger: Ledger, registry: ModelRegistry, clock: Clock
) -> Promotion:
    """
    Plan one action on an endpoint; names are the same each time that a layout is wanted.

    Raises:
        VersionNotRegisteredError: No release registered the version.
        ArtifactRemovedError: Retention removed its artifact, or somebody did.
        PackageNotApprovedError: Its model package is not approved.
        SupersededError: It was approved, or tried, beside another champion than the one that serves now. Who
            promotes or rolls back by hand names a version knowing what serves, and is not asked.
        LayoutError: One of its kinds: the endpoint can't look as wanted, or not now.
    """
    action: Action = request.get("action", "serve")
    now = _now(request, site, ledger)
    if action == "stop":
        return _stop(request, now, site, ledger)
    comes = action != "remove"
    record = _that_may_serve(request, ledger, registry) if comes else None
    release_id = record["release_id"] if record else request["release_id"]
    if action == "serve" and request.get("trial_id"):
        _still_beside(request, now, ledger)
    elif request["cause"] == "approval" and comes:
        _may_follow(request, now, release_id, ledger, site)
    strategy = strategy_of(request, record, site.policy, site.environment) if record else AT_ONCE
    if _is_over(request, now):
        wanted = now.layout
    else:
        wanted = wanted_layout(
            now.layout,
            endpoint=now.name,
            action=action,
            version=request["version"],
            release_id=release_id,
            share=share_of(request, action, strategy, site.policy, site.environment),
            on_trial=bool(request.get("trial_id")),
        )
    records = {one["version"]: _record(request, one["version"], ledger) for one in wanted}
    servings = {version: Serving.of(found["manifest"]["serving"]) for version, found in records.items()}
    _one_kind(request, now, wanted, servings)
    if request["cause"] == "approval" and comes:
        _note_approval(request, release_id, ledger, timestamp(clock()))
    return PromotionPlan(request, action, site, now, wanted, records, servings, strategy).promotion()


def _is_over(request: PromotionRequest, now: EndpointNow) -> bool:
    """
    Whether a trial takes away a challenger that does not stand there for it any more.

    Who ends a trial need not know that another promotion ended it before: its version may be the champion
    by now, stand beside by hand, or be tried by the next trial.
    """
    removes = request.get("action") == "remove" and "trial_id" in request
    return removes and bool(now.layout) and now.trial != request["trial_id"]


def _now(request: PromotionRequest, site: Site, ledger: Ledger) -> EndpointNow:
    project, model = request["project"], request["model"]
    name = names.endpoint(site.policy["resource_prefix"], project, model)
    state = ledger.endpoint_state(name)
    aliases = {
        one["alias"]: (one["version"], one["release_id"])
        for one in ledger.aliases(project, model)
        if is_protected(one["alias"]) and not one.get("removed")
    }
    kind: ServingKind | None = None
    if state is not None and state["status"] == "in-service":
        kind = state["kind"]
    elif state is None and names.CHAMPION in aliases:
        champion = ledger.version(project, model, aliases[names.CHAMPION][0])
        kind = Serving.of(champion["manifest"]["serving"]).kind if champion else None
    return EndpointNow(name, state, aliases, kind)


def _stop(request: PromotionRequest, now: EndpointNow, site: Site, ledger: Ledger) -> Promotion:
    if not now.layout:
        raise NothingServesError(now.name, "stop")
    return stop(request, now, site, _record(request, now.layout[0]["version"], ledger))


def _record(request: PromotionRequest, version: str, ledger: Ledger) -> VersionRecord:
    """
    A registered version.

    Raises:
        VersionNotRegisteredError: There is none.
    """
    project, model = request["project"], request["model"]
    record = ledger.version(project, model, version)
    if record is None:
        known = [one["version"] for one in ledger.versions(project, model)]
        raise VersionNotRegisteredError(project, model, version, known)
    return record


def _that_may_serve(request: PromotionRequest, ledger: Ledger, registry: ModelRegistry) -> VersionRecord:
    record = _record(request, request["version"], ledger)
    if "artifact_removed_at" in record:
        raise ArtifactRemovedError(
            record["project"], record["model"], record["version"], record["artifact_removed_at"]
        )
    status = registry.approval_status(record["package_arn"])
    if status != APPROVED:
        raise PackageNotApprovedError(record["package_arn"], record["version"], status or "missing")
    return record


def _may_follow(
    request: PromotionRequest, now: EndpointNow, release_id: str, ledger: Ledger, site: Site
) -> None:
    """An approved version was compared with the champion that serves, and no trial has to end first."""
    version = request["version"]
    serving = now.previous["version"] if now.previous else ""
    judged_against = _judged_against(ledger, release_id)
    if serves_instead(serving, version=version, judged_against=judged_against):
        raise SupersededError(version, serving, judged_against)
    other = now.other_trial(request)
    if other and site.policy.get("newer_version", "supersedes") == "waits":
        raise TrialRunsError(now.name, version, other, site.environment)


def _still_beside(request: PromotionRequest, now: EndpointNow, ledger: Ledger) -> None:
    """What a trial makes champion was tried beside the champion that serves; it may be older than that."""
    trial = ledger.trial(request["project"], request["model"], request["trial_id"])
    if trial is None:
        return
    version, beside = request["version"], trial["champion"]
    serving = now.previous["version"] if now.previous else ""
    if serves_instead(serving, version=version, judged_against=beside, tried=True):
        raise SupersededError(version, serving, beside, tried=True)


def _note_approval(request: PromotionRequest, release_id: str, ledger: Ledger, at: str) -> None:
    ledger.set_version_approval(
        request["project"],
        request["model"],
        request["version"],
        release_id=release_id,
        approval="approved",
        approver=request["actor"],
        at=at,
        reason=request["reason"],
    )
    tried = request.get("action", "serve") != "serve"
    ledger.set_release_status(release_id, "on-trial" if tried else "promoting")


def _one_kind(
    request: PromotionRequest,
    now: EndpointNow,
    wanted: Sequence[LayoutEntry],
    servings: Mapping[str, Serving],
) -> None:
    """SageMaker changes no endpoint's kind, and lets several versions stand on real-time ones alone."""
    version = request["version"]
    comes = version if version in servings else wanted[0]["version"]
    if now.kind is not None and now.layout and servings[comes].kind != now.kind:
        raise KindChangeError(now.name, request["model"], comes, now.kind, servings[comes].kind)
    if len(wanted) > 1 and servings[comes].kind != "real-time":
        raise NoRoomError(
            now.name, version, "only a real-time endpoint takes a further version; promote it in its place"
        )


def _judged_against(ledger: Ledger, release_id: str) -> str | None:
    """The champion's version when the release was planned; empty: there was none; None: not known."""
    release = ledger.release(release_id)
    if release is None or "plan" not in release:
        return None
    champion = release["plan"].get("champion")
    return str(champion["version"]) if champion else ""
