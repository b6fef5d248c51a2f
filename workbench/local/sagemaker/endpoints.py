"""Endpoints: create, describe, update, re-weigh, list, delete."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.sagemaker.deployment_rules import check_deployment
from workbench.local.sagemaker.endpoint_events import EndpointEvents
from workbench.local.sagemaker.endpoint_kinds import check_capacity, check_update
from workbench.local.sagemaker.errors import invalid
from workbench.local.sagemaker.listing import listed, page
from workbench.local.sagemaker.rollout import Rollout
from workbench.local.sagemaker.service_model import shape_cutter
from workbench.local.sagemaker.surroundings import Caller, Surroundings, arn
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from workbench.local.faults import Fault
    from workbench.local.sagemaker.endpoint_configs import EndpointConfigs
    from workbench.local.sagemaker.fleet import Fleet
    from workbench.local.sagemaker.models import Models
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.tags import Tags
    from workbench.local.sagemaker.traffic import Traffic

KIND: Final = "endpoint"
SETTLED: Final = frozenset({"InService", "Failed", "OutOfService", "UpdateRollbackFailed"})


class Endpoints:
    """The endpoints of an account; what changes one runs in a thread of its own."""

    def __init__(
        self, surroundings: Surroundings, tags: Tags, configs: EndpointConfigs, models: Models
    ) -> None:
        self._surroundings, self._tags, self._configs, self._models = surroundings, tags, configs, models
        self._records = surroundings.store.records(KIND)
        self._events = EndpointEvents(surroundings, self._records)
        self._rollout = Rollout(surroundings, self._records, self._events)

    def create(self, request: Document, caller: Caller) -> Document:
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        caller.require("sagemaker:CreateEndpoint", arn("endpoint-config", config_name))
        taken = self._taken(config_name)
        check_deployment(request.get("DeploymentConfig"), taken["config"])
        now = time.time()
        endpoint = {
            "EndpointName": name,
            "EndpointArn": arn(KIND, name),
            "EndpointConfigName": config_name,
            "EndpointStatus": "Creating",
            "CreationTime": now,
            "LastModifiedTime": now,
            "_pending": taken,
            **(
                {"LastDeploymentConfig": request["DeploymentConfig"]} if "DeploymentConfig" in request else {}
            ),
        }
        if capture := taken["config"].get("DataCaptureConfig"):
            endpoint["_capture"] = capture
        if not self._records.add(name, endpoint):
            raise invalid(f'Cannot create already existing endpoint "{arn(KIND, name)}".')
        self._tags.put(endpoint["EndpointArn"], request.get("Tags", []))
        self._events.tell(endpoint)
        start_thread(f"create-{name}", self._rollout.create, name)
        return {"EndpointArn": endpoint["EndpointArn"]}

    def _taken(self, config_name: str) -> Document:
        """Configuration and models as they are now: deleting them later takes nothing from the endpoint."""
        config = self._configs.get(config_name)
        entries = [*config["ProductionVariants"], *config.get("ShadowProductionVariants", [])]
        models = {entry["ModelName"]: self._models.get(entry["ModelName"]) for entry in entries}
        return {"config": config, "models": models}

    def _check_targets(self, name: str, served: Document, wanted: Document) -> None:
        """A variant that is a scalable target keeps its instance type, and may not go."""
        types = {entry["VariantName"]: entry.get("InstanceType") for entry in wanted["ProductionVariants"]}
        for entry in served["ProductionVariants"]:
            variant = entry["VariantName"]
            kept = types.get(variant) == entry.get("InstanceType")
            if not kept and self._surroundings.is_target(name, variant):
                raise invalid(
                    f"Variant {variant} of endpoint {arn(KIND, name)} is a registered scalable target: "
                    "deregister it before you change its instance type or remove it."
                )

    def get(self, name: str) -> Document:
        """The endpoint; raises ValidationException for an unknown one."""
        endpoint = self._records.get(name)
        if endpoint is None:
            raise invalid(f'Could not find endpoint "{arn(KIND, name)}".')
        return endpoint

    def fleet(self, name: str) -> Fleet | None:
        """What the endpoint is said to run: while it is updated, still what ran before."""
        return self._rollout.fleet(name)

    def traffic(self, name: str) -> Traffic | None:
        """What gets the endpoint's requests; None while there is nothing."""
        return self._rollout.traffic(name)

    def _settled(self, name: str) -> Document:
        endpoint = self.get(name)
        if endpoint["EndpointStatus"] not in SETTLED:
            raise invalid(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')
        return endpoint

    def describe(self, request: Document, _caller: Caller) -> Document:
        endpoint = self.get(request["EndpointName"])
        if capture := endpoint.get("_capture"):
            summary = {
                "EnableCapture": capture.get("EnableCapture", False),
                "CaptureStatus": "Started" if capture.get("EnableCapture") else "Stopped",
                "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
                "DestinationS3Uri": capture["DestinationS3Uri"],
                "KmsKeyId": capture.get("KmsKeyId", ""),
            }
            endpoint = endpoint | {"DataCaptureConfig": summary}
        return endpoint

    def update(self, request: Document, caller: Caller) -> Document:
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        caller.require("sagemaker:UpdateEndpoint", arn("endpoint-config", config_name))
        endpoint = self._settled(name)
        if endpoint["EndpointStatus"] != "InService":
            raise invalid(
                f'Cannot update endpoint "{endpoint["EndpointArn"]}" in status {endpoint["EndpointStatus"]}.'
            )
        taken = self._taken(config_name)
        deployment = request.get("DeploymentConfig")
        if request.get("RetainDeploymentConfig"):
            deployment = endpoint.get("LastDeploymentConfig")
        wanted = {entry["VariantName"] for entry in taken["config"]["ProductionVariants"]}
        served = {entry["VariantName"] for entry in endpoint["ProductionVariants"]}
        if deployment and wanted != served:
            raise invalid(
                f"Deployment guardrails need the same variant names: {sorted(served)} serve, "
                f"{sorted(wanted)} are asked"
            )
        check_update(name, endpoint["_served"]["config"], taken["config"])
        self._check_targets(name, endpoint["_served"]["config"], taken["config"])
        if request.get("RetainAllVariantProperties"):
            excluded = {
                entry["VariantPropertyType"] for entry in request.get("ExcludeRetainedVariantProperties", [])
            }
            taken["config"] = _retained(taken["config"], endpoint, excluded)
        check_deployment(deployment, taken["config"])
        now = time.time()
        changed = self._records.update(
            name,
            EndpointStatus="Updating",
            LastModifiedTime=now,
            FailureReason=None,
            PendingDeploymentSummary=None,
            LastDeploymentConfig=deployment or endpoint.get("LastDeploymentConfig"),
            _pending=taken | {"deployment": deployment},
        )
        self._events.tell(changed or endpoint)
        start_thread(f"update-{name}", self._rollout.update, name)
        return {"EndpointArn": endpoint["EndpointArn"]}

    def update_weights(self, request: Document, _caller: Caller) -> Document:
        endpoint = self._settled(request["EndpointName"])
        kinds = ("ProductionVariants", "ShadowProductionVariants")
        known = {entry["VariantName"] for kind in kinds for entry in endpoint.get(kind) or ()}
        for desired in request["DesiredWeightsAndCapacities"]:
            if desired["VariantName"] not in known:
                raise invalid(
                    f"Variant {desired['VariantName']} does not exist in endpoint {endpoint['EndpointArn']}"
                )
            check_capacity(endpoint["_served"]["config"], desired)
        changed = self._records.update(
            endpoint["EndpointName"], EndpointStatus="Updating", LastModifiedTime=time.time()
        )
        self._events.tell(changed or endpoint)
        desired_list: list[Any] = request["DesiredWeightsAndCapacities"]
        start_thread("weights", self._rollout.weigh, endpoint["EndpointName"], desired_list)
        return {"EndpointArn": endpoint["EndpointArn"]}

    def delete(self, request: Document, _caller: Caller) -> Document:
        endpoint = self._settled(request["EndpointName"])
        changed = self._records.update(
            endpoint["EndpointName"], EndpointStatus="Deleting", LastModifiedTime=time.time()
        )
        self._tags.forget(endpoint["EndpointArn"])
        self._events.tell(changed or endpoint)
        start_thread("delete", self._rollout.delete, endpoint["EndpointName"])
        return {}

    def maintain(self, fault: Fault) -> None:
        """
        Let an endpoint undergo SageMaker's own maintenance: it serves, and cannot be changed.

        Raises:
            ServiceError: It is not in service.
        """
        server, name = self._surroundings.server, fault.endpoint or ""
        with seams.RESPONSES.scope(server.account, server.region):
            if self.get(name)["EndpointStatus"] != "InService":
                raise invalid(f'Endpoint "{arn(KIND, name)}" is not InService.')
            self._events.change(name, EndpointStatus="SystemUpdating")
            start_thread(f"maintain-{name}", self._rollout.maintain, name, fault.seconds)

    def list_page(self, request: Document, _caller: Caller) -> Document:
        found, token = page(self._records.all(), request, name="EndpointName", status="EndpointStatus")
        cut = shape_cutter("EndpointSummary")
        return listed("Endpoints", [cut(endpoint) for endpoint in found], token)

    def resume(self) -> None:
        """After a start, in the request's scope: serve again, finish what had begun."""
        for endpoint in self._records.all():
            start_thread(f"resume-{endpoint['EndpointName']}", self._rollout.resume, endpoint["EndpointName"])

    def stop(self) -> None:
        """Take every fleet down; the records stay."""
        self._rollout.stop_all()


def _retained(config: Document, endpoint: Document, excluded: set[str]) -> Document:
    """The configuration with the counts, weights and data capture that the endpoint has now."""
    now = {entry["VariantName"]: entry for entry in endpoint["ProductionVariants"]}
    variants = []
    for entry in config["ProductionVariants"]:
        variant = dict(entry)
        if (served := now.get(entry["VariantName"])) is not None:
            counted = "InitialInstanceCount" in entry and "DesiredInstanceCount" in served
            if "DesiredInstanceCount" not in excluded and counted:
                variant["InitialInstanceCount"] = served["DesiredInstanceCount"]
            if "DesiredWeight" not in excluded:
                variant["InitialVariantWeight"] = served["DesiredWeight"]
        variants.append(variant)
    kept = config | {"ProductionVariants": variants}
    if "DataCaptureConfig" not in excluded:
        kept["DataCaptureConfig"] = endpoint.get("_capture")
    return kept
