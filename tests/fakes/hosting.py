"""What SageMaker says of endpoints, in memory."""

from __future__ import annotations

from typing import Any

_SUMMARY = ("EndpointName", "EndpointStatus")


class FakeHosting:
    """Port ``Hosting``."""

    def __init__(self) -> None:
        self.endpoints_there: dict[str, Any] = {}
        self.configs: dict[str, Any] = {}
        self.models: dict[str, Any] = {}
        self.packages: dict[str, Any] = {}

    def serve(self, endpoint: str, *artifacts: str, shadow: str = "", pending: str = "") -> None:
        """An endpoint with one variant for each artifact; shadow and pending ones beside them."""

        def variants(*uris: str) -> list[dict[str, str]]:
            self.models |= {f"model of {uri}": {"PrimaryContainer": {"ModelDataUrl": uri}} for uri in uris}
            return [{"VariantName": f"v{n}", "ModelName": f"model of {uri}"} for n, uri in enumerate(uris)]

        self.configs[f"{endpoint}-config"] = {
            "ProductionVariants": variants(*artifacts),
            **({"ShadowProductionVariants": variants(shadow)} if shadow else {}),
        }
        self.endpoints_there[endpoint] = {
            "EndpointName": endpoint,
            "EndpointConfigName": f"{endpoint}-config",
            **({"PendingDeploymentSummary": {"EndpointConfigName": f"{endpoint}-next"}} if pending else {}),
        }
        if pending:
            self.configs[f"{endpoint}-next"] = {"ProductionVariants": variants(pending)}

    def endpoint(self, name: Any) -> Any:
        return self.endpoints_there.get(name)

    def endpoint_config(self, name: Any) -> Any:
        return self.configs.get(name)

    def model(self, name: Any) -> Any:
        return self.models.get(name)

    def endpoints(self, prefix: Any) -> Any:
        return iter(
            [
                {"EndpointStatus": "InService"} | {key: one[key] for key in _SUMMARY if key in one}
                for name, one in sorted(self.endpoints_there.items())
                if name.startswith(prefix)
            ]
        )

    def model_package(self, arn: Any) -> Any:
        return self.packages.get(arn)
