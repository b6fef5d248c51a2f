"""
The only front door of a release: for pushes, sweeps, the command line, schedules and drift.

A release is claimed in the ledger before its execution starts, and both bear the release's id. So a
thousand deliveries of one push start one execution, and a delivery that finds a claim without an
execution (its claimer died) starts it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from slipway.contracts import names
from slipway.contracts.events import RELEASE_REFUSED, RELEASE_STARTED
from slipway.domain import refusals
from slipway.domain.plan import Pins, champion_of, plan_of
from slipway.domain.policy_rules import refuse_by_policy
from slipway.domain.refusals import Refusal
from slipway.domain.release import (
    PUSHED,
    belongs_to,
    refusal_id,
    refuse_old_version,
    release_id,
    version_of,
)
from slipway.domain.telling import told_of
from slipway.domain.timestamps import moment_of, timestamp
from slipway.usecases.inspect_image import inspect_image
from slipway.usecases.pin_data import pin_channels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from slipway.contracts.ledger import PushRecord, ReleaseRecord
    from slipway.contracts.release import Champion, Plan
    from slipway.domain.semver import Version
    from slipway.domain.site import Site
    from slipway.usecases.inspect_image import InspectedImage
    from slipway.usecases.ports import Clock, DataSets, EventBus, Executions, ImageRegistry, Ledger

_CLAIMER_IS_DEAD: Final = timedelta(minutes=2)
"""A function runs for a minute at most."""

Cause = Literal["push", "sweep", "cli", "schedule", "drift"]


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """
    What is to be released, and why.

    Attributes:
        repository: ``<prefix>/<project>/<model>``.
        tag: The version; empty for the child manifest of an index.
        digest: What the tag named when it was pushed; empty: resolve it now.
        force: Release the same image on the same data once more, after it failed.
        retrain: The moment (``20261124T043000Z``) that the version of a retraining bears; empty: none.
            Whoever asks names it, so that a request that is sent twice starts one release.
        no_cache: Run every step, also those that an identical one ran before.
        pushed_at: When the push was told (ISO 8601); empty: nobody knows.
    """

    cause: Cause
    repository: str
    tag: str
    digest: str = ""
    force: bool = False
    retrain: str = ""
    no_cache: bool = False
    pushed_at: str = ""


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """What became of a request; ``reason`` is empty when it was started."""

    outcome: Literal["started", "duplicate", "refused", "ignored"]
    release_id: str = ""
    reason: str = ""
    execution_arn: str = ""

    def document(self) -> dict[str, str]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ReleasePlanning:
    """Plans and starts releases on one site."""

    site: Site
    machine_arn: str
    registry: ImageRegistry
    data_sets: DataSets
    ledger: Ledger
    executions: Executions
    events: EventBus
    clock: Clock

    def plan_release(self, request: PlanRequest) -> PlanAnswer:  # noqa: PLR0911 - one return per answer
        """Answer a request: start it, or say why not."""
        if not request.tag:
            return PlanAnswer("ignored", reason="child manifest")
        answered = self._answered(request, request.digest)
        if answered is not None:
            return answered
        # no tag can hold a plus sign: a retraining's image is that of what it retrained
        tag = request.tag.partition("+")[0]
        pushed = self.registry.manifest(request.repository, request.digest or tag)
        if pushed is None:
            return self._refuse(request, request.digest, refusals.no_such_image(request.repository, tag))
        if not request.digest:
            answered = self._answered(request, pushed.digest)
            if answered is not None:
                return answered
        version = version_of(request.tag, request.retrain)
        if isinstance(version, Refusal):
            return self._refuse(request, pushed.digest, version)
        image = inspect_image(request.repository, pushed, self.registry)
        if isinstance(image, Refusal):
            return self._refuse(request, pushed.digest, image)
        answer = self._release(request, pushed.digest, version, image)
        return self._refuse(request, pushed.digest, answer) if isinstance(answer, Refusal) else answer

    def _answered(self, request: PlanRequest, digest: str) -> PlanAnswer | None:
        """The answer that this push got before; who asks by hand is always looked at anew."""
        if not digest or request.cause not in ("push", "sweep"):
            return None
        record = self.ledger.push(request.repository, request.tag, digest)
        if record is None or record["outcome"] == "claimed":
            return None
        return PlanAnswer(
            "duplicate", record["release_id"], f"this push was answered before: {record['outcome']}"
        )

    def _release(  # noqa: PLR0911 - one return per refusal
        self, request: PlanRequest, digest: str, version: Version, image: InspectedImage
    ) -> PlanAnswer | Refusal:
        manifest, policy = image.manifest, self.site.policy
        project, model = manifest.model.project, manifest.model.name
        repository = names.repository(policy["repository_prefix"], project, model)
        if repository != request.repository:
            return refusals.other_repository(request.repository, repository)
        forbidden = refuse_by_policy(manifest, policy, self.site.environment)
        if forbidden is not None:
            return forbidden
        training = pin_channels(project, manifest.training.channels, self.data_sets)
        if isinstance(training, Refusal):
            return training
        evaluation = pin_channels(project, manifest.evaluation.channels, self.data_sets)
        if isinstance(evaluation, Refusal):
            return evaluation
        planned_at = timestamp(self.clock())
        cause_key = f"{request.cause}:{planned_at}" if request.force else PUSHED
        identity = release_id(
            request.repository,
            str(version),
            image.digest,
            [one["digest"] for one in (*training, *evaluation)],
            cause_key,
        )
        others = self._claim_push(request, digest, identity)
        if others is not None:
            return others
        claimed = self.ledger.release(identity)
        if claimed is None:
            champion = self._champion(project, model)
            old = refuse_old_version(
                version, self.ledger.versions(project, model), champion["version"] if champion else ""
            )
            if old is not None:
                return old
            plan = plan_of(
                self.site,
                manifest,
                Pins(
                    cause=request.cause,
                    repository=request.repository,
                    version=str(version),
                    image_uri=image.uri,
                    image_digest=image.digest,
                    training_data=training,
                    evaluation_data=evaluation,
                    champion=champion,
                    source=image.source,
                    image_tag=str(version.pushed),
                    cached=not request.no_cache,
                ),
                release_id=identity,
                planned_at=planned_at,
            )
            claimed = self.ledger.claim_release(_record(plan, request.pushed_at))
            if claimed is None:
                return self._start(request, digest, plan)
        return self._resume(request, digest, claimed)

    def _claim_push(self, request: PlanRequest, digest: str, identity: str) -> PlanAnswer | None:
        """
        One push, one release: None when this delivery may go on with it, else the answer.

        A new data set version may appear between two deliveries, so that each works out another release.
        """
        if request.cause not in ("push", "sweep") or request.force:
            return None
        claim: PushRecord = {
            "repository": request.repository,
            "tag": request.tag,
            "digest": digest,
            "outcome": "claimed",
            "release_id": identity,
            "answered_at": timestamp(self.clock()),
        }
        held = self.ledger.claim_push(claim)
        if held is not None and held["outcome"] == "claimed":
            release = self.ledger.release(held["release_id"])
            if release is not None:
                return self._resume(request, digest, release)
            if self.clock() - moment_of(held["answered_at"]) > _CLAIMER_IS_DEAD:
                held = self.ledger.claim_push(claim, instead_of=held["release_id"])
        if held is None:
            return None
        return PlanAnswer("duplicate", held["release_id"], "another delivery answers this push")

    def _resume(self, request: PlanRequest, digest: str, claimed: ReleaseRecord) -> PlanAnswer:
        """Another delivery claimed this release; start it if that one did not come so far."""
        if "execution_arn" not in claimed and "plan" in claimed:
            return self._start(request, digest, claimed["plan"])
        told = told_of(claimed, claimed["planned_at"], self.clock())
        if told == "not told":
            self._tell_start(claimed)
        if told != "being told":
            self._answer_push(request, digest, "started", claimed["release_id"])
        return PlanAnswer(
            "duplicate",
            claimed["release_id"],
            f"release {claimed['release_id']} of the same image and data is {claimed['status']}",
            claimed.get("execution_arn", ""),
        )

    def _start(self, request: PlanRequest, digest: str, plan: Mapping[str, Any]) -> PlanAnswer:
        identity = plan["release_id"]
        started = self.executions.start(self.machine_arn, identity, _execution_input(plan))
        # several may start what nobody noted yet: the name makes it one execution, and one of them notes it
        if not self.ledger.mark_started(identity, started.arn):
            # that one answers the push, when it has told of the start
            return PlanAnswer("duplicate", identity, "another delivery started this release", started.arn)
        self._tell_start({**plan, "execution_arn": started.arn})
        self._answer_push(request, digest, "started", identity)
        return PlanAnswer("started", identity, execution_arn=started.arn)

    def _tell_start(self, record: Mapping[str, Any]) -> None:
        self.events.emit(
            RELEASE_STARTED,
            {**_subject(record), "cause": record["cause"], "execution_arn": record["execution_arn"]},
        )
        self.ledger.note_told(record["release_id"], record["planned_at"])

    def _refuse(self, request: PlanRequest, digest: str, refusal: Refusal) -> PlanAnswer:
        project, model = belongs_to(request.repository, self.site.policy["repository_prefix"])
        identity = refusal_id(request.repository, request.tag, digest, refusal.kind)
        moment = timestamp(self.clock())
        record: ReleaseRecord = {
            "release_id": identity,
            "project": project,
            "model": model,
            "version": request.tag,
            "repository": request.repository,
            "image_tag": request.tag,
            "image_digest": digest,
            "cause": request.cause,
            "status": "refused",
            "reason": refusal.reason,
            "planned_at": moment,
            "ended_at": moment,
        }
        held = self.ledger.claim_release(record)
        told = told_of(held, held["planned_at"], self.clock()) if held is not None else "not told"
        if told == "not told":
            self.events.emit(
                RELEASE_REFUSED,
                {
                    **_subject(record),
                    "reason": refusal.reason,
                    "repository": request.repository,
                    "tag": request.tag,
                    "digest": digest,
                },
            )
            self.ledger.note_told(identity, moment)
        if told != "being told":
            self._answer_push(request, digest, "refused", identity)
        return PlanAnswer("refused", identity, refusal.reason)

    def _answer_push(
        self, request: PlanRequest, digest: str, outcome: Literal["started", "refused"], identity: str
    ) -> None:
        """Last of all: a push that is not noted as answered is looked at again by the sweep."""
        if digest and not (request.force or request.retrain):
            self.ledger.put_push(
                {
                    "repository": request.repository,
                    "tag": request.tag,
                    "digest": digest,
                    "outcome": outcome,
                    "release_id": identity,
                    "answered_at": timestamp(self.clock()),
                }
            )

    def _champion(self, project: str, model: str) -> Champion | None:
        alias = self.ledger.alias(project, model, names.CHAMPION)
        record = self.ledger.version(project, model, alias["version"]) if alias is not None else None
        return champion_of(record) if record is not None else None


def _execution_input(plan: Mapping[str, Any]) -> str:
    return json.dumps({"plan": plan}, separators=(",", ":"), sort_keys=True)


def _subject(record: Mapping[str, Any]) -> dict[str, str]:
    return {name: record[name] for name in ("release_id", "project", "model", "version")}


def _record(plan: Plan, pushed_at: str) -> ReleaseRecord:
    record: ReleaseRecord = {
        "release_id": plan["release_id"],
        "project": plan["project"],
        "model": plan["model"],
        "version": plan["version"],
        "repository": plan["repository"],
        "image_tag": plan["image_tag"],
        "image_digest": plan["image_digest"],
        "cause": plan["cause"],
        "status": "running",
        "reason": "",
        "planned_at": plan["planned_at"],
        "plan": dict(plan),
    }
    if pushed_at:
        record["pushed_at"] = pushed_at
    return record
