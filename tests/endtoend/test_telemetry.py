"""A release as one trace: in a real collector, on the command line, and in the functions' logs."""

from __future__ import annotations

import json

import pytest

from slipway.domain.telemetry.spans import span_id, trace_id

pytestmark = pytest.mark.endtoend

PROJECT = "tracing"


@pytest.fixture(scope="module")
def release(complete_laptop):
    """1.0.0 was pushed, approved, and serves."""
    complete_laptop.put_numbers(PROJECT)
    return complete_laptop.deployed(complete_laptop.model(PROJECT), "1.0.0")


class TestTrace:
    def test_collector_has_it_from_push_to_endpoint(self, complete_laptop, collector, release):
        """
        One trace, whose id follows from the release's: root, planning, steps, and the promotion's steps.
        """
        trace = trace_id("release", release["release_id"])
        said = collector.said(trace, f"release {PROJECT}/tiny", "Smoke")
        spans = [part for part in said.split("Span #") if trace in part]
        names = {line.partition(": ")[2] for part in spans for line in part.splitlines() if " Name " in line}

        assert {"plan", "Train", "Judge", "RequestApproval", "Promote", "Smoke"} <= names
        assert f"Parent ID      : {span_id('release', release['release_id'])}" in said
        assert "deployment.environment.name: Str(local)" in said

    def test_collector_has_how_long_it_took(self, complete_laptop, collector, release):
        """
        Durations of release and steps, and how long a person took to decide.
        """
        collector.said("slipway.release.duration", "slipway.step.duration", "slipway.approval.wait")

    def test_command_line_shows_the_same(self, complete_laptop, release, capsys):
        """
        `slipway release trace` needs no collector: spans, parents and ids are those that one gets.
        """
        complete_laptop.slipway("release", "trace", f"{PROJECT}/tiny:1.0.0", "--json")
        document = json.loads(capsys.readouterr().out)
        by_id = {span["span_id"]: span for span in document["spans"]}
        smoke = next(span for span in document["spans"] if span["name"] == "Smoke")

        assert document["trace_id"] == trace_id("release", release["release_id"])
        assert by_id[smoke["parent_id"]]["name"] == "Promote"
        assert document["spans"][0]["status"] == "ok"
        assert release["pushed_at"] <= document["spans"][0]["end"]

    def test_page_has_a_bar_for_each_span(self, complete_laptop, release, tmp_path, capsys):
        """
        The waterfall is one file without a script.
        """
        page = tmp_path / "trace.html"
        complete_laptop.slipway("release", "trace", f"{PROJECT}/tiny:1.0.0", "--html", str(page))

        assert page.read_text().count('class="track"') > 10
        assert "<script" not in page.read_text()

    def test_metrics_of_endpoints_are_handed_on(self, complete_laptop, collector, release):
        """
        What runs by the clock may all that it needs, also while nobody has called the endpoint yet.
        """
        client = complete_laptop.aws.client("lambda")
        pages = client.get_paginator("list_functions").paginate()
        (name,) = [
            one["FunctionName"]
            for page in pages
            for one in page["Functions"]
            if one["Handler"] == "functions.bridge_metrics.handler"
        ]
        answer = client.invoke(FunctionName=name, Payload=b"{}")

        assert "FunctionError" not in answer, answer["Payload"].read()

    def test_every_log_line_of_a_release_bears_its_id(self, complete_laptop, release):
        """
        One filter finds what all functions said of a release.
        """
        logs = complete_laptop.aws.client("logs")
        wanted = {
            "PlanRelease",
            "JudgeRelease",
            "RegisterRelease",
            "RequestApproval",
            "DecideApproval",
            "PlanPromotion",
            "RecordOutcome",
            "MailNotice",
            "ExportTelemetry",
        }

        def heard():
            found = set()
            for page in logs.get_paginator("describe_log_groups").paginate():
                for group in page["logGroups"]:
                    name = next((one for one in wanted if one in group["logGroupName"]), "")
                    events = (
                        logs.filter_log_events(logGroupName=group["logGroupName"])["events"] if name else ()
                    )
                    mark = f'"correlation_id":"{release["release_id"]}"'
                    if any(mark in event["message"].replace('": "', '":"') for event in events):
                        found.add(name)
            return found

        complete_laptop.wait_for(lambda: heard() == wanted, "all functions to have spoken")
