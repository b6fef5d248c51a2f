"""The serving processes of one transform job, and what they are asked."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.blocking_exchange import exchange
from workbench.local.sagemaker.exchange import Answer, Unreachable
from workbench.local.sagemaker.hosted_model import serving_of
from workbench.local.sagemaker.serving_process import ServingProcess
from workbench.local.sagemaker.surroundings import LogStream
from workbench.local.services import start_thread

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.surroundings import Surroundings

LOG_GROUP: Final = "/aws/sagemaker/TransformJobs"
MOST_PROCESSES: Final = 8
"""An instance is a process; more instances than these are not started."""
DEFAULT_TIMEOUT_SECONDS: Final = 600
DEFAULT_RETRIES: Final = 3
PARAMETERS_SECONDS: Final = 5.0
GRACE_SECONDS: Final = 5.0
_TURN_SECONDS: Final = 0.02


class UnhealthyError(Exception):
    """The model's program does not answer pings."""


class TransformInstances:
    """
    Args:
        job: The transform job.
        model: Whose image serves.
    """

    def __init__(self, surroundings: Surroundings, job: Document, model: Document) -> None:
        self._surroundings, self._job, self._model = surroundings, job, model
        self._processes: list[ServingProcess] = []
        self.stream = f"{job['TransformJobName']}/i-{uuid.uuid4().hex[:17]}"
        client = job.get("ModelClientConfig") or {}
        self._seconds = float(client.get("InvocationsTimeoutInSeconds", DEFAULT_TIMEOUT_SECONDS))
        self._tries = 1 + int(client.get("InvocationsMaxRetries", DEFAULT_RETRIES))

    @property
    def count(self) -> int:
        """How many run."""
        return len(self._processes)

    def start(self, cancelled: threading.Event, variables: Mapping[str, str]) -> None:
        """
        Start them and wait until they are healthy.

        Raises:
            UnhealthyError: One does not become healthy, or ``cancelled`` was set.
            SlipwayError: Image or artifact cannot be had.
        """
        directory = self._surroundings.new_work("transform-model")
        try:
            serving = serving_of(
                self._surroundings,
                self._model,
                directory / "model",
                session=self._job["TransformJobName"],
                variables=variables,
            )
            for _ in range(min(self._job["TransformResources"]["InstanceCount"], MOST_PROCESSES)):
                process = ServingProcess(self._surroundings, serving, LogStream(LOG_GROUP, self.stream))
                self._processes.append(process)
                process.start()
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        for process in self._processes:
            if not process.await_healthy(cancelled):
                raise UnhealthyError
            start_thread("watch-transform", process.watch)

    def parameters(self) -> dict[str, Any]:
        """What the program says of itself at GET /execution-parameters; nothing: it says nothing."""
        with contextlib.suppress(TimeoutError, Unreachable, ValueError):
            answer = exchange(
                self._processes[0], "GET", "/execution-parameters", {}, None, PARAMETERS_SECONDS
            )
            found = json.loads(answer.body) if answer.status == 200 else {}  # noqa: PLR2004 - HTTP's success
            return found if isinstance(found, dict) else {}
        return {}

    def ask(self, body: bytes) -> Answer:
        """
        One request, tried again when it is not answered in time, not at all, or with a 5xx.

        Returns:
            The last answer; of status 0 and without a body when there was none.
        """
        headers = {"Content-Type": self._job["TransformInput"].get("ContentType", "application/octet-stream")}
        headers["Accept"] = self._job["TransformOutput"].get("Accept", "*/*")
        answer = Answer()
        for _ in range(self._tries):
            answer = Answer()
            process = self._taken()
            if process is None:
                continue
            try:
                answer = exchange(process, "POST", "/invocations", headers, body, self._seconds)
            except (TimeoutError, Unreachable):
                continue
            finally:
                process.release()
            if answer.status < 500:  # noqa: PLR2004 - the program's own failures
                break
        return answer

    def _taken(self) -> ServingProcess | None:
        """The one with the least to do; waited for while they are being restarted."""
        deadline = time.monotonic() + self._seconds
        while time.monotonic() < deadline:
            for process in sorted(self._processes, key=lambda one: one.in_flight):
                if process.take():
                    return process
            time.sleep(_TURN_SECONDS)
        return None

    def stop(self) -> None:
        """End them."""
        threads = [start_thread("stop-transform", one.stop, GRACE_SECONDS) for one in self._processes]
        for thread in threads:
            thread.join()
