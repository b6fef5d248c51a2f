"""Models: an image and where its artifact lies."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local.runner.images import ImageNotFoundError
from workbench.local.sagemaker.errors import invalid
from workbench.local.sagemaker.listing import listed, page
from workbench.local.sagemaker.service_model import shape_cutter
from workbench.local.sagemaker.surroundings import Caller, Surroundings, arn

if TYPE_CHECKING:
    from workbench.local.sagemaker.packages import Packages
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.tags import Tags

KIND: Final = "model"
DOCKER_TYPES: Final = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)


class Models:
    """The models of an account."""

    def __init__(self, surroundings: Surroundings, tags: Tags, packages: Packages) -> None:
        self._surroundings, self._tags, self._packages = surroundings, tags, packages
        self._records = surroundings.store.records(KIND)

    def create(self, request: Document, caller: Caller) -> Document:
        name = request["ModelName"]
        role = request.get("ExecutionRoleArn")
        if role is None:
            raise invalid("ExecutionRoleArn is needed")
        caller.may_pass(role)
        given = (
            [request["PrimaryContainer"]] if "PrimaryContainer" in request else request.get("Containers", [])
        )
        if not given or ("PrimaryContainer" in request and "Containers" in request):
            raise invalid("Either PrimaryContainer or Containers must be given, not both")
        if len(given) > 1:
            raise invalid("Inference pipelines (more than one container) are not served here")
        containers = [self._container(container) for container in given]
        model = {key: value for key, value in request.items() if key != "Tags"}
        model |= {
            "ModelArn": arn(KIND, name),
            "CreationTime": time.time(),
            "EnableNetworkIsolation": request.get("EnableNetworkIsolation", False),
            "_container": containers[0],
        }
        if not self._records.add(name, model):
            raise invalid(f'Cannot create already existing model "{arn(KIND, name)}".')
        self._tags.put(model["ModelArn"], request.get("Tags", []))
        return {"ModelArn": model["ModelArn"]}

    def _container(self, given: Document) -> Document:
        """What is to run: the container with image and artifact, a package's where it names one."""
        container = dict(given)
        if package := given.get("ModelPackageName"):
            container = self._packages.container(package) | {
                key: value for key, value in given.items() if key != "ModelPackageName"
            }
        if "ModelDataUrl" in container and "ModelDataSource" in container:
            raise invalid("ModelDataUrl and ModelDataSource cannot both be given")
        image = container.get("Image")
        if not image:
            raise invalid("A container needs Image or ModelPackageName")
        container["_resolved"] = resolve(self._surroundings, image)
        return container

    def get(self, name: str) -> Document:
        """The model; raises ValidationException for an unknown one."""
        model = self._records.get(name)
        if model is None:
            raise invalid(f'Could not find model "{arn(KIND, name)}".')
        return model

    def describe(self, request: Document, _caller: Caller) -> Document:
        return self.get(request["ModelName"])

    def delete(self, request: Document, _caller: Caller) -> Document:
        model = self.get(request["ModelName"])
        self._records.remove(request["ModelName"])
        self._tags.forget(model["ModelArn"])
        return {}

    def list_page(self, request: Document, _caller: Caller) -> Document:
        found, token = page(self._records.all(), request, name="ModelName")
        cut = shape_cutter("ModelSummary")
        return listed("Models", [cut(model) for model in found], token)


def resolve(surroundings: Surroundings, image: str) -> str:
    """
    The image by digest, which hosting can run.

    Raises:
        ServiceError: The registry lacks it, or it has OCI media types, which SageMaker hosting refuses.
    """
    try:
        media_type = surroundings.images.media_type(image)
        digest: Any = surroundings.images.digest(image)
    except ImageNotFoundError as error:
        raise invalid(f"Requested image {image} not found: {error.reason}.") from error
    if media_type not in DOCKER_TYPES:
        raise invalid(f"Unsupported manifest media type {media_type} for image {image}.")
    return f"{image.partition('@')[0]}@{digest}" if "@" in image else f"{_untagged(image)}@{digest}"


def _untagged(image: str) -> str:
    head, slash, tail = image.rpartition("/")
    return head + slash + tail.partition(":")[0]
