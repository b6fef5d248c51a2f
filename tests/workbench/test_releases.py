from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from workbench.releases import awaited

if TYPE_CHECKING:
    from slipway.contracts.ledger import ApprovalRecord


def asked(model: str, version: str, status: str = "pending", **more: Any) -> ApprovalRecord:
    record: dict[str, Any] = {"project": "homes", "model": model, "version": version, "status": status}
    return cast("ApprovalRecord", record | {"release_id": f"{model}-{version}", **more})


TRIED: Any = {"release_id": "aa" * 8, "kind": "ab", "champion": "1.0.0"}
TRIAL = asked("demand", "2.0.0", release_id="bb" * 8, trial=TRIED)
WAITING = [asked("rents", "1.0.0"), asked("rents", "1.1.0"), asked("churn", "1.0.0"), TRIAL]


class TestAwaited:
    def test_is_whatever_waits_when_nothing_is_named(self) -> None:
        """
        Without a reference, all that wait are meant; what was decided does not wait.
        """
        assert awaited([*WAITING, asked("rents", "0.9.0", "approved")], None) == WAITING

    def test_is_what_goes_by_the_name(self) -> None:
        """
        A model, a version of it, and either with its project say which one is meant.
        """
        assert awaited(WAITING, "churn") == WAITING[2:3]
        assert awaited(WAITING, "homes/rents:1.1.0") == WAITING[1:2]
        assert awaited(WAITING, "rents") == WAITING[:2]

    @pytest.mark.parametrize("name", ["bb" * 8, "aa" * 8, "demand", "homes/demand:2.0.0", "2.0.0"])
    def test_is_a_trial_by_its_id_and_its_names(self, name: str) -> None:
        """
        A trial's challenger goes by the trial's id, its release's, its model and its version.
        """
        assert awaited(WAITING, name) == [TRIAL]

    def test_is_every_one_of_that_version(self) -> None:
        """
        A version alone names whatever waits with it.
        """
        assert awaited(WAITING, "1.1.0") == WAITING[1:2]
        assert awaited(WAITING, "1.0.0") == [WAITING[0], WAITING[2]]

    def test_is_nothing_under_another_name(self) -> None:
        """
        Other ids, ``latest`` and unknown names mean none.
        """
        assert (
            awaited(WAITING, "latest")
            == awaited(WAITING, "0123456789abcdef")
            == awaited(WAITING, "x:1")
            == []
        )
