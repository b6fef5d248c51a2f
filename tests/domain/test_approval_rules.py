from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.approval_rules import personal, persons_of, standing_approvals, step_of

PEOPLE = ("ana@example.com", "Ana@example.com", "ben@example.com", "cleo@example.com")
DECISIONS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["approved", "approved", "rejected"])), max_size=8
)


def decision(who: str, word: str) -> Any:
    return {
        "status": word,
        "decided_by": who,
        "decided_at": "2026-11-22T14:00:00.000Z",
        "decision_reason": "",
        "source_ip": "",
        "user_agent": "",
    }


def ended(persons: int, taken: list[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    """How a request ends when decisions come one after the other, and which of them were recorded."""
    record: Any = {"status": "pending", "persons": persons, "redrive": 0, "decisions": []}
    recorded = []
    for who, word in taken:
        one = decision(who, word)
        step = step_of(record, one)
        if step == "repeats":
            continue
        record["decisions"].append(personal(record, one))
        recorded.append((who, word))
        if step == "decides":
            return word, recorded
    return "pending", recorded


class TestStepOf:
    @given(st.integers(1, 2), DECISIONS)
    def test_nobody_approves_for_two(self, persons, taken):
        """
        Approved means: nobody rejected before, and as many different people approved as must.
        """
        end, recorded = ended(persons, taken)

        if end == "approved":
            assert len({who.casefold() for who, _ in recorded}) == persons == len(recorded)
            assert {word for _, word in recorded} == {"approved"}

    @given(st.integers(1, 2), DECISIONS)
    def test_a_rejection_by_anyone_ends_it(self, persons, taken):
        """
        Whoever rejects before enough have approved has the last word.
        """
        end, recorded = ended(persons, taken)

        if any(word == "rejected" for _, word in recorded):
            assert end == "rejected"
            assert recorded[-1][1] == "rejected"

    @given(st.permutations(["ana@example.com", "ben@example.com"]))
    def test_two_decide_in_any_order(self, people):
        """
        It does not matter who comes first.
        """
        assert ended(2, [(who, "approved") for who in people])[0] == "approved"


class TestStandingApprovals:
    @given(st.integers(0, 2), st.sampled_from(["", "sha256:1", "sha256:2"]))
    def test_only_what_was_approved_of_this_request_and_report_counts(self, redrive, digest):
        """
        After a redrive, or about another report, people have to approve again.
        """
        asked: Any = {"redrive": redrive, "report_digest": digest}
        given_before = personal(asked, decision("ana@example.com", "approved"))
        now: Any = {"redrive": 1, "report_digest": "sha256:1", "decisions": [given_before]}

        assert bool(standing_approvals(now)) == (redrive == 1 and digest == "sha256:1")


class TestPersonsOf:
    @given(st.integers(1, 2), st.integers(1, 2))
    def test_a_manifest_asks_for_more_and_never_for_less(self, ours, theirs):
        """
        The larger number holds.
        """
        persons = persons_of({"persons": ours}, {"approval": {"persons": theirs}})

        assert persons == max(ours, theirs)
        assert persons_of({"persons": ours}, {}) == ours
