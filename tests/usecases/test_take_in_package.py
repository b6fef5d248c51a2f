from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.contracts.events import APPROVAL_DECIDED, PACKAGE_SET_BACK, VERSION_WITHDRAWN
from slipway.domain.registered_package import approval_of
from tests.fakes.approval_room import PACKAGE, RELEASE, ApprovalRoom

ANA = "arn:aws:sts::111122223333:assumed-role/approvers/ana"
SUBJECT = ("pricing", "hotel-rates", "1.1.0")
STATUSES = ("PendingManualApproval", "Approved", "Rejected")


@pytest.fixture
def room() -> ApprovalRoom:
    asked = ApprovalRoom()
    asked.ask()
    return asked


def in_studio(room: ApprovalRoom, status: str, description: str = "looks right") -> list[str]:
    """Somebody changes the approval in SageMaker Studio; what came of that event and all that followed."""
    room.packages.change(
        "ModelApprovalStatus", "ApprovalDescription", by=ANA, approval=status, description=description
    )
    return room.take_in()


def approval(room: ApprovalRoom) -> Any:
    return room.ledger.version(*SUBJECT)["approval"]


class TestDeciding:
    @pytest.mark.parametrize(("status", "decision"), [("Approved", "approved"), ("Rejected", "rejected")])
    def test_decision_in_studio_counts_as_one_by_link(
        self, room: ApprovalRoom, status: str, decision: str
    ) -> None:
        """Who changed the package decided, for the reason given there; the release goes on."""
        assert in_studio(room, status) == ["decided", "in step"]

        record = room.ledger.get_approval(RELEASE)
        assert (record["status"], record["decided_by"], record["decision_reason"]) == (
            decision, ANA, "looks right",
        )  # fmt: skip
        assert record["user_agent"] == "SageMaker Studio"
        assert [output["decision"] for _, output in room.tokens.outputs] == [decision]
        assert approval(room) == decision
        assert [event["approver"] for event in room.events.of(APPROVAL_DECIDED)] == [ANA]
        assert f"{ANA} {decision} this release in SageMaker Studio on" in room.packages.held.description
        assert "looks right" in room.packages.held.description

    def test_decision_without_a_description_says_so(self, room: ApprovalRoom) -> None:
        """Studio does not ask for a reason; the ledger says that none was given."""
        in_studio(room, "Approved", "")

        assert "no reason was given" in room.ledger.get_approval(RELEASE)["decision_reason"]

    def test_decision_by_link_ends_with_its_own_event(self, room: ApprovalRoom) -> None:
        """Our own writing of the package is recognised and does nothing."""
        room.post(room.link())
        before = room.state()

        assert room.take_in() == ["in step"]
        assert room.state() == before

    def test_request_that_is_asked_again_is_not_decided_by_our_own_words(self, room: ApprovalRoom) -> None:
        """The package of a request that expired was rejected by us: that is no decision."""
        room.later(days=3).sweep()
        room.take_in()
        room.ask("token-2", redrive=1)
        assert room.ledger.get_approval(RELEASE)["status"] == "pending"
        room.ledger.registered[SUBJECT]["approval"] = "abandoned"

        assert room.sweep()["pending"] == 1
        room.packages.change("CustomerMetadataProperties", by=ANA)
        assert room.take_in() == ["in step"]
        assert in_studio(room, "Approved", "good after all") == ["decided", "in step"]
        assert approval(room) == "approved"

    def test_description_of_ours_is_nobodys_reason(self, room: ApprovalRoom) -> None:
        """Who changes the status alone leaves the last description as it is: it is not theirs."""
        room.post(room.link(), reason="better")
        room.take_in()
        room.packages.change("ModelApprovalStatus", by=ANA, approval="Rejected")

        assert room.take_in() == ["withdrawn"]
        assert "no reason was given" in room.events.of(VERSION_WITHDRAWN)[0]["reason"]

    def test_event_that_comes_twice_decides_once(self, room: ApprovalRoom) -> None:
        """Events come at least once."""
        in_studio(room, "Approved")
        before = room.state()

        assert room.intake.take_in_package(PACKAGE, ["ModelApprovalStatus"]) == "in step"
        assert room.state() == before

    def test_lost_event_is_found_by_the_sweep(self, room: ApprovalRoom) -> None:
        """A decision whose event never came is found where somebody still waits for one."""
        room.packages.change("ModelApprovalStatus", by=ANA, approval="Approved")
        room.packages.changed.clear()

        assert room.sweep()["delivered"] == 1
        assert approval(room) == "approved"
        assert room.tokens.outputs[0][1]["approver"] == ANA

    def test_decision_before_anybody_was_asked_waits(self) -> None:
        """The package is registered a moment before its approvers are asked; the sweep takes it up then."""
        room = ApprovalRoom()

        assert in_studio(room, "Approved") == ["later"]
        assert approval(room) == "pending"
        room.ask()
        assert room.sweep()["delivered"] == 1
        assert approval(room) == "approved"

    def test_approval_after_a_successor_came_to_serve_is_set_back(self, room: ApprovalRoom) -> None:
        """As by a link: what was compared with another champion can't be approved any more."""
        room.ledger.moves["pricing", "hotel-rates", "champion"] = [{"version": "1.0.5", "revision": 1}]

        assert in_studio(room, "Approved") == ["set back", "in step"]
        assert room.packages.held.approval == "PendingManualApproval"
        assert "1.0.5 serves by now" in room.events.of(PACKAGE_SET_BACK)[0]["reason"]
        assert room.ledger.get_approval(RELEASE)["status"] == "pending"


