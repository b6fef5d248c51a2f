from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.distribution import Distribution, distribution
from workbench.images.build import build
from workbench.images.credentials import Credentials, of_ecr
from workbench.images.image import sha256
from workbench.images.media_types import OCI
from workbench.images.push import push
from workbench.images.registry import ATTEMPTS, Registry
from workbench.images.registry_errors import RegistryError, RegistryUnreachableError, TagTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import EmbeddedAws
    from workbench.images.image import Image
    from workbench.images.model_directory import ModelDirectory

REPOSITORY = "models/pricing/rates"


def silent(_line: str) -> None:
    """Nobody listens."""


@pytest.fixture
def image(model: ModelDirectory) -> Image:
    return build(model).image


@pytest.fixture
def there() -> Iterator[Distribution]:
    with distribution() as state:
        yield state


def registry(there: Distribution, **options: Any) -> Registry:
    return Registry(there.host, REPOSITORY, pause=lambda _seconds: None, **options)


class TestPush:
    def test_sends_everything_and_the_manifest_last(self, image: Image, there: Distribution) -> None:
        """
        A tag appears once everything that it names is there, byte for byte.
        """
        pushed = push(image, registry(there), "1.0.0", silent)

        assert pushed.outcome == "pushed"
        assert there.manifests["1.0.0"] == (image.manifest, image.media_types.manifest)
        assert set(there.blobs) == {image.config_digest, *(layer.digest for layer in image.layers)}
        assert there.requests[-1] == f"PUT /v2/{REPOSITORY}/manifests/1.0.0"
        assert pushed.sent_bytes == image.size + len(image.config)

    def test_what_is_there_is_not_sent_again(self, image: Image, there: Distribution) -> None:
        """
        Layers that another version brought are asked for and left alone.
        """
        push(image, registry(there), "1.0.0", silent)

        pushed = push(image, registry(there), "1.0.1", silent)

        assert (pushed.outcome, pushed.sent_bytes) == ("pushed", 0)

    def test_same_image_under_its_tag_is_already_there(self, image: Image, there: Distribution) -> None:
        """
        A push that is repeated sends nothing and is no mistake.
        """
        push(image, registry(there), "1.0.0", silent)
        there.requests.clear()

        assert push(image, registry(there), "1.0.0", silent).outcome == "already there"
        assert there.requests == [f"HEAD /v2/{REPOSITORY}/manifests/1.0.0"]

    def test_other_image_under_a_tag_is_refused_before_anything_is_sent(
        self, image: Image, there: Distribution
    ) -> None:
        """
        Tags are immutable: both digests are named, and nothing was uploaded.
        """
        there.hold("1.0.0", b"{}", "application/json")

        with pytest.raises(TagTakenError, match="push this one under a new version") as caught:
            push(image, registry(there), "1.0.0", silent)

        assert (caught.value.there, caught.value.wanted) == (sha256(b"{}"), image.digest)
        assert there.blobs == {}

    def test_push_that_loses_a_race_is_refused_as_well(self, image: Image, there: Distribution) -> None:
        """
        Where somebody else takes the tag meanwhile, the registry's refusal is told as what it is.
        """
        there.sneaks_in = ("1.0.0", b"{}")

        with pytest.raises(TagTakenError):
            push(image, registry(there), "1.0.0", silent)

    @pytest.mark.parametrize("chunk", [None, 1000])
    def test_faults_on_the_way_are_tried_again(
        self, image: Image, there: Distribution, chunk: int | None
    ) -> None:
        """
        A busy registry is asked again, with the body from its beginning, in one piece or in parts.
        """
        there.failures += [503, 500, 429]

        push(image, registry(there, chunk=chunk), "1.0.0", silent)

        assert there.manifests["1.0.0"][0] == image.manifest

    def test_upload_in_parts_arrives_whole(self, image: Image, there: Distribution) -> None:
        """
        Parts follow each other where the registry says.
        """
        push(image, registry(there, chunk=1000), "1.0.0", silent)

        parts = [request for request in there.requests if request.startswith("PATCH")]
        assert len(parts) > len(image.layers)
        assert all(sha256(content) == digest for digest, content in there.blobs.items())

    def test_refusal_is_told_in_the_registrys_words(self, image: Image, there: Distribution) -> None:
        """
        What the registry answers reaches the person who pushed.
        """
        there.failures += [403]

        with pytest.raises(RegistryError) as caught:
            push(image, registry(there), "1.0.0", silent)

        assert caught.value.status == 403

    def test_nobody_there_is_said(self, image: Image) -> None:
        """
        An address that nobody answers at is named, after some attempts.
        """
        pauses: list[float] = []
        nobody = Registry("127.0.0.1:9", REPOSITORY, pause=pauses.append)

        with pytest.raises(RegistryUnreachableError, match=r"127\.0\.0\.1:9 does not answer"):
            push(image, nobody, "1.0.0", silent)

        assert pauses == [0.25 * 2**attempt for attempt in range(ATTEMPTS)]

    def test_token_is_fetched_where_the_registry_asks_for_one(
        self, image: Image, there: Distribution
    ) -> None:
        """
        The challenge names the token service; its token is used for all that follows.
        """
        there.user = "me:secret"

        push(image, registry(there, credentials=Credentials("me", "secret")), "1.0.0", silent)

        tokens = [request for request in there.requests if request.startswith("GET /token")]
        assert len(tokens) == 1
        assert f"scope=repository%3A{REPOSITORY.replace('/', '%2F')}%3Apull%2Cpush" in tokens[0]

    def test_wrong_password_is_refused(self, image: Image, there: Distribution) -> None:
        """
        Where the token service refuses, the push ends with its answer.
        """
        there.user = "me:secret"

        with pytest.raises(RegistryError, match="401"):
            push(image, registry(there, credentials=Credentials("me", "wrong")), "1.0.0", silent)

    def test_large_blob_says_how_far_it_is(
        self, image: Image, there: Distribution, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Every so many bytes there is a line.
        """
        monkeypatch.setattr("workbench.images.push.REPORTED_STEP", 1000)
        lines: list[str] = []

        push(image, registry(there, chunk=1000), "1.0.0", lines.append)

        assert any(" of " in line for line in lines)


@pytest.mark.embedded
class TestPushToTheEmbeddedRegistry:
    def test_image_is_there_as_it_was_built(self, model: ModelDirectory, embedded_aws: EmbeddedAws) -> None:
        """
        ECR's own API shows digest, media type and label source of what was pushed; the tag is immutable.
        """
        ecr = embedded_aws.client("ecr")
        ecr.create_repository(repositoryName="push/one", imageTagMutability="IMMUTABLE")
        there = Registry(embedded_aws.registry, "push/one", of_ecr(ecr))
        image = build(model).image

        assert push(image, there, "1.0.0", silent).outcome == "pushed"
        assert push(image, there, "1.0.0", silent).outcome == "already there"

        (found,) = ecr.batch_get_image(repositoryName="push/one", imageIds=[{"imageTag": "1.0.0"}])["images"]
        assert found["imageManifest"].encode() == image.manifest
        assert found["imageId"]["imageDigest"] == image.digest
        assert found["imageManifestMediaType"] == image.media_types.manifest
        with pytest.raises(TagTakenError):
            push(build(model, media_types=OCI).image, there, "1.0.0", silent)
