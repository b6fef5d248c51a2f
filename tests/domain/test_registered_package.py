from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.registered_package import (
    MAX_DESCRIPTION,
    RegisteredPackage,
    approval_of,
    marked,
    properties_for,
    tags_to_take,
)

OWN = {"slipway:version": "1.0.0", "metric:mae": "3"}
KEYS = st.sampled_from(["team", "market", "a,b", "a-b", "a;b", " spaced", "x" * 200])
TAGS = st.dictionaries(KEYS, st.text(min_size=1, max_size=20), max_size=6)
SAID = st.dictionaries(
    st.sampled_from(["team", "market", "a-b", "note"]), st.text("ab c", min_size=1, max_size=5), max_size=4
)


def a_package(tags: dict[str, str], **changes: str) -> RegisteredPackage:
    return RegisteredPackage("arn", "Approved", properties={**OWN, **tags}, **changes)


class TestTags:
    @given(tags=TAGS)
    def test_what_we_wrote_is_not_taken_back(self, tags: dict[str, str]) -> None:
        """Whatever the ledger's tags hold: a package that carries them has nothing to say."""
        assert tags_to_take(a_package(properties_for(tags, own=len(OWN))), tags) is None

    @given(tags=TAGS, said=SAID)
    def test_taking_in_ends(self, tags: dict[str, str], said: dict[str, str]) -> None:
        """After taking in and writing what fits, ledger and package agree."""
        taken = tags_to_take(a_package(said), tags)
        after = tags if taken is None else taken

        assert tags_to_take(a_package(properties_for(after, own=len(OWN))), after) is None

    @given(tags=TAGS, text=st.text("ab", min_size=1, max_size=5))
    def test_only_what_was_changed_changes(self, tags: dict[str, str], text: str) -> None:
        """Another tag's change leaves each text of the ledger as it is, also what no property can hold."""
        carried = properties_for(tags, own=len(OWN))

        assert tags_to_take(a_package({**carried, "new": text}), tags) == {**tags, "new": text}

    def test_more_tags_than_fit_are_kept(self) -> None:
        """SageMaker has room for fifty properties; the ledger keeps the rest when somebody changes one."""
        tags = {f"tag-{number:03}": "x" for number in range(80)}
        carried = properties_for(tags, own=len(OWN))
        assert len(carried) == 48

        taken = tags_to_take(a_package({**carried, "tag-000": "y"}), tags)

        assert taken == {**tags, "tag-000": "y"}


class TestApproval:
    def test_only_what_is_approved_can_be_deployed(self) -> None:
        """Every other end of a version is a rejection for SageMaker."""
        assert [approval_of(one) for one in ("approved", "pending", "rejected", "expired", "abandoned")] == [
            "Approved", "PendingManualApproval", "Rejected", "Rejected", "Rejected",
        ]  # fmt: skip

    @given(description=st.text(max_size=2000))
    def test_our_own_words_are_recognised(self, description: str) -> None:
        """However long they are; and they are no reason of somebody's."""
        ours = a_package({}, description=marked(description, "Approved"))

        assert ours.ours
        assert ours.reason == ""
        assert len(ours.description) <= MAX_DESCRIPTION

    def test_words_of_another_approval_are_not_ours(self) -> None:
        """Somebody changed the status and left the description."""
        assert not a_package({}, description=marked("so be it", "Rejected")).ours
        assert a_package({}, description="good enough").reason == "good enough"
