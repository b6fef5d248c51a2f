"""The service: operations by name, each checked against botocore's model before it is done."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.sagemaker import faulty
from workbench.local.sagemaker.async_queue import AsyncQueue
from workbench.local.sagemaker.async_requests import AsyncRequests
from workbench.local.sagemaker.capacity import VariantCapacity
from workbench.local.sagemaker.endpoint_configs import EndpointConfigs
from workbench.local.sagemaker.endpoints import Endpoints
from workbench.local.sagemaker.errors import ServiceError, invalid
from workbench.local.sagemaker.gauges import Gauges
from workbench.local.sagemaker.invocations import Invocations
from workbench.local.sagemaker.models import Models
from workbench.local.sagemaker.package_groups import PackageGroups
from workbench.local.sagemaker.packages import Packages
from workbench.local.sagemaker.permissions import resource_arn
from workbench.local.sagemaker.processing_jobs import ProcessingJobs
from workbench.local.sagemaker.service_model import answer, operation_names, validate
from workbench.local.sagemaker.store import current_scope
from workbench.local.sagemaker.surroundings import Caller, Surroundings
from workbench.local.sagemaker.tags import Tags
from workbench.local.sagemaker.training_jobs import TrainingJobs
from workbench.local.sagemaker.transfers import prepare
from workbench.local.sagemaker.transform_jobs import TransformJobs
from workbench.local.sagemaker.utilization import Utilization
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document

Operation = Callable[["Document", Caller], "Document"]
Response = tuple[int, dict[str, str], bytes]
CONTENT_TYPE: Final = "application/x-amz-json-1.1"
logger = logging.getLogger("slipway.sagemaker")


class Service:
    """One per server."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        tags = Tags(surroundings.store)
        groups = PackageGroups(surroundings, tags)
        packages = Packages(surroundings, tags, groups)
        models = Models(surroundings, tags, packages)
        configs = EndpointConfigs(surroundings, tags, models)
        self._training = training = TrainingJobs(surroundings, tags)
        self._processing = processing = ProcessingJobs(surroundings, tags)
        self._transform = transform = TransformJobs(surroundings, tags, models)
        self.endpoints = endpoints = Endpoints(surroundings, tags, configs, models)
        self._invocations = Invocations(surroundings, endpoints)
        self.capacity = VariantCapacity(endpoints)
        self._queue = AsyncQueue(surroundings, endpoints)
        self._async = AsyncRequests(self._queue.records, endpoints, self._queue.wake)
        self._gauges = Gauges(surroundings, endpoints, self._queue.publish)
        self._utilization = Utilization(surroundings, endpoints)
        self.operations: dict[str, Operation] = {
            "AddTags": tags.add_tags,
            "ListTags": tags.list_tags,
            "DeleteTags": tags.delete_tags,
            "CreateTrainingJob": training.create,
            "DescribeTrainingJob": training.describe,
            "ListTrainingJobs": training.list_page,
            "StopTrainingJob": training.stop,
            "DeleteTrainingJob": training.delete,
            "CreateProcessingJob": processing.create,
            "DescribeProcessingJob": processing.describe,
            "ListProcessingJobs": processing.list_page,
            "StopProcessingJob": processing.stop,
            "DeleteProcessingJob": processing.delete,
            "CreateTransformJob": transform.create,
            "DescribeTransformJob": transform.describe,
            "ListTransformJobs": transform.list_page,
            "StopTransformJob": transform.stop,
            "CreateModel": models.create,
            "DescribeModel": models.describe,
            "ListModels": models.list_page,
            "DeleteModel": models.delete,
            "CreateEndpointConfig": configs.create,
            "DescribeEndpointConfig": configs.describe,
            "ListEndpointConfigs": configs.list_page,
            "DeleteEndpointConfig": configs.delete,
            "CreateEndpoint": endpoints.create,
            "DescribeEndpoint": endpoints.describe,
            "UpdateEndpoint": endpoints.update,
            "UpdateEndpointWeightsAndCapacities": endpoints.update_weights,
            "ListEndpoints": endpoints.list_page,
            "DeleteEndpoint": endpoints.delete,
            "CreateModelPackageGroup": groups.create,
            "DescribeModelPackageGroup": groups.describe,
            "ListModelPackageGroups": groups.list_page,
            "DeleteModelPackageGroup": groups.delete,
            "CreateModelPackage": packages.create,
            "DescribeModelPackage": packages.describe,
            "UpdateModelPackage": packages.update,
            "ListModelPackages": packages.list_page,
            "DeleteModelPackage": packages.delete,
        }
        surroundings.server.faults.on_add["system-updating"] = endpoints.maintain
        self._interrupted: list[tuple[tuple[str, str], Callable[[], None]]] = []

    async def handle(self, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request, in the account and region that are set for it."""
        parts = path.strip("/").split("/")
        if len(parts) == 3 and (parts[0], parts[2]) == ("endpoints", "invocations"):  # noqa: PLR2004 - its three parts
            return await self._invocations.invoke(parts[1], headers, body)
        if len(parts) == 3 and (parts[0], parts[2]) == ("endpoints", "async-invocations"):  # noqa: PLR2004 - likewise
            return await asyncio.to_thread(self._async.accept, parts[1], headers, body)
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        return await asyncio.to_thread(self._answer, operation, headers, body)

    def _answer(self, operation: str, headers: Mapping[str, str], body: bytes) -> Response:
        try:
            document = self.do(operation, json.loads(body or b"{}"), Caller(_access_key(headers)))
        except ServiceError as error:
            document = {"__type": error.code, "message": error.message}
            found = {"Content-Type": CONTENT_TYPE, "x-amzn-errortype": error.code}
            return error.status, found, json.dumps(document).encode()
        except ValueError as error:
            document = {"__type": "SerializationException", "message": str(error)}
            return 400, {"Content-Type": CONTENT_TYPE}, json.dumps(document).encode()
        return 200, {"Content-Type": CONTENT_TYPE}, json.dumps(document).encode()

    def do(self, operation: str, request: Document, caller: Caller) -> Document:
        """
        Check and do one operation.

        Raises:
            ServiceError: It is refused.
        """
        done = self.operations.get(operation)
        if done is None:
            if operation in operation_names():
                raise ServiceError("UnknownOperationException", f"sagemaker:{operation} is not served here")
            raise ServiceError("UnknownOperationException", f"{operation!r} is no operation of SageMaker")
        if not isinstance(request, dict):
            raise invalid("The request is no JSON object")
        given: dict[str, Any] = {name: value for name, value in request.items() if value is not None}
        validate(operation, given)
        faulty.meet(self.surroundings, operation, given)
        if operation.startswith("Create") and given.get("Tags"):
            # Whoever makes a resource with tags must be allowed to tag it, too.
            account, region = current_scope()
            caller.require("sagemaker:AddTags", resource_arn(operation, given, region, account))
        return answer(operation, done(given, caller))

    def _scopes(self) -> set[tuple[str, str]]:
        store = self.surroundings.store
        kinds = ("training-job", "processing-job", "transform-job", "endpoint")
        return {scope for kind in kinds for scope, _, _ in store.records(kind).everywhere()}

    def settle(self) -> None:
        """At registration: what ran when an earlier server ended has failed."""
        self.surroundings.clear_work()
        for scope in self._scopes():
            with seams.RESPONSES.scope(*scope):
                for jobs in (self._training, self._processing, self._transform):
                    for job in jobs.interrupted():
                        self._interrupted.append((scope, _bound(jobs.tell, job)))

    def resume(self) -> None:
        """Once requests are answered: tell of the failed jobs, serve the endpoints again."""
        due, self._interrupted = self._interrupted, []
        start_thread("warm-up", warm_up)
        for scope, tell in due:
            with seams.RESPONSES.scope(*scope):
                tell()
        for scope in self._scopes():
            with seams.RESPONSES.scope(*scope):
                self.endpoints.resume()
        self._gauges.start()
        self._queue.start()
        self._utilization.start()
        self._invocations.captures.start()

    def prefetch(self, repository: str, digest: str) -> None:
        """Unpack an image as soon as it is pushed: what will run it then starts at once."""
        start_thread("prefetch", self._unpack, f"{repository}@{digest}")

    def _unpack(self, image: str) -> None:
        # What cannot be unpacked is told when it is to be run.
        with contextlib.suppress(Exception):
            self.surroundings.images.unpack(image)

    def stop(self) -> None:
        """The server ends."""
        self.endpoints.stop()
        self._invocations.captures.stop()
        self.surroundings.measurements.flush()


def warm_up() -> None:
    """Load what the first job would otherwise wait for."""
    operation_names()
    prepare()


def _bound(tell: Callable[[Document], None], job: Document) -> Callable[[], None]:
    return lambda: tell(job)


def _access_key(headers: Mapping[str, str]) -> str:
    _, _, rest = headers.get("authorization", "").partition("Credential=")
    return rest.partition("/")[0]
