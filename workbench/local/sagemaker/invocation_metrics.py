"""What CloudWatch is told of each request to a variant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from workbench.local.sagemaker.fleet import Fleet, Variant
    from workbench.local.sagemaker.model_call import Answered, Asked
    from workbench.local.sagemaker.surroundings import Surroundings

NAMESPACE: Final = "AWS/SageMaker"
CLIENT_ERRORS: Final = range(400, 500)
_MICROSECONDS: Final = 1e6


def count_invocation(
    surroundings: Surroundings, name: str, fleet: Fleet, variant: Variant, asked: Asked, answered: Answered
) -> None:
    """
    Count one request of an endpoint, a mirrored one as one of its shadow variant.

    There are two sets of dimensions: a variant's, and a variant's in one endpoint configuration, by which
    alarms look at the new fleet alone.
    """
    status = answered.answer.status
    client_error = status in CLIENT_ERRORS
    server_error = not client_error and not answered.succeeded
    values = (
        ("Invocations", 1.0, "Count"),
        ("InvocationsPerInstance", 1.0 / max(variant.instance_count, 1), "Count"),
        ("Invocation4XXErrors", float(client_error), "Count"),
        ("Invocation5XXErrors", float(server_error), "Count"),
        ("InvocationModelErrors", float(client_error or server_error), "Count"),
        ("ModelLatency", (answered.ended - answered.sent) * _MICROSECONDS, "Microseconds"),
        ("OverheadLatency", (answered.sent - asked.arrived) * _MICROSECONDS, "Microseconds"),
    )
    whole = {"EndpointName": name, "VariantName": variant.name}
    surroundings.measure(NAMESPACE, whole, *values)
    surroundings.measure(NAMESPACE, whole | {"EndpointConfigName": fleet.config_name}, *values)