class TestContradicting:
    def test_approval_of_what_was_rejected_is_set_back(self, room: ApprovalRoom) -> None:
        """A decision is taken once: the package says again what was decided, and by whom; people are told."""
        room.post(room.link(), "rejected", "too slow")
        room.take_in()

        assert in_studio(room, "Approved") == ["set back", "in step"]

        assert room.packages.held.approval == "Rejected"
        assert "ana@example.com rejected this release" in room.packages.held.description
        [told] = room.events.of(PACKAGE_SET_BACK)
        assert (told["found"], told["wanted"], told["who"]) == ("Approved", "Rejected", ANA)
        assert (told["project"], told["version"], told["release_id"]) == ("pricing", "1.1.0", RELEASE)

    def test_approval_of_what_expired_is_set_back(self, room: ApprovalRoom) -> None:
        """Also where it came too late for the request, and before the sweep saw that."""
        room.later(days=3)
        assert in_studio(room, "Approved") == ["later"]
        room.sweep()
        assert room.packages.held.approval == "Rejected"
        room.take_in()

        assert in_studio(room, "Approved") == ["set back", "in step"]
        assert room.packages.held.approval == "Rejected"

    def test_approved_that_is_put_back_to_pending_is_set_back(self, room: ApprovalRoom) -> None:
        """What serves can't become undecided."""
        room.post(room.link())
        room.take_in()

        assert in_studio(room, "PendingManualApproval") == ["set back", "in step"]
        assert room.packages.held.approval == "Approved"

    def test_release_that_ended_first_is_no_contradiction(self, room: ApprovalRoom) -> None:
        """Nobody tells the package of a release that failed: that it waits for ever harms nobody."""
        room.ledger.registered[SUBJECT]["approval"] = "abandoned"
        room.ledger.approvals[RELEASE] |= {"status": "expired", "delivered": True, "undeliverable": True}
        room.packages.change("CustomerMetadataProperties", by=ANA)

        assert room.take_in() == ["in step"]
        assert in_studio(room, "Approved") == ["set back", "in step"]

    def test_decision_that_is_on_its_way_is_not_contradicted(self, room: ApprovalRoom) -> None:
        """Between the ledger's word and the package's, another event changes nothing."""
        room.tokens.trouble = ConnectionError("no network")
        room.post(room.link(), "rejected", "too slow")
        room.packages.held = type(room.packages.held)(
            PACKAGE, "PendingManualApproval", properties=room.packages.held.properties
        )

        assert set(room.take_in()) == {"later"}
        assert room.events.of(PACKAGE_SET_BACK) == []


class TestWithdrawing:
    @pytest.mark.parametrize("serves", [True, False])
    def test_approved_version_that_is_rejected_is_withdrawn(
        self, room: ApprovalRoom, *, serves: bool
    ) -> None:
        """It can't be promoted any more; what serves goes on, and people are told whether it does."""
        room.post(room.link())
        room.take_in()
        if serves:
            room.ledger.moves["pricing", "hotel-rates", "champion"] = [{"version": "1.1.0", "revision": 1}]

        assert in_studio(room, "Rejected", "it discriminates") == ["withdrawn"]

        version = room.ledger.version(*SUBJECT)
        assert (version["approval"], version["approver"], version["decision_reason"]) == (
            "rejected", ANA, "it discriminates",
        )  # fmt: skip
        [told] = room.events.of(VERSION_WITHDRAWN)
        assert (told["serves"], told["who"], told["reason"]) == (serves, ANA, "it discriminates")
        assert room.packages.held.approval == "Rejected"

    def test_withdrawn_version_is_approved_by_no_second_thought(self, room: ApprovalRoom) -> None:
        """Another release has to show that it is good."""
        room.post(room.link())
        room.take_in()
        in_studio(room, "Rejected")

        assert in_studio(room, "Approved") == ["set back", "in step"]
        assert room.packages.held.approval == "Rejected"


