"""Data capture: requests and answers kept in memory, and written to S3 in batches under the model's role."""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from workbench.local import seams
from workbench.local.sagemaker.capture_line import CaptureRule, Exchange, line_of, moment_of
from workbench.local.sagemaker.model_call import INFERENCE_ID
from workbench.local.sagemaker.store import Scope, current_scope
from workbench.local.sagemaker.surroundings import LogStream
from workbench.local.sagemaker.transfers import RoleStorage, TransferError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.local.sagemaker.fleet import Variant
    from workbench.local.sagemaker.model_call import Answered, Asked
    from workbench.local.sagemaker.surroundings import Surroundings

logger = logging.getLogger("slipway.sagemaker")

FLUSH_SECONDS: Final = 5.0
"""By SageMaker's clock, between batches; minutes there."""
OFTEN_SECONDS: Final = 0.25
MOST_BYTES: Final = 64 << 20
"""Waiting to be written; what comes beyond is not captured."""
SESSION_SECONDS: Final = 600.0
"""How long one session under a role is used."""


@dataclass(frozen=True, slots=True)
class Captured:
    """Whose exchanges they are, and what is kept of them."""

    rule: CaptureRule
    endpoint: str
    variant: str
    role: str

    def of(self, variant: Variant) -> Captured:
        """The same for another variant of the endpoint."""
        return dataclasses.replace(self, variant=variant.name, role=variant.role)


class Captures:
    """Those of one server; what is kept costs its caller next to nothing."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._waiting: deque[tuple[Scope, Captured, Exchange]] = deque()
        self._bytes = 0
        self._flushing = threading.Lock()
        self._sessions: dict[tuple[Scope, str], tuple[float, RoleStorage]] = {}
        self._left = surroundings.server.home / "sagemaker" / "captures.jsonl"

    def start(self) -> None:
        """Write what an earlier server left, then batch by batch, in a thread."""
        threading.Thread(target=self._loop, name="data-capture", daemon=True).start()

    def keep(self, captured: Captured, asked: Asked, answered: Answered) -> None:
        """Keep one exchange, to be written soon."""
        size = len(asked.body) + len(answered.answer.body)
        if self._bytes + size > MOST_BYTES:
            return
        self._bytes += size
        exchange = Exchange(
            moment=time.time(),
            inference_id=asked.headers.get(INFERENCE_ID),
            input_type=asked.content_type,
            input_body=asked.body,
            output_type=answered.answer.headers.get("content-type", "application/octet-stream"),
            output_body=answered.answer.body,
        )
        self._waiting.append((current_scope(), captured, exchange))

    def _loop(self) -> None:
        self._write_left()
        while True:
            time.sleep(max(self._surroundings.server.clock.real(FLUSH_SECONDS), OFTEN_SECONDS))
            try:
                self.flush()
            except Exception:
                logger.exception("data capture")

    def _batches(self) -> dict[tuple[Scope, str, str], list[str]]:
        """What waits: lines by scope, role and the URI of the object that they go to."""
        batches: dict[tuple[Scope, str, str], list[str]] = {}
        names: dict[tuple[str, str, str], str] = {}
        while self._waiting:
            scope, captured, exchange = self._waiting.popleft()
            self._bytes -= len(exchange.input_body) + len(exchange.output_body)
            moment = moment_of(exchange)
            folder = (
                f"{captured.rule.destination}/{captured.endpoint}/{captured.variant}/{moment:%Y/%m/%d/%H}"
            )
            stem = f"{moment:%M-%S}-{moment.microsecond // 1000:03}-{uuid.uuid4()}"
            name = names.setdefault((captured.role, captured.endpoint, folder), f"{folder}/{stem}.jsonl")
            key = (scope, captured.role, f"{captured.endpoint} {name}")
            batches.setdefault(key, []).append(line_of(captured.rule, exchange))
        return batches

    def flush(self) -> None:
        """Write what waits."""
        with self._flushing:
            for (scope, role, where), lines in self._batches().items():
                self._write(scope, role, where, lines)

    def _write(self, scope: Scope, role: str, where: str, lines: Iterable[str]) -> None:
        endpoint, _, uri = where.partition(" ")
        with seams.RESPONSES.scope(*scope):
            try:
                self._storage(scope, role).put(uri, "".join(f"{line}\n" for line in lines).encode())
            except TransferError as error:
                stream = LogStream(f"/aws/sagemaker/Endpoints/{endpoint}", "data-capture")
                stream.write([f"slipway: {uri} cannot be written, its lines are lost: {error.message}"])

    def _storage(self, scope: Scope, role: str) -> RoleStorage:
        since, storage = self._sessions.get((scope, role), (0.0, None))
        if storage is None or time.monotonic() - since > SESSION_SECONDS:
            since = time.monotonic()
            storage = RoleStorage(self._surroundings.server.endpoint_url, role, "data-capture")
            self._sessions[scope, role] = (since, storage)
        return storage

    def stop(self) -> None:
        """The server ends and S3 no longer answers: leave on disk what waits."""
        with self._flushing:
            left = [(scope, role, where, lines) for (scope, role, where), lines in self._batches().items()]
            if left:
                self._left.write_text("".join(f"{json.dumps(entry)}\n" for entry in left), encoding="utf-8")

    def _write_left(self) -> None:
        try:
            entries = [json.loads(line) for line in self._left.read_text(encoding="utf-8").splitlines()]
        except FileNotFoundError:
            return
        for scope, role, where, lines in entries:
            self._write((scope[0], scope[1]), role, where, lines)
        self._left.unlink(missing_ok=True)


def captured_of(rule: CaptureRule | None, endpoint: str, variant: Variant, draw: float) -> Captured | None:
    """What is kept of a request whose draw (in [0, 1)) is in the sample."""
    if rule is None or draw >= rule.share:
        return None
    return Captured(rule, endpoint, variant.name, variant.role)
