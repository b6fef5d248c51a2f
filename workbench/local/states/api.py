"""The API of executions and task tokens, in ministack's place."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import time
import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.states import listing
from workbench.local.states.definition import digest_of
from workbench.local.states.documents import MAX_BYTES
from workbench.local.states.execution import Execution, Start
from workbench.local.states.recovery import load_frames
from workbench.local.states.tokens import address_of

if TYPE_CHECKING:
    from workbench.local.states.engine import Engine
    from workbench.local.states.frames import Frame

    Data = dict[str, Any]
    Answer = tuple[int, dict[str, str], bytes]

_BAD_NAME: Final = re.compile(r"[\s?*<>{}\[\]\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
_MAX_NAME: Final = 80


def _error(code: str, message: str) -> Answer:
    answer: Answer = seams.RESPONSES.error(code, message, 400)
    return answer


def _json(document: Data) -> Answer:
    answer: Answer = seams.RESPONSES.json(document)
    return answer


class Api:
    """One method for each action; each takes the request's JSON and returns ministack's kind of answer."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._others = seams.STATES.handle_request

    def install(self) -> None:
        """Answer in ministack's place, also where its EventBridge, Pipes and Scheduler call it directly."""
        for name in (
            "start_execution",
            "stop_execution",
            "describe_execution",
            "list_executions",
            "get_execution_history",
            "describe_machine_for_execution",
            "send_task_success",
            "send_task_failure",
            "send_task_heartbeat",
        ):
            seams.STATES.replace(name, getattr(self, name))
        seams.STATES.replace("handle_request", self.handle_request)

    async def handle_request(
        self, method: str, path: str, headers: Data, body: bytes, query_params: Data
    ) -> Answer:
        """Answer what is ours, hand on what is not."""
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        ours = self._actions().get(action)
        if ours is None:
            answer: Answer = await self._others(method, path, headers, body, query_params)
            return answer
        try:
            data = json.loads(body) if body else {}
        except ValueError:
            return _error("SerializationException", "The request is not JSON")
        answered = ours(data)
        finished: Answer = await answered if inspect.isawaitable(answered) else answered
        return finished

    def _actions(self) -> dict[str, Any]:
        return {
            "StartExecution": self.start_execution,
            "StartSyncExecution": self.start_sync_execution,
            "StopExecution": self.stop_execution,
            "RedriveExecution": self.redrive_execution,
            "DescribeExecution": self.describe_execution,
            "DescribeStateMachineForExecution": self.describe_machine_for_execution,
            "ListExecutions": self.list_executions,
            "GetExecutionHistory": self.get_execution_history,
            "SendTaskSuccess": self.send_task_success,
            "SendTaskFailure": self.send_task_failure,
            "SendTaskHeartbeat": self.send_task_heartbeat,
        }

    def start_execution(self, data: Data) -> Answer:
        """Idempotent for a running execution of the same name and input."""
        execution, refused = self._start(data)
        if execution is None:
            assert refused is not None  # noqa: S101 - exactly one of the two
            return refused
        return _json({"executionArn": execution.start.arn, "startDate": execution.start.started_at})

    def _start(self, data: Data) -> tuple[Execution | None, Answer | None]:
        asked = data.get("stateMachineArn", "")
        arn = seams.STATES.resolve_machine(asked)
        if arn is None:
            return None, _error("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{asked}'")
        machine = seams.STATES.machines[arn]
        version = seams.STATES.versions.get(seams.STATES.version_of(asked)) or machine
        name = data.get("name") or str(uuid.uuid4())
        if _BAD_NAME.search(name) or len(name) > _MAX_NAME:
            return None, _error("InvalidName", f"Invalid Name: '{name}'")
        text = data.get("input") or "{}"
        refused = _unusable("Input", text, "InvalidExecutionInput", "Invalid State Machine Execution Input")
        if refused:
            return None, refused
        execution_arn = f"{arn.replace(':stateMachine:', ':execution:')}:{name}"
        found = self.engine.executions.get(execution_arn)
        if found is not None:
            if found.status == "RUNNING" and found.start.input == text:
                return found, None
            return None, _error("ExecutionAlreadyExists", f"Execution Already Exists: '{execution_arn}'")
        start = Start(
            arn=execution_arn,
            name=name,
            machine_arn=arn,
            machine_name=machine["name"],
            role_arn=version.get("roleArn") or machine["roleArn"],
            definition=digest_of(version["definition"]),
            input=text,
            started_at=round(time.time(), 3),
            kind=machine.get("type", "STANDARD"),
        )
        self.engine.store.keep_definition(start.definition, version["definition"])
        execution = Execution(start, self.engine.store.journal(execution_arn))
        execution.journal.add("start", {"start": asdict(start)})
        told = {"input": text, "inputDetails": {"truncated": False}, "roleArn": start.role_arn}
        execution.record("ExecutionStarted", told)
        execution.journal.flush()
        self.engine.executions[execution_arn] = execution
        self.engine.begin(execution)
        return execution, None

    async def start_sync_execution(self, data: Data) -> Answer:
        """Start and answer when it has ended."""
        execution, refused = self._start(data)
        if execution is None:
            assert refused is not None  # noqa: S101 - exactly one of the two
            return refused
        await asyncio.wrap_future(self.engine.ended(execution.start.arn))
        shown = listing.description(execution)
        return _json({name: value for name, value in shown.items() if not name.startswith("redrive")})

    def stop_execution(self, data: Data) -> Answer:
        """An execution that has ended stays as it is."""
        execution = self._find(data)
        if execution is None:
            return _missing(data)
        self.engine.stop(execution, data.get("error"), data.get("cause"))
        return _json({"stopDate": execution.stopped_at})

    async def redrive_execution(self, data: Data) -> Answer:
        """Go on from the failed state under the same ARN."""
        execution = self._find(data)
        if execution is None:
            return _missing(data)
        load_frames(execution)
        status, reason = execution.redrive_status(time.time())
        if status != "REDRIVABLE":
            return _error("ExecutionNotRedrivable", reason or status)
        await asyncio.wrap_future(self.engine.redrive(execution))
        return _json({"redriveDate": execution.redriven_at})

    def describe_execution(self, data: Data) -> Answer:
        execution = self._find(data)
        if execution is None:
            return _missing(data)
        if execution.status not in {"RUNNING", "SUCCEEDED"}:
            load_frames(execution)
        return _json(listing.description(execution))

    def describe_machine_for_execution(self, data: Data) -> Answer:
        """The definition that the execution runs, whatever the machine's is by now."""
        execution = self._find(data)
        if execution is None:
            return _missing(data)
        start = execution.start
        return _json(
            {
                "stateMachineArn": start.machine_arn,
                "name": start.machine_name,
                "definition": self.engine.store.definition(start.definition),
                "roleArn": start.role_arn,
                "updateDate": start.started_at,
            }
        )

    def list_executions(self, data: Data) -> Answer:
        arn = data.get("stateMachineArn", "")
        if seams.STATES.resolve_machine(arn) is None:
            return _error("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        try:
            return _json(listing.page_of_executions(list(self.engine.executions.values()), data))
        except ValueError as error:
            return _error("InvalidToken", f"Invalid Token: '{error}'")

    def get_execution_history(self, data: Data) -> Answer:
        execution = self._find(data)
        if execution is None:
            return _missing(data)
        try:
            return _json(listing.page_of_history(execution, data))
        except ValueError as error:
            return _error("InvalidToken", f"Invalid Token: '{error}'")

    def send_task_success(self, data: Data) -> Answer:
        output = data.get("output")
        refused = _unusable("output", output, "InvalidOutput", "Invalid Output")
        return refused or self._tell(data, {"output": output})

    def send_task_failure(self, data: Data) -> Answer:
        return self._tell(data, {"error": data.get("error"), "cause": data.get("cause")})

    def send_task_heartbeat(self, data: Data) -> Answer:
        return self._tell(data, None)

    def _tell(self, data: Data, answer: Data | None) -> Answer:
        address = address_of(str(data.get("taskToken", "")))
        if address is None:
            return _error("InvalidToken", "Invalid Token: 'Invalid token'")
        execution = self.engine.executions.get(address.execution_arn)
        if execution is None:
            return _error("TaskDoesNotExist", "Task Does Not Exist: 'Provided task does not exist'")
        with execution.lock:
            frame = execution.frames.get(address.path)
            if execution.status != "RUNNING" or not _awaits(frame, address.nonce, execution):
                return _error("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
            if answer is not None:
                execution.answers[address.nonce] = answer
                execution.journal.add("answer", {"nonce": address.nonce, "answer": answer})
                execution.journal.flush()
        self.engine.told(address.nonce)
        return _json({})

    def _find(self, data: Data) -> Execution | None:
        return self.engine.executions.get(data.get("executionArn", ""))


def _awaits(frame: Frame | None, nonce: str, execution: Execution) -> bool:
    return (
        frame is not None
        and frame.nonce == nonce
        and frame.phase in {"calling", "waiting"}
        and nonce not in execution.answers
    )


def _missing(data: Data) -> Answer:
    return _error("ExecutionDoesNotExist", f"Execution Does Not Exist: '{data.get('executionArn')}'")


def _unusable(what: str, text: Any, code: str, words: str) -> Answer | None:
    if not isinstance(text, str):
        return _error(code, f"{words}: '{what} must be a string that holds JSON'")
    if len(text.encode()) > MAX_BYTES:
        return _error(code, f"{words}: '{what} is larger than {MAX_BYTES} bytes'")
    try:
        json.loads(text)
    except ValueError as error:
        return _error(code, f"{words}: '{error}'")
    return None
