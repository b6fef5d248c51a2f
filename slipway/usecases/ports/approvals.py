"""What is asked of people, and what carries their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import ApprovalDecision, ApprovalRecord, PersonalDecision


class Approvals(Protocol):
    """The ledger's approvals; a record that is read never holds its task token."""

    def put_approval(self, record: ApprovalRecord) -> bool:
        """Ask for the first time; False when it was asked for already."""

    def renew_approval(
        self, release_id: str, *, task_token: str, redrive: int, expires_at_epoch: int, reopen: bool
    ) -> bool:
        """
        Note the token of another attempt; False when the record is not in the status that is wanted.

        With ``reopen`` an expired one is pending again; without, it must be pending or decided.
        """

    def get_approval(self, release_id: str) -> ApprovalRecord | None: ...

    def approval_token(self, release_id: str) -> str:
        """The task token; empty when there is none."""

    def mark_told(self, release_id: str, approver: str, redrive: int) -> None: ...

    def decide_approval(
        self,
        release_id: str,
        decision: ApprovalDecision,
        *,
        now_epoch: int,
        person: PersonalDecision | None = None,
        after: int = 0,
    ) -> bool:
        """
        Decide once: False when it is not pending, or (but for "expired") too late.

        With ``person`` it is appended to ``decisions``, and False where there are not ``after`` of them.
        """

    def note_decision(self, release_id: str, person: PersonalDecision, *, now_epoch: int, after: int) -> bool:
        """Append one that does not decide yet; False in the same cases."""

    def renew_report(self, release_id: str, report_digest: str, *, was: str, found_at: str) -> bool:
        """Ask all anew about another report; False when it is decided, or not about ``was`` any more."""

    def note_escalation(
        self, release_id: str, approvers: Mapping[str, str], *, redrive: int, at: str
    ) -> bool:
        """Let more people decide (address to nonce's hash); False when decided, or done at this redrive."""

    def note_reminder(self, release_id: str, *, redrive: int, at: str) -> bool:
        """All were reminded; False when it is decided, or was done at this redrive."""

    def close_approval(self, release_id: str, decision: ApprovalDecision) -> bool:
        """The release ended before anybody decided: nothing is left to do; False when it is not pending."""

    def mark_delivered(self, release_id: str, *, undeliverable: bool) -> None: ...

    def mark_settled(self, release_id: str) -> None:
        """Nothing is left to do; the token is forgotten."""

    def pending_approvals(self) -> list[ApprovalRecord]:
        """Those not settled yet, decided or not; the one that expires first comes first."""


class LinkSigner(Protocol):
    """Vouches for approval links with a key that nobody can read."""

    @property
    def key(self) -> str:
        """``key_tag`` of the key that signs now."""

    def sign(self, message: bytes) -> bytes:
        """The message's MAC, 32 bytes."""

    def verify(self, message: bytes, mac: bytes) -> bool:
        """Whether the MAC is the message's; takes as long either way."""


class TaskTokens(Protocol):
    """Executions that wait for somebody."""

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        """Let the execution go on; False when it does not wait (any more)."""
