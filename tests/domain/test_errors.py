from __future__ import annotations

import inspect

import pytest

from slipway.domain import errors
from slipway.domain.errors import SlipwayError

CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, Exception)]


def an_instance(kind: type[Exception]) -> Exception:
    """An error of a kind, with a word for each of its parts."""
    if kind is SlipwayError:
        return SlipwayError("something")
    parameters = list(inspect.signature(kind).parameters.values())
    return kind(*(["one"] if "list" in str(part.annotation) else f"<{part.name}>" for part in parameters))


@pytest.mark.parametrize("kind", CLASSES)
class TestErrors:
    def test_is_one_of_ours(self, kind: type[Exception]) -> None:
        """Whoever catches SlipwayError catches every error of the platform."""
        assert issubclass(kind, SlipwayError)

    def test_stands_in_the_tree(self, kind: type[Exception]) -> None:
        """The module's first lines show every error."""
        assert errors.__doc__ is not None
        assert kind.__name__ in errors.__doc__

    def test_name_ends_in_error(self, kind: type[Exception]) -> None:
        """The name is what a state machine matches."""
        assert kind.__name__.endswith("Error")

    def test_message_holds_every_part(self, kind: type[Exception]) -> None:
        """An error says what and where; its parts are in the message and stay as attributes."""
        error = an_instance(kind)

        for name, value in vars(error).items():
            assert (value if isinstance(value, str) else "one") in str(error), name