class TestWords:
    def test_stage_and_metadata_are_taken_into_the_version(self, room: ApprovalRoom) -> None:
        """Tags are the properties that are not Slipway's own."""
        properties = {**room.packages.held.properties, "team": "rates"}
        room.packages.change("ModelLifeCycle", by=ANA, stage="Staging")
        room.packages.change("CustomerMetadataProperties", by=ANA, properties=properties)

        room.take_in()

        version = room.ledger.version(*SUBJECT)
        assert (version["stage"], version["tags"]) == ("Staging", {"team": "rates"})

    def test_tags_of_the_ledger_are_written_to_the_package(self, room: ApprovalRoom) -> None:
        """What was removed goes, Slipway's own properties stay, and the event that this makes ends it."""
        room.packages.held = type(room.packages.held)(
            PACKAGE, "PendingManualApproval", properties={**room.packages.held.properties, "old": "x"}
        )
        room.ledger.registered[SUBJECT]["tags"] = {"team": "rates, eu"}

        assert room.intake.tell_package(*SUBJECT) is True
        assert room.packages.held.tags == {"team": "rates- eu"}
        assert room.packages.held.release_id == RELEASE
        assert room.take_in() == ["in step"]
        assert room.ledger.version(*SUBJECT)["tags"] == {"team": "rates, eu"}
        assert room.intake.tell_package(*SUBJECT) is False

    def test_other_changes_leave_tags_alone(self, room: ApprovalRoom) -> None:
        """A tag that the ledger got, and that is about to be written, is not lost to an event between."""
        room.ledger.registered[SUBJECT]["tags"] = {"team": "rates"}
        room.packages.change("ModelLifeCycle", by=ANA, stage="Staging")

        room.take_in()

        assert room.ledger.version(*SUBJECT)["tags"] == {"team": "rates"}

    def test_package_of_somebody_else_is_left_alone(self, room: ApprovalRoom) -> None:
        """A package that is gone, or that no release of the ledger registered."""
        assert room.intake.take_in_package("arn:aws:sagemaker:x:1:model-package/other/1") == "not ours"
        room.ledger.registered.clear()
        room.ledger.approvals.clear()
        assert in_studio(room, "Approved") == ["not ours"]


ACTS = st.sampled_from(
    ["Approved", "Rejected", "PendingManualApproval", "link approves", "link rejects", "days pass",
     "sweep", "tag in ledger", "tag in Studio", "event twice"]
)  # fmt: skip


class TestLaws:
    @given(acts=st.lists(ACTS, max_size=8))
    @settings(max_examples=150, deadline=None)
    def test_whatever_people_do_it_comes_to_rest_in_step(self, acts: list[str]) -> None:
        """
        After any history, once the events that followed were taken and a sweep has run, events stop, the
        package says of the approval what the ledger says, and the execution got at most one decision.
        """
        room = ApprovalRoom()
        room.ask()
        link = room.link()
        for act in acts:
            self._act(room, act, link)
            room.take_in()
        room.sweep()
        room.take_in()

        assert room.packages.held.approval == approval_of(approval(room))
        assert len(room.tokens.outputs) <= 1
        assert room.ledger.version(*SUBJECT).get("tags", {}) == room.packages.held.tags

    def _act(self, room: ApprovalRoom, act: str, link: str) -> None:
        packages = room.packages
        if act in STATUSES:
            packages.change("ModelApprovalStatus", by=ANA, approval=act)
        elif act.startswith("link"):
            room.post(link, "approved" if act == "link approves" else "rejected", "seen")
        elif act == "days pass":
            room.later(days=2)
        elif act == "sweep":
            room.sweep()
        elif act == "tag in ledger":
            room.ledger.registered[SUBJECT]["tags"] = {"team": "ours"}
            room.intake.tell_package(*SUBJECT)
        elif act == "tag in Studio":
            properties = {**packages.held.properties, "team": "theirs"}
            packages.change("CustomerMetadataProperties", by=ANA, properties=properties)
        else:
            packages.changed.append(["ModelApprovalStatus"])
