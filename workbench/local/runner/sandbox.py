"""
The first process of a program: makes its namespaces, mounts its directories, then waits on it as pid 1.

Run as a script (``python -I -S sandbox.py <control fd>``) with the plan as JSON on standard input, so it
imports nothing but the standard library and starts in some 20 ms. The control socket (SOCK_SEQPACKET) carries
JSON messages: ``{"do": "connect", "port": 8080}`` answers with a connected socket of this network namespace,
``{"do": "signal", "number": 15}`` signals the program. When the server's end closes, everything here dies.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource  # noqa: F401 - os.wait4 imports it when it is first called
import select  # all imports stand here: after chroot there may be no standard library
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

MS_RDONLY: Final = 0x1
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000
PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
SYS_MOUNT_SETATTR: Final = 442
AT_FDCWD: Final = -100
AT_RECURSIVE: Final = 0x8000
MOUNT_ATTR_RDONLY: Final = 0x1
SIOCGIFFLAGS: Final = 0x8913
SIOCSIFFLAGS: Final = 0x8914
IFF_UP: Final = 0x1
KILLED: Final = 137
CANNOT_EXECUTE: Final = 126
NOT_FOUND: Final = 127

OWN_TOP: Final = frozenset({"proc", "dev", "tmp", "run", "opt", "lost+found"})
"""Top-level directories of which a program gets its own, instead of the host's."""

libc: Final = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Show a file system, or a directory, at a place; OSError names both."""
    _check(
        libc.mount(
            source.encode(),
            target.encode(),
            kind.encode() or None,
            ctypes.c_ulong(flags),
            options.encode() or None,
        ),
        f"mount {source} on {target}",
    )


def bind(source: str, target: str, *, read_only: bool = False) -> None:
    """Show ``source`` at ``target``, both made to exist; with everything that is mounted below it."""
    if Path(source).is_dir():
        Path(target).mkdir(parents=True, exist_ok=True)
    elif not Path(target).exists():
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    mount(source, target, flags=MS_BIND | MS_REC)
    if read_only:
        attributes = struct.pack("QQQQ", MOUNT_ATTR_RDONLY, 0, 0, 0)
        _check(
            libc.syscall(
                SYS_MOUNT_SETATTR, AT_FDCWD, target.encode(), AT_RECURSIVE, attributes, len(attributes)
            ),
            f"make {target} read-only",
        )


def make_namespaces(*, user: bool) -> None:
    """Leave the host's namespaces; ``user`` adds a user namespace in which the caller is root."""
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
    _check(libc.unshare(flags | (CLONE_NEWUSER if user else 0)), "unshare")
    if user:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")


def _mount_point(sources: list[str]) -> str:
    """A directory of the host that nothing of the plan lies under; the new root is put together there."""
    for candidate in ("/mnt", "/media", "/srv"):
        if Path(candidate).is_dir() and not any(
            source == candidate or source.startswith(candidate + "/") for source in sources
        ):
            return candidate
    raise OSError("no empty directory (/mnt, /media, /srv) to put a private root together in")


def _host_root(root: str, keep: list[str]) -> None:
    """The host's files, read-only, with an own /tmp, /run, /opt and what ``keep`` names within those."""
    for entry in os.scandir("/"):
        if entry.name in OWN_TOP or root.startswith("/" + entry.name + "/"):
            continue
        target = f"{root}/{entry.name}"
        if entry.is_symlink():
            Path(target).symlink_to(Path(entry.path).readlink())
        elif entry.is_dir():
            bind(entry.path, target, read_only=True)
    for path in keep:
        if path.split("/")[1] in OWN_TOP and Path(path).exists():
            bind(path, root + path, read_only=True)


