from __future__ import annotations

import pytest

from workbench import checks


class TestNode:
    @pytest.mark.parametrize(
        ("version", "outcome"), [("v24.1.0", "ok"), ("v22.0.0", "ok"), ("v20.20.2", "warning")]
    )
    def test_old_ones_are_warned_of(self, version, outcome):
        """
        Node 20 is past its end of life for synthesis.
        """
        assert checks.node(lambda: version).outcome == outcome

    def test_a_missing_one_says_how_to_get_it(self):
        """
        Without Node nothing can be synthesized, and the two commands bring one.
        """

        def absent():
            raise FileNotFoundError

        assert "make demo" in checks.node(absent).advice


class TestOpenReleases:
    def test_a_release_without_a_running_execution_is_a_problem(self):
        """
        What the ledger takes for running must run.
        """
        records = [
            {"release_id": "a", "status": "running", "execution_arn": "arn:a"},
            {"release_id": "b", "status": "awaiting-approval", "execution_arn": "arn:b"},
            {"release_id": "c", "status": "deployed", "execution_arn": "arn:c"},
        ]
        finding = checks.open_releases(iter(records), {"arn:a": "RUNNING", "arn:b": "FAILED"}.__getitem__)

        assert (finding.outcome, finding.found) == ("problem", "no execution runs for b")


class TestLeases:
    def test_a_lease_of_an_ended_promotion_is_named(self):
        """
        Others wait for it; it says how it is given back.
        """
        found = checks.leases(["e"])

        assert (found.outcome, "--mend" in found.advice) == ("warning", True)
        assert checks.leases([]).outcome == "ok"


class TestApprovals:
    def test_a_decision_that_did_not_arrive_is_named(self):
        """
        Decided but not delivered, and expired but not closed, both wait for the sweep.
        """
        records = [
            {"release_id": "a", "status": "approved", "expires_at_epoch": 9},
            {"release_id": "b", "status": "pending", "expires_at_epoch": 9},
        ]
        finding = checks.approvals(records, now=10.0)

        assert finding.found == "decided, not delivered: a; expired, not closed: b"


class TestSubscriptions:
    def test_unconfirmed_ones_are_named(self):
        """
        A publish to an unconfirmed address succeeds and reaches nobody.
        """
        answers = [{"Endpoint": "a@example.com", "SubscriptionArn": "PendingConfirmation"}]

        assert "a@example.com" in checks.subscriptions(answers).found


class TestEndpoints:
    def test_a_failed_one_is_a_problem_with_its_reason(self):
        """
        What SageMaker says of a failed endpoint is shown.
        """
        described = [{"EndpointName": "e", "EndpointStatus": "Failed", "FailureReason": "no ping"}]

        assert [(one.outcome, one.found) for one in checks.endpoints(described, {})] == [
            ("problem", "Failed: no ping")
        ]

    @pytest.mark.parametrize("status", ["UpdateRollbackFailed", "OutOfService"])
    def test_that_takes_no_update_is_stopped_and_started(self, status):
        """
        A promotion would be refused: the advice names what works, with the endpoint's name, and the runbook.
        """
        (found,) = checks.endpoints([{"EndpointName": "e", "EndpointStatus": status}], {"e": "p/m"})

        assert found.outcome == "problem"
        assert "`slipway endpoint stop p/m`" in found.advice
        assert "docs/operations.md" in found.advice
        assert "release retry" not in found.advice
