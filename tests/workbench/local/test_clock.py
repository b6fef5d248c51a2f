"""SageMaker's waits pass faster when asked to, and the clock never goes back."""

from __future__ import annotations

import itertools
import threading
import urllib.error
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.local.clock import Clock, SpeedError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import EmbeddedAws


class TestClock:
    def test_an_hour_passes_in_a_second_at_the_highest_speed(self, tmp_path: Path) -> None:
        """
        A wait of 360 of its seconds ends after a tenth of a second at speed 3600.
        """
        clock = Clock(tmp_path / "speed")
        clock.run_at(3600)

        assert clock.real(360) == pytest.approx(0.1)
        assert clock.wait(360, threading.Event()) is False

    def test_a_cancelled_wait_says_so(self, tmp_path: Path) -> None:
        """
        A wait that is cancelled ends at once.
        """
        cancelled = threading.Event()
        cancelled.set()

        assert Clock(tmp_path / "speed").wait(3600, cancelled) is True

    @settings(max_examples=30, deadline=None)
    @given(speeds=st.lists(st.floats(1, 3600), max_size=8))
    def test_never_goes_back_when_its_speed_changes(
        self, speeds: list[float], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """
        Whatever speeds follow each other, a later look never shows an earlier time.
        """
        clock = Clock(tmp_path_factory.getbasetemp() / "speed-of-examples")
        seen = [clock.now()]
        for speed in speeds:
            clock.run_at(speed)
            seen.append(clock.now())

        assert all(before <= after for before, after in itertools.pairwise(seen))

    def test_speed_outlives_the_server(self, tmp_path: Path) -> None:
        """
        A server that is started again runs at the speed that was set; a broken file counts as none.
        """
        Clock(tmp_path / "speed").run_at(60)

        assert Clock(tmp_path / "speed").speed == 60
        (tmp_path / "speed").write_text("fast")
        assert Clock(tmp_path / "speed").speed == 1

    @pytest.mark.parametrize("speed", [0.5, 0, -1, 3601, float("nan"), "fast", None])
    def test_other_speeds_are_refused(self, tmp_path: Path, speed: object) -> None:
        """
        Only a number from 1 to 3600 is a speed.
        """
        with pytest.raises(SpeedError, match="from 1 to 3600"):
            Clock(tmp_path / "speed").run_at(speed)


@pytest.mark.embedded
class TestServer:
    def test_tells_and_takes_its_speed(self, embedded_aws: EmbeddedAws) -> None:
        """
        What is posted is what is answered from then on; a wrong speed is refused with the reason.
        """
        with embedded_aws.speed(30):
            assert embedded_aws.get("speed") == {"speed": 30.0}
        with pytest.raises(urllib.error.HTTPError) as refused:
            embedded_aws.post("speed", speed="fast")

        assert refused.value.code == 400
        assert b"from 1 to 3600" in refused.value.read()
        assert embedded_aws.get("speed") == {"speed": 1.0}