def build_root(plan: dict[str, Any]) -> None:
    """Put the program's root together and enter it."""
    binds: list[list[Any]] = plan["binds"]
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    base = _mount_point([plan["rootfs"] or "/", *(source for source, _, _ in binds), *plan["keep"]])
    mount("tmpfs", base, "tmpfs", MS_NODEV, "mode=755")
    root = f"{base}/root"
    for name in ("root", "upper", "work"):
        Path(base, name).mkdir()
    if plan["rootfs"]:
        options = f"lowerdir={plan['rootfs']},upperdir={base}/upper,workdir={base}/work"
        try:
            mount("overlay", root, "overlay", 0, options + ",userxattr")
        except OSError:
            mount("overlay", root, "overlay", 0, options)
    for name in ("proc", "dev", "tmp", "run", "opt", "var/tmp"):
        if name != "var/tmp" or plan["rootfs"]:
            Path(root, name).mkdir(parents=True, exist_ok=True)
    Path(root, "tmp").chmod(0o1777)
    if not plan["rootfs"]:
        _host_root(root, plan["keep"])
    mount("tmpfs", _made(f"{root}/opt/ml"), "tmpfs", MS_NODEV, "mode=755")
    for source, target, read_only in binds:
        bind(source, root + target, read_only=read_only)
    hosts = Path(root, "tmp/.hosts")
    hosts.write_text(f"127.0.0.1 localhost {plan['hostname']}\n::1 localhost\n", encoding="ascii")
    with contextlib.suppress(OSError):
        bind(str(hosts), f"{root}/etc/hosts")
    bind("/dev", f"{root}/dev")
    with contextlib.suppress(OSError):
        mount("tmpfs", f"{root}/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV)  # noqa: S108 - the program has its own
    mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV)
    os.chroot(root)
    os.chdir("/")
    socket.sethostname(plan["hostname"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(probe, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def _made(path: str) -> str:
    Path(path).mkdir(parents=True, exist_ok=True)
    return path


def start_program(plan: dict[str, Any]) -> int:
    """Fork and execute the program; its exit status tells when it could not be executed."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.chdir(plan["cwd"])
        os.execvpe(plan["command"][0], plan["command"], plan["environment"])  # noqa: S606 - the image's own program
    except OSError as error:
        os.write(2, f"cannot execute {plan['command'][0]!r}: {error.strerror}\n".encode())
        os._exit(NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_EXECUTE)


def kill_descendants() -> None:
    """Without a pid namespace nobody else ends what the program left running."""
    while True:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
        if not children:
            return
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def leave(plan: dict[str, Any], code: int) -> NoReturn:
    """Exit; as pid 1 that ends every process of the namespace."""
    if not plan["namespaces"]:
        with contextlib.suppress(OSError):
            kill_descendants()
    os._exit(code)


def answer(control: socket.socket, request: dict[str, Any], pid: int) -> None:
    """Do what the server asks."""
    if request["do"] == "signal":
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, request["number"])
        return
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(1.0)
    try:
        connection.connect(("127.0.0.1", request["port"]))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(True)
        socket.send_fds(control, [b'{"connected": true}'], [connection.fileno()])
    except OSError as error:
        control.send(json.dumps({"connected": False, "reason": str(error)}).encode())
    finally:
        connection.close()


def attend(control: socket.socket, wake: socket.socket, pid: int, plan: dict[str, Any]) -> NoReturn:
    """Reap, answer, and end with the program or with the server, whichever ends first."""
    poll = select.poll()  # select.select takes no descriptor beyond 1,023, and a busy server has more
    poll.register(control, select.POLLIN)
    poll.register(wake, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll()}
        if wake.fileno() in ready:
            wake.recv(512)
            with contextlib.suppress(ChildProcessError):
                while (ended := os.wait4(-1, os.WNOHANG))[0]:
                    if ended[0] == pid:
                        code = os.waitstatus_to_exitcode(ended[1])
                        with contextlib.suppress(OSError):
                            control.send(
                                json.dumps({"exit": code, "peak_memory_kib": ended[2].ru_maxrss}).encode()
                            )
                        leave(plan, code if code >= 0 else 128 - code)
        if control.fileno() in ready:
            message = control.recv(65536)
            if not message:
                leave(plan, KILLED)
            answer(control, json.loads(message), pid)


def first_process(plan: dict[str, Any], control: socket.socket) -> NoReturn:
    """What pid 1 does (without namespaces: the process that stands in for it)."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    wake, signalled = socket.socketpair()
    wake.setblocking(False)
    signalled.setblocking(False)
    signal.set_wakeup_fd(signalled.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listeners: list[int] = []
    try:
        if plan["namespaces"]:
            build_root(plan)
            if plan["relay_port"]:
                listener = socket.create_server(("127.0.0.1", plan["relay_port"]), backlog=64)
                listeners.append(listener.detach())
    except OSError as error:
        control.send(json.dumps({"ready": False, "reason": str(error)}).encode())
        os._exit(CANNOT_EXECUTE)
    pid = start_program(plan)
    socket.send_fds(control, [json.dumps({"ready": True, "relay": bool(listeners)}).encode()], listeners)
    for descriptor in listeners:
        os.close(descriptor)
    attend(control, wake, pid, plan)


def main() -> None:
    """Read the plan, make the namespaces, hand over to the first process and pass on its exit code."""
    control = socket.socket(fileno=int(sys.argv[1]))
    plan = json.load(sys.stdin)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    if plan["namespaces"]:
        try:
            make_namespaces(user=plan["user_namespace"])
        except OSError as error:
            control.send(json.dumps({"ready": False, "reason": str(error)}).encode())
            os._exit(CANNOT_EXECUTE)
    pid = os.fork()
    if pid == 0:
        first_process(plan, control)
    control.close()
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
