"""All serving processes of one endpoint configuration: made, healthy or refused, taken down."""

from __future__ import annotations

import functools
import shutil
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from slipway.domain.errors import SlipwayError
from workbench.local.runner.images import ImageNotFoundError
from workbench.local.sagemaker import faulty
from workbench.local.sagemaker.capture_line import CaptureRule
from workbench.local.sagemaker.environments import Environments
from workbench.local.sagemaker.hosted_model import DEFAULT_STARTUP_SECONDS, serving_of
from workbench.local.sagemaker.serving_process import STOP_GRACE_SECONDS, ServingProcess
from workbench.local.sagemaker.surroundings import LogStream, Surroundings
from workbench.local.sagemaker.transfers import TransferError
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.local.sagemaker.store import Document

PROCESSES_PER_VARIANT: Final = 8
"""An instance is a process here; instances beyond these are only counted, as docs/fidelity.md says."""


UNUSED_GRACE_SECONDS: Final = 1.0
"""For programs that never got a request."""


class FleetError(SlipwayError):
    """A variant cannot serve; the text is what the endpoint's FailureReason says."""


@dataclass(slots=True)
class Variant:
    """One production or shadow variant and what runs for it."""

    name: str
    weight: float
    instance_count: int
    """Those that serve."""
    desired_count: int
    image: str
    resolved: str
    role: str = ""
    """Of its model."""
    processes: list[ServingProcess] = field(default_factory=list)
    turn: int = 0
    changing: threading.RLock = field(default_factory=threading.RLock)
    """Held while processes are added or taken away."""
    environments: Environments | None = None
    """Of a serverless variant, which has no instances; it counts as having one."""

    def take(self, instances: int | None = None) -> ServingProcess | None:
        """The healthy process with the least to do, which has a request more now; None: there is none."""
        self.turn += 1
        taking = [process for process in self.processes[:instances] if process.healthy]
        taking.sort(key=lambda process: (process.in_flight, (self.turn + process.generation) % 2))
        return next((process for process in taking if process.take()), None)


