from __future__ import annotations

import hashlib
import http.server
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from slipway.adapters.ecr_registry import EcrRegistry
from slipway.domain.errors import RegistryAnswerError
from slipway.domain.image import DOCKER_MANIFEST, MEDIA_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = "models/pricing/hotel-rates"
CONFIG = b'{"os": "linux", "architecture": "amd64"}'
DIGEST = f"sha256:{hashlib.sha256(CONFIG).hexdigest()}"


@pytest.fixture
def ecr() -> Iterator[Any]:
    """ECR's client, stubbed: moto knows no GetDownloadUrlForLayer."""
    client = boto3.client("ecr", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        stub.client = client
        yield stub


@pytest.fixture
def blobs() -> Iterator[Any]:
    """A bucket that hands out whatever stands in its dictionary."""
    content: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = content.get(self.path)
            self.send_response(200 if body is not None else 403)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield content, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class TestManifest:
    def image(self, ecr: Any, identity: dict[str, str]) -> None:
        document = {"mediaType": DOCKER_MANIFEST, "config": {"digest": DIGEST}}
        ecr.add_response(
            "batch_get_image",
            {
                "images": [
                    {
                        "registryId": "123456789012",
                        "repositoryName": REPOSITORY,
                        "imageId": {"imageDigest": "sha256:9f", "imageTag": "1.0.0"},
                        "imageManifest": json.dumps(document),
                        "imageManifestMediaType": DOCKER_MANIFEST,
                    }
                ]
            },
            {"repositoryName": REPOSITORY, "imageIds": [identity], "acceptedMediaTypes": list(MEDIA_TYPES)},
        )

    @pytest.mark.parametrize(
        ("reference", "identity"),
        [("1.0.0", {"imageTag": "1.0.0"}), ("sha256:9f", {"imageDigest": "sha256:9f"})],
    )
    def test_by_tag_and_by_digest(self, ecr: Any, reference: str, identity: dict[str, str]) -> None:
        """A reference that begins with sha256: is a digest, any other a tag."""
        self.image(ecr, identity)

        found = EcrRegistry(ecr.client).manifest(REPOSITORY, reference)

        assert found is not None
        assert found.uri == f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{REPOSITORY}@sha256:9f"
        assert (found.media_type, found.config_digest) == (DOCKER_MANIFEST, DIGEST)

    def test_no_such_image(self, ecr: Any) -> None:
        """ECR answers with a failure in a good answer."""
        ecr.add_response("batch_get_image", {"images": [], "failures": [{"failureCode": "ImageNotFound"}]})

        assert EcrRegistry(ecr.client).manifest(REPOSITORY, "9.9.9") is None

    def test_no_such_repository(self, ecr: Any) -> None:
        """A repository that is not there holds no image."""
        ecr.add_client_error("batch_get_image", "RepositoryNotFoundException")

        assert EcrRegistry(ecr.client).manifest("nothing", "1.0.0") is None


class TestBlob:
    def read(self, ecr: Any, url: str) -> bytes:
        ecr.add_response("get_download_url_for_layer", {"downloadUrl": url, "layerDigest": DIGEST})
        return EcrRegistry(ecr.client).blob(REPOSITORY, DIGEST)

    def test_verified_bytes(self, ecr: Any, blobs: Any) -> None:
        """A blob is fetched from where ECR says, and has the digest it was asked for."""
        content, url = blobs
        content["/config"] = CONFIG

        assert self.read(ecr, f"{url}/config") == CONFIG

    def test_other_bytes(self, ecr: Any, blobs: Any) -> None:
        """Bytes with another digest are not believed."""
        content, url = blobs
        content["/config"] = CONFIG + b" "

        with pytest.raises(RegistryAnswerError, match="another digest"):
            self.read(ecr, f"{url}/config")

    def test_download_that_is_refused(self, ecr: Any, blobs: Any) -> None:
        """A presigned URL that S3 refuses is an error that names the image."""
        with pytest.raises(RegistryAnswerError, match=r"can't be downloaded.*403"):
            self.read(ecr, f"{blobs[1]}/gone")

    def test_url_that_is_no_web_address(self, ecr: Any) -> None:
        """Nothing but HTTP is followed."""
        with pytest.raises(RegistryAnswerError, match="said to lie at"):
            self.read(ecr, "file:///etc/passwd")


class TestPushed:
    def test_repositories_under_the_prefix(self, ecr: Any) -> None:
        """The prefix ends at a slash: models-old is another one."""
        names = ["models/pricing/hotel-rates", "models-old/x", "team/y"]
        ecr.add_response(
            "describe_repositories", {"repositories": [{"repositoryName": name} for name in names]}
        )

        assert list(EcrRegistry(ecr.client).repositories("models")) == ["models/pricing/hotel-rates"]

    def test_one_entry_per_tag_since_a_moment(self, ecr: Any) -> None:
        """Images pushed before are left out; an image with two tags is two pushes."""
        now = datetime.now(UTC)
        ecr.add_response(
            "describe_images",
            {
                "imageDetails": [
                    {"imageDigest": "sha256:1", "imageTags": ["1.0.0", "stable"], "imagePushedAt": now},
                    {
                        "imageDigest": "sha256:0",
                        "imageTags": ["0.9.0"],
                        "imagePushedAt": now - timedelta(days=9),
                    },
                ]
            },
        )

        found = EcrRegistry(ecr.client).pushed_since(REPOSITORY, now - timedelta(days=1))

        assert [(one.tag, one.digest) for one in found] == [("1.0.0", "sha256:1"), ("stable", "sha256:1")]


class TestScan:
    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (
                {
                    "imageScanStatus": {"status": "COMPLETE"},
                    "imageScanFindings": {"findingSeverityCounts": {"CRITICAL": 2, "LOW": 5}},
                },
                {"status": "complete", "findings": {"CRITICAL": 2, "LOW": 5}, "reason": ""},
            ),
            (
                {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {}},
                {"status": "complete", "findings": {}, "reason": ""},
            ),
            (
                {"imageScanStatus": {"status": "IN_PROGRESS", "description": "busy"}},
                {"status": "pending", "findings": {}, "reason": "busy"},
            ),
            (
                {"imageScanStatus": {"status": "UNSUPPORTED_IMAGE", "description": "no such system"}},
                {"status": "missing", "findings": {}, "reason": "UNSUPPORTED_IMAGE no such system"},
            ),
        ],
    )
    def test_tells_how_far_it_is(self, ecr: Any, answer: Any, expected: Any) -> None:
        """Of basic and of enhanced scanning; what can't be scanned has no result."""
        ecr.add_response("describe_image_scan_findings", answer)

        assert EcrRegistry(ecr.client).scan(REPOSITORY, DIGEST) == expected

    def test_image_that_was_never_scanned(self, ecr: Any) -> None:
        """Scanning may be switched off."""
        ecr.add_client_error("describe_image_scan_findings", "ScanNotFoundException")

        scan = EcrRegistry(ecr.client).scan(REPOSITORY, DIGEST)

        assert scan["status"] == "missing"
        assert "switch on scanning" in scan["reason"]
