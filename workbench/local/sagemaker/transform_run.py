"""One transform job's way: inputs cut into requests, the model asked, answers put together."""

from __future__ import annotations

import logging
import shutil
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from slipway.domain.errors import SlipwayError
from workbench.local import seams
from workbench.local.runner.images import ImageNotFoundError
from workbench.local.sagemaker import faulty
from workbench.local.sagemaker.store import current_scope
from workbench.local.sagemaker.surroundings import LogStream
from workbench.local.sagemaker.transfers import RoleStorage, TransferError, relative, split
from workbench.local.sagemaker.transform_instances import LOG_GROUP, TransformInstances, UnhealthyError
from workbench.local.sagemaker.transform_join import Join, JoinError
from workbench.local.sagemaker.transform_records import (
    MEGABYTE,
    RecordTooLargeError,
    batches_of,
    records_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from workbench.local.sagemaker.exchange import Answer
    from workbench.local.sagemaker.job_program import JobControl
    from workbench.local.sagemaker.store import Document, Records
    from workbench.local.sagemaker.surroundings import Surroundings

logger = logging.getLogger("slipway.sagemaker")
DEFAULT_PAYLOAD_MB: Final = 6
SEE_LOGS: Final = "See job logs for more information"
_SPELLED: Final = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}


class InputError(Exception):
    """An input could not be transformed; the text is what the job's log says."""


class Source(NamedTuple):
    """One input object."""

    bucket: str
    key: str
    name: str
    """Below the output path, without ``.out``."""


