from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from workbench.releases import awaited

if TYPE_CHECKING:
    from slipway.contracts.ledger import ApprovalRecord


def asked(model: str, version: str, status: str = "pending") -> ApprovalRecord:
    record: dict[str, Any] = {"project": "homes", "model": model, "version": version, "status": status}
    return cast("ApprovalRecord", record)


WAITING = [asked("rents", "1.0.0"), asked("rents", "1.1.0"), asked("churn", "1.0.0")]


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
        assert awaited(WAITING, "churn") == WAITING[2:]
        assert awaited(WAITING, "homes/rents:1.1.0") == WAITING[1:2]
        assert awaited(WAITING, "rents") == WAITING[:2]

    def test_is_nothing_under_another_name(self) -> None:
        """
        Release ids, ``latest`` and unknown names mean no approval by its model.
        """
        assert (
            awaited(WAITING, "latest")
            == awaited(WAITING, "0123456789abcdef")
            == awaited(WAITING, "x:1")
            == []
        )
