"""What endpoints run with: SageMaker's endpoint configs and models."""

from __future__ import annotations

from typing import Any


class SageMakerEndpointParts:
    """Port ``EndpointParts``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def remove_config(self, name: str) -> bool:
        return self._removed("delete_endpoint_config", EndpointConfigName=name)

    def remove_model(self, name: str) -> bool:
        return self._removed("delete_model", ModelName=name)

    def _removed(self, operation: str, **request: str) -> bool:
        try:
            getattr(self._client, operation)(**request)
        except self._client.exceptions.ClientError as error:
            # SageMaker has no error name of its own for what is missing
            if "Could not find" in error.response["Error"].get("Message", ""):
                return False
            raise
        return True