class TransformRun:
    """
    Args:
        records: The transform jobs; this one is changed as it goes on.
        model: As it was when the job was made.
        emit: Called with the job when it has ended.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        records: Records,
        name: str,
        model: Document,
        control: JobControl,
        emit: Callable[[Document], Any],
    ) -> None:
        self._surroundings, self._records, self._name = surroundings, records, name
        self._model, self._control, self._emit = model, control, emit
        self._job: Document = records.get(name) or {}
        self._join = Join(self._job)
        self._instances = TransformInstances(surroundings, self._job, model)
        self._log = LogStream(LOG_GROUP, f"{self._instances.stream}/data-log")
        self._at_a_time = 1
        self._lines = self._job["TransformInput"].get("SplitType", "None") == "Line"

    def run(self) -> None:
        """All of it; ends with the job Completed, Failed or Stopped."""
        work = self._surroundings.new_work(self._name)
        try:
            failed = self._work(work)
        except TransferError as error:
            self._close("Failed", f"ClientError: Data download failed: {error.message}")
        except ImageNotFoundError as error:
            self._close("Failed", f"ClientError: Cannot pull the image: {error}")
        except UnhealthyError:
            told = "AlgorithmError: The primary container did not pass the ping health check. "
            self._close("Failed", told + SEE_LOGS)
        except (SlipwayError, OSError) as error:
            self._close("Failed", f"InternalServerError: {error}")
        except Exception as error:
            logger.exception("transform job %s", self._name)
            self._close("Failed", f"InternalServerError: {error!r}")
        else:
            self._close("Failed" if failed else "Completed", failed)
        finally:
            self._instances.stop()
            shutil.rmtree(work, ignore_errors=True)

    def _work(self, work: Path) -> str | None:
        """Why it failed; None: it did not."""
        if faulty.has_no_instances(self._surroundings, "CreateTransformJob"):
            return faulty.NO_CAPACITY_FOR_JOB
        storage = RoleStorage(
            self._surroundings.server.endpoint_url, self._model["ExecutionRoleArn"], self._name
        )
        sources = self._sources(storage)
        self._job = self._records.update(self._name, TransformStartTime=time.time()) or self._job
        self._instances.start(self._control.stopping, self._variables())
        told = {**self._instances.parameters(), **self._job}
        strategy = told.get("BatchStrategy", "MultiRecord" if self._lines else "SingleRecord")
        payload = int(told.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB))
        at_a_time = max(int(told.get("MaxConcurrentTransforms") or 1), 1)
        self._say(
            f"MaxConcurrentTransforms={at_a_time}, MaxPayloadInMB={payload}, "
            f"BatchStrategy={_SPELLED[strategy]}"
        )
        failures = 0
        self._at_a_time = at_a_time * self._instances.count
        with ThreadPoolExecutor(self._at_a_time) as pool:
            for source in sources:
                if self._control.stopping.is_set():
                    return None
                try:
                    self._transform(storage, source, work, pool, strategy, payload * MEGABYTE)
                except InputError as error:
                    failures += 1
                    self._say(f"{source.bucket}/{source.key}: {error}")
        return f"ClientError: {failures} of {len(sources)} inputs failed. {SEE_LOGS}" if failures else None

    def _variables(self) -> dict[str, str]:
        """What SageMaker tells the program of the job."""
        found: dict[str, str] = {
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(self._job.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB)),
            "SAGEMAKER_BATCH_STRATEGY": _SPELLED[self._job.get("BatchStrategy", "MultiRecord")],
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(self._job.get("MaxConcurrentTransforms", 1)),
        }
        return {**found, **self._job.get("Environment", {})}

    def _sources(self, storage: RoleStorage) -> list[Source]:
        given = self._job["TransformInput"]["DataSource"]["S3DataSource"]
        bucket, prefix = split(given["S3Uri"])
        if given["S3DataType"] == "ManifestFile":
            found = [Source(*one) for one in storage.manifest_keys(bucket, prefix)]
        else:
            found = [Source(bucket, key, relative(key, prefix)) for key in storage.keys(bucket, prefix)]
        if not found:
            raise TransferError("NoObjects", f"No S3 objects found under S3 URL {given['S3Uri']}")
        return found

    def _transform(
        self,
        storage: RoleStorage,
        source: Source,
        work: Path,
        pool: ThreadPoolExecutor,
        strategy: str,
        limit: int,
    ) -> None:
        """One input to one output, which is written when all of it is there; raises InputError."""
        fetched, made = work / "input", work / "output"
        storage.fetch(source.bucket, source.key, fetched)
        compressed = self._job["TransformInput"].get("CompressionType", "None") == "Gzip"
        records = records_of(fetched, split="Line" if self._lines else "None", compressed=compressed)
        end = b"\n" if self._job["TransformOutput"].get("AssembleWith", "None") == "Line" else b""
        try:
            with made.open("wb") as file:
                for part in self._answers(batches_of(records, strategy=strategy, limit=limit), pool):
                    file.write(part.rstrip(b"\n") + end if end else part)
        except (RecordTooLargeError, JoinError) as error:
            raise InputError(f"ClientError: {error}") from error
        except (EOFError, OSError) as error:
            raise InputError(f"ClientError: {error!r}") from error
        if not self._control.stopping.is_set():
            output = self._job["TransformOutput"]["S3OutputPath"].rstrip("/")
            storage.put_file(f"{output}/{source.name}.out", made)

    def _answers(self, batches: Iterator[list[bytes]], pool: ThreadPoolExecutor) -> Iterator[bytes]:
        """What is kept of the answers, in order; a few requests are under way at a time."""
        waiting: deque[tuple[list[bytes], Future[Answer]]] = deque()
        scope, most = current_scope(), self._at_a_time * 2

        def ask(body: bytes) -> Answer:
            with seams.RESPONSES.scope(*scope):
                return self._instances.ask(body)

        try:
            for batch in batches:
                if self._control.stopping.is_set():
                    return
                body = b"\n".join(self._join.asked(record) for record in batch)
                waiting.append((batch, pool.submit(ask, body + b"\n" if self._lines else body)))
                if len(waiting) >= most:
                    yield from self._kept(*waiting.popleft())
            while waiting and not self._control.stopping.is_set():
                yield from self._kept(*waiting.popleft())
        finally:
            for _, future in waiting:
                future.cancel()

    def _kept(self, batch: list[bytes], future: Future[Answer]) -> list[bytes]:
        answer = future.result()
        if answer.status == 0:
            raise InputError("InternalServerError: the model did not answer in time, or ended")
        if answer.status // 100 != 2:  # noqa: PLR2004 - the 200s
            kind = "ClientError" if answer.status < 500 else "AlgorithmError"  # noqa: PLR2004 - whose fault it is
            text = answer.body.decode("utf-8", "replace")[:1000]
            raise InputError(f"{kind}: Bad HTTP status received from algorithm: {answer.status}: {text}")
        return self._join.answered(batch, answer.body, lines=self._lines)

    def _say(self, text: str) -> None:
        self._log.write([f"[sagemaker logs]: {text}"])

    def _close(self, status: str, reason: str | None = None) -> None:
        if self._control.stopping.is_set():
            status, reason = "Stopped", None
        now = time.time()
        self._job = (
            self._records.update(
                self._name,
                TransformJobStatus=status,
                FailureReason=reason,
                TransformEndTime=now,
                LastModifiedTime=now,
            )
            or self._job
        )
        self._emit(self._job)
