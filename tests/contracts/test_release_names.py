from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from slipway.contracts.names import MAX_MODEL, MAX_SAGEMAKER_NAME, of_release

SAGEMAKER = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
RELEASE = "9f2c41d07b3a55e1"
PREFIX = "slipway-production"

prefixes = st.from_regex(r"(?=.{1,20}$)[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*", fullmatch=True)
models = st.from_regex(rf"[a-z][a-z0-9-]{{0,{MAX_MODEL - 2}}}[a-z0-9]", fullmatch=True)
numbers = st.integers(0, 999)
versions = st.builds("{}.{}.{}".format, numbers, numbers, numbers)
rooms = st.integers(0, 19)


class TestOfRelease:
    @given(
        prefixes,
        models,
        st.one_of(versions, st.from_regex(r"1\.0\.0-[a-z.]{1,100}[a-z]", fullmatch=True)),
        rooms,
    )
    def test_keeps_to_sagemakers_rule(self, prefix: str, model: str, version: str, room: int) -> None:
        """Letters, digits and hyphens within, at most 63 with the suffix, beginning with the prefix."""
        name = of_release(prefix, model, version, RELEASE, room=room)

        assert SAGEMAKER.fullmatch(name)
        assert len(name) + room <= MAX_SAGEMAKER_NAME
        assert name.startswith(f"{prefix}-")

    @given(prefixes, models, versions, rooms)
    def test_says_version_and_release(self, prefix: str, model: str, version: str, room: int) -> None:
        """However long prefix and model are: whoever reads a job's name knows which version it is of."""
        name = of_release(prefix, model, version, RELEASE, room=room)

        assert name.endswith(f"-{version.replace('.', '-')}-9f2c41d0")

    @given(models, versions, versions)
    def test_versions_have_names_of_their_own(self, model: str, one: str, other: str) -> None:
        """Two versions never share a name."""
        same = of_release(PREFIX, model, one, RELEASE) == of_release(PREFIX, model, other, RELEASE)

        assert same == (one == other)
