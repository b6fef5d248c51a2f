"""Pushes tiny images over the OCI protocol, as a Docker client does."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Pusher:
    """One client that has logged in to the registry."""

    def __init__(self, aws: EmbeddedAws, client: Any = None) -> None:
        self.url = aws.endpoint_url
        answer = (client or aws.client("ecr")).get_authorization_token()
        self.authorization = "Basic " + answer["authorizationData"][0]["authorizationToken"]

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Status, and headers or the refusal's body."""
        url = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(url, body, method=method)
        request.add_header("Authorization", self.authorization)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, response.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def blob(self, repository: str, content: bytes) -> dict[str, Any]:
        """Upload one blob in two pieces; its descriptor."""
        status, headers = self.request("POST", f"/v2/{repository}/blobs/uploads/", b"")
        assert status == 202, headers
        half = len(content) // 2
        self.request("PATCH", headers["Location"], content[:half])
        digest = digest_of(content)
        status, told = self.request("PUT", f"{headers['Location']}?digest={digest}", content[half:])
        assert status == 201, told
        return {"digest": digest, "size": len(content)}

    def manifest(self, repository: str, reference: str, document: Any, media_type: str) -> tuple[int, Any]:
        return self.request(
            "PUT",
            f"/v2/{repository}/manifests/{reference}",
            json.dumps(document).encode(),
            Content_Type=media_type,
        )

    def image(
        self, repository: str, tag: str, *, layer: bytes = b"layer", labels: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Push an image of one layer."""
        config = json.dumps({"architecture": "amd64", "config": {"Labels": labels or {}}}).encode()
        document = {
            "schemaVersion": 2,
            "mediaType": DOCKER,
            "config": self.blob(repository, config)
            | {"mediaType": "application/vnd.docker.container.image.v1+json"},
            "layers": [
                self.blob(repository, layer)
                | {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip"}
            ],
        }
        return self.manifest(repository, tag, document, DOCKER)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
