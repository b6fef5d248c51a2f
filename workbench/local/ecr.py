"""ECR as the platform needs it: events, creation on push, templates, scanning, tokens, blobs on disk."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.blobs import BlobStore
from workbench.local.iam import key_may
from workbench.local.image_scans import ImageScans
from workbench.local.registry import Registry
from workbench.local.repositories import RegistryError, Repositories
from workbench.local.services import authorize_by, keep_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.local.context import ServerContext
    from workbench.local.gateway import Gateway

TOKEN_SECONDS: Final = 12 * 3600
DOWNLOAD_SECONDS: Final = 3600
SCANNING: Final = "slipway:scanning"
"""Where the registry's scanning configuration lies among the templates; no prefix may hold a colon."""


class Tokens:
    """Signs what a client must bring back: registry tokens and download links."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(secrets.token_hex(32))
            path.chmod(0o600)
        self._secret = path.read_text().encode()

    def issue(self, subject: str, seconds: int) -> str:
        """A token that says who it is for and until when."""
        payload = f"{subject}|{int(time.time()) + seconds}"
        return base64.urlsafe_b64encode(f"{payload}|{self._signature(payload)}".encode()).decode()

    def subject(self, token: str) -> str | None:
        """Who a token is for; None when it is not ours or no longer valid."""
        try:
            payload, _, signature = base64.urlsafe_b64decode(token).decode().rpartition("|")
        except (ValueError, UnicodeDecodeError):
            return None
        subject, _, until = payload.rpartition("|")
        if not hmac.compare_digest(signature, self._signature(payload)) or int(until) < time.time():
            return None
        return subject

    def _signature(self, payload: str) -> str:
        return hmac.new(self._secret, payload.encode(), hashlib.sha256).hexdigest()


class EcrApi:
    """Operations of the ECR API that upstream lacks or gets wrong; each takes and gives JSON documents."""

    def __init__(self, server: ServerContext, repositories: Repositories, tokens: Tokens) -> None:
        self._server = server
        self._repositories = repositories
        self._tokens = tokens
        self._scans = ImageScans(repositories, server.home)

    def create_template(self, wish: dict[str, Any]) -> dict[str, Any]:
        prefix = wish["prefix"]
        if prefix in self._repositories.templates:
            raise RegistryError(
                400, "", "TemplateAlreadyExistsException", f"template '{prefix}' exists already"
            )
        return self._stored(prefix, {}, wish)

    def update_template(self, wish: dict[str, Any]) -> dict[str, Any]:
        return self._stored(wish["prefix"], self._template(wish["prefix"]), wish)

    def delete_template(self, wish: dict[str, Any]) -> dict[str, Any]:
        template = self._template(wish["prefix"])
        del self._repositories.templates[wish["prefix"]]
        return {"registryId": seams.RESPONSES.get_account_id(), "repositoryCreationTemplate": template}

    def describe_templates(self, wish: dict[str, Any]) -> dict[str, Any]:
        prefixes = wish.get("prefixes")
        templates = (
            [self._template(prefix) for prefix in prefixes]
            if prefixes
            else [found for prefix, found in self._repositories.templates.items() if prefix != SCANNING]
        )
        return {"registryId": seams.RESPONSES.get_account_id(), "repositoryCreationTemplates": templates}

    def knows_template(self, prefix: str) -> bool:
        return prefix in self._repositories.templates

    def _template(self, prefix: str) -> dict[str, Any]:
        template = self._repositories.templates.get(prefix)
        if template is None:
            raise RegistryError(400, "", "TemplateNotFoundException", f"no template with prefix '{prefix}'")
        return dict(template)

    def _stored(self, prefix: str, before: dict[str, Any], wish: dict[str, Any]) -> dict[str, Any]:
        now = time.time()
        template = {
            "encryptionConfiguration": {"encryptionType": "AES256"},
            "resourceTags": [],
            "imageTagMutability": "MUTABLE",
            "imageTagMutabilityExclusionFilters": [],
            "appliedFor": ["CREATE_ON_PUSH"],
            "createdAt": now,
            **before,
            **{key: value for key, value in wish.items() if value is not None},
            "updatedAt": now,
        }
        self._repositories.templates[prefix] = template
        return {"registryId": seams.RESPONSES.get_account_id(), "repositoryCreationTemplate": template}

    def put_scanning(self, wish: dict[str, Any]) -> dict[str, Any]:
        configuration = {"scanType": wish.get("scanType", "BASIC"), "rules": wish.get("rules", [])}
        self._repositories.templates[SCANNING] = configuration | {"appliedFor": [], "prefix": SCANNING}
        return {"registryScanningConfiguration": configuration}

    def get_scanning(self, _wish: dict[str, Any]) -> dict[str, Any]:
        kept = self._repositories.templates.get(SCANNING) or {"scanType": "BASIC", "rules": []}
        configuration = {"scanType": kept["scanType"], "rules": kept["rules"]}
        return {"registryId": seams.RESPONSES.get_account_id(), "scanningConfiguration": configuration}

    def describe_findings(self, wish: dict[str, Any]) -> dict[str, Any]:
        name = wish["repositoryName"]
        self._existing(name)
        return self._scans.findings(name, self._named(name, wish["imageId"]))

    def authorization_token(self, headers: dict[str, str]) -> dict[str, Any]:
        """Docker clients log in with ``AWS`` and this; IAM is asked for the key behind it at each request."""
        token = self._tokens.issue(seams.ROUTER.access_key(headers), TOKEN_SECONDS)
        data = {
            "authorizationToken": base64.b64encode(f"AWS:{token}".encode()).decode(),
            "expiresAt": time.time() + TOKEN_SECONDS,
            "proxyEndpoint": self._server.endpoint_url,
        }
        return {"authorizationData": [data]}

    def put_image(self, wish: dict[str, Any]) -> dict[str, Any]:
        name, tag = wish["repositoryName"], wish.get("imageTag")
        self._existing(name)
        pushed = self._repositories.put_image(
            name, tag, wish["imageManifest"].encode(), wish.get("imageManifestMediaType")
        )
        if not pushed.changed:
            raise RegistryError(
                400,
                "",
                "ImageAlreadyExistsException",
                f"Image with digest '{pushed.digest}' and tag '{tag}' already exists in the repository "
                f"with name '{name}'",
            )
        image = {
            "registryId": seams.RESPONSES.get_account_id(),
            "repositoryName": name,
            "imageId": {"imageDigest": pushed.digest} | ({"imageTag": tag} if tag else {}),
            "imageManifest": wish["imageManifest"],
            "imageManifestMediaType": pushed.media_type,
        }
        return {"image": image}

    def describe_images(self, wish: dict[str, Any]) -> dict[str, Any]:
        name = wish["repositoryName"]
        self._existing(name)
        images = seams.ECR.images.get(name, [])
        if wish.get("imageIds"):
            images = [self._named(name, identity) for identity in wish["imageIds"]]
        status = (wish.get("filter") or {}).get("tagStatus", "ANY")
        keys = (
            *("registryId", "repositoryName", "imageDigest", "imageSizeInBytes", "imagePushedAt"),
            *("imageManifestMediaType", "artifactMediaType"),
        )
        details = []
        for image in images:
            if status != "ANY" and (status == "TAGGED") != bool(image["imageTags"]):
                continue
            detail = {key: image[key] for key in keys if image.get(key) is not None}
            if image["imageTags"]:
                detail["imageTags"] = list(image["imageTags"])
            details.append(detail)
        return {"imageDetails": details}

    def download_url(self, wish: dict[str, Any]) -> dict[str, Any]:
        digest = wish["layerDigest"]
        self._existing(wish["repositoryName"])
        if self._repositories.blobs.path(digest) is None:
            raise RegistryError(400, "", "LayersNotFoundException", f"layer '{digest}' does not exist")
        token = self._tokens.issue(digest, DOWNLOAD_SECONDS)
        return {"downloadUrl": f"{self._server.endpoint_url}/_blobs/{token}", "layerDigest": digest}

    def layer_availability(self, wish: dict[str, Any]) -> dict[str, Any]:
        self._existing(wish["repositoryName"])
        layers = []
        for digest in wish["layerDigests"]:
            path = self._repositories.blobs.path(digest)
            state = {"layerDigest": digest, "layerAvailability": "AVAILABLE" if path else "UNAVAILABLE"}
            layers.append(state | ({"layerSize": path.stat().st_size} if path else {}))
        return {"layers": layers, "failures": []}

    def delete_images(self, wish: dict[str, Any]) -> dict[str, Any]:
        """A tag is taken away by itself; an image goes with its digest or its last tag."""
        name = wish["repositoryName"]
        self._existing(name)
        deleted, failures = [], []
        for identity in wish["imageIds"]:
            tag = identity.get("imageTag")
            reference = identity.get("imageDigest") or tag
            images = seams.ECR.images.get(name, [])
            image = next((i for i in images if reference in (i["imageDigest"], *i["imageTags"])), None)
            if image is None:
                failure = {"failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
                failures.append({"imageId": identity, **failure})
                continue
            if tag:
                image["imageTags"].remove(tag)
            if not tag or not image["imageTags"]:
                images.remove(image)
            deleted.append({"imageDigest": image["imageDigest"]} | ({"imageTag": tag} if tag else {}))
            self._repositories.tell(name, tag, image, "DELETE")
        return {"imageIds": deleted, "failures": failures}

    def _existing(self, name: str) -> None:
        if not self._repositories.exists(name):
            account = seams.RESPONSES.get_account_id()
            message = f"The repository with name '{name}' does not exist in the registry with id '{account}'"
            raise RegistryError(400, "", "RepositoryNotFoundException", message)

    def _named(self, name: str, identity: dict[str, str]) -> dict[str, Any]:
        found = self._repositories.find(name, identity.get("imageDigest") or identity.get("imageTag", ""))
        if found is None:
            account = seams.RESPONSES.get_account_id()
            message = (
                f"The image with imageId {json.dumps(identity)} does not exist within the repository "
                f"with name '{name}' in the registry with id '{account}'"
            )
            raise RegistryError(400, "", "ImageNotFoundException", message)
        return found


def install(server: ServerContext, gateway: Gateway) -> EcrApi:
    """Put the registry before ministack's, and the operations before its own."""
    repositories = Repositories(
        BlobStore(server.home / "registry"), server.registry, keep=lambda: server.state.flush("ecr")
    )
    repositories.on_push = server.on_push
    tokens = Tokens(server.home / "registry" / "secret")
    api = EcrApi(server, repositories, tokens)
    operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "CreateRepositoryCreationTemplate": api.create_template,
        "UpdateRepositoryCreationTemplate": api.update_template,
        "DeleteRepositoryCreationTemplate": api.delete_template,
        "DescribeRepositoryCreationTemplates": api.describe_templates,
        "PutRegistryScanningConfiguration": api.put_scanning,
        "GetRegistryScanningConfiguration": api.get_scanning,
        "PutImage": api.put_image,
        "DescribeImages": api.describe_images,
        "DescribeImageScanFindings": api.describe_findings,
        "GetDownloadUrlForLayer": api.download_url,
        "BatchCheckLayerAvailability": api.layer_availability,
        "BatchDeleteImage": api.delete_images,
    }
    upstream = seams.ECR.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Any:
        name = headers.get("x-amz-target", "").rpartition(".")[2]
        if name == "GetAuthorizationToken":
            return seams.RESPONSES.json(api.authorization_token(headers))
        operation = operations.get(name)
        if operation is None:
            return await upstream(method, path, headers, body, query)
        try:
            return seams.RESPONSES.json(operation(json.loads(body or b"{}")))
        except RegistryError as error:
            return seams.RESPONSES.error(error.exception, str(error), 400)
        except KeyError as error:
            return seams.RESPONSES.error("InvalidParameterException", f"{error.args[0]} is required", 400)

    def uri_here(name: str) -> str:
        return repositories.uri(name)

    seams.ECR.replace("handle_request", handle_request)
    seams.ECR.replace("repository_uri", uri_here)
    keep_state("ecr_templates", repositories)
    authorize_by("ecr", resource_of, lambda _request: {})
    registry = Registry(
        server,
        repositories,
        access_key=tokens.subject,
        allowed=lambda key, action, arn: key_may(server.audit, key, action, arn),
    )
    gateway.mount(registry.is_mine, "/v2", registry)
    gateway.mount(lambda _path: True, "/_blobs/", Downloads(repositories.blobs, tokens))
    server.on_start.append(lambda: _renew_uris(server, repositories))
    return api


