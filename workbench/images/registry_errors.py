"""Why a registry did not take an image."""

from __future__ import annotations

from slipway.domain.errors import SlipwayError


class RegistryError(SlipwayError):
    """A registry refused a request, or gave an answer that is none."""

    def __init__(self, registry: str, doing: str, status: int, detail: str) -> None:
        super().__init__(f"registry {registry} refused {doing}: {status} {detail}".rstrip())
        self.registry, self.doing, self.status, self.detail = registry, doing, status, detail


class RegistryUnreachableError(SlipwayError):
    """Nobody answers at the registry's address."""

    def __init__(self, registry: str, detail: str) -> None:
        super().__init__(f"registry {registry} does not answer: {detail}")
        self.registry, self.detail = registry, detail


class TagTakenError(SlipwayError):
    """The tag names another image already, and tags are immutable."""

    def __init__(self, repository: str, tag: str, there: str, wanted: str) -> None:
        super().__init__(
            f"{repository}:{tag} is another image already ({there}, not {wanted}), and tags are immutable; "
            "push this one under a new version"
        )
        self.repository, self.tag, self.there, self.wanted = repository, tag, there, wanted
