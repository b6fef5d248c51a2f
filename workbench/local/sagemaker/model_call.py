"""One request to a serving process, whatever comes of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.exchange import Answer, Connections, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.sagemaker.serving_process import ServingProcess

TIMEOUT_SECONDS: Final = 60.0
TIMED_OUT: Final = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency "
    "metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)
CLOSED: Final = "The serving process closed the connection without an answer."
ATTRIBUTES: Final = "x-amzn-sagemaker-custom-attributes"
INFERENCE_ID: Final = "x-amzn-sagemaker-inference-id"
PASSED: Final = {
    "content-type": "Content-Type",
    "accept": "Accept",
    "x-amzn-sagemaker-accept": "Accept",
    ATTRIBUTES: "X-Amzn-SageMaker-Custom-Attributes",
    INFERENCE_ID: "X-Amzn-SageMaker-Inference-Id",
    "x-amzn-sagemaker-target-model": "X-Amzn-SageMaker-Target-Model",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller asked of an endpoint."""

    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    arrived: float
    """Of ``time.perf_counter``, as are all moments of a call."""

    @property
    def content_type(self) -> str:
        """That of the body, as the program gets it."""
        return self.headers.get("content-type", "application/octet-stream")

    @property
    def passed(self) -> dict[str, str]:
        """The headers that the program gets."""
        passed = {"Content-Type": "application/octet-stream", "Accept": "*/*"}
        for theirs, ours in PASSED.items():
            if theirs in self.headers:
                passed[ours] = self.headers[theirs]
        return passed


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it."""

    answer: Answer
    """Of status 0, its body a text of SageMaker's, when the program gave none."""
    sent: float
    ended: float

    @property
    def succeeded(self) -> bool:
        """Whether the program answered with one of the 200s."""
        return self.answer.status // 100 == 2  # noqa: PLR2004 - the 200s


async def ask(connections: Connections, process: ServingProcess, asked: Asked) -> Answered:
    """Let a process that was taken answer, and release it."""
    sent = time.perf_counter()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            answer = await connections.post(process, "/invocations", asked.passed, asked.body)
    except TimeoutError:
        answer = Answer(body=TIMED_OUT.encode())
    except Unreachable:
        answer = Answer(body=CLOSED.encode())
    finally:
        process.release()
    return Answered(answer, sent, time.perf_counter())
