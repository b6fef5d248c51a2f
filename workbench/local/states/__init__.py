"""
Step Functions of the embedded AWS: an interpreter of its own behind ministack's API.

Every task is a real signed call under the machine's role; waiting costs no
thread; where an execution stands outlives the server.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.local.context import ServerContext
    from workbench.local.states.engine import Engine

__all__ = ["install"]

logger = logging.getLogger("slipway.states")

_JOB_EVENTS = ("TrainingJobName", "ProcessingJobName", "TransformJobName", "HyperParameterTuningJobName")


def install(server: ServerContext) -> Engine:
    """Take over Step Functions; executions that ran go on once the server answers."""
    from workbench.local.states import permissions  # noqa: PLC0415 - likewise
    from workbench.local.states.announcements import Announcements  # noqa: PLC0415 - boto3 and jsonata cost start-up
    from workbench.local.states.api import Api  # noqa: PLC0415 - likewise
    from workbench.local.states.engine import Engine  # noqa: PLC0415 - likewise
    from workbench.local.states.journal import Store  # noqa: PLC0415 - likewise
    from workbench.local.states.machines import Machines  # noqa: PLC0415 - likewise

    home = server.home / "states"
    announcements = Announcements()
    engine = Engine(Store(home), server.endpoint_url, announcements, server.faults)
    machines = Machines(home / "machines.json", made=engine.prepare, deleted=engine.forget)
    machines.install()
    Api(engine).install()
    permissions.install()
    _listen_to_jobs(engine)
    engine.load()
    server.on_start.extend((engine.resume_all, machines.announce))
    server.on_stop.append(announcements.close)
    return engine


def _listen_to_jobs(engine: Engine) -> None:
    """As AWS does with its managed rules: a job's event ends the wait for the next poll."""
    from workbench.local import seams  # noqa: PLC0415 - imports ministack

    put_events = seams.EVENTBRIDGE.put_events

    def listening(data: dict[str, Any], allow_aws_source: bool = False) -> Any:  # noqa: FBT001, FBT002 - upstream's signature
        answer = put_events(data, allow_aws_source)
        for entry in data.get("Entries", []):
            if entry.get("Source") == "aws.sagemaker":
                _note(engine, entry.get("Detail", ""))
        return answer

    seams.EVENTBRIDGE.replace("put_events", listening)


def _note(engine: Engine, detail: str) -> None:
    import json  # noqa: PLC0415 - beside its only use

    try:
        told = json.loads(detail)
    except (TypeError, ValueError):
        return
    for member in _JOB_EVENTS:
        if member in told:
            engine.job_changed(told[member])
