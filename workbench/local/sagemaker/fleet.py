"""All serving processes of one endpoint configuration: made, healthy or refused, taken down."""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from workbench.local.runner.images import ImageNotFoundError
from workbench.local.sagemaker.job_program import container_environment
from workbench.local.sagemaker.serving_process import STOP_GRACE_SECONDS, Serving, ServingProcess
from workbench.local.sagemaker.surroundings import LogStream, Surroundings
from workbench.local.sagemaker.transfers import RoleStorage, TransferError, split, unpack
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.local.sagemaker.store import Document

PROCESSES_PER_VARIANT: Final = 2
"""A variant of more instances runs this many processes here; docs/fidelity.md says so."""
DEFAULT_STARTUP_SECONDS: Final = 240.0


class FleetError(SlipwayError):
    """A variant cannot serve; the text is what the endpoint's FailureReason says."""


@dataclass(slots=True)
class Variant:
    """One production variant and what runs for it."""

    name: str
    weight: float
    instance_count: int
    image: str
    resolved: str
    processes: list[ServingProcess] = field(default_factory=list)
    turn: int = 0

    def pick(self) -> ServingProcess | None:
        """The healthy process with the least to do; None while none is healthy."""
        healthy = [process for process in self.processes if process.healthy]
        if not healthy:
            return None
        self.turn += 1
        return min(healthy, key=lambda process: (process.in_flight, (self.turn + process.generation) % 2))


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
        self.variants: dict[str, Variant] = {}
        self.cancelled = threading.Event()

    def start(self) -> None:
        """
        Start every variant's processes and wait until all are healthy.

        Raises:
            FleetError: One of them did not become healthy in time, or could not be started; none still runs.
        """
        try:
            for variant in self._config["ProductionVariants"]:
                self._start_variant(variant)
            for entry in self._config["ProductionVariants"]:
                variant = self.variants[entry["VariantName"]]
                for process in variant.processes:
                    self._require_health(variant.name, process)
        except BaseException:
            self.stop()
            raise
        for running in self.variants.values():
            for process in running.processes:
                start_thread(f"watch-{self._endpoint}", process.watch)

    def _require_health(self, variant: str, process: ServingProcess) -> None:
        if not process.await_healthy(self.cancelled):
            raise FleetError(
                f"The primary container for production variant {variant} did not pass the ping health check. "
                "Please check CloudWatch logs for this endpoint."
            )

    def _start_variant(self, entry: dict[str, Any]) -> None:
        name, model = entry["VariantName"], self._models[entry["ModelName"]]
        container = model["_container"]
        count = entry.get("InitialInstanceCount", 1)
        variant = Variant(
            name, entry.get("InitialVariantWeight", 1.0), count, container["Image"], container["_resolved"]
        )
        self.variants[name] = variant
        log = f"/aws/sagemaker/Endpoints/{self._endpoint}"
        directory = self._surroundings.new_work("model")
        try:
            serving = self._serving(entry, model, directory / "model")
            for _ in range(min(max(count, 1), PROCESSES_PER_VARIANT)):
                stream = LogStream(log, f"{name}/i-{uuid.uuid4().hex[:17]}")
                process = ServingProcess(self._surroundings, serving, stream)
                variant.processes.append(process)
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

    def _serving(self, entry: dict[str, Any], model: Document, artifact: Path) -> Serving:
        container = model["_container"]
        image = self._surroundings.images.unpack(container["_resolved"])
        artifact.mkdir(parents=True)
        storage = RoleStorage(
            self._surroundings.server.endpoint_url, model["ExecutionRoleArn"], self._endpoint
        )
        if url := container.get("ModelDataUrl"):
            unpack(storage.read(*split(url)), artifact)
        elif source := (container.get("ModelDataSource") or {}).get("S3DataSource"):
            if source.get("CompressionType", "None") == "Gzip":
                unpack(storage.read(*split(source["S3Uri"])), artifact)
            else:
                storage.fetch_source(source["S3Uri"], artifact)
        return Serving(
            image=image,
            artifact=artifact,
            environment=container_environment(
                self._surroundings,
                model["ExecutionRoleArn"],
                self._endpoint,
                container.get("Environment", {}),
            ),
            isolated=model.get("EnableNetworkIsolation", False),
            startup_seconds=entry.get("ContainerStartupHealthCheckTimeoutInSeconds", DEFAULT_STARTUP_SECONDS),
        )

    def weigh(self, weights: Document) -> None:
        """Set the variants' weights, in place."""
        for name, weight in weights.items():
            if name in self.variants:
                self.variants[name].weight = weight

    def resize(self, name: str, count: int) -> None:
        """Set a variant's instance count; processes beyond the local number are only counted."""
        self.variants[name].instance_count = count

    def stop(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Take all of it down, requests in flight answered first."""
        self.cancelled.set()
        threads = [
            start_thread(f"stop-{self._endpoint}", process.stop, grace_seconds)
            for variant in self.variants.values()
            for process in variant.processes
        ]
        for thread in threads:
            thread.join()


def describe_variants(fleet: Fleet, at: float) -> list[Document]:
    """ProductionVariants of DescribeEndpoint."""
    return json.loads(  # type: ignore[no-any-return] # a copy that is JSON for sure
        json.dumps(
            [
                {
                    "VariantName": variant.name,
                    "DeployedImages": [
                        {
                            "SpecifiedImage": variant.image,
                            "ResolvedImage": variant.resolved,
                            "ResolutionTime": at,
                        }
                    ],
                    "CurrentWeight": variant.weight,
                    "DesiredWeight": variant.weight,
                    "CurrentInstanceCount": variant.instance_count,
                    "DesiredInstanceCount": variant.instance_count,
                }
                for variant in fleet.variants.values()
            ]
        )
    )
