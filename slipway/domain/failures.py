"""From a failed step to what a person needs: the cause in words, where its log is, and what to do next."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.console_links import (
    ENDPOINT_LOGS,
    PROCESSING_LOGS,
    TRAINING_LOGS,
    execution_url,
    log_url,
)
from slipway.domain.next_actions import next_action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import Failure
    from slipway.domain.history import FailedStep

MAX_CAUSE: Final = 2000
"""Characters: a message's reader wants the end of a trace, not all of it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """
    A raw cause, understood as far as possible.

    Attributes:
        text: In words.
        error: A more telling name than the step's (``States.TaskFailed``); empty where there is none.
        job: The training or processing job; empty where none took part.
        log_group: Of that job.
        execution_arn: Of the nested execution that failed; empty where none took part.
    """

    text: str
    error: str = ""
    job: str = ""
    log_group: str = ""
    execution_arn: str = ""


def understand(raw: str) -> Cause:
    """
    Dig the reason out of a task's cause.

    Of a job it is the JSON of its description (cut at 32,768 characters), of a function that of its
    exception, of a nested execution that of its description.

    >>> understand('{"errorMessage": "taken", "errorType": "VersionTakenError"}').error
    'VersionTakenError'
    """
    document = _document(raw)
    if "errorMessage" in document or "errorType" in document:
        return Cause(str(document.get("errorMessage", "")), error=str(document.get("errorType", "")))
    for kind, group in (("TrainingJob", TRAINING_LOGS), ("ProcessingJob", PROCESSING_LOGS)):
        name = document.get(f"{kind}Name")
        if name:
            text = _job_reason(kind, str(name), document)
            return Cause(text, error=_job_error(text), job=str(name), log_group=group)
    if "ExecutionArn" in document:
        text = str(document.get("Cause") or document.get("Status", ""))
        return Cause(text, error=str(document.get("Error", "")), execution_arn=str(document["ExecutionArn"]))
    return Cause(raw)


def failure_of(failed: FailedStep, *, execution_arn: str, release_id: str, endpoint: str = "") -> Failure:
    """
    What the ledger keeps and the notice says.

    Args:
        failed: From the history of the execution, or of the nested one that failed.
        execution_arn: Of the execution that the step belongs to.
        release_id: For the commands that the next action names.
        endpoint: Its name, for failures of what serves.
    """
    cause = understand(failed.cause)
    region = execution_arn.split(":")[3]
    error = cause.error or failed.error
    if cause.job:
        url = log_url(region, cause.log_group, cause.job)
    elif endpoint and error in SERVING_ERRORS:
        url = log_url(region, f"{ENDPOINT_LOGS}/{endpoint}")
    else:
        url = execution_url(execution_arn)
    return {
        "step": failed.step,
        "error": error,
        "cause": _shortened(cause.text or failed.error or "no cause was given"),
        "log_url": url,
        "next_action": next_action(failed.step, error, cause.text, release_id=release_id, job=cause.job),
    }


SERVING_ERRORS: Final = (
    "RolledBack",
    "RolledBackByAlarm",
    "SmokeTestFailedError",
    "IdentityMismatchError",
    "EndpointFailed",
)
"""Errors whose explanation stands in the endpoint's own log."""

_TOO_LONG: Final = ("MaxRuntimeExceeded", "MaxWaitTimeExceeded")
"""Secondary statuses of a job that was stopped at its time limit; it has no FailureReason then."""

_FIELDS: Final = (
    "SecondaryStatus",
    "TrainingJobName",
    "TrainingJobStatus",
    "ProcessingJobName",
    "ProcessingJobStatus",
    "FailureReason",
    "ExitMessage",
    "ExecutionArn",
    "Cause",
    "Error",
    "Status",
)


def _document(raw: str) -> Mapping[str, Any]:
    try:
        document = json.loads(raw)
    except ValueError:
        # Step Functions cuts a long cause: what can be read of it still tells most
        found = ((name, re.search(rf'"{name}"\s*:\s*("(?:[^"\\]|\\.)*")', raw)) for name in _FIELDS)
        return {name: json.loads(match[1], strict=False) for name, match in found if match is not None}
    return document if isinstance(document, dict) else {}


def _job_reason(kind: str, name: str, document: Mapping[str, Any]) -> str:
    """What SageMaker says of a job, and what the program said of itself."""
    status = document.get(f"{kind}Status", "")
    if document.get("SecondaryStatus") in _TOO_LONG:
        return f"{document['SecondaryStatus']}: {name} ran longer than it may and was stopped"
    said = [str(document[field]) for field in ("FailureReason", "ExitMessage") if document.get(field)]
    return "\n".join(said) or f"{kind} {name} is {status or 'not Completed'}, without a reason"


def _job_error(reason: str) -> str:
    """
    SageMaker begins a reason with the error's name.

    >>> _job_error("AlgorithmError: , exit code: 1"), _job_error("stopped")
    ('AlgorithmError', '')
    """
    match = re.match(r"([A-Z][A-Za-z]+(?:Error|Exceeded|Exception)):", reason)
    return match[1] if match else ""


def _shortened(text: str) -> str:
    text = text.strip()
    return text if len(text) <= MAX_CAUSE else f"…{text[-MAX_CAUSE:]}"
