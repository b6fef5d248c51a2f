"""Endpoint configs and models, in memory."""

from __future__ import annotations

from typing import Any


class FakeEndpointParts:
    """Port ``EndpointParts``; configs and models are those of a FakeHosting."""

    def __init__(self, hosting: Any) -> None:
        self.hosting = hosting

    def remove_config(self, name: Any) -> Any:
        return self.hosting.configs.pop(name, None) is not None

    def remove_model(self, name: Any) -> Any:
        return self.hosting.models.pop(name, None) is not None
