"""ECR's events are best effort: find pushes that nobody answered, and ask for their release."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from slipway.usecases.ports import Clock, ImageRegistry, ReleasePlanner, Releases

_log: Final = logging.getLogger(__name__)
WINDOW: Final = timedelta(days=2)
"""Older pushes are left alone: a registry's past is not to be released when the platform comes to it."""


class RepositoriesNotSweptError(SlipwayError):
    """Some repositories could not be looked through; the next sweep does it again."""

    def __init__(self, repositories: Sequence[str], cause: str) -> None:
        super().__init__(
            f"{len(repositories)} repositories could not be swept ({', '.join(repositories[:5])}): {cause}; "
            "all others were, and the next sweep tries these again"
        )
        self.repositories, self.cause = tuple(repositories), cause


def sweep_pushes(
    *, prefix: str, registry: ImageRegistry, ledger: Releases, planner: ReleasePlanner, clock: Clock
) -> list[str]:
    """
    Ask for each tag pushed within the window and not answered; returns ``repository:tag`` of each.

    Raises:
        RepositoriesNotSweptError: After all have been tried, if any could not be looked through.
    """
    since = clock() - WINDOW
    asked: list[str] = []
    failed, cause = [], ""
    for repository in registry.repositories(prefix):
        try:
            for tag in _unanswered(repository, since, registry=registry, ledger=ledger):
                planner.ask(repository, tag, cause="sweep")
                asked.append(f"{repository}:{tag}")
        except Exception as error:  # noqa: BLE001 - the others are swept all the same; raised below
            _log.exception("repository not swept", extra={"repository": repository})
            failed.append(repository)
            cause = f"{type(error).__name__}: {error}"
    if failed:
        raise RepositoriesNotSweptError(failed, cause)
    return asked


def _unanswered(
    repository: str, since: datetime, *, registry: ImageRegistry, ledger: Releases
) -> Iterator[str]:
    pushed = list(registry.pushed_since(repository, since))
    if not pushed:
        return
    answered = {(record["tag"], record["digest"]) for record in ledger.pushes(repository)}
    for image in pushed:
        if (image.tag, image.digest) not in answered:
            yield image.tag
