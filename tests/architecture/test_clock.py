"""Only the embedded AWS can move functions' time; what is deployed has no way to be told another one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from slipway.domain import timestamps
from workbench.local.runtime_client import CLOCK_MODULE, CLOCK_VARIABLE, move_clock

ROOT = Path(__file__).parents[2]
DEPLOYED = ("slipway", "functions", "stacks", "container")


class TestClock:
    @pytest.mark.parametrize("room", DEPLOYED)
    def test_what_is_deployed_does_not_know_of_it(self, room):
        """
        Neither the variable nor anything of the embedded runtime is named in code that runs on AWS.
        """
        files = [path for path in (ROOT / room).rglob("*.py") if "__pycache__" not in path.parts]

        assert files
        for path in files:
            text = path.read_text()
            assert CLOCK_VARIABLE not in text, path
            assert "runtime_client" not in text, path

    def test_time_is_asked_for_where_the_runtime_moves_it(self):
        """
        The module is there, and says the real time by itself, whatever the environment holds.
        """
        assert sys.modules[CLOCK_MODULE] is timestamps
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(CLOCK_VARIABLE, "/nowhere")
            assert abs(timestamps.now() - datetime.now(UTC)) < timedelta(seconds=5)

    def test_it_moves_and_comes_back(self, tmp_path):
        """
        By the seconds in the file; without a file, or with nonsense in it, time is the real one.
        """
        clock = tmp_path / "clock"
        module = SimpleNamespace(datetime=datetime)
        variables, modules = {CLOCK_VARIABLE: str(clock)}, {CLOCK_MODULE: module}

        for text, hours in (("7200", 2), ("-3600", -1), ("soon", 0)):
            clock.write_text(text)
            move_clock(variables, modules)
            ahead = module.datetime.now(UTC) - datetime.now(UTC)
            assert abs(ahead - timedelta(hours=hours)) < timedelta(seconds=5)
        clock.unlink()
        move_clock(variables, modules)
        assert module.datetime is datetime
