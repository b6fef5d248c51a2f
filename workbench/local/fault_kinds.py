"""The kinds of faults that the embedded AWS can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault."""

    meaning: str
    needs: tuple[str, ...] = ()
    """Options that must be given."""
    may_name: tuple[str, ...] = ()
    """Options that narrow it."""
    until_cleared: bool = False
    """It is met again and again; else once, or as often as ``times`` says."""

    @property
    def options(self) -> tuple[str, ...]:
        """All options that it has."""
        return (*self.needs, *self.may_name, *(() if self.until_cleared else ("times",)))


KINDS: Final = {
    "throttle": Kind(
        "a request for OPERATION, any JSON service's or InvokeEndpoint, is answered with ThrottlingException "
        "(Rate exceeded)",
        needs=("operation",),
    ),
    "quota": Kind(
        "a request that asks for instances (CreateEndpoint, UpdateEndpoint, CreateTrainingJob, "
        "CreateProcessingJob, or OPERATION alone) is answered with ResourceLimitExceeded",
        may_name=("operation",),
    ),
    "capacity": Kind(
        "the next instances cannot be had: an endpoint fails, or is rolled back "
        "(InsufficientInstanceCapacity), a job fails (CapacityError); of an endpoint alone, or of the jobs "
        "that OPERATION (CreateTrainingJob, CreateProcessingJob, CreateTransformJob) makes",
        may_name=("endpoint", "variant", "config", "operation"),
    ),
    "slow-ping": Kind(
        "a new serving process answers its first ping SECONDS after its start",
        needs=("seconds",),
        may_name=("endpoint", "variant", "config"),
        until_cleared=True,
    ),
    "crash-after": Kind(
        "a serving process ends at the Nth request (--requests) to its variant",
        needs=("requests",),
        may_name=("endpoint", "variant", "config"),
    ),
    "eventual": Kind(
        "a model, endpoint configuration or endpoint cannot be found for SECONDS after it was made",
        needs=("seconds",),
        until_cleared=True,
    ),
    "rollback-fails": Kind(
        "an update that is rolled back ends as UpdateRollbackFailed, both fleets serving",
        may_name=("endpoint",),
    ),
    "system-updating": Kind(
        "ENDPOINT is SystemUpdating for SECONDS of SageMaker's clock, at once",
        needs=("endpoint", "seconds"),
    ),
    "stall": Kind(
        "an execution that enters STATE stands still there until it is stopped, or the embedded AWS is "
        "started again: there is time to look at things, or to kill them",
        needs=("state",),
        may_name=("machine", "execution"),
    ),
    "fail-task": Kind(
        "the Task STATE fails untried, with --error (else States.TaskFailed) and --cause",
        needs=("state",),
        may_name=("machine", "execution", "error", "cause"),
    ),
    "function-dies": Kind(
        "the process of FUNCTION is killed when it is invoked, before it does anything (Runtime.ExitError)",
        needs=("function",),
    ),
    "function-dies-late": Kind(
        "the process of FUNCTION is killed when its work is done, before it answers (Runtime.ExitError)",
        needs=("function",),
    ),
}
