"""Programs of images, run on this machine: as root and as an ordinary user, with namespaces and without."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.workbench.local.runner.layers_of import FakeRegistry, layer
from workbench.local.runner.capabilities import Capabilities, capabilities
from workbench.local.runner.images import ImageStore
from workbench.local.runner.launch import launch
from workbench.local.runner.program import Ended, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = Capabilities(namespaces=False, user_namespace=False, reason="the test wants it so")
needs_namespaces = pytest.mark.skipif(
    not capabilities().namespaces, reason=f"no namespaces here: {capabilities().reason}"
)
ENVIRONMENT = ["PATH=/opt/program:/usr/local/bin:/usr/bin:/bin", "PYTHONPATH=/opt/packages"]


class Bench:
    """Makes images of one script and runs it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.registry = FakeRegistry()
        self.store = ImageStore(directory / "store", self.registry)
        self.started: list[Program] = []
        self.lines: list[str] = []

    def start(self, script: str, *arguments: str, how: Capabilities | None = None, **files: str) -> Program:
        """Start ``run``; its output is gathered in ``lines``."""
        program, _ = self.serve(script, *arguments, how=how, **files)
        return program

    def serve(
        self, script: str, *arguments: str, how: Capabilities | None = None, **files: str
    ) -> tuple[Program, int]:
        """Likewise, with the port that it may serve on."""
        content = {"opt/program/run": script} | {
            name.replace("__", "/"): text for name, text in files.items()
        }
        tag = f"1.0.{len(self.started)}"
        self.registry.push("m/a", tag, layer(content), Env=ENVIRONMENT, WorkingDir="/opt/program")
        work = Path(tempfile.mkdtemp(dir=self.directory))
        for name in ("model", "input/data/train", "output"):
            (work / "ml" / name).mkdir(parents=True)
        (work / "ml/input/data/train/rows.csv").write_text("1\n")
        found = launch(
            self.store.unpack(f"r.io/m/a:{tag}"),
            work,
            how or capabilities(),
            command=["run", *arguments],
            environment={"GIVEN": "yes"},
            relay=None,
        )
        program = Program(found.plan, how or capabilities(), self.lines.append)
        self.started.append(program)
        self.work = work
        return program, found.port

    def run(self, script: str, *arguments: str, how: Capabilities | None = None, **files: str) -> Ended:
        """Run to the end."""
        ended = self.start(script, *arguments, how=how, **files).wait(30)
        assert ended is not None
        return ended


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    for program in found.started:
        program.kill()


PYTHON = "#!/usr/bin/env python3\n"


