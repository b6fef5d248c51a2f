"""JSONPath states: the paths and intrinsic functions are ministack's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workbench.local import seams
from workbench.local.states.failures import RUNTIME, StateFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Raw = dict[str, Any]


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except StateFailedError:
        raise
    except Exception as error:  # noqa: BLE001 - upstream raises its own type and plain ones
        raise StateFailedError(
            getattr(error, "error", RUNTIME), getattr(error, "cause", str(error))
        ) from None


def effective_input(raw: Raw, document: Any, context: Raw) -> Any:
    """After InputPath and Parameters."""
    with _failures():
        selected = seams.STATES.apply_input_path(raw, document, context)
        return seams.STATES.apply_parameters(raw, selected, context)


def only_input_path(raw: Raw, document: Any, context: Raw) -> Any:
    """After InputPath alone."""
    with _failures():
        return seams.STATES.apply_input_path(raw, document, context)


def effective_output(raw: Raw, document: Any, result: Any, context: Raw) -> Any:
    """After ResultSelector, ResultPath and OutputPath."""
    with _failures():
        selected = seams.STATES.apply_result_selector(raw, result)
        merged = seams.STATES.apply_result_path(raw, document, selected)
        return seams.STATES.apply_output_path(raw, merged, context)


def caught(result_path: str | None, document: Any, error: Any) -> Any:
    """What a catcher hands to its Next."""
    with _failures():
        return seams.STATES.apply_result_path({"ResultPath": result_path}, document, error)


def rule_holds(rule: Raw, document: Any, context: Raw) -> bool:
    """Whether a Choice rule holds."""
    with _failures():
        return bool(seams.STATES.evaluate_rule(rule, document, context))


def filled(template: Any, document: Any, context: Raw) -> Any:
    """A payload template (``"name.$": path``)."""
    with _failures():
        return seams.STATES.fill_template(template, document, context)


def at(path: str, document: Any, context: Raw) -> Any:
    """The value at a path."""
    with _failures():
        return seams.STATES.resolve_path(path, document, context)
