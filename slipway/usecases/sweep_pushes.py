"""ECR's events are best effort: find pushes that nobody answered, and ask for their release."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from slipway.usecases.ports import Clock, ImageRegistry, ReleasePlanner, Releases

WINDOW: Final = timedelta(days=2)
"""Older pushes are left alone: a registry's past is not to be released when the platform comes to it."""


def sweep_pushes(
    *, prefix: str, registry: ImageRegistry, ledger: Releases, planner: ReleasePlanner, clock: Clock
) -> list[str]:
    """Ask for each tag pushed within the window and not answered; returns ``repository:tag`` of each."""
    since = clock() - WINDOW
    asked = []
    for repository in registry.repositories(prefix):
        pushed = list(registry.pushed_since(repository, since))
        if not pushed:
            continue
        answered = {(record["tag"], record["digest"]) for record in ledger.pushes(repository)}
        for image in pushed:
            if (image.tag, image.digest) not in answered:
                planner.ask(repository, image.tag, cause="sweep")
                asked.append(f"{repository}:{image.tag}")
    return asked
