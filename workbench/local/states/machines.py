"""State machines: checked when they are made, kept when the server ends; ministack holds them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.states.definition import machine_of
from workbench.local.states.failures import InvalidDefinitionError
from workbench.local.states.journal import replace_file
from workbench.local.states.validation import problems_of, validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Answer = tuple[int, dict[str, str], bytes]

_STORES: Final = ("machines", "versions", "aliases", "tags", "activities")


class Machines:
    """
    Puts stores that tell of every change in the places of ministack's.

    Args:
        path: The file that holds all machines; written whole at each change.
        made: Told of a machine that was made or, when the server starts, loaded.
        deleted: Told the ARN of a machine that was deleted.
    """

    def __init__(
        self, path: Path, *, made: Callable[[dict[str, Any]], None], deleted: Callable[[str], None]
    ) -> None:
        self._path = path
        self._made = made
        self._deleted = deleted
        self._create = seams.STATES.create_state_machine
        self._update = seams.STATES.update_state_machine

    def install(self) -> None:
        """Load what was kept, and take over creation, update and validation."""
        kept = json.loads(self._path.read_text()) if self._path.exists() else {}
        for name in _STORES:
            machines = name == "machines"
            store = _noticing(
                self.save, self._entered if machines else None, self._deleted if machines else None
            )
            for account, region, key, value in kept.get(name, []):
                store._data[(account, region, key)] = value  # noqa: SLF001 - its own class, made here
            seams.STATES.replace(name, store)
        for name in ("create_state_machine", "update_state_machine"):
            seams.STATES.replace(name, getattr(self, f"_{name}"))
        seams.STATES.replace("validate_definition", answer_validation)
        seams.STATES.replace("get_state", dict)
        seams.STATES.replace("load_persisted_state", _ignore)

    def announce(self) -> None:
        """Tell of every machine that was loaded."""
        for machine in list(seams.STATES.machines.all_values()):
            self._made(machine)

    def _entered(self, machine: dict[str, Any]) -> None:
        """CloudFormation writes into the store without asking the API."""
        validate(machine["definition"])
        machine_of(machine["definition"])
        self._made(machine)

    def save(self) -> None:
        """Write all machines."""
        kept = {
            name: [[*key, value] for key, value in getattr(seams.STATES, name).to_dict().items()]
            for name in _STORES
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._path, json.dumps(kept, default=str))

    def _create_state_machine(self, data: dict[str, Any]) -> Answer:
        return _refused(data) or self._create(data)

    def _update_state_machine(self, data: dict[str, Any]) -> Answer:
        answer: Answer = _refused(data) or self._update(data)
        self.save()
        return answer


def _refused(data: dict[str, Any]) -> Answer | None:
    if "definition" not in data:
        return None
    try:
        validate(data["definition"])
        machine_of(data["definition"])
    except InvalidDefinitionError as error:
        answer: Answer = seams.RESPONSES.error("InvalidDefinition", str(error), 400)
        return answer
    return None


def answer_validation(data: dict[str, Any]) -> Answer:
    """ValidateStateMachineDefinition."""
    problems = list(problems_of(data.get("definition", "")))
    diagnostics = [
        {"severity": "ERROR", "code": code, "message": message, "location": place}
        for code, message, place in problems
    ]
    answer: Answer = seams.RESPONSES.json(
        {"result": "FAIL" if problems else "OK", "diagnostics": diagnostics, "truncated": False}
    )
    return answer


def _ignore(_: Any) -> None:
    """Machines are loaded from our own file."""


def _noticing(
    noticed: Callable[[], None], entered: Callable[[Any], None] | None, removed: Callable[[str], None] | None
) -> Any:
    scoped: Any = seams.RESPONSES.ScopedDict

    class Noticing(scoped):  # type: ignore[misc]
        """A store that tells of changes."""

        def __setitem__(self, key: Any, value: Any) -> None:
            if entered is not None:
                entered(value)
            super().__setitem__(key, value)
            noticed()

        def __delitem__(self, key: Any) -> None:
            super().__delitem__(key)
            noticed()
            if removed is not None:
                removed(key)

        def pop(self, key: Any, *default: Any) -> Any:
            held = key in self
            found = super().pop(key, *default)
            noticed()
            if held and removed is not None:
                removed(key)
            return found

    return Noticing()
