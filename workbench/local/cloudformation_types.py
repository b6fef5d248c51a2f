"""CloudFormation resource types that ministack lacks and the stacks need."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from workbench.local import seams

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.local.ecr import EcrApi

Properties = dict[str, Any]
Made = tuple[str, dict[str, Any]]


def register_type(
    name: str,
    *,
    create: Callable[[str, Properties, str], Made],
    delete: Callable[[str, Properties], None],
    update: Callable[[str, Properties, Properties, str], Made] | None = None,
) -> None:
    """
    Let CloudFormation make a type of resource.

    Args:
        name: ``AWS::Service::Type``.
        create: From logical id, properties and stack name: physical id and attributes.
        delete: From physical id and properties.
        update: From physical id, old and new properties and stack name; None: create anew under the same id.
    """
    handlers: dict[str, Any] = {"create": create, "delete": delete}
    if update is not None:
        handlers["update"] = update
    seams.CLOUDFORMATION.resource_handlers[name] = handlers


def camel(value: Any) -> Any:
    """A template's ``PascalCase`` keys as the API's ``camelCase``; tags keep theirs, as in ECR's API."""
    if isinstance(value, dict):
        if set(value) == {"Key", "Value"}:
            return value
        return {key[0].lower() + key[1:]: camel(item) for key, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value


def text_of(document: Any) -> str:
    """A policy as text, whichever way the template has it."""
    return document if isinstance(document, str) else json.dumps(document)


def repository_creation_templates(api: EcrApi) -> None:
    """``AWS::ECR::RepositoryCreationTemplate``."""

    def wish(properties: Properties) -> Properties:
        document = dict(camel(properties))
        for name in ("lifecyclePolicy", "repositoryPolicy"):
            if name in document:
                document[name] = text_of(properties[name[0].upper() + name[1:]])
        return document

    def create(_logical_id: str, properties: Properties, _stack: str) -> Made:
        template = api.create_template(wish(properties))["repositoryCreationTemplate"]
        return properties["Prefix"], times(template)

    def update(physical_id: str, _old: Properties, new: Properties, _stack: str) -> Made:
        api.delete_template({"prefix": physical_id})
        template = api.create_template(wish(new))["repositoryCreationTemplate"]
        return new["Prefix"], times(template)

    def times(template: dict[str, Any]) -> dict[str, Any]:
        return {"CreatedAt": str(template["createdAt"]), "UpdatedAt": str(template["updatedAt"])}

    def delete(physical_id: str, _properties: Properties) -> None:
        if api.knows_template(physical_id):
            api.delete_template({"prefix": physical_id})

    register_type("AWS::ECR::RepositoryCreationTemplate", create=create, update=update, delete=delete)


def registry_scanning(api: EcrApi) -> None:
    """``AWS::ECR::RegistryScanningConfiguration``: one per account and region."""

    def scan(_logical_id: str, properties: Properties, _stack: str) -> Made:
        api.put_scanning(camel(properties))
        account = seams.RESPONSES.get_account_id()
        return account, {"RegistryId": account}

    def forget_scanning(_physical_id: str, _properties: Properties) -> None:
        api.put_scanning({})

    register_type(
        "AWS::ECR::RegistryScanningConfiguration",
        create=scan,
        update=lambda _physical_id, _old, new, stack: scan("", new, stack),
        delete=forget_scanning,
    )


def composite_alarms() -> None:
    """``AWS::CloudWatch::CompositeAlarm``."""

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        name = properties.get("AlarmName") or f"{stack}-{logical_id}"
        wish = {**properties, "AlarmName": name}
        status, _, body = seams.CLOUDWATCH.put_composite_alarm({}, wish, False, True)
        if status >= 400:  # noqa: PLR2004 - HTTP's errors
            raise ValueError(body)
        region, account = seams.RESPONSES.get_region(), seams.RESPONSES.get_account_id()
        return name, {"Arn": f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"}

    def delete(physical_id: str, _properties: Properties) -> None:
        seams.CLOUDWATCH.delete_alarms({}, {"AlarmNames": [physical_id]}, False, True)

    register_type("AWS::CloudWatch::CompositeAlarm", create=create, delete=delete)


def metric_math_alarms() -> None:
    """``AWS::CloudWatch::Alarm`` of an expression, which ministack refuses: stored, never evaluated."""
    known = seams.CLOUDFORMATION.resource_handlers["AWS::CloudWatch::Alarm"]

    def put(name: str, properties: Properties) -> Made:
        # Tags are the stack's own, aws: ones among them, which a request may not carry.
        wish = {key: value for key, value in properties.items() if key != "Tags"} | {"AlarmName": name}
        status, _, body = seams.ALARMS.put({}, wish, False, True)
        if status >= 400:  # noqa: PLR2004 - HTTP's errors
            raise ValueError(body)
        region, account = seams.RESPONSES.get_region(), seams.RESPONSES.get_account_id()
        return name, {"Arn": f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"}

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        if properties.get("Metrics"):
            return put(properties.get("AlarmName") or f"{stack}-{logical_id}", properties)
        made: Made = known["create"](logical_id, properties, stack)
        return made

    def update(
        physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> Made:
        if new.get("Metrics"):
            return put(physical_id, new)
        made: Made = known["update"](physical_id, old, new, stack, logical_id)
        return made

    seams.CLOUDFORMATION.resource_handlers["AWS::CloudWatch::Alarm"] = {
        **known,
        "create": create,
        "update": update,
    }
