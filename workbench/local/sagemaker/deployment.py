"""One update of an endpoint, stage by stage: done, rolled back, or left for the next server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker import faulty
from workbench.local.sagemaker.deployment_plan import Plan, Stage, plan_of, size_of
from workbench.local.sagemaker.fleet import Fleet, FleetError
from workbench.local.sagemaker.traffic import Traffic
from workbench.local.sagemaker.variant_summary import describe_variants
from workbench.local.sagemaker.watch import Watch

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from workbench.local.sagemaker.endpoint_events import EndpointEvents
    from workbench.local.sagemaker.store import Document, Records
    from workbench.local.sagemaker.surroundings import Surroundings

SWITCHED: Final = "switched"
"""A member of what is pending: the old fleet is being taken down, there is no way back."""
STAGE: Final = "stage"
"""Likewise: the last stage that was reached."""
SPENT: Final = "spent_seconds"
"""Likewise: the time that was spent until then."""


class Deployment:
    """
    Args:
        surroundings: Of the service.
        records: The endpoints.
        events: What tells of their changes.
        name: The endpoint, whose record's ``_pending`` says what is deployed, and how far it came before.
        old: The fleet that serves; it gets everything until the first stage.
        direct: Called with what gets the requests from now on.
        ending: Set when the server ends.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        records: Records,
        events: EndpointEvents,
        name: str,
        old: Fleet,
        direct: Callable[[Traffic], None],
        ending: threading.Event,
    ) -> None:
        self._surroundings, self._records, self._events = surroundings, records, events
        self._name, self._old, self._direct, self._ending = name, old, direct, ending
        self._taken: Document = (records.get(name) or {})["_pending"]
        self._config: Document = self._taken["config"]
        counts = {
            entry["VariantName"]: entry.get("InitialInstanceCount", 1)
            for entry in self._config["ProductionVariants"]
        }
        self._plan: Plan = plan_of(self._taken.get("deployment"), counts)
        self._old_counts = {name: variant.instance_count for name, variant in old.variants.items()}
        self._watch = Watch(self._plan, surroundings.server.clock, ending, self._taken.get(SPENT, 0.0))
        self.fleet: Fleet | None = None
        """The new one, once there is one."""

    def run(self) -> bool:
        """Whether the new fleet serves now; else the old one does, or the server ends."""
        reason = None
        self._watch.begin()
        try:
            self._deploy()
        except FleetError as error:
            reason = str(error)
        finally:
            self._watch.end()
        if self._ending.is_set():  # what was reached is on record, and the next server goes on there
            return False
        reason = self._watch.reason or reason
        if reason is not None:
            self._roll_back(reason)
            return False
        return True

    def _deploy(self) -> None:
        reached = self._taken.get(STAGE, 0)
        first = self._plan.stages[reached].activated if self._plan.rolling else self._plan.counts
        self._tell("Creating", {})
        if self._watch.tripped.is_set():
            return
        self.fleet = fleet = Fleet(
            self._surroundings, self._name, _with_counts(self._config, first), self._taken["models"]
        )
        self._watch.on_trip.append(fleet.cancelled.set)
        if self._watch.tripped.is_set():
            return
        fleet.start()
        for number, stage in enumerate(self._plan.stages):
            if number < reached:
                continue
            if self._plan.rolling:
                self._grow(fleet, stage)
            if not self._advance(number, stage, fleet):
                return
            if self._plan.rolling:
                self._shrink(stage)

    def _advance(self, number: int, stage: Stage, fleet: Fleet) -> bool:
        """Let a stage's part of the fleet take traffic and watch it; False when it is not to go on."""
        if self._watch.tripped.is_set():
            return False
        self._tell("ActivatingTraffic", fleet.counts())
        self._note({STAGE: number, SPENT: self._watch.spent_seconds()})
        self._share(stage, fleet)
        if stage.wait_seconds:
            self._tell("Baking", fleet.counts())
        return self._watch.wait(stage.wait_seconds)

    def _share(self, stage: Stage, fleet: Fleet) -> None:
        shares = {variant: self._plan.share(stage, variant) for variant in self._plan.counts}
        self._direct(Traffic(self._old, fleet, shares, dict(stage.activated)))

    def _grow(self, fleet: Fleet, stage: Stage) -> None:
        if fleet.counts() != dict(stage.activated):
            self._tell("Updating", fleet.counts())
            for variant, count in stage.activated.items():
                fleet.resize(variant, count)

    def _shrink(self, stage: Stage) -> None:
        """Take down as much of the old fleet as the new one has replaced; the last of it goes at the end."""
        for variant, count in self._old_counts.items():
            left = round(count * (1 - self._plan.share(stage, variant)))
            if 0 < left < self._old.variants[variant].instance_count:
                self._old.resize(variant, left)
        self._records.update(self._name, ProductionVariants=describe_variants(self._old, time.time()))

    def _roll_back(self, reason: str) -> None:
        self._events.change(self._name, EndpointStatus="RollingBack", FailureReason=reason)
        try:
            if self._surroundings.server.faults.meet("rollback-fails", endpoint=self._name):
                raise FleetError(faulty.ROLLBACK_FAILED)  # noqa: TRY301 - as when it happens
            self._bring_back()
        except FleetError as error:
            failed = f"{reason} The rollback failed, too: {error}"
            self._events.change(self._name, EndpointStatus="UpdateRollbackFailed", FailureReason=failed)
            return
        self._direct(Traffic(self._old))
        if self.fleet is not None:
            self._tell("Deleting", self.fleet.counts())
            self.fleet.stop()
        self._events.change(
            self._name, EndpointStatus="InService", _pending=None, PendingDeploymentSummary=None
        )

    def _bring_back(self) -> None:
        """Give the old fleet the instances that rolling took from it, in batches."""
        for variant, wanted in self._old_counts.items():
            batch = size_of(self._plan.rollback, wanted)
            while (count := self._old.variants[variant].instance_count) < wanted:
                self._old.resize(variant, min(count + batch, wanted))
        self._records.update(self._name, ProductionVariants=describe_variants(self._old, time.time()))

    def _tell(self, status: str, running: Mapping[str, int]) -> None:
        self._events.deployment(self._name, self._config, status, running)

    def _note(self, changes: Document) -> None:
        self._taken = self._taken | changes
        self._records.update(self._name, _pending=self._taken)

    def restore(self) -> None:
        """
        Serve by both fleets again, as when the rollback failed.

        Raises:
            FleetError: The new one cannot be had; the old one serves alone.
        """
        stage = self._plan.stages[self._taken.get(STAGE, 0)]
        self.fleet = fleet = Fleet(
            self._surroundings,
            self._name,
            _with_counts(self._config, stage.activated if self._plan.rolling else self._plan.counts),
            self._taken["models"],
        )
        fleet.start()
        self._share(stage, fleet)

    def finish(self, fleet: Fleet, served: Document) -> None:
        """
        Take the old fleet down, whose requests in flight are answered first; the update is done.

        Args:
            fleet: The new one.
            served: What the record says when it is.
        """
        self._direct(Traffic(fleet))
        self._taken = self._taken | {SWITCHED: True}
        self._records.update(self._name, _pending=self._taken, _served=served["_served"])
        self._tell("Deleting", fleet.counts())
        self._old.stop()
        if not self._ending.is_set():
            self._events.change(self._name, **served)


def _with_counts(config: Document, counts: Mapping[str, int]) -> Document:
    variants = [
        entry
        | ({"InitialInstanceCount": counts[entry["VariantName"]]} if "InitialInstanceCount" in entry else {})
        for entry in config["ProductionVariants"]
    ]
    return config | {"ProductionVariants": variants}