def resource_of(request: dict[str, Any], region: str, account: str) -> str:
    """
    What a policy must name to allow a request; a list of all repositories is about all of them.

    >>> resource_of({"repositoryName": "models/a/b"}, "r", "1")
    'arn:aws:ecr:r:1:repository/models/a/b'
    >>> resource_of({}, "r", "1")
    'arn:aws:ecr:r:1:repository/*'
    """
    if "resourceArn" in request:
        return str(request["resourceArn"])
    if "prefix" in request:
        return "*"
    names = request.get("repositoryNames") or [request.get("repositoryName") or "*"]
    return f"arn:aws:ecr:{region}:{account}:repository/{names[0]}"


def _renew_uris(server: ServerContext, repositories: Repositories) -> None:
    """Repositories that were made while the server stood at another port."""
    with seams.RESPONSES.scope(server.account, server.region):
        for name, repository in seams.ECR.repositories.items():
            repository["repositoryUri"] = repositories.uri(name)


class Downloads:
    """Serves the links of GetDownloadUrlForLayer; the link is the permission."""

    def __init__(self, blobs: BlobStore, tokens: Tokens) -> None:
        self._blobs = blobs
        self._tokens = tokens

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        digest = self._tokens.subject(scope["path"].removeprefix("/_blobs/"))
        path = None if digest is None else self._blobs.path(digest)
        if path is None:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"expired or unknown link"})
            return
        length = str(path.stat().st_size).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for chunk in self._blobs.chunks(path):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
