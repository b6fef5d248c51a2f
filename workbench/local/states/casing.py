"""Requests and answers in Step Functions' spelling, by the service model's shapes."""

from __future__ import annotations

import base64
import copy
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from workbench.local.states.documents import iso, to_text

if TYPE_CHECKING:
    from collections.abc import Callable

Timestamps = Literal["iso", "milliseconds"]

_ACRONYM = re.compile(r"([A-Z])([A-Z]+)(?=[A-Z][a-z]|[0-9]|$)")


def operation_of(service_model: Any, action: str) -> str | None:
    """
    The operation that an integration's camel-case action names; None: the service has none such.
    """
    wanted = action.lower()
    return next((name for name in service_model.operation_names if name.lower() == wanted), None)


def to_request(parameters: Any, shape: Any) -> Any:
    """
    Parameters as boto3 takes them: members spelled as in the model, objects as JSON where text is wanted.

    The argument is left as it is.
    """
    return _request(copy.copy(parameters), shape)


def _request(value: Any, shape: Any) -> Any:  # noqa: PLR0911 - one return for each kind of shape
    kind = shape.type_name if shape is not None else ""
    if kind == "structure" and isinstance(value, dict):
        if getattr(shape, "is_document_type", False):
            return value
        names = {name.lower(): name for name in shape.members}
        spelled = {names.get(name.lower(), name): member for name, member in value.items()}
        return {
            name: _request(member, shape.members.get(name))
            for name, member in spelled.items()
            if member is not None
        }
    if kind == "list" and isinstance(value, list):
        return [_request(member, shape.member) for member in value]
    if kind == "map" and isinstance(value, dict):
        return {name: _request(member, shape.value) for name, member in value.items()}
    if kind == "string" and not isinstance(value, str):
        return to_text(value)
    if kind in {"integer", "long"} and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind == "blob" and not isinstance(value, bytes):
        return (value if isinstance(value, str) else to_text(value)).encode()
    return value


def from_answer(
    answer: Any, shape: Any, *, timestamps: Timestamps = "iso", spell: Callable[[str], str] | None = None
) -> Any:
    """
    An answer as JSON: members start with a capital, streams are read, timestamps written.

    ``spell`` changes each member's name further; maps' keys stay as they are.
    """
    kind = shape.type_name if shape is not None else ""
    if isinstance(answer, datetime):
        seconds = answer.timestamp()
        return iso(seconds) if timestamps == "iso" else int(seconds * 1000)
    if isinstance(answer, dict):
        structure = kind == "structure"
        member_of = shape.members.get if structure else lambda _: shape.value if kind == "map" else None
        return {
            (_spelled(name, spell) if structure else name): from_answer(
                member, member_of(name), timestamps=timestamps, spell=spell
            )
            for name, member in answer.items()
        }
    if isinstance(answer, list):
        member_shape = shape.member if kind == "list" else None
        return [from_answer(member, member_shape, timestamps=timestamps, spell=spell) for member in answer]
    if hasattr(answer, "read"):
        return text_or_json(answer.read())
    if isinstance(answer, bytes | bytearray):
        return base64.b64encode(answer).decode()
    return answer


def text_or_json(body: bytes) -> Any:
    """A stream's content: JSON if it is JSON, else text."""
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _spelled(name: str, spell: Callable[[str], str] | None) -> str:
    capital = name[:1].upper() + name[1:]
    return spell(capital) if spell else capital


def sdk_name(name: str) -> str:
    """
    As the AWS SDK for Java spells it, which the ``aws-sdk`` integrations follow.

    >>> sdk_name("SecretARN"), sdk_name("DBInstances"), sdk_name("KmsKeyId"), sdk_name("DynamoDB")
    ('SecretArn', 'DbInstances', 'KmsKeyId', 'DynamoDb')
    """
    return _ACRONYM.sub(lambda found: found[1] + found[2].lower(), name)


def sdk_service(service_id: str) -> str:
    """
    The prefix of an ``aws-sdk`` integration's errors.

    >>> sdk_service("SFN"), sdk_service("SageMaker"), sdk_service("Application Auto Scaling")
    ('Sfn', 'SageMaker', 'ApplicationAutoScaling')
    """
    return "".join(sdk_name(word[:1].upper() + word[1:]) for word in re.split(r"[ \-]", service_id))
