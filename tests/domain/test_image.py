from __future__ import annotations

from slipway.domain.image import DOCKER_MANIFEST, RegistryManifest, manifest_label, refuse_media_type
from slipway.domain.refusals import Refusal


class TestImage:
    def test_image_without_labels(self) -> None:
        """Docker writes null for an image without labels."""
        assert isinstance(manifest_label({"config": {"Labels": None}}), Refusal)
        assert isinstance(manifest_label({"config": None}), Refusal)
        assert isinstance(manifest_label({}), Refusal)

    def test_label_is_found(self) -> None:
        """The manifest is the label's text."""
        assert manifest_label({"config": {"Labels": {"io.slipway.manifest": "{}"}}}) == "{}"

    def test_uri_is_pinned(self) -> None:
        """An image is named by its digest, never by its tag."""
        image = RegistryManifest("host/models/a", "sha256:1", DOCKER_MANIFEST, {})

        assert image.uri == "host/models/a@sha256:1"
        assert refuse_media_type(image) is None
