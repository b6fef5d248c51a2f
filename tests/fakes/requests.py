"""Whether boto3 would send a request."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator


@cache
def _service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


def problems_of(service: str, operation: str, request: Any, *path: str) -> str:
    """What is wrong with a request, or with the part of one that ``path`` leads to; empty: nothing."""
    shape = _service(service).operation_model(operation).input_shape
    for name in path:
        shape = shape.members[name]
    return str(ParamValidator().validate(request, shape).generate_report())
