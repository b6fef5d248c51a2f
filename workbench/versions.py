"""Finds registered versions by what people call them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slipway.contracts.names import CHAMPION
from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from slipway.contracts.ledger import VersionRecord
    from slipway.usecases.ports import Versions

_REFERENCE: Final = re.compile(
    r"(?:(?P<project>[a-z0-9-]+)/)?(?P<model>[a-z0-9-]+)(?:@(?P<alias>[^@:/]+)|:(?P<version>[^@:/]+))?"
)
REFERENCE_HELP: Final = "[PROJECT/]MODEL (its champion), MODEL@ALIAS or MODEL:VERSION"


class UnresolvedReferenceError(SlipwayError):
    """What was named is not in the registry; the classes below say what of it."""


class InvalidReferenceError(SlipwayError):
    """A text names no model, alias or version."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} names no version; write {REFERENCE_HELP}")
        self.text = text


class UnknownModelError(UnresolvedReferenceError):
    """No version of such a model was ever registered."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"no version of a model {model!r} is registered; `slipway registry list` shows those that are, "
            "`slipway release list` what was pushed"
        )
        self.model = model


class AmbiguousModelError(UnresolvedReferenceError):
    """Several projects have a model of this name."""

    def __init__(self, model: str, projects: list[str]) -> None:
        named = ", ".join(f"{project}/{model}" for project in projects)
        super().__init__(f"{model!r} is the name of {len(projects)} models: {named}; say PROJECT/MODEL")
        self.model, self.projects = model, projects


class UnknownAliasError(UnresolvedReferenceError):
    """The alias points nowhere."""

    def __init__(self, project: str, model: str, alias: str) -> None:
        super().__init__(
            f"{project}/{model} has no {alias!r}; `slipway alias list {project}/{model}` shows the aliases "
            f"that it has, `slipway registry list --model {project}/{model}` its versions"
        )
        self.project, self.model, self.alias = project, model, alias


class UnknownVersionError(UnresolvedReferenceError):
    """The version was never registered."""

    def __init__(self, project: str, model: str, version: str) -> None:
        super().__init__(
            f"version {version!r} of {project}/{model} is not registered; `slipway registry list --model "
            f"{project}/{model}` shows those that are, `slipway experiment list --model {project}/{model}` "
            "what never became a version"
        )
        self.project, self.model, self.version = project, model, version


@dataclass(frozen=True, slots=True)
class Reference:
    """
    What a person wrote; what is empty was not said.

    >>> Reference.parse("pricing/hotel-rates@champion")
    Reference(project='pricing', model='hotel-rates', alias='champion', version='')
    >>> Reference.parse("hotel-rates:1.1.0+retrain.20261101T120000Z").version
    '1.1.0+retrain.20261101T120000Z'
    """

    project: str
    model: str
    alias: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """
        The reference that ``text`` spells.

        Raises:
            InvalidReferenceError: It spells none.
        """
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise InvalidReferenceError(text)
        return cls(**{part: said or "" for part, said in match.groupdict().items()})


def locate(ledger: Versions, reference: Reference) -> tuple[str, str]:
    """
    Project and model; a project that was said is believed.

    Raises:
        UnknownModelError: No project has such a model.
        AmbiguousModelError: More than one has.
    """
    if reference.project:
        return reference.project, reference.model
    projects = ledger.projects_of(reference.model)
    if not projects:
        raise UnknownModelError(reference.model)
    if len(projects) > 1:
        raise AmbiguousModelError(reference.model, projects)
    return projects[0], reference.model


def resolve(ledger: Versions, reference: str) -> VersionRecord:
    """
    The registered version that a person means; a model alone means its champion.

    Costs one strongly consistent read for the alias and one for the version, at any number of versions, and
    one query where the project was not said.

    Args:
        ledger: The ledger's versions.
        reference: ``[PROJECT/]MODEL``, ``[PROJECT/]MODEL@ALIAS`` or ``[PROJECT/]MODEL:VERSION``.

    Raises:
        InvalidReferenceError: It is no reference.
        UnresolvedReferenceError: There is no such model, alias or version, or more than one.
    """
    wanted = Reference.parse(reference)
    project, model = locate(ledger, wanted)
    version = wanted.version
    if not version:
        alias = wanted.alias or CHAMPION
        pointed = ledger.alias(project, model, alias)
        if pointed is None:
            raise UnknownAliasError(project, model, alias)
        version = pointed["version"]
    record = ledger.version(project, model, version)
    if record is None:
        raise UnknownVersionError(project, model, version)
    return record
