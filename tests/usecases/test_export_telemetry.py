"""Releases and promotions, told to an OpenTelemetry collector."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.usecases.export_telemetry import TelemetryExport
from tests.domain.telemetry.test_step_spans import History
from tests.fakes.executions import FakeExecutions
from tests.fakes.models import PROMOTE_MACHINE, RELEASE_MACHINE, a_promotion_request

RELEASE = "9f2c41d07b3a55e1"


class FakeCollector:
    """Port ``TelemetrySink``."""

    def __init__(self) -> None:
        self.traces: list[Any] = []
        self.metrics: list[Any] = []

    def send_traces(self, document: Any) -> None:
        self.traces.append(document)

    def send_metrics(self, document: Any) -> None:
        self.metrics.append(document)

    def spans(self) -> dict[str, Any]:
        (document,) = self.traces
        return {span["name"]: span for span in document["resourceSpans"][0]["scopeSpans"][0]["spans"]}

    def points(self, metric: str) -> list[Any]:
        (document,) = self.metrics
        found = [
            next(value for key, value in one.items() if key in ("sum", "histogram", "gauge"))["dataPoints"]
            for one in document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
            if one["name"] == metric
        ]
        return found[0] if found else []


def attributes(span: Any) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


class Releases:
    """The ledger's one release."""

    def __init__(self, **changes: Any) -> None:
        self.record: Any = {
            "release_id": RELEASE,
            "project": "pricing",
            "model": "hotel-rates",
            "version": "1.1.0",
            "image_digest": "sha256:9f",
            "cause": "push",
            "status": "promoting",
            "reason": "",
            "planned_at": "2026-11-22T02:59:58.000Z",
            "pushed_at": "2026-11-22T02:59:57Z",
            **changes,
        }

    def release(self, release_id: str) -> Any:
        return self.record if release_id == RELEASE else None


@pytest.fixture
def collector() -> FakeCollector:
    return FakeCollector()


@pytest.fixture
def executions() -> FakeExecutions:
    return FakeExecutions()


def export(executions: Any, collector: Any, arn: str, **changes: Any) -> str:
    return TelemetryExport(
        executions=executions,
        releases=Releases(**changes),  # type: ignore[arg-type]
        sink=collector,
        environment="dev",
        promote_machine_arn=PROMOTE_MACHINE,
    ).export_telemetry(arn)


def a_release(executions: FakeExecutions, *, approved: float = 30) -> str:
    """One that was approved and promoted."""
    arn: str = executions.start(RELEASE_MACHINE, RELEASE, json.dumps({"plan": {"release_id": RELEASE}})).arn
    promotion = f"{PROMOTE_MACHINE.replace(':stateMachine:', ':execution:')}:p-1"
    history = History().enter("Train").add("TaskSucceeded", "taskSucceeded").leave("Train")
    history.enter("RequestApproval").add("TaskSucceeded", "taskSucceeded").leave("RequestApproval")
    history.enter("Promote").add(
        "TaskSubmitted",
        "taskSubmitted",
        resourceType="states",
        output=json.dumps({"ExecutionArn": promotion}),
    )
    history.add("TaskSucceeded", "taskSucceeded").leave("Promote")
    executions.histories[arn] = history.events[::-1]
    inner = History().enter("Smoke").add("LambdaFunctionSucceeded", "lambdaFunctionSucceeded").leave("Smoke")
    executions.histories[promotion] = inner.events[::-1]
    return arn


