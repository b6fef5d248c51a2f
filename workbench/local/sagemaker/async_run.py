"""One asynchronous request's way: input from S3, the program, its answer to S3, a message to SNS."""

from __future__ import annotations

import base64
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.async_notice import ERROR_TOPIC, SUCCESS_TOPIC, notice, publish
from workbench.local.sagemaker.blocking_exchange import exchange
from workbench.local.sagemaker.exchange import Answer, Unreachable
from workbench.local.sagemaker.invocation_metrics import NAMESPACE, count_invocation
from workbench.local.sagemaker.model_call import CLOSED, TIMED_OUT, Answered, Asked
from workbench.local.sagemaker.surroundings import LogStream
from workbench.local.sagemaker.transfers import RoleStorage, TransferError, split

if TYPE_CHECKING:
    from workbench.local.sagemaker.serving_process import ServingProcess
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.surroundings import Surroundings
    from workbench.local.sagemaker.traffic import Route

logger = logging.getLogger("slipway.sagemaker")
MOST_ATTEMPTS: Final = 3
"""Of a request whose process ended before it had answered."""
_MICROSECONDS: Final = 1e6
_CLIENT_ERRORS: Final = range(400, 500)


class RunError(Exception):
    """The request has failed; the text is its FailureReason."""

    def __init__(self, reason: str, metric: str, answer: Answer | None = None) -> None:
        super().__init__(reason)
        self.reason, self.metric, self.answer = reason, metric, answer


class AsyncRun:
    """
    Args:
        request: As ``AsyncRequests`` keeps it.
        config: The endpoint's AsyncInferenceConfig.
    """

    def __init__(
        self, surroundings: Surroundings, request: Document, config: Document, role_arn: str
    ) -> None:
        self._surroundings, self._request, self._config = surroundings, request, config
        self._role = role_arn
        self._storage: RoleStorage | None = None

    def expire(self) -> None:
        """It waited too long."""
        self._fail(None, RunError("ClientError: The request expired in the queue.", "ExpiredRequests"))

    def run(self, route: Route, process: ServingProcess) -> bool:
        """
        All of it, by a process that has been taken and is released here.

        Returns:
            False: the process ended before it had answered, and another one is to try.
        """
        began = time.time()
        try:
            answer = self._answer(route, process)
            self._put(self._request["output"], answer.body)
        except Unreachable:
            if self._request["attempts"] + 1 < MOST_ATTEMPTS:
                return False
            self._fail(route, RunError(f"InternalServerError: {CLOSED}", "InvocationFailures"))
        except RunError as error:
            self._fail(route, error)
        else:
            self._notify(route, SUCCESS_TOPIC, answer, None)
            self._count(
                route,
                ("InvocationsProcessed", 1.0, "Count"),
                ("TimeInBacklog", (began - self._request["received"]) * 1e3, "Milliseconds"),
                ("TotalProcessingTime", (time.time() - began) * 1e3, "Milliseconds"),
            )
        return True

    def _s3(self) -> RoleStorage:
        if self._storage is None:
            url = self._surroundings.server.endpoint_url
            self._storage = RoleStorage(url, self._role, self._request["endpoint"])
        return self._storage

    def _body(self, route: Route) -> bytes:
        if "body" in self._request:
            return base64.b64decode(self._request["body"])
        started = time.perf_counter()
        try:
            body = self._s3().read(*split(self._request["input"]))
        except TransferError as error:
            told = f"ClientError: Failed to download the input from {self._request['input']}: {error.message}"
            raise RunError(told, "RequestDownloadFailures") from error
        spent = (time.perf_counter() - started) * _MICROSECONDS
        self._count(route, ("RequestDownloadLatency", spent, "Microseconds"))
        return body

    def _answer(self, route: Route, process: ServingProcess) -> Answer:
        try:
            asked = Asked(self._request["headers"], self._body(route), time.perf_counter())
            sent = time.perf_counter()
            try:
                answer = exchange(
                    process, "POST", "/invocations", asked.passed, asked.body, self._request["timeout"]
                )
            except TimeoutError:
                answer = Answer(body=TIMED_OUT.encode())
        finally:
            process.release()
        answered = Answered(answer, sent, time.perf_counter())
        count_invocation(
            self._surroundings, self._request["endpoint"], route.fleet, route.variant, asked, answered
        )
        if not answered.succeeded:
            whose = "client" if answer.status in _CLIENT_ERRORS else "server"
            text = answer.body.decode("utf-8", "replace")
            told = f'ClientError: Received {whose} error ({answer.status}) from primary with message "{text}"'
            raise RunError(told, "InvocationFailures", answer)
        return answer

    def _put(self, location: str, body: bytes) -> None:
        try:
            self._s3().put(location, body)
        except TransferError as error:
            told = f"ClientError: Failed to upload the output to {location}: {error.message}"
            raise RunError(told, "ResponseUploadFailures") from error

    def _fail(self, route: Route | None, error: RunError) -> None:
        self._count(route, (error.metric, 1.0, "Count"))
        LogStream(f"/aws/sagemaker/Endpoints/{self._request['endpoint']}", "async-inference").write(
            [f"{self._request['inference_id']}: {error.reason}"]
        )
        if location := self._request.get("failure"):
            try:
                self._put(location, error.answer.body if error.answer else error.reason.encode())
            except RunError as failed:
                logger.warning("%s: %s", self._request["endpoint"], failed.reason)
        self._notify(route, ERROR_TOPIC, error.answer, error.reason)

    def _notify(self, route: Route | None, kind: str, answer: Answer | None, reason: str | None) -> None:
        config = self._config["OutputConfig"].get("NotificationConfig") or {}
        topic = config.get("SuccessTopic" if kind == SUCCESS_TOPIC else "ErrorTopic")
        if not topic:
            return
        included = kind in config.get("IncludeInferenceResponseIn", [])
        message = notice(self._request, time.time(), answer, reason, included=included)
        try:
            publish(
                self._surroundings.server.endpoint_url, self._role, self._request["endpoint"], topic, message
            )
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the topic, the request has ended
            logger.warning("%s: %s was not told: %s", self._request["endpoint"], topic, error)
            self._count(route, ("NotificationFailures", 1.0, "Count"))

    def _count(self, route: Route | None, *values: Any) -> None:
        dimensions = {"EndpointName": self._request["endpoint"]}
        if route is not None:
            dimensions["VariantName"] = route.variant.name
        self._surroundings.measure(NAMESPACE, dimensions, *values)