class Fleet:
    """
    Args:
        endpoint: Its name, for logs and sessions.
        config: The endpoint configuration.
        models: By name, as they were when the configuration was taken into service.
    """

    def __init__(self, surroundings: Surroundings, endpoint: str, config: Document, models: Document) -> None:
        self._surroundings, self._endpoint = surroundings, endpoint
        self.config_name: str = config["EndpointConfigName"]
        self._config, self._models = config, models
        self.capture = CaptureRule.of(config.get("DataCaptureConfig"))
        self.variants: dict[str, Variant] = {}
        """The production variants."""
        self.shadows: dict[str, Variant] = {}
        self.cancelled = threading.Event()

    def start(self) -> None:
        """
        Start every variant's processes and wait until all are healthy.

        Raises:
            FleetError: One of them did not become healthy in time, or could not be started; none still runs.
        """
        try:
            started = [(variant, self._start_variant(variant, entry)) for variant, entry in self._entries()]
            for variant, processes in started:
                self._require_health(variant, processes)
                if variant.environments is not None:
                    # it can be started, and is ended again: the first request has a cold start
                    self._take_away(variant, processes[variant.environments.kept :], UNUSED_GRACE_SECONDS)
        except BaseException:
            self.stop(UNUSED_GRACE_SECONDS)
            raise

    def _entries(self) -> Iterator[tuple[Variant, Document]]:
        kinds = ((self.variants, "ProductionVariants"), (self.shadows, "ShadowProductionVariants"))
        for variants, entry in ((one, entry) for one, kind in kinds for entry in self._config.get(kind, [])):
            model = self._models[entry["ModelName"]]
            container = model["_container"]
            count = entry.get("InitialInstanceCount", 1)
            variant = Variant(
                name=entry["VariantName"],
                weight=entry.get("InitialVariantWeight", 1.0),
                instance_count=count,
                desired_count=count,
                image=container["Image"],
                resolved=container["_resolved"],
                role=model["ExecutionRoleArn"],
            )
            if "ServerlessConfig" in entry:
                add = functools.partial(self._add, variant.name)
                variant.environments = Environments(entry["ServerlessConfig"], PROCESSES_PER_VARIANT, add)
            variants[variant.name] = variant
            yield variant, entry

    def _require_health(self, variant: Variant, processes: Sequence[ServingProcess]) -> None:
        slow = self._surroundings.server.faults.find("slow-ping", **self.about(variant))
        for process in processes:
            if not process.await_healthy(self.cancelled, slow.seconds or 0.0 if slow else 0.0):
                raise FleetError(
                    f"The primary container for production variant {variant.name} did not pass the ping "
                    "health check. Please check CloudWatch logs for this endpoint."
                )
        for process in processes:
            start_thread(f"watch-{self._endpoint}", process.watch)

    def _start_variant(self, variant: Variant, entry: Document) -> list[ServingProcess]:
        count = variant.instance_count
        if variant.environments is not None:
            count = max(variant.environments.kept, 1)
        return self._launch(variant, entry, min(count, PROCESSES_PER_VARIANT))

    def _launch(self, variant: Variant, entry: Document, count: int) -> list[ServingProcess]:
        """Start so many more processes of a variant; they are not healthy yet."""
        if count == 0:
            return []
        if self._surroundings.server.faults.meet("capacity", operation="", **self.about(variant)):
            raise FleetError(faulty.NO_CAPACITY)
        name, added = variant.name, []
        log = f"/aws/sagemaker/Endpoints/{self._endpoint}"
        directory = self._surroundings.new_work("model")
        try:
            serving = serving_of(
                self._surroundings,
                self._models[entry["ModelName"]],
                directory / "model",
                session=self._endpoint,
                startup_seconds=entry.get(
                    "ContainerStartupHealthCheckTimeoutInSeconds", DEFAULT_STARTUP_SECONDS
                ),
            )
            for _ in range(count):
                stream = LogStream(log, f"{name}/i-{uuid.uuid4().hex[:17]}")
                process = ServingProcess(self._surroundings, serving, stream)
                variant.processes.append(process)
                added.append(process)
                process.start()
        except ImageNotFoundError as error:
            raise FleetError(f"The image of production variant {name} cannot be pulled: {error}") from error
        except TransferError as error:
            raise FleetError(
                f"Failed to download model data for container of production variant {name}: {error.message}"
            ) from error
        except FleetError:
            raise
        except (SlipwayError, OSError) as error:
            raise FleetError(f"Production variant {name} could not be started: {error}") from error
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        return added

    def about(self, variant: Variant) -> dict[str, str]:
        """What faults may name of a variant."""
        return {"endpoint": self._endpoint, "variant": variant.name, "config": self.config_name}

    def counts(self) -> dict[str, int]:
        """The instances that serve, by variant."""
        return {name: variant.instance_count for name, variant in self.variants.items()}

    def weigh(self, weights: Document) -> None:
        """Set the variants' weights, in place."""
        every = self.every_variant()
        for name, weight in weights.items():
            if name in every:
                every[name].weight = weight

    def every_variant(self) -> dict[str, Variant]:
        """Shadow variants too."""
        return {**self.variants, **self.shadows}

    def resize(self, name: str, count: int) -> None:
        """
        Let a variant have so many instances: start what is missing, drain what is too much.

        Returns when those added are healthy, or those taken away have answered what they had.

        Raises:
            FleetError: What was to be added does not become healthy; the number stays what it was.
        """
        variant = self.every_variant()[name]
        with variant.changing:
            if self.cancelled.is_set():
                raise FleetError(f"The fleet of production variant {name} is being taken down.")
            variant.desired_count = count
            try:
                self._reach(variant, min(count, PROCESSES_PER_VARIANT))
            except FleetError:
                variant.desired_count = variant.instance_count
                raise
            variant.instance_count = count

    def _reach(self, variant: Variant, count: int) -> None:
        before = list(variant.processes)
        if count < len(before):
            variant.processes[count:] = []
            self._end(before[count:], STOP_GRACE_SECONDS)
            return
        try:
            entry = self._entry(variant.name)
            self._require_health(variant, self._launch(variant, entry, count - len(before)))
        except FleetError:
            self._take_away(variant, variant.processes[len(before) :], UNUSED_GRACE_SECONDS)
            raise

    def _entry(self, name: str) -> Document:
        entries = [*self._config["ProductionVariants"], *self._config.get("ShadowProductionVariants", [])]
        return next(one for one in entries if one["VariantName"] == name)

    def _take_away(self, variant: Variant, processes: Sequence[ServingProcess], grace_seconds: float) -> None:
        with variant.changing:
            variant.processes[:] = [one for one in variant.processes if one not in processes]
        self._end(processes, grace_seconds)

    def _add(self, name: str) -> None:
        """One environment more of a serverless variant, from nothing to healthy; raises FleetError."""
        variant, started = self.variants[name], time.perf_counter()
        added = self._launch(variant, self._entry(name), 1)
        try:
            self._require_health(variant, added)
        except FleetError:
            self._take_away(variant, added, UNUSED_GRACE_SECONDS)
            raise
        microseconds = (time.perf_counter() - started) * 1e6
        self._surroundings.measure(
            "AWS/SageMaker",
            {"EndpointName": self._endpoint, "VariantName": name},
            ("ModelSetupTime", microseconds, "Microseconds"),
        )

    def end_idle(self, now: float) -> None:
        """End environments of serverless variants that nobody asks (``now`` by SageMaker's clock)."""
        for variant in list(self.variants.values()):
            if variant.environments is None or self.cancelled.is_set():
                continue
            if idle := variant.environments.idle(variant, now):
                start_thread("end-idle", self._take_away, variant, idle, STOP_GRACE_SECONDS)

    def provision(self, name: str, update: Document) -> None:
        """Change a serverless variant's concurrency; raises FleetError, and then it stays what it was."""
        variant = self.variants[name]
        if variant.environments is None:
            return
        before = variant.environments.config
        variant.environments.config = before | update
        try:
            while len(variant.processes) < variant.environments.kept:
                self._add(name)
        except FleetError:
            variant.environments.config = before
            raise

    def stop(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Take all of it down, requests in flight answered first."""
        self.cancelled.set()
        running: list[ServingProcess] = []
        for variant in self.every_variant().values():
            with variant.changing:
                running += variant.processes
        self._end(running, grace_seconds)

    def _end(self, processes: Sequence[ServingProcess], grace_seconds: float) -> None:
        threads = [
            start_thread(f"stop-{self._endpoint}", process.stop, grace_seconds) for process in processes
        ]
        for thread in threads:
            thread.join()
