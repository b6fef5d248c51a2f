"""Faults are met as often as they were asked for, where they were asked for, and then are over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.local.fault_kinds import KINDS
from workbench.local.faults import Faults, UnknownFaultError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    return Faults(tmp_path / "faults.json")


class TestFaults:
    @settings(max_examples=30, deadline=None)
    @given(times=st.integers(1, 5), requests=st.integers(1, 5))
    def test_are_met_as_often_as_asked(
        self, times: int, requests: int, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """
        A crash after N requests, M times: every Nth of them, M in all, and then never again.
        """
        faults = Faults(tmp_path_factory.mktemp("faults") / "faults.json")
        faults.add({"kind": "crash-after", "requests": requests, "times": times})

        met = [faults.meet("crash-after") is not None for _ in range(times * requests + 5)]

        assert [number + 1 for number, hit in enumerate(met) if hit] == [
            requests * (turn + 1) for turn in range(times)
        ]
        assert not faults

    def test_are_about_what_they_name(self, faults: Faults) -> None:
        """
        One that names an endpoint leaves others alone; one that names nothing is about all.
        """
        faults.add({"kind": "capacity", "endpoint": "prices"})

        assert faults.meet("capacity", endpoint="delays", variant="AllTraffic", config="c") is None
        assert faults.meet("capacity", endpoint="prices", variant="AllTraffic", config="c") is not None

    def test_outlive_the_server_until_they_are_cleared(self, faults: Faults, tmp_path: Path) -> None:
        """
        They are on disk; clearing takes one or all, and ids are never used again.
        """
        first = faults.add({"kind": "throttle", "operation": "CreateModel", "times": 3})
        faults.add({"kind": "eventual", "seconds": 2})

        again = Faults(tmp_path / "faults.json")

        assert [one["kind"] for one in again.all()] == ["throttle", "eventual"]
        assert [one["id"] for one in again.clear(first["id"])] == [first["id"]]
        assert [one["kind"] for one in again.clear()] == ["eventual"]
        assert again.add({"kind": "quota"})["id"] == 3
        with pytest.raises(UnknownFaultError, match="no fault has the id 1"):
            again.clear(1)

    @pytest.mark.parametrize(
        ("asked", "reason"),
        [
            ({"kind": "earthquake"}, "there are throttle, "),
            ({"kind": "throttle"}, "needs --operation"),
            ({"kind": "stall", "machine": "m"}, "needs --state"),
            ({"kind": "function-dies", "function": "f", "state": "S"}, "has no --state; it has --function"),
            ({"kind": "eventual", "seconds": 1, "endpoint": "e"}, "has no --endpoint; it has --seconds"),
            ({"kind": "crash-after", "requests": 0}, "--requests is a number of at least 1"),
            ({"kind": "capacity", "times": "many"}, "--times is a number"),
        ],
    )
    def test_that_make_no_sense_are_refused(self, faults: Faults, asked: dict[str, Any], reason: str) -> None:
        """
        An unknown kind, a missing option, and one that would say nothing.
        """
        with pytest.raises(UnknownFaultError, match=reason):
            faults.add(asked)

    def test_each_kind_says_what_it_means(self) -> None:
        """
        Nobody has to read the code to know what will happen.
        """
        assert all(len(kind.meaning) > 20 for kind in KINDS.values())
