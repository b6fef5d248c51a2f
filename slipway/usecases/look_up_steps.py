"""
Before a step runs: did an identical one run before, or does one run now?

A key is claimed before its step starts, so that of concurrent identical releases one trains and the others
wait for it. Keys are claimed in their own order, and none after one that has to be waited for: two
releases can't each hold what the other wants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from slipway.contracts.container import PREDICTIONS_FILE, REPORT_FILE
from slipway.domain.steps import evaluation_inputs, first_difference, key_of, training_inputs
from slipway.domain.timestamps import moment_of, timestamp

if TYPE_CHECKING:
    from slipway.contracts.release import Plan, ReleaseDocument
    from slipway.contracts.steps import Step, StepInputs, StepLookup, StepRecord
    from slipway.usecases.ports import Clock, Fingerprints, Releases, Steps

Before = Literal["training", "evaluation"]
_LATEST: Final[dict[Step, tuple[Step, ...]]] = {
    "training": ("training",),
    "challenger": ("challenger",),
    "champion": ("champion", "challenger"),
}
"""What a miss is compared with: a champion's first evaluation as such with the one that it had before."""


@dataclass(frozen=True, slots=True)
class StepCache:
    """Looks steps up, and keeps what came of them."""

    steps: Steps
    ledger: Releases
    fingerprints: Fingerprints
    clock: Clock

    def look_up_steps(self, document: ReleaseDocument, before: Before) -> dict[str, Any]:
        """
        What the release's document grows by: ``lookups``, and on a hit before training ``training`` as well.

        A training that is at its end is kept before its model's evaluation is looked up.
        """
        plan = document["plan"]
        held = document.get("lookups", {})
        sides: tuple[Step, ...] = ("challenger", "champion") if plan["champion"] else ("challenger",)
        wanted: tuple[Step, ...] = ("training",) if before == "training" else sides
        if before == "evaluation":
            self.keep_step(document, "training", cast("dict[str, Any]", document["training"]))
        found = self._look_up(document, wanted)
        said: dict[str, StepLookup] = {step: _without_outputs(lookup) for step, lookup in found.items()}
        if said != {step: _without_outputs(held[step]) for step in wanted if held.get(step)}:
            # a release that waits says so once, not at each look
            kept = {step: _without_outputs(lookup) for step, lookup in held.items() if lookup}
            self.ledger.note_lookups(plan["release_id"], {**kept, **said})
        if before == "training":
            outputs = found["training"].get("outputs")
            grown: dict[str, Any] = {"lookups": {**held, **said}}
            return {**grown, "training": outputs} if outputs is not None else grown
        return {"lookups": {**held, "champion": None, **found}}

    def keep_step(self, document: ReleaseDocument, step: Step, outputs: dict[str, Any]) -> bool:
        """Keep what a step produced that this release ran itself; False: there was nothing to keep."""
        lookup = document.get("lookups", {}).get(step)
        if not lookup or lookup["result"] != "miss":
            return False
        inputs = self._inputs(document, step)
        if isinstance(inputs, str) or key_of(inputs) != lookup["key"]:
            return False  # its artifact changed or went away meanwhile: whose outputs these are is unknown
        plan, now = document["plan"], timestamp(self.clock())
        return self.steps.finish_step(
            {**self._record(plan, step, inputs), "status": "done", "outputs": outputs, "done_at": now}
        )

    def _look_up(self, document: ReleaseDocument, wanted: tuple[Step, ...]) -> dict[Step, StepLookup]:
        found: dict[Step, StepLookup] = {}
        waits: StepLookup | None = None
        inputs = {step: self._inputs(document, step) for step in wanted}
        cached = {step: given for step, given in inputs.items() if not isinstance(given, str)}
        for step in sorted(cached, key=lambda one: key_of(cached[one])):
            if waits is None:
                found[step] = self._one(document, step, cached[step])
                waits = found[step] if found[step]["result"] == "wait" else None
            else:
                found[step] = {**waits, "step": step, "key": key_of(cached[step])}
        for step, given in inputs.items():
            if isinstance(given, str):
                found[step] = {"step": step, "key": "", "result": "off", "explanation": f"off: {given}"}
        return {step: found[step] for step in wanted}

    def _one(self, document: ReleaseDocument, step: Step, inputs: StepInputs) -> StepLookup:
        plan, own = document["plan"], document["plan"]["release_id"]
        record = self._record(plan, step, inputs)
        held = self.steps.claim_step(record)
        reason = ""
        if held is not None and held["status"] == "done":
            reason = self._why_not(plan, step, held)
            if not reason:
                return _hit(step, held, own)
        elif held is not None and not self._works(held):
            reason = f"release {held['release_id']} ended before it was done"
        if reason and held is not None:
            held = self.steps.claim_step(record, instead_of=held["release_id"])
        if held is not None:
            who = held["release_id"]
            return _lookup(step, record["key"], "wait", f"release {who} works on it", release_id=who)
        before = document.get("lookups", {}).get(step)
        if before and before["key"] == record["key"] and before["result"] == "miss":
            return _without_outputs(before)  # claimed at an earlier look, which knew why
        return _lookup(step, record["key"], "miss", reason or self._difference(plan, step, inputs))

    def _works(self, held: StepRecord) -> bool:
        """Later statuses are past every step: what is not kept by then never will be."""
        release = self.ledger.release(held["release_id"])
        return release is not None and release["status"] == "running"

    def _why_not(self, plan: Plan, step: Step, held: StepRecord) -> str:
        """Why outputs that are there can't be taken; empty: they can."""
        who, days, outputs = held["release_id"], plan["cache"]["days"], held.get("outputs", {})
        if moment_of(held.get("done_at", held["claimed_at"])) + timedelta(days=days) < self.clock():
            return f"what release {who} left is older than {days} days"
        beside = str(outputs.get("report_prefix", "")).rstrip("/")
        wanted = [outputs.get("model_uri") or f"{beside}/{REPORT_FILE}"]
        # without its rows no challenger passes; a champion of before may never have written any
        if step == "challenger" and "task" in plan["manifest"]["evaluation"]:
            wanted.append(f"{beside}/{PREDICTIONS_FILE}")
        gone = next((uri for uri in wanted if not self.fingerprints.fingerprint(uri)), "")
        return f"what release {who} left is gone: {gone}" if gone else ""

    def _difference(self, plan: Plan, step: Step, inputs: StepInputs) -> str:
        of_model = plan["project"], plan["model"]
        latest = next(filter(None, (self.steps.latest_step(*of_model, one) for one in _LATEST[step])), None)
        if latest is None:
            return f"nothing of {plan['project']}/{plan['model']} was kept before"
        changed = first_difference(latest["inputs"], inputs)
        return changed or f"what release {latest['release_id']} left has expired"

    def _inputs(self, document: ReleaseDocument, step: Step) -> StepInputs | str:
        """A step's inputs, or why the cache is not used for it."""
        plan = document["plan"]
        wish, section = plan.get("cache"), "training" if step == "training" else "evaluation"
        if wish is None or not wish["use"]:
            return "--no-cache"
        if not wish["days"]:
            return "policy.step_cache_days = 0"
        if not plan["manifest"][section].get("cache", True):
            return f"{section}.cache = false"
        if step == "training":
            return training_inputs(plan)
        champion = plan["champion"] if step == "champion" else None
        uri = champion["model_uri"] if champion else document["training"]["model_uri"]
        fingerprint = self.fingerprints.fingerprint(uri)
        if not fingerprint:
            return f"there is no {uri}"
        return evaluation_inputs(
            plan,
            image_digest=champion["image_digest"] if champion else plan["image_digest"],
            evaluate=champion["evaluate"] if champion else plan["manifest"]["programs"]["evaluate"],
            model_uri=uri,
            fingerprint=fingerprint,
        )

    def _record(self, plan: Plan, step: Step, inputs: StepInputs) -> StepRecord:
        now = self.clock()
        return {
            "key": key_of(inputs),
            "step": step,
            "project": plan["project"],
            "model": plan["model"],
            "inputs": inputs,
            "status": "running",
            "release_id": plan["release_id"],
            "version": plan["version"],
            "claimed_at": timestamp(now),
            "expires_at": int((now + timedelta(days=plan["cache"]["days"])).timestamp()),
        }


def _lookup(
    step: Step, key: str, result: Literal["hit", "miss", "wait"], why: str, **more: Any
) -> StepLookup:
    explained: Any = {"step": step, "key": key, "result": result, "explanation": f"{result}: {why}", **more}
    return cast("StepLookup", explained)


def _hit(step: Step, held: StepRecord, own: str) -> StepLookup:
    who, outputs = held["release_id"], held.get("outputs", {})
    if who == own:  # it ran before this release was retried
        return _lookup(
            step, held["key"], "hit", "this release ran it before", release_id=own, outputs=outputs
        )
    taken = {**outputs, "cached_from": who}
    return _lookup(step, held["key"], "hit", f"same as release {who}", release_id=who, outputs=taken)


def _without_outputs(lookup: StepLookup) -> StepLookup:
    return cast("StepLookup", {name: value for name, value in lookup.items() if name != "outputs"})
