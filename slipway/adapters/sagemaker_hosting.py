"""Endpoints with what they run, and model packages, as SageMaker describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.adapters.sagemaker_answers import described

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class SageMakerHosting:
    """Port ``Hosting``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def endpoint(self, name: str) -> Mapping[str, Any] | None:
        return described(self._client, "describe_endpoint", EndpointName=name)

    def endpoint_config(self, name: str) -> Mapping[str, Any] | None:
        return described(self._client, "describe_endpoint_config", EndpointConfigName=name)

    def model(self, name: str) -> Mapping[str, Any] | None:
        return described(self._client, "describe_model", ModelName=name)

    def endpoints(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        pages = self._client.get_paginator("list_endpoints").paginate(
            NameContains=prefix, PaginationConfig={"PageSize": 100}
        )
        for page in pages:
            for summary in page["Endpoints"]:
                if summary["EndpointName"].startswith(prefix):
                    yield summary

    def model_package(self, arn: str) -> Mapping[str, Any] | None:
        return described(self._client, "describe_model_package", ModelPackageName=arn)
