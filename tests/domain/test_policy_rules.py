from __future__ import annotations

from typing import Any

import pytest

from slipway.domain.policy_rules import refuse_by_policy
from tests.fakes.models import a_manifest, a_site

FLEET: dict[str, Any] = {"instance_count": 2, "min_instances": 2, "max_instances": 2}


def refusal(policy: dict[str, Any], **serving: Any) -> str:
    """Why the environment refuses a manifest with these keys of [serving]; empty: it does not."""
    manifest = a_manifest(serving=FLEET | serving)
    found = refuse_by_policy(manifest, a_site(**policy).policy, "prod")
    return found.reason if found else ""


class TestServing:
    @pytest.mark.parametrize(
        ("policy", "serving", "said"),
        [
            ({"serving_kinds": ["serverless"]}, {}, "the kind of endpoint real-time; it allows serverless"),
            ({"strategies": ["canary"]}, {}, "the strategy all-at-once; it allows canary"),
            (
                {"max_share": 0.2},
                {"strategy": {"kind": "canary", "share": 0.3}},
                "serving.strategy.share = 0.3; it allows at most 0.2",
            ),
            (
                {"max_share": 0.2},
                {"strategy": {"kind": "ab", "share": 0.3, "outcome": "booked"}},
                "at most 0.2",
            ),
            ({"min_bake_minutes": 5}, {}, "serving.strategy.bake_minutes = 0; it allows at least 5"),
            (
                {"min_bake_minutes": 5},
                {"strategy": {"kind": "rolling", "interval_minutes": 4}},
                "serving.strategy.interval_minutes = 4; it allows at least 5",
            ),
            ({"require_alarms": True}, {"alarms": {"error_share": 1.0}}, "serving.alarms.error_share"),
            ({"require_alarms": True}, {"alarms": {"model_error_share": 1.0}}, "model_error_share"),
            ({"require_alarms": True}, {"alarms": {"prediction": False}}, "serving.alarms.prediction"),
            (
                {"max_instance_count": 2},
                {"schedules": {"day": {"schedule": "rate(1 day)", "min_instances": 2, "max_instances": 3}}},
                "serving.schedules.day.max_instances = 3; it allows at most 2",
            ),
        ],
    )
    def test_more_than_the_environment_allows(
        self, policy: dict[str, Any], serving: dict[str, Any], said: str
    ) -> None:
        """The push is refused with what the environment allows instead."""
        text = refusal(policy, **serving)

        assert said in text
        assert "environments/prod.toml" in text

    @pytest.mark.parametrize(
        ("policy", "serving"),
        [
            ({"serving_kinds": [], "strategies": [], "max_share": 1.0}, {"strategy": {"kind": "canary"}}),
            ({"max_share": 0.1}, {"strategy": {"kind": "canary", "share": 0.1}}),
            # who is mirrored answers nobody
            ({"max_share": 0.1}, {"strategy": {"kind": "shadow", "share": 1.0}}),
            # it ends in a promotion of its own
            ({"min_bake_minutes": 5}, {"strategy": {"kind": "shadow"}}),
            ({"min_bake_minutes": 5}, {"strategy": {"kind": "rolling", "interval_minutes": 5}}),
            ({"require_alarms": True}, {}),
        ],
    )
    def test_what_it_allows(self, policy: dict[str, Any], serving: dict[str, Any]) -> None:
        """A manifest may ask for less."""
        assert refusal(policy, **serving) == ""

    def test_serverless_has_neither_type_nor_guardrails(self) -> None:
        """Lists of instance types and demands on alarms have nothing to say about it."""
        policy = {"serving_instance_types": ["ml.m5.large"], "min_bake_minutes": 5, "require_alarms": True}
        document = a_manifest().document()
        document["serving"] = {"kind": "serverless", "sample": document["serving"]["sample"]}
        manifest = type(a_manifest()).from_document(document)

        assert refuse_by_policy(manifest, a_site(**policy).policy, "prod") is None

    def test_policies_of_older_deployments(self) -> None:
        """A function that was deployed before these keys were there reads its policy without them."""
        assert refusal({}) == ""
