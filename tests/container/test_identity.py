"""What every answer says of the model behind it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from slipway_container import identity, paths, records, serving
from slipway_container.identity import MAX_CHARACTERS, format_header, parse_header, with_attributes

from slipway.contracts import container as contract
from slipway.contracts.promotion import Identity

NAMES = sorted(Identity.__annotations__)
IDENTITIES = st.fixed_dictionaries({name: st.text(max_size=40) for name in NAMES})


class TestIdentityHeader:
    def test_names_are_those_of_the_contract(self) -> None:
        """
        The runtime cannot import the platform, so its names are compared with the platform's here.
        """
        assert identity.VARIABLE == contract.IDENTITY
        assert identity.HEADER == contract.IDENTITY_HEADER
        assert contract.ML == paths.DEFAULT_BASE
        assert sorted(name for _, name in identity._KEYS) == NAMES
        assert serving.PORT_VARIABLE == "SAGEMAKER_BIND_TO_PORT"
        assert records.SAMPLING_VARIABLE.startswith("SLIPWAY_")

    def test_paths_are_those_of_the_contract(self) -> None:
        """
        Programs find their input and leave their output where the platform mounts it.
        """
        assert str(paths.model()) == contract.MODEL
        assert str(paths.failure()) == contract.FAILURE
        assert str(paths.checkpoints()) == contract.CHECKPOINTS
        assert str(paths.evaluation_output()) == contract.EVALUATION_OUTPUT
        assert str(paths.hyperparameters_file().parent) == contract.INPUT_CONFIG

    @given(IDENTITIES)
    def test_reading_gives_back_what_was_written(self, identity: dict[str, str]) -> None:
        """
        Whatever characters an identity has, a reader of the header gets them back; empty parts stay away.
        """
        short = {name: text[:20] for name, text in identity.items()}

        assert parse_header(format_header(short)) == {name: text for name, text in short.items() if text}

    @given(st.fixed_dictionaries({name: st.text(max_size=2000) for name in NAMES}))
    def test_value_fits_the_header(self, identity: dict[str, str]) -> None:
        """
        The value is visible ASCII of at most 1,024 characters, however long the parts are.
        """
        value = format_header(identity)

        assert len(value) <= MAX_CHARACTERS
        assert all("!" <= character <= "~" for character in value)
        assert set(parse_header(value)) <= set(NAMES)

    def test_own_attributes_of_a_server_stand_behind(self) -> None:
        """
        A server's own custom attributes are kept if they fit, and cannot pass for the identity.
        """
        assert parse_header(with_attributes("model=a", "model=b;trace=1")) == {"model": "a"}
        assert with_attributes("model=a", "trace=1") == "model=a;trace=1"
        assert with_attributes("model=a", "x" * 1024) == "model=a"
        assert with_attributes("model=a", "model=a") == "model=a"
