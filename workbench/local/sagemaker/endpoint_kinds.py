"""Real-time, serverless and asynchronous endpoints: what each may have, and what none may become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from workbench.local.sagemaker.errors import invalid

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document

Kind = Literal["real-time", "serverless", "asynchronous"]
_MEMORY_STEP: Final = 1024
_OF_INSTANCES: Final = ("VolumeSizeInGB", "AcceleratorType", "ManagedInstanceScaling", "RoutingConfig")


def kind_of(config: Document) -> Kind:
    """
    What an endpoint configuration makes.

    >>> kind_of({"ProductionVariants": [{"ServerlessConfig": {}}]})
    'serverless'
    """
    if "AsyncInferenceConfig" in config:
        return "asynchronous"
    serverless = any("ServerlessConfig" in variant for variant in config["ProductionVariants"])
    return "serverless" if serverless else "real-time"


def check_config(config: Document, models: dict[str, Document]) -> None:
    """
    What CreateEndpointConfig refuses of kinds.

    Args:
        config: The request.
        models: Those of its variants, by name.

    Raises:
        ServiceError: ValidationException.
    """
    for variant in [*config["ProductionVariants"], *config.get("ShadowProductionVariants", [])]:
        serverless = "ServerlessConfig" in variant
        if serverless and ("InstanceType" in variant or "InitialInstanceCount" in variant):
            raise invalid("ServerlessConfig cannot be given with InstanceType or InitialInstanceCount")
        if not serverless and ("InstanceType" not in variant or "InitialInstanceCount" not in variant):
            raise invalid(f"Variant {variant['VariantName']} needs InstanceType and InitialInstanceCount")
    if any("ServerlessConfig" in variant for variant in config["ProductionVariants"]):
        _check_serverless(config, models)


def _check_serverless(config: Document, models: dict[str, Document]) -> None:
    if len(config["ProductionVariants"]) > 1 or config.get("ShadowProductionVariants"):
        raise invalid("An endpoint with a serverless variant can have no other variant")
    (variant,) = config["ProductionVariants"]
    settings, model = variant["ServerlessConfig"], models[variant["ModelName"]]
    if settings["MemorySizeInMB"] % _MEMORY_STEP:
        raise invalid("MemorySizeInMB must be one of 1024, 2048, 3072, 4096, 5120, 6144")
    if settings.get("ProvisionedConcurrency", 0) > settings["MaxConcurrency"]:
        raise invalid("ProvisionedConcurrency must not be greater than MaxConcurrency")
    if (config.get("DataCaptureConfig") or {}).get("EnableCapture"):
        raise invalid("Data capture is not supported for serverless variants")
    if "AsyncInferenceConfig" in config:
        raise invalid("AsyncInferenceConfig cannot be given with ServerlessConfig")
    if "KmsKeyId" in config:
        raise invalid("KmsKeyId is of instances' volumes: a serverless variant has none")
    if given := [member for member in _OF_INSTANCES if member in variant]:
        raise invalid(f"{', '.join(given)} cannot be given with ServerlessConfig")
    if "VpcConfig" in model or model.get("EnableNetworkIsolation"):
        raise invalid(
            f"Model {variant['ModelName']} has a VpcConfig or network isolation, which serverless variants "
            "do not support"
        )


def check_update(name: str, served: Document, wanted: Document) -> None:
    """
    What UpdateEndpoint refuses of kinds: only a serverless endpoint may change, and only to instances.

    Raises:
        ServiceError: ValidationException.
    """
    before, after = kind_of(served), kind_of(wanted)
    if before == after or (before, after) == ("serverless", "real-time"):
        return
    raise invalid(
        f"Cannot update endpoint {name} from {before} to {after}: delete the endpoint and create it again"
    )


def check_capacity(served: Document, desired: Document) -> None:
    """
    What UpdateEndpointWeightsAndCapacities refuses of one variant.

    Raises:
        ServiceError: ValidationException.
    """
    kind, name = kind_of(served), desired["VariantName"]
    update = desired.get("ServerlessUpdateConfig")
    if kind == "serverless" and "DesiredInstanceCount" in desired:
        raise invalid(f"Variant {name} is serverless and has no instances")
    if update is not None:
        if kind != "serverless":
            raise invalid(f"Variant {name} is not serverless: ServerlessUpdateConfig cannot be given")
        after = served["ProductionVariants"][0]["ServerlessConfig"] | update
        if after.get("ProvisionedConcurrency", 0) > after["MaxConcurrency"]:
            raise invalid("ProvisionedConcurrency must not be greater than MaxConcurrency")
    if desired.get("DesiredInstanceCount") == 0 and kind != "asynchronous":
        raise invalid(
            f"DesiredInstanceCount of variant {name} cannot be 0: only endpoints for asynchronous inference "
            "may have no instance"
        )
