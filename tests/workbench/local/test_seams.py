"""The private names of ministack and moto are those this version of the platform was written for."""

from __future__ import annotations

import pytest

from workbench.local import seams


class TestUpstream:
    @pytest.mark.parametrize("upstream", seams.UPSTREAMS, ids=lambda upstream: upstream.module_name)
    def test_every_private_name_has_the_shape_it_was_written_for(self, upstream: seams.Upstream) -> None:
        """
        An upgrade of ministack or moto that moves a name or changes a signature fails here.
        """
        assert list(upstream.differences()) == []

    def test_a_name_that_is_not_listed_is_refused(self) -> None:
        """
        Whoever reaches for another private name is told to list it with its shape.
        """
        with pytest.raises(seams.UnknownSeamError, match=r"add it there with its shape"):
            _ = seams.ECR.no_such_name

    def test_shape_tells_positional_from_keyword_parameters(self) -> None:
        """
        A signature's shape holds names, order and the keyword-only mark; defaults are upstream's business.
        """
        assert seams.shape_of(lambda a, b=1, *, c=2, **d: (a, b, c, d)) == "(a, b, *, c, **d)"
