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


class TestPromotions:
    def test_each_is_named_with_how_long(self):
        """
        Who works and holds the lease is no trouble.
        """
        found = checks.promotions([checks.UnderWay("promote-rents", 300, "e")])

        assert (found.outcome, found.found) == ("ok", "1 under way: promote-rents changes e, began 5 min ago")
        assert checks.promotions([]).found == "none under way"

    def test_that_wait_or_stand_still_are_a_warning(self):
        """
        They do not go on by themselves, or not before another one has ended.
        """
        waits, stands = checks.UnderWay("a", 30), checks.UnderWay("b", 60, "e", stands_at="MoveAlias")

        assert checks.promotions([waits]).outcome == "warning"
        found = checks.promotions([waits, stands])
        assert "a waits for the endpoint's lease, began 30 s ago" in found.found
        assert "b stands still at MoveAlias" in found.found
        assert "slipway down --kill" in found.advice


class TestFaults:
    def test_that_are_set_are_named(self):
        """
        What was asked for explains what else nobody can.
        """
        found = checks.faults(["capacity (endpoint e, 1)"])

        assert (found.outcome, "capacity (endpoint e, 1)" in found.found) == ("warning", True)
        assert checks.faults([]).outcome == "ok"


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
