"""What every resource of the service stands on: store, images, logs, event bus, metrics."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workbench.local import log_streams, seams
from workbench.local.sagemaker.errors import access_denied
from workbench.local.sagemaker.measurements import Measured, Measurements
from workbench.local.sagemaker.store import Store, current_scope
from workbench.local.services import put_aws_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workbench.local.context import ServerContext
    from workbench.local.runner.capabilities import Capabilities
    from workbench.local.runner.images import ImageStore

STOPPED: Final = (
    "InternalServerError: We encountered an internal error: the embedded AWS was stopped while it ran. "
    "Please try again."
)
LOWERED: Final = frozenset({"endpoint", "endpoint-config", "model"})
"""Kinds whose ARN holds the name in lower case."""
_TIME_SUFFIXES: Final = ("Time", "Timestamp")
_OFTEN_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request."""

    access_key: str

    def require(self, action: str, resource: str, context: Mapping[str, Any] | None = None) -> None:
        """
        Check one action more than the request's own.

        Raises:
            ServiceError: AccessDeniedException.
        """
        denied = seams.IAM_EVALUATOR.enforce(
            self.access_key,
            action,
            action.partition(":")[0],
            seams.RESPONSES.get_region(),
            resource_arn=resource,
            service_context=dict(context or {}),
        )
        if denied is not None:
            raise access_denied(getattr(denied, "principal_arn", self.access_key), action, resource)

    def context(self) -> dict[str, Any]:
        """SageMaker's UserContext; of a user profile, Studio's own sessions know, which are not here."""
        found = seams.IAM_EVALUATOR.resolve_credential(self.access_key, seams.RESPONSES.get_account_id())
        said = {
            "Arn": getattr(found, "principal_arn", None),
            "PrincipalId": getattr(found, "principal_id", None),
        }
        return {"IamIdentity": {member: text for member, text in said.items() if text}}

    def may_pass(self, role_arn: str) -> None:
        """Check iam:PassRole to SageMaker."""
        self.require("iam:PassRole", role_arn, {"iam:passedtoservice": "sagemaker.amazonaws.com"})


def arn(kind: str, name: str) -> str:
    """
    The ARN of a resource in the request's account and region.

    >>> arn("endpoint", "Prices")
    'arn:aws:sagemaker:us-east-1:000000000000:endpoint/prices'
    """
    account, region = current_scope()
    return f"arn:aws:sagemaker:{region}:{account}:{kind}/{name.lower() if kind in LOWERED else name}"


def _event_detail(value: Any, name: str = "") -> Any:
    """Timestamps as milliseconds, as the service's events give them; what is inside stays inside."""
    if isinstance(value, dict):
        return {key: _event_detail(item, key) for key, item in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [_event_detail(item) for item in value]
    if isinstance(value, float) and name.endswith(_TIME_SUFFIXES):
        return int(value * 1000)
    return value


@dataclass(slots=True)
class Surroundings:
    """Made once per server."""

    server: ServerContext
    store: Store
    images: ImageStore
    capabilities: Capabilities
    is_target: Callable[[str, str], bool]
    """Whether Application Auto Scaling scales an endpoint's variant."""
    measurements: Measurements = field(init=False)

    def __post_init__(self) -> None:
        self.measurements = Measurements(self.server.clock)

    @property
    def work_directory(self) -> Path:
        """Where running programs have their directories; emptied at each start."""
        return self.server.home / "sagemaker" / "work"

    def new_work(self, name: str) -> Path:
        """A new directory for one program."""
        self.work_directory.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{name[:40]}-", dir=self.work_directory))

    def clear_work(self) -> None:
        """Take away what programs of an earlier server left."""
        shutil.rmtree(self.work_directory, ignore_errors=True)

    def emit(self, what: str, resource: str, detail: Mapping[str, Any]) -> None:
        """Put ``SageMaker <what>`` on the event bus."""
        put_aws_event("aws.sagemaker", f"SageMaker {what}", _event_detail(dict(detail)), resources=[resource])

    def measure(self, namespace: str, dimensions: Mapping[str, str], *values: Measured) -> None:
        """Record values; they reach CloudWatch within a second, so that callers never wait for it."""
        self.measurements.note(namespace, dimensions, *values)


class LogStream:
    """One stream of CloudWatch Logs; group and stream are made with the first line."""

    def __init__(self, group: str, stream: str) -> None:
        self.group, self.stream = group, stream
        self._scope = current_scope()

    @property
    def arn(self) -> str:
        """Of the log group."""
        account, region = self._scope
        return f"arn:aws:logs:{region}:{account}:log-group:{self.group}"

    def write(self, lines: Sequence[str]) -> None:
        """Append lines; empty ones are left out, as CloudWatch Logs refuses them."""
        now = time.time()
        with seams.RESPONSES.scope(*self._scope), contextlib.suppress(KeyError):
            log_streams.write(self.group, self.stream, [(now, line) for line in lines if line.strip()])