class TestProgram:
    @needs_namespaces
    def test_sees_its_ml_directory(self, bench: Bench) -> None:
        """
        /opt/ml is there by its own name, readable and writable; what is written lies in the work directory.
        """
        script = """
import pathlib
pathlib.Path('/opt/ml/model/m').write_text(open('/opt/ml/input/data/train/rows.csv').read())
"""
        ended = bench.run(PYTHON + script)

        assert ended.exit_code == 0
        assert ended.peak_memory_kib is not None
        assert (bench.work / "ml/model/m").read_text() == "1\n"

    @needs_namespaces
    def test_is_alone(self, bench: Bench) -> None:
        """
        It has its own processes, host name, network and temporary files; the machine's files are read-only.
        """
        script = """
import os, pathlib, socket
print(sorted(int(p) for p in os.listdir('/proc') if p.isdigit()))
print(socket.gethostname(), socket.gethostbyname('algo-1'))
print([name for _, name in socket.if_nameindex()])
print(os.listdir('/tmp'), sorted(os.listdir('/opt')))
for path in ('/usr/x', '/opt/program/x', '/etc/x'):
    try:
        pathlib.Path(path).write_text('')
        print('wrote', path)
    except OSError as error:
        print(error.strerror)
"""
        bench.run(PYTHON + script)

        processes, names, interfaces, directories, *refused = bench.lines
        assert processes == "[1, 2]"
        assert names == "algo-1 127.0.0.1"
        assert interfaces == "['lo']"
        assert directories.endswith("['ml', 'program', 'python']")
        assert refused == ["Read-only file system"] * 3

    def test_its_packages_are_those_of_the_image(self, bench: Bench) -> None:
        """
        ``python3`` is the interpreter that runs Slipway, with its standard library and the image's packages.
        """
        script = "import sys, only_here\nprint(sys.version_info[:3], only_here.NAME)\nimport boto3"

        ended = bench.run(PYTHON + script, **{"opt__packages__only_here.py": "NAME = 'image'"})

        assert bench.lines[0] == f"{sys.version_info[:3]} image"
        assert ended.exit_code == 1
        assert "No module named 'boto3'" in bench.lines[-1]

    @pytest.mark.parametrize("how", [None, PLAIN], ids=["namespaces", "plain"])
    def test_exit_codes_and_signals_are_told(self, bench: Bench, how: Capabilities | None) -> None:
        """
        The exit code is the program's; one that a signal ended has 128 + N; one that is not there 127.
        """
        assert bench.run("#!/bin/sh\nexit 7", how=how).exit_code == 7
        assert bench.run("#!/bin/sh\nkill -9 $$", how=how).exit_code == 137
        bench.registry.push("m/a", "0.0.1", layer({"opt/program/other": ""}), Env=ENVIRONMENT)
        assert bench.run("#!/no/such/interpreter", how=how).exit_code == 127

    @pytest.mark.parametrize("how", [None, PLAIN], ids=["namespaces", "plain"])
    def test_output_comes_line_by_line(self, bench: Bench, how: Capabilities | None) -> None:
        """
        Lines of standard output and error arrive while it runs, in their order.
        """
        program = bench.start("#!/bin/sh\necho one; echo two >&2; sleep 30", how=how)
        deadline = time.monotonic() + 10
        while bench.lines != ["one", "two"] and time.monotonic() < deadline:
            time.sleep(0.01)

        assert program.running
        assert bench.lines == ["one", "two"]

    @pytest.mark.parametrize("how", [None, PLAIN], ids=["namespaces", "plain"])
    def test_sigterm_reaches_the_program_itself(self, bench: Bench, how: Capabilities | None) -> None:
        """
        Stopping signals the program, which may tidy up; its code is what it then exits with.
        """
        script = """
import signal, sys, time
signal.signal(15, lambda *_: sys.exit(5))
print('up', flush=True)
time.sleep(60)
"""
        program = bench.start(PYTHON + script, how=how)
        _await_line(bench, "up")

        assert program.stop(20).exit_code == 5

    @pytest.mark.parametrize("how", [None, PLAIN], ids=["namespaces", "plain"])
    def test_after_the_grace_period_everything_is_killed(
        self, bench: Bench, how: Capabilities | None
    ) -> None:
        """
        A program that ignores SIGTERM is killed after the grace period, with all that it started.
        """
        marker = f"sleep 4242{os.getpid() % 1000}"
        script = f"#!/bin/sh\ntrap '' TERM\nsetsid {marker} &\necho up\nwhile :; do sleep 1; done"
        program = bench.start(script, how=how)
        _await_line(bench, "up")
        started = time.monotonic()

        program.stop(0.5)

        assert 0.4 < time.monotonic() - started < 5
        deadline = time.monotonic() + 3
        while _running(marker) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _running(marker)

    @pytest.mark.parametrize("how", [None, PLAIN], ids=["namespaces", "plain"])
    def test_connections_go_into_its_network(self, bench: Bench, how: Capabilities | None) -> None:
        """
        ``connect`` gives a socket to the program's own port, which nobody outside can reach otherwise.
        """
        script = """
import os, socket
server = socket.create_server(('127.0.0.1', int(os.environ['SAGEMAKER_BIND_TO_PORT'])))
print('up', flush=True)
while True:
    connection, _ = server.accept()
    connection.sendall(b'hello ' + connection.recv(100))
"""
        program, port = bench.serve(PYTHON + script, how=how)
        _await_line(bench, "up")
        answers = []
        for word in (b"you", b"again"):
            connection = program.connect(port)
            assert connection is not None
            with connection:
                connection.sendall(word)
                answers.append(connection.recv(100))

        assert answers == [b"hello you", b"hello again"]
        assert program.connect(port + 1) is None

    def test_without_namespaces_the_variables_say_where_things_are(self, bench: Bench) -> None:
        """
        Plain processes find their directories through SAGEMAKER_BASE_DIR and SM_*.
        """
        script = """
import os, pathlib
base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])
(base / 'model/m').write_text((pathlib.Path(os.environ['SM_CHANNEL_TRAIN']) / 'rows.csv').read_text())
print(os.environ['GIVEN'])
"""
        ended = bench.run(PYTHON + script, how=PLAIN)

        assert (ended.exit_code, bench.lines) == (0, ["yes"])
        assert (bench.work / "ml/model/m").read_text() == "1\n"

    def test_it_ends_with_a_killed_parent(self, tmp_path: Path) -> None:
        """
        ``kill -9`` of the process that started it ends it, at once, whatever it does.
        """
        marker = f"sleep 5353{os.getpid() % 1000}"
        code = (
            "import sys, time; from pathlib import Path\n"
            "from workbench.local.runner.capabilities import capabilities\n"
            "from workbench.local.runner.program import Plan, Program\n"
            f"work = Path({str(tmp_path)!r}); (work / 'ml').mkdir()\n"
            f"command = ('sh', '-c', 'trap : TERM HUP; {marker} & wait')\n"
            "plan = Plan(command, {'PATH': '/usr/bin:/bin'}, '/', work, None, ())\n"
            "program = Program(plan, capabilities()); print('up', flush=True); time.sleep(60)\n"
        )
        parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        deadline = time.monotonic() + 5
        while not _running(marker) and time.monotonic() < deadline:
            time.sleep(0.02)

        parent.kill()
        parent.wait()
        parent.stdout.close()

        while _running(marker) and time.monotonic() < deadline + 5:
            time.sleep(0.02)
        assert not _running(marker)


