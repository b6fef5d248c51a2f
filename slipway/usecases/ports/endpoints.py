"""Endpoints: what the ledger says of them, what serves, and who may change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slipway.contracts.ledger import AliasRecord, EndpointState
    from slipway.contracts.promotion import Lease
    from slipway.domain.smoke import EndpointAnswer


class Leases(Protocol):
    """The ledger's leases: one promotion at a time works on an endpoint."""

    def end_lease(self, endpoint: str, owner: str, *, fence: int) -> bool:
        """Give back the lease that ``owner`` (an execution's ARN) took with ``fence``; False: it has none."""

    def lease(self, endpoint: str) -> Lease | None:
        """Who holds it, by one strongly consistent read, also when it ran out; None: nobody."""

    def lease_owner(self, endpoint: str, *, now_epoch: int) -> str:
        """The ARN of the execution that works on it; empty: none does."""


class Endpoints(Protocol):
    """The ledger's states of endpoints: what each serves and served, as promotions left it."""

    def endpoint_state(self, endpoint: str) -> EndpointState | None:
        """What it serves, by one strongly consistent read; None: the ledger knows of no promotion to it."""

    def endpoint_history(self, endpoint: str, *, limit: int | None = None) -> list[EndpointState]:
        """Newest first."""

    def record_promotion(self, state: EndpointState, moves: Sequence[AliasRecord], *, lease: Lease) -> bool:
        """
        Write what an endpoint serves now, its history and the aliases that moved: all of it, or False.

        Args:
            state: Later than any before.
            moves: As ``move_alias`` takes them.
            lease: It must be held by this owner with this fence at that moment.
        """

    def endpoint_at(self, endpoint: str, moment: str) -> EndpointState | None:
        """What it served at ``moment`` (ISO 8601), by one read; None: it was not there yet."""


class IdleWarnings(Protocol):
    """The ledger's notes of who was told that nobody calls an endpoint."""

    def idle_warned_at(self, endpoint: str) -> str:
        """When its people were last told (ISO 8601); empty: never."""

    def note_idle_warning(self, endpoint: str, at: str) -> None: ...


class Hosting(Protocol):
    """SageMaker's endpoints, what they run, and model packages, as it describes them; None: not there."""

    def endpoint(self, name: str) -> Mapping[str, Any] | None: ...

    def endpoint_config(self, name: str) -> Mapping[str, Any] | None: ...

    def model(self, name: str) -> Mapping[str, Any] | None: ...

    def endpoints(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        """Summaries of those whose names begin so."""

    def model_package(self, arn: str) -> Mapping[str, Any] | None: ...


class EndpointParts(Protocol):
    """What endpoints run with; each can be made again from its version."""

    def remove_config(self, name: str) -> bool:
        """Remove an endpoint config that no endpoint uses; False when there was none (any more)."""

    def remove_model(self, name: str) -> bool:
        """Remove a SageMaker model, not its artifact; False when there was none (any more)."""


class EndpointRuntime(Protocol):
    """Sends requests to endpoints."""

    def invoke(
        self, endpoint: str, *, body: bytes, content_type: str, accept: str, variant: str = ""
    ) -> EndpointAnswer:
        """An error of the model or the endpoint is an answer too; ``variant``: it alone may answer."""

    def invoke_later(
        self, endpoint: str, *, body: bytes, content_type: str, accept: str, question: str
    ) -> EndpointAnswer:
        """
        Ask an asynchronous endpoint, and wait for its answer, which does not say who made it.

        ``question`` is the URI that the body is put under.
        """
