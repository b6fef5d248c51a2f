from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.contracts import events
from slipway.domain.notice_blocks import (
    MAX_FIELD,
    MAX_FIELDS,
    MAX_HEADER,
    MAX_TEXT,
    slack_message,
)
from slipway.domain.notice_mail import notice_subject, notice_text, recipients_of
from slipway.domain.notices import notice_of

REGION = "eu-central-1"
EXECUTION = "arn:aws:states:eu-central-1:000000000000:execution:slipway-prod-release:9f2c41d07b3a55e1"
SELF = {
    "environment": "prod",
    "release_id": "9f2c41d07b3a55e1",
    "project": "pricing",
    "model": "hotel-rates",
    "version": "1.1.0",
}
VERDICT = {
    "accepted": True,
    "summary": "1.1.0 is accepted: mae is 31.20, 1.84 better than the champion.",
    "primary_metric": "mae",
    "challenger": {"mae": 31.2046, "r2": 0.7612},
    "champion": {"mae": 33.0411, "r2": 0.7349},
    "gates": [{"gate": "mae <= 60", "passed": True, "reason": "mae is 31.20, meets <= 60"}],
    "report_uri": "s3://artifacts/pricing/hotel-rates/releases/9f2c41d07b3a55e1/report.json",
}
TRAINING = {
    "job_name": "job-1",
    "model_uri": "s3://m/model.tar.gz",
    "seconds": 124.0,
    "billable_seconds": 97.0,
}
ENDPOINT = {
    "endpoint_name": "slipway-prod-pricing-hotel-rates",
    "endpoint_arn": "arn:aws:sagemaker:eu-central-1:000000000000:endpoint/slipway-prod-pricing-hotel-rates",
    "endpoint_config_name": "slipway-prod-hotel-rates-1-1-0-9f2c41d0",
    "variant": "AllTraffic",
    "instance_type": "ml.m5.large",
    "instance_count": 2,
    "identity": {"version": "1.1.0", "image_digest": "sha256:abab", "data_version": "hotel-rates:1.1.0"},
    "smoke_status": "passed",
    "smoke_milliseconds": 12.3,
}
DETAILS: dict[str, dict[str, Any]] = {
    events.RELEASE_REFUSED: {
        "reason": "1.1.0 is not newer than the released 1.2.0",
        "repository": "models/pricing/hotel-rates",
        "tag": "1.1.0",
        "digest": "sha256:abab",
    },
    events.RELEASE_STARTED: {"cause": "push", "execution_arn": EXECUTION},
    events.RELEASE_JUDGED: {"verdict": VERDICT, "training": TRAINING, "evaluation": {}},
    events.APPROVAL_REQUESTED: {
        "approvers": ["ana@example.com", "ben@example.com"],
        "expires_at": "2026-11-25T14:00:00.000Z",
        "summary": VERDICT["summary"],
    },
    events.PACKAGE_SET_BACK: {
        "found": "Approved",
        "wanted": "Rejected",
        "who": "ana@example.com",
        "reason": "ben@example.com rejected this release.",
        "package_arn": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/g/2",
    },
    events.VERSION_WITHDRAWN: {
        "who": "ana@example.com",
        "reason": "it discriminates",
        "serves": True,
        "package_arn": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/g/2",
    },
    events.ENDPOINT_IDLE: {
        "endpoint": "slipway-prod-pricing-hotel-rates",
        "idle_since": "2026-11-01T14:00:00.000Z",
        "stops_at": "2026-11-15T14:00:00.000Z",
        "usd_per_month": 83.95,
    },
    events.ENDPOINT_ALARM: {
        "alarm": "watching/slipway-dev-pricing-hotel-rates/5xx",
        "endpoint": "slipway-dev-pricing-hotel-rates",
        "state": "ALARM",
        "what": "too many requests end in a server error",
        "reason": "Threshold Crossed: 3 of the last 5 datapoints breach 0.05",
        "runbook": "https://example.com/operations.md#an-endpoints-alarm",
    },
    events.TRIAL_STARTED: {
        "trial_id": "7d" * 8,
        "kind": "ab",
        "champion": "1.0.0",
        "settings": {"share": 0.1, "requests": 1000, "hours": 24, "outcome": "booked"},
        "actor": "ana@example.com",
    },
    events.TRIAL_ENDED: {
        "trial_id": "7d" * 8,
        "kind": "shadow",
        "champion": "1.0.0",
        "status": "promoted",
        "word": "better",
        "reason": "ana@example.com: seen",
    },
    events.APPROVAL_GIVEN: {
        "approver": "ana@example.com",
        "reason": "better",
        "given": 1,
        "persons": 2,
    },
    events.APPROVAL_DECIDED: {
        "decision": "rejected",
        "approver": "ana@example.com",
        "reason": "worse at night",
    },
    events.ENDPOINT_IN_SERVICE: {"endpoint": ENDPOINT},
    events.ENDPOINT_CHANGED: {
        "endpoint": {
            "endpoint_name": "slipway-prod-pricing-hotel-rates",
            "endpoint_config_name": "slipway-prod-hotel-rates-1-0-0-9f2c41d0-3fa9c1",
            "action": "beside",
            "layout": [
                {"version": "1.0.0", "role": "champion", "share": 0.9, "variant": "AllTraffic"},
                {"version": "1.1.0", "role": "challenger", "share": 0.1, "variant": "v-1-1-0"},
            ],
        },
    },
    events.RELEASE_FAILED: {
        "step": "Train",
        "error": "States.TaskFailed",
        "cause": json.dumps({"FailureReason": "AlgorithmError: out of memory"}),
        "log_url": "https://eu-central-1.console.aws.amazon.com/cloudwatch/home#logs",
        "next_action": "Ask for a larger instance under [training].",
        "execution_arn": EXECUTION,
    },
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def mail(kind: str, **changes: Any) -> tuple[str, str]:
    notice = notice_of(kind, {**SELF, **DETAILS[kind], **changes}, region=REGION)
    assert notice is not None
    return notice_subject(notice), notice_text(notice)


def slack(kind: str, **changes: Any) -> dict[str, Any]:
    notice = notice_of(kind, {**SELF, **DETAILS[kind], **changes}, region=REGION)
    assert notice is not None
    return slack_message(notice)


class TestEveryKind:
    @pytest.mark.parametrize("kind", events.KINDS)
    def test_each_event_has_a_notice_that_names_the_version(self, kind):
        """
        Subject and chat headline say which environment, model and version it is about (V10).
        """
        subject, text = mail(kind)
        header = slack(kind)["blocks"][0]["text"]["text"]

        assert subject.startswith("[prod] pricing/hotel-rates 1.1.0: ")
        assert header.startswith("[prod] pricing/hotel-rates 1.1.0: ")
        assert "9f2c41d07b3a55e1" in text

    def test_an_unknown_kind_is_nobodys_business(self):
        """
        A later platform's event is passed over.
        """
        assert notice_of("Something Else", SELF, region=REGION) is None

    @given(st.sampled_from(events.KINDS), st.text(max_size=300), st.text(max_size=5000))
    def test_subject_and_text_are_plain_whatever_the_names_hold(self, kind, name, text):
        """
        SNS takes an ASCII subject under 100 characters without control characters, and plain text.
        """
        changes = {"model": name, "version": name, "reason": text, "cause": text, "approver": name}
        subject, body = mail(kind, **changes)

        assert 1 <= len(subject) < 100
        assert all(" " <= sign <= "~" for sign in subject)
        assert all(sign == "\n" or " " <= sign <= "~" for sign in body)

    @given(st.sampled_from(events.KINDS), st.text(max_size=4000), st.dictionaries(st.text(), st.floats()))
    def test_slack_takes_every_message(self, kind, text, metrics):
        """
        No text goes beyond Block Kit's limits: Slack would refuse the whole message.
        """
        verdict = {**VERDICT, "summary": text, "challenger": metrics, "champion": metrics}
        message = slack(kind, verdict=verdict, reason=text, cause=text, version=text, next_action=text)

        assert len(json.dumps(message)) < 100_000
        assert len(message["blocks"]) <= 50
        for block in message["blocks"]:
            if block["type"] == "header":
                assert 1 <= len(block["text"]["text"]) <= MAX_HEADER
            elif "text" in block:
                assert 1 <= len(block["text"]["text"]) <= MAX_TEXT
            assert len(block.get("fields", [])) <= MAX_FIELDS
            assert all(len(field["text"]) <= MAX_FIELD for field in block.get("fields", []))

    @pytest.mark.parametrize("kind", events.KINDS)
    def test_nothing_from_outside_mentions_people_in_chat(self, kind):
        """
        Angle brackets make mentions and links in Slack; those of others are text.
        """
        evil = "<!channel> <https://evil.example|click>"
        message = slack(kind, version=evil, reason=evil, cause=evil, approver=evil, summary=evil, step=evil)

        parsed = [block for block in message["blocks"] if block["type"] != "header"]  # a header is plain text
        for text in (message["text"], json.dumps(parsed)):
            assert "<!channel>" not in text
            assert "<https://evil" not in text


class TestReleaseJudged:
    def test_training_and_evaluation_are_told(self):
        """
        V5: the result beside the champion's, how long training took, and where the evidence lies.
        """
        subject, text = mail(events.RELEASE_JUDGED)

        assert subject.endswith("accepted, waits for approval")
        for part in ("31.20", "33.04", "-1.84", "2 min 4 s (97 s billed)", "report.json", "job-1"):
            assert part in text

    def test_a_verdict_against_it_names_the_gates(self):
        """
        What was not met stands in the message, and that production is untouched.
        """
        gate = {"gate": "mae <= 30", "passed": False, "reason": "mae is 31.20, needs <= 30"}
        subject, text = mail(
            events.RELEASE_JUDGED, verdict={**VERDICT, "accepted": False, "gates": [gate], "champion": None}
        )

        assert subject.endswith("not accepted")
        assert "mae is 31.20, needs <= 30" in text
        assert "first version in production" in text
        assert "goes on serving" in text


class TestEndpointInService:
    def test_the_endpoints_details_are_told(self):
        """
        V8: name, region, variant, instances, identity, and how to call it.
        """
        _, text = mail(events.ENDPOINT_IN_SERVICE)

        for part in (
            "slipway-prod-pricing-hotel-rates", REGION, "AllTraffic", "2 x ml.m5.large", "sha256:abab",
            "hotel-rates:1.1.0", "passed in 12 ms",
            f"aws sagemaker-runtime invoke-endpoint --region {REGION}",
        ):  # fmt: skip
            assert part in text


class TestReleaseFailed:
    def test_step_cause_log_and_next_action_are_told(self):
        """
        V9: which step, the cause in words, a link to the log, what to do next.
        """
        subject, text = mail(events.RELEASE_FAILED)

        assert subject.endswith("failed at Train")
        assert "AlgorithmError: out of memory" in text
        assert "FailureReason" not in text
        assert "https://eu-central-1.console.aws.amazon.com/cloudwatch/home#logs" in text
        assert "Ask for a larger instance under [training]." in text
        assert EXECUTION in text

    def test_a_failed_way_back_is_not_called_harmless(self):
        """
        What served before may not serve any more: nobody may read that it does.
        """
        _, text = mail(events.RELEASE_FAILED, step="Promote", error="RestoreFailed")

        assert "still serves" not in text
        assert "could not be put back" in text

    @given(st.dictionaries(st.sampled_from(["step", "error", "cause", "log_url", "next_action"]), JSON))
    def test_any_failure_can_be_told(self, changes):
        """
        A notice of failure must not fail itself.
        """
        subject, text = mail(events.RELEASE_FAILED, **changes)

        assert subject
        assert text


class TestTrials:
    def test_a_start_says_what_the_test_takes(self):
        """
        How many outcomes the smallest effect needs, and when it is over at the latest.
        """
        settings = {"share": 0.1, "hours": 168, "outcome": "booked", "minimum_effect": 0.01}
        _, text = mail(events.TRIAL_STARTED, settings=settings)
        said = " ".join(text.split())

        assert "an effect of 0.01 takes about 92,189 outcomes" in said
        assert "168 hours" in said
        assert "requests or" not in said

    def test_one_that_never_began_changed_nothing(self):
        """
        It had no champion beside it, and nobody serves on.
        """
        reason = "NoTrialError: no champion serves"
        _, text = mail(events.TRIAL_ENDED, champion="", status="failed", word="", reason=reason)

        assert "It never began; the endpoint is as it was." in text
        assert reason in text


class TestApprovalDecided:
    def test_reason_and_consequence_are_told(self):
        """
        Who, what, why, and what happens now.
        """
        subject, text = mail(events.APPROVAL_DECIDED)

        assert subject.endswith("rejected by ana@example.com")
        assert "worse at night" in text
        assert "goes on serving" in text

    def test_a_decision_that_came_too_late_says_so(self):
        """
        An approval that changed nothing must not read like a deployment.
        """
        _, text = mail(events.APPROVAL_DECIDED, decision="approved", undeliverable=True)

        assert "nothing was changed in production" in text
        assert "goes into production" not in text


class TestRecipientsOf:
    POLICY: ClassVar[Any] = {
        "recipients": {"pricing": ["team@example.com", "ana@example.com"], "*": ["all@example.com"]},
        "approvers": {"*": ["ana@example.com", "ben@example.com"]},
    }

    def test_recipients_and_approvers_are_told_once_each(self):
        """
        The project's own list comes before everybody's; who is in both gets one message.
        """
        assert recipients_of(self.POLICY, events.RELEASE_FAILED, "pricing") == (
            "team@example.com",
            "ana@example.com",
            "ben@example.com",
        )
        assert recipients_of(self.POLICY, events.RELEASE_REFUSED, "")[0] == "all@example.com"

    def test_a_wanted_approval_is_not_mailed_twice(self):
        """
        Approvers have the message with their link already.
        """
        assert recipients_of(self.POLICY, events.APPROVAL_REQUESTED, "pricing") == ()
