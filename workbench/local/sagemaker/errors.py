"""What the service refuses, spelled as SageMaker spells it."""

from __future__ import annotations

from slipway.domain.errors import SlipwayError


class ServiceError(SlipwayError):
    """An error answer: ``code`` is what botocore gives as ``Error.Code``, ``status`` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def invalid(message: str) -> ServiceError:
    """ValidationException, which SageMaker also gives for what it cannot find."""
    return ServiceError("ValidationException", message)


def in_use(message: str) -> ServiceError:
    """The name is taken, or the thing is busy."""
    return ServiceError("ResourceInUse", message)


def not_found(message: str) -> ServiceError:
    """There is no such thing."""
    return ServiceError("ResourceNotFound", message)


def access_denied(principal: str, action: str, resource: str) -> ServiceError:
    """IAM does not allow it."""
    return ServiceError(
        "AccessDeniedException",
        f"User: {principal} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action",
    )