class TestWholeSystems:
    @needs_namespaces
    def test_an_image_with_its_own_root_is_entered(self, tmp_path: Path) -> None:
        """
        An image with /bin sees its own files, may write anywhere, and changes nothing on disk by that.
        """
        registry = FakeRegistry()
        shell = Path("/bin/busybox") if Path("/bin/busybox").exists() else None
        if shell is None:
            root = _copied_shell(tmp_path / "system")
        else:
            root = {"bin/sh": shell.read_bytes().decode("latin-1")}
        registry.push("m/a", "1.0.0", _binary_layer(root), Env=["PATH=/bin"], WorkingDir="/")
        store = ImageStore(tmp_path / "store", registry)
        image = store.unpack("r.io/m/a:1.0.0")
        work = tmp_path / "work"
        (work / "ml/model").mkdir(parents=True)
        lines: list[str] = []
        found = launch(
            image,
            work,
            capabilities(),
            command=["sh", "-c", "echo x > /written && echo y > /opt/ml/model/m && echo /*"],
            environment={},
            relay=None,
        )

        ended = Program(found.plan, capabilities(), lines.append).wait(20)

        assert ended is not None
        assert ended.exit_code == 0, lines
        assert "/written" in lines[0]
        assert "/home" not in lines[0]
        assert (work / "ml/model/m").read_text() == "y\n"
        assert not (image.root / "written").exists()


class TestOrdinaryUser:
    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    def test_programs_run_in_user_namespaces(self, tmp_path: Path) -> None:
        """
        An ordinary user's programs get the same private root, in a user namespace.
        """
        interpreter = Path("/usr/bin/python3")
        if not interpreter.exists():
            pytest.skip("no interpreter that an ordinary user may run")
        code = (
            "import sys, tempfile; from pathlib import Path\n"
            "from workbench.local.runner.capabilities import capabilities\n"
            "from workbench.local.runner.program import Plan, Program\n"
            "found = capabilities(); print(found.user_namespace, found.reason)\n"
            "work = Path(tempfile.mkdtemp()); (work / 'ml/model').mkdir(parents=True)\n"
            "script = 'id -u; hostname; echo z > /opt/ml/model/m; touch /usr/x'\n"
            "plan = Plan(('sh', '-c', script), {'PATH': '/usr/bin:/bin'}, '/', work, None, ())\n"
            "print(Program(plan, found, print).wait(20).exit_code, (work / 'ml/model/m').read_text())\n"
        )
        repository = Path(__file__).parents[4]
        done = subprocess.run(
            ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", str(interpreter), "-c", code],
            env={"PYTHONPATH": str(repository), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if "ModuleNotFoundError" in done.stderr or "SyntaxError" in done.stderr:
            pytest.skip(f"the system's interpreter cannot run us: {done.stderr[-300:]}")
        user_namespace, *lines = done.stdout.splitlines()
        if not user_namespace.startswith("True"):
            pytest.skip(f"no user namespaces here: {user_namespace}")

        assert lines[:2] == ["0", "algo-1"], done.stderr
        assert "cannot touch" in lines[2]
        assert lines[3:] == ["1 z", ""]


def _await_line(bench: Bench, wanted: str) -> None:
    deadline = time.monotonic() + 10
    while wanted not in bench.lines and time.monotonic() < deadline:
        time.sleep(0.01)
    assert wanted in bench.lines


def _running(command: str) -> bool:
    wanted = command.replace(" ", "\0") + "\0"
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cmdline").read_text() == wanted:
                return True
        except OSError:
            continue
    return False


def _copied_shell(_directory: Path) -> dict[str, str]:
    """/bin/sh of this machine with the libraries that it loads."""
    listed = subprocess.run(["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout
    paths = {word for line in listed.splitlines() for word in line.split() if word.startswith("/")}
    found = {"bin/sh": Path("/bin/sh").read_bytes().decode("latin-1")}
    for path in paths:
        found[path.lstrip("/")] = Path(path).read_bytes().decode("latin-1")
    return found


def _binary_layer(content: dict[str, Any]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for path, text in content.items():
            raw = text.encode("latin-1")
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(raw), 0o755
            archive.addfile(member, io.BytesIO(raw))
    return plain.getvalue()
