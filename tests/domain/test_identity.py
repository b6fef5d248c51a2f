from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.identity import KEYS, parse_identity

RUNTIME = Path(__file__).parents[2] / "container" / "lib"


@pytest.fixture(scope="module")
def runtime():
    """The container runtime's half of the form."""
    sys.path.insert(0, str(RUNTIME))
    yield importlib.import_module("slipway_container.identity")
    sys.path.remove(str(RUNTIME))


identities = st.fixed_dictionaries({name: st.text(min_size=1, max_size=20) for name in KEYS.values()})


class TestParseIdentity:
    @given(identity=identities)
    def test_reads_what_the_container_wrote(self, runtime, identity):
        """
        Whatever characters an identity holds, the library reads what the runtime wrote.
        """
        assert parse_identity(runtime.format_header(identity)) == identity

    def test_a_servers_own_attributes_are_left_out(self):
        """
        A server may add attributes of its own behind the identity; they are not part of it.
        """
        assert parse_identity("version=1.0.0;trace=7;version=9.9.9") == {"version": "1.0.0"}
