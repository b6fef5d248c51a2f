from __future__ import annotations

import pytest

from slipway.domain.manifest import InvalidManifestError, Manifest
from tests.fakes.models import a_manifest


class TestApproval:
    def test_it_is_kept_and_read_back(self):
        """
        A label carries what slipway.toml asked for.
        """
        document = {**a_manifest().document(), "approval": {"persons": 2}}

        manifest = Manifest.from_document(document)
        assert manifest.approval is not None
        assert manifest.approval.persons == 2
        assert Manifest.from_label(manifest.canonical()) == manifest

    def test_labels_without_it_stay_as_they_were(self):
        """
        An image whose manifest says nothing about approval keeps its digest.
        """
        assert "approval" not in a_manifest().document()

    @pytest.mark.parametrize("persons", [0, 3, "2", True])
    def test_one_or_two(self, persons):
        """
        Anything else is named.
        """
        with pytest.raises(InvalidManifestError, match=r"approval\.persons"):
            Manifest.from_document({**a_manifest().document(), "approval": {"persons": persons}})