class TestRelease:
    def test_is_one_trace_from_push_to_endpoint(
        self, executions: FakeExecutions, collector: FakeCollector
    ) -> None:
        """
        The root begins with the push; each step is a part of it, the promotion's steps parts of the step that
        waited for them.
        """
        arn = a_release(executions)
        executions.end(arn, "SUCCEEDED", output={"outcome": "deployed"})
        trace = export(executions, collector, arn, status="deployed", ended_at="2026-11-22T04:00:00.000Z")

        spans = collector.spans()
        assert {span["traceId"] for span in spans.values()} == {trace}
        root = spans["release pricing/hotel-rates"]
        assert "parentSpanId" not in root
        assert root["startTimeUnixNano"] == "1795316397000000000"
        assert root["status"] == {"code": 1}
        assert attributes(root)["slipway.version"] == "1.1.0"
        for name in ("plan", "Train", "RequestApproval", "Promote"):
            assert spans[name]["parentSpanId"] == root["spanId"]
        assert spans["Smoke"]["parentSpanId"] == spans["Promote"]["spanId"]

    def test_says_what_it_is_of(self, executions: FakeExecutions, collector: FakeCollector) -> None:
        """
        The resource has OpenTelemetry's names, so that backends find service, environment and cloud.
        """
        arn = a_release(executions)
        executions.end(arn, "SUCCEEDED", output={"outcome": "deployed"})
        export(executions, collector, arn, status="deployed", ended_at="2026-11-22T04:00:00.000Z")

        of = attributes(collector.traces[0]["resourceSpans"][0]["resource"])
        assert of["service.name"] == "slipway"
        assert of["deployment.environment.name"] == "dev"
        assert (of["cloud.provider"], of["cloud.region"]) == ("aws", "eu-west-1")

    def test_durations_and_waiting_are_metrics(
        self, executions: FakeExecutions, collector: FakeCollector
    ) -> None:
        """
        How long releases and steps took, and how long people took to decide; by model, never by release.
        """
        arn = a_release(executions)
        executions.end(arn, "SUCCEEDED", output={"outcome": "deployed"})
        export(executions, collector, arn, status="deployed", ended_at="2026-11-22T04:00:00.000Z")

        (duration,) = collector.points("slipway.release.duration")
        assert duration["sum"] == 3603.0
        assert attributes(duration) == {
            "slipway.project": "pricing",
            "slipway.model": "hotel-rates",
            "slipway.outcome": "deployed",
        }
        (wait,) = collector.points("slipway.approval.wait")
        assert wait["sum"] == 2.0
        assert len(collector.points("slipway.step.duration")) == 4
        assert collector.points("slipway.steps.failed") == []

    def test_failed_one_is_in_error_also_before_the_ledger_knows(
        self, executions: FakeExecutions, collector: FakeCollector
    ) -> None:
        """
        Both functions hear of the same event; whoever is first must not tell of success.
        """
        arn = executions.start(RELEASE_MACHINE, RELEASE, "{}").arn
        history = (
            History().enter("Train").add("TaskFailed", "taskFailed", error="Boom", cause="out of memory")
        )
        history.add("ExecutionFailed", "executionFailed", error="Boom", cause="out of memory")
        executions.histories[arn] = history.events[::-1]
        executions.end(arn, "FAILED", error="Boom", cause="out of memory")
        export(executions, collector, arn)

        root = collector.spans()["release pricing/hotel-rates"]
        assert root["status"] == {"code": 2, "message": "out of memory"}
        assert collector.spans()["Train"]["events"][0]["name"] == "exception"
        (failed,) = collector.points("slipway.steps.failed")
        assert attributes(failed)["error.type"] == "Boom"

    def test_told_twice_is_the_same(self, executions: FakeExecutions, collector: FakeCollector) -> None:
        """
        Events come more than once.
        """
        arn = a_release(executions)
        executions.end(arn, "SUCCEEDED", output={"outcome": "deployed"})
        for _ in range(2):
            export(executions, collector, arn, status="deployed", ended_at="2026-11-22T04:00:00.000Z")

        assert collector.traces[0] == collector.traces[1]
        assert collector.metrics[0] == collector.metrics[1]

    @pytest.mark.parametrize("arn", ["arn:aws:states:eu-west-1:1:execution:release:x", "running"])
    def test_nothing_is_sent_of_what_is_unknown_or_runs(
        self, executions: FakeExecutions, collector: FakeCollector, arn: str
    ) -> None:
        """
        A trace is told once, when it is whole.
        """
        if arn == "running":
            arn = a_release(executions)

        assert export(executions, collector, arn) == ""
        assert collector.traces == []


class TestPromotion:
    def test_by_hand_is_a_trace_of_its_own(
        self, executions: FakeExecutions, collector: FakeCollector
    ) -> None:
        """
        A rollback months later does not lengthen the release; it is linked to it.
        """
        request = {**a_promotion_request("1.0.0", release_id=RELEASE), "cause": "rollback"}
        arn = executions.start(PROMOTE_MACHINE, "p-2", json.dumps({"request": request})).arn
        executions.histories[arn] = History().enter("Smoke").leave("Smoke").events[::-1]
        executions.end(arn, "SUCCEEDED")
        export(executions, collector, arn)

        root = collector.spans()["rollback pricing/hotel-rates"]
        assert root["links"][0]["traceId"] != root["traceId"]
        assert collector.points("slipway.promotion.duration")

    def test_that_an_approval_started_is_told_with_its_release(
        self, executions: FakeExecutions, collector: FakeCollector
    ) -> None:
        """
        Its steps are in the release's trace; no second one is sent.
        """
        request = {**a_promotion_request("1.0.0", release_id=RELEASE), "cause": "approval"}
        arn = executions.start(PROMOTE_MACHINE, "p-3", json.dumps({"request": request})).arn
        executions.end(arn, "SUCCEEDED")

        assert export(executions, collector, arn) == ""
