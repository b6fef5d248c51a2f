"""
The Lambda runtime: one parent process that has the dependencies imported, one fork per environment.

Runs with the standard library alone (``python -I -S runtime_client.py CONTROL_FD``).
The parent reads one JSON line per environment from its control socket, with two
descriptors beside it: a socket for invocations and the end of a pipe for what
the function prints. It ends with its whole process group when the socket closes.

A frame on the invocation socket is four bytes of length (big endian) and JSON.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import json
import os
import resource
import signal
import socket
import struct
import sys
import time
import traceback
from typing import Any, BinaryIO

PRELOADED = (
    "boto3",
    "boto3.session",
    "botocore.session",
    "botocore.client",
    "botocore.httpsession",
    "botocore.retries.standard",
    "botocore.auth",
    "aws_lambda_powertools",
    "http.client",
    "json",
    "uuid",
    "decimal",
)
"""Imported once in the parent; those that the layers lack are left out."""
CLOCK_VARIABLE = "SLIPWAY_EMBEDDED_CLOCK"
"""Names a file with the seconds by which functions' time is moved; no file: it is not."""
CLOCK_MODULE = "slipway.domain.timestamps"
"""Where the platform asks for the time. It knows nothing of this: only this runtime moves it."""
MAX_RESPONSE_BYTES = 6 * 1024 * 1024


def read_frame(stream: BinaryIO) -> Any:
    """One JSON document; None at the end of the stream."""
    head = stream.read(4)
    if len(head) < 4:  # noqa: PLR2004 - the length's own length
        return None
    return json.loads(stream.read(struct.unpack(">I", head)[0]))


def write_frame(channel: socket.socket, document: Any) -> None:
    """Send one JSON document."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    channel.sendall(struct.pack(">I", len(body)) + body)


class Context:
    """What a handler gets as its second argument."""

    identity = None
    client_context = None

    def __init__(self, request: dict[str, Any]) -> None:
        self.aws_request_id = request["id"]
        self.invoked_function_arn = request["arn"]
        self._deadline_ms = request["deadline_ms"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout."""
        return max(int(self._deadline_ms - time.time() * 1000), 0)


def error_document(error: BaseException, *, kind: str = "", request_id: str = "") -> dict[str, Any]:
    """An exception as Lambda reports it: the type's name is what a state machine catches."""
    frames = [line for line in traceback.format_tb(error.__traceback__) if __file__ not in line]
    return {
        "errorMessage": str(error),
        "errorType": kind or type(error).__name__,
        "requestId": request_id,
        "stackTrace": frames,
    }


def log_error(document: dict[str, Any]) -> None:
    """Print an error as one event: carriage returns stand for the line ends within it."""
    text = f"[ERROR] {document['errorType']}: {document['errorMessage']}\n"
    if document["stackTrace"]:
        text += "Traceback (most recent call last):\n" + "".join(document["stackTrace"])
    print(text.strip("\n").replace("\n", "\r"), flush=True)  # noqa: T201 - the function's log


def load_handler(name: str) -> Any:
    """
    The function that ``package.module.function`` names.

    Raises:
        InitError: As Lambda names what can go wrong here.
    """
    module_name, _, function = name.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise InitError("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        raise InitError("Runtime.UserCodeSyntaxError", message) from error
    if not hasattr(module, function):
        raise InitError("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    return getattr(module, function)


class InitError(Exception):
    """The environment can't be used; ``kind`` is the error type that Lambda reports."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def move_clock(variables: Any, modules: Any) -> None:
    """Let the platform's functions see the time that a test has set; what AWS's own clocks say stays."""
    if CLOCK_VARIABLE not in variables:
        return
    try:
        with open(variables[CLOCK_VARIABLE], encoding="ascii") as file:  # noqa: PTH123 - starts in 1 ms
            seconds = float(file.read())
    except (OSError, ValueError):
        seconds = 0.0
    module = modules.get(CLOCK_MODULE)
    if not seconds:
        if module is not None:
            module.datetime = dt.datetime
        return
    if module is None:  # the function loads it when it is first called: that call has moved time as well
        try:
            module = importlib.import_module(CLOCK_MODULE)
        except ImportError:
            return

    class Moved(dt.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return dt.datetime.now(tz) + dt.timedelta(seconds=seconds)

    module.datetime = Moved


def answer(handler: Any, request: dict[str, Any]) -> bytes:
    """Run the handler once; the frame's body that goes back."""
    if request.get("trace_id"):
        os.environ["_X_AMZN_TRACE_ID"] = request["trace_id"]
    move_clock(os.environ, sys.modules)
    try:
        result = handler(request["event"], Context(request))
    except Exception as error:  # noqa: BLE001 - whatever it is, Lambda reports it
        document = error_document(error, request_id=request["id"])
        log_error(document)
        return json.dumps({"error": document}).encode()
    try:
        body = json.dumps(result, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        document = error_document(error, kind="Runtime.MarshalError", request_id=request["id"])
        document["errorMessage"] = f"Unable to marshal response: {error}"
        log_error(document)
        return json.dumps({"error": document}).encode()
    if len(body) > MAX_RESPONSE_BYTES:
        document = {
            "errorMessage": f"Response payload size exceeded maximum allowed payload size ({6291556} bytes).",
            "errorType": "Function.ResponseSizeTooLarge",
        }
        return json.dumps({"error": document}).encode()
    return f'{{"memory_mb":{peak_memory_mb()},"ok":{body}}}'.encode()


def peak_memory_mb() -> int:
    """The most that this environment has held, in MB; macOS counts in bytes, Linux in KB."""
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def run_environment(order: dict[str, Any], channel: socket.socket, log: int) -> None:
    """Become one execution environment: import the handler, answer until the socket closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    os.chdir(order["task_root"])
    sys.path.insert(0, order["task_root"])
    handler: Any = None
    failure: dict[str, Any] | None = None
    started = time.perf_counter()
    try:
        handler = load_handler(order["handler"])
    except InitError as error:
        failure = error_document(error.__cause__ or error, kind=error.kind) | {"errorMessage": str(error)}
    except BaseException as error:  # noqa: BLE001 - module code may raise or exit
        failure = error_document(error, kind="Runtime.ExitError" if isinstance(error, SystemExit) else "")
    if failure is not None:
        log_error(failure)
    seconds = time.perf_counter() - started
    write_frame(channel, {"ready": failure is None, "error": failure, "init_ms": seconds * 1000})
    stream = channel.makefile("rb")
    while (request := read_frame(stream)) is not None:
        body = (
            json.dumps({"error": failure, "broken": True}).encode() if failure else answer(handler, request)
        )
        sys.stdout.flush()
        sys.stderr.flush()
        write_frame(channel, body)


def main() -> None:
    """Import what is shared, then fork one environment per order."""
    control = socket.socket(fileno=int(sys.argv[1]))
    first = json.loads(sys.argv[2])
    sys.path[:0] = first["path"]
    for name in PRELOADED:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control.sendall(b"ready\n")
    while True:
        received, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 2)
        if not received:
            break
        while not received.endswith(b"\n"):
            received += control.recv(1 << 20)
        pid = os.fork()
        if pid == 0:
            control.close()
            channel = socket.socket(fileno=descriptors[0])
            try:
                run_environment(json.loads(received), channel, descriptors[1])
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(f"{pid}\n".encode())
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
