"""Endpoint configurations: immutable, named, one or more production variants."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.endpoint_kinds import check_config
from workbench.local.sagemaker.errors import invalid
from workbench.local.sagemaker.listing import listed, page
from workbench.local.sagemaker.service_model import shape_cutter
from workbench.local.sagemaker.shadow import check_shadows
from workbench.local.sagemaker.surroundings import Caller, Surroundings, arn

if TYPE_CHECKING:
    from workbench.local.sagemaker.models import Models
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.tags import Tags

KIND: Final = "endpoint-config"


class EndpointConfigs:
    """The endpoint configurations of an account."""

    def __init__(self, surroundings: Surroundings, tags: Tags, models: Models) -> None:
        self._records = surroundings.store.records(KIND)
        self._tags, self._models = tags, models

    def create(self, request: Document, caller: Caller) -> Document:
        name = request["EndpointConfigName"]
        if role := request.get("ExecutionRoleArn"):
            caller.may_pass(role)
        self._check(request)
        config = {key: value for key, value in request.items() if key != "Tags"}
        for kind in ("ProductionVariants", "ShadowProductionVariants"):
            if kind in request:
                config[kind] = [{"InitialVariantWeight": 1.0, **variant} for variant in request[kind]]
        config |= {"EndpointConfigArn": arn(KIND, name), "CreationTime": time.time()}
        if not self._records.add(name, config):
            raise invalid(f'Cannot create already existing endpoint configuration "{arn(KIND, name)}".')
        self._tags.put(config["EndpointConfigArn"], request.get("Tags", []))
        return {"EndpointConfigArn": config["EndpointConfigArn"]}

    def _check(self, request: Document) -> None:
        names = [variant["VariantName"] for variant in request["ProductionVariants"]]
        if len(names) != len(set(names)):
            raise invalid("Production variant names must be unique within an endpoint configuration")
        check_shadows(request)
        variants = [*request["ProductionVariants"], *request.get("ShadowProductionVariants", [])]
        for variant in variants:
            if "ModelName" not in variant:
                raise invalid(f"Variant {variant['VariantName']} needs ModelName")
        check_config(request, {one["ModelName"]: self._models.get(one["ModelName"]) for one in variants})

    def get(self, name: str) -> Document:
        """The configuration; raises ValidationException for an unknown one."""
        config = self._records.get(name)
        if config is None:
            raise invalid(f'Could not find endpoint configuration "{arn(KIND, name)}".')
        return config

    def describe(self, request: Document, _caller: Caller) -> Document:
        return self.get(request["EndpointConfigName"])

    def delete(self, request: Document, _caller: Caller) -> Document:
        config = self.get(request["EndpointConfigName"])
        self._records.remove(request["EndpointConfigName"])
        self._tags.forget(config["EndpointConfigArn"])
        return {}

    def list_page(self, request: Document, _caller: Caller) -> Document:
        found, token = page(self._records.all(), request, name="EndpointConfigName")
        cut = shape_cutter("EndpointConfigSummary")
        return listed("EndpointConfigs", [cut(config) for config in found], token)
