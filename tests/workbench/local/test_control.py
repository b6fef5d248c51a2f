"""The embedded AWS is started, found, stopped and erased by its home directory."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING

import pytest

from workbench.local import control

if TYPE_CHECKING:
    from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TestStart:
    def test_port_that_somebody_listens_on_is_named_with_the_way_out(self, tmp_path: Path) -> None:
        """
        The error says which port, and how to choose another one.
        """
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            with pytest.raises(control.PortInUseError, match="slipway up --port") as refused:
                control.start(tmp_path, port=listener.getsockname()[1])

        assert refused.value.owner is None

    def test_stale_description_of_a_killed_server_is_no_server(self, tmp_path: Path) -> None:
        """
        What a killed server left behind is taken away.
        """
        dead = 2**22 - 3
        described = {"pid": dead, "port": 1, "endpoint_url": "", "registry": "", "region": "", "account": ""}
        described |= {"access_key_id": "", "secret_access_key": "", "started_at": 0.0}
        (tmp_path / "server.json").write_text(json.dumps(described))

        assert control.running(tmp_path) is None
        assert not (tmp_path / "server.json").exists()

    @pytest.mark.embedded
    def test_server_is_found_again_and_stopped(self, tmp_path: Path) -> None:
        """
        A second start finds the first; the port is its own; a stop ends it.
        """
        home, port = tmp_path / "home", free_port()
        starting = control.start(home, port=port)
        assert isinstance(starting, control.Starting)
        server = starting.wait()
        try:
            found = control.start(home)
            assert isinstance(found, control.Running)
            assert (found.pid, found.port) == (server.pid, port)
            with pytest.raises(control.OtherPortError):
                control.start(home, port=port + 1)
            with pytest.raises(control.PortInUseError) as refused:
                control.start(tmp_path / "other", port=port)
            assert refused.value.owner == str(home)
        finally:
            assert control.stop(home) is not None

        assert not control.is_alive(server.pid)
        assert control.running(home) is None
        assert control.stop(home) is None


class TestErase:
    def test_directory_that_is_not_ours_is_left_alone(self, tmp_path: Path) -> None:
        """
        ``SLIPWAY_HOME=~ slipway up --fresh`` does not cost anybody their files.
        """
        (tmp_path / "thesis.tex").write_text("…")
        with pytest.raises(control.ForeignDirectoryError):
            control.erase(tmp_path)

        assert (tmp_path / "thesis.tex").exists()

    def test_directories_that_forbid_writing_are_erased_too(self, tmp_path: Path) -> None:
        """
        Unpacked images hold such directories.
        """
        (tmp_path / control.MARKER).write_text(control.FORMAT)
        locked = tmp_path / "images" / "layer"
        locked.mkdir(parents=True)
        (locked / "file").write_text("x")
        os.chmod(locked, 0o500)  # noqa: PTH101 - as tar does
        control.erase(tmp_path)

        assert list(tmp_path.iterdir()) == []
