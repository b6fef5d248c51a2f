"""What `slipway doctor` looks at: each check says what it found and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.contracts.ledger import OPEN_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from slipway.contracts.ledger import ApprovalRecord, ReleaseRecord
    from slipway.domain.leftovers import Leftover

Outcome = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    outcome: Outcome
    found: str
    advice: str = ""


def python(version: tuple[int, int]) -> Finding:
    """Slipway runs on Python 3.11 and newer."""
    text = ".".join(map(str, version))
    if version >= (3, 11):
        return Finding("Python", "ok", text)
    return Finding("Python", "problem", text, "use Python 3.11 or newer")


def node(run: Callable[[], str]) -> Finding:
    """Synthesis needs Node 22 or 24; ``run`` prints its version, such as ``v24.1.0``."""
    try:
        version = run().strip()
    except OSError:
        return Finding("Node", "problem", "not found", "run `make demo` or `make test` once; both bring it")
    major = int(version.removeprefix("v").split(".")[0] or 0)
    if major >= 22:  # noqa: PLR2004 - the oldest that jsii supports
        return Finding("Node", "ok", version)
    return Finding("Node", "warning", version, "jsii wants Node 22 or 24; .venv/bin holds one")


def subscriptions(answers: list[dict[str, Any]]) -> Finding:
    """An e-mail subscription that nobody confirmed gets nothing, silently."""
    waiting = sorted(one["Endpoint"] for one in answers if one["SubscriptionArn"] == "PendingConfirmation")
    if not answers:
        return Finding(
            "E-mail", "warning", "nobody is subscribed", "name approvers in environments/<env>.toml"
        )
    if waiting:
        return Finding(
            "E-mail",
            "warning",
            f"not confirmed: {', '.join(waiting)}",
            "ask them to follow the link in AWS's confirmation mail",
        )
    return Finding("E-mail", "ok", f"{len(answers)} confirmed subscriptions")


def open_releases(
    records: Iterator[ReleaseRecord], status_of: Callable[[str], str], *, limit: int = 200
) -> Finding:
    """A release that the ledger takes for running must have a running execution."""
    lost, running = [], 0
    for record, _ in zip(records, range(limit), strict=False):
        if record["status"] not in OPEN_STATUSES:
            continue
        running += 1
        arn = record.get("execution_arn")
        if not arn or status_of(arn) != "RUNNING":
            lost.append(record["release_id"])
    if lost:
        return Finding(
            "Releases",
            "problem",
            f"no execution runs for {', '.join(lost)}",
            "the sweep records it within minutes; then `slipway release retry ID`",
        )
    return Finding("Releases", "ok", f"{running} running")


def approvals(records: list[ApprovalRecord], now: float) -> Finding:
    """A decision that could not be handed over is sent again by the sweep; one that stays is a problem."""
    stuck = [one["release_id"] for one in records if one["status"] in ("approved", "rejected")]
    late = [
        one["release_id"] for one in records if one["status"] == "pending" and one["expires_at_epoch"] < now
    ]
    if stuck or late:
        found = "; ".join(
            f"{what}: {', '.join(ids)}"
            for what, ids in (("decided, not delivered", stuck), ("expired, not closed", late))
            if ids
        )
        return Finding("Approvals", "warning", found, "the sweep mends this within minutes")
    return Finding("Approvals", "ok", f"{len(records)} waiting")


def leases(ended: Sequence[str]) -> Finding:
    """Endpoints whose lease is held by a promotion that has ended: others wait for it."""
    if ended:
        return Finding(
            "Leases",
            "warning",
            f"held by ended promotions: {', '.join(ended)}",
            "`slipway doctor --mend` gives them back at once, the platform's sweep by the clock",
        )
    return Finding("Leases", "ok", "none is held by a promotion that has ended")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """
    A promotion that has not ended.

    Attributes:
        name: Of its execution, which says what is done.
        seconds: Since it began.
        endpoint: Whose lease it holds; empty: none, so that it waits for one.
        stands_at: The state at which a fault of the embedded AWS keeps it; empty: none does.
    """

    name: str
    seconds: float
    endpoint: str = ""
    stands_at: str = ""

    def __str__(self) -> str:
        """In words."""
        if self.stands_at:
            what = f"stands still at {self.stands_at}"
        else:
            what = f"changes {self.endpoint}" if self.endpoint else "waits for the endpoint's lease"
        return f"{self.name} {what}, began {_ago(self.seconds)} ago"


def promotions(found: Sequence[UnderWay]) -> Finding:
    """Promotions under way, with how long; that one stands still is a fault that somebody asked for."""
    if not found:
        return Finding("Promotions", "ok", "none under way")
    said = f"{len(found)} under way: {'; '.join(map(str, found))}"
    if any(one.stands_at for one in found):
        return Finding(
            "Promotions",
            "warning",
            said,
            "what stands still holds its lease until `slipway down --kill` and `slipway up` end it",
        )
    if any(not one.endpoint for one in found):
        return Finding(
            "Promotions",
            "warning",
            said,
            "who holds the lease ends first; then they go on by themselves",
        )
    return Finding("Promotions", "ok", said)


def faults(said: Sequence[str]) -> Finding:
    """Faults that the embedded AWS was asked for explain what else is hard to explain."""
    if not said:
        return Finding("Faults", "ok", "none is set")
    return Finding(
        "Faults", "warning", f"set by hand: {'; '.join(said)}", "`slipway local fault clear` takes them away"
    )


def _ago(seconds: float) -> str:
    """
    A duration in words, rounded.

    >>> _ago(59), _ago(300), _ago(7200)
    ('59 s', '5 min', '2 h')
    """
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def leftovers(found: Sequence[Leftover]) -> Finding:
    """What killed promotions left behind costs little, but hides what counts."""
    if not found:
        return Finding("Leftovers", "ok", "none")
    named = "; ".join(f"{one.kind} {one.name} ({one.why})" for one in found)
    if any(one.removable for one in found):
        return Finding("Leftovers", "warning", named, "`slipway doctor --mend` removes what nothing needs")
    return Finding(
        "Leftovers", "warning", named, "ask who made it: nothing of the platform knows or watches it"
    )


def endpoints(described: list[dict[str, Any]], models: Mapping[str, str]) -> Iterator[Finding]:
    """An endpoint in no good state needs a person; ``models``: endpoint to ``PROJECT/MODEL``."""
    for one in described:
        name, status = one["EndpointName"], one["EndpointStatus"]
        model = models.get(name, name)
        if status == "Failed":
            advice = f"promote a version of {model}, which makes it anew; {_RUNBOOK}"
        elif status in ("UpdateRollbackFailed", "OutOfService"):
            advice = (
                f"no update mends it: `slipway endpoint invoke {model}` tells what still answers; then "
                f"`slipway endpoint stop {model}` and `slipway endpoint start {model}`, some minutes without "
                f"answers; {_RUNBOOK}"
            )
        else:
            yield Finding(name, "ok", status)
            continue
        yield Finding(name, "problem", f"{status}: {one.get('FailureReason', '')}", advice)


_RUNBOOK: Final = 'docs/operations.md, "An endpoint is Failed or UpdateRollbackFailed"'
