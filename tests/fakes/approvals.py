"""The ledger's approvals, in memory."""

from __future__ import annotations

import copy
from typing import Any


class FakeApprovals:
    """Port ``Approvals``."""

    def __init__(self) -> None:
        super().__init__()
        self.approvals: dict[str, Any] = {}

    def put_approval(self, record: Any) -> Any:
        held = self.approvals.get(record["release_id"])
        if held is not None and held["status"] not in ("pending", "expired"):
            return False
        self.approvals[record["release_id"]] = copy.deepcopy(dict(record))
        return True

    def get_approval(self, release_id: Any) -> Any:
        return copy.deepcopy(self.approvals.get(release_id))

    def decide_approval(self, release_id: Any, decision: Any, *, now_epoch: Any) -> Any:
        held = self.approvals.get(release_id)
        if held is None or held["status"] != "pending":
            return False
        if decision["status"] != "expired" and held["expires_at_epoch"] <= now_epoch:
            return False
        held |= decision
        return True

    def mark_delivered(self, release_id: Any) -> Any:
        if release_id in self.approvals:
            self.approvals[release_id]["delivered"] = True

    def pending_approvals(self) -> Any:
        waiting = [copy.deepcopy(r) for r in self.approvals.values() if not r["delivered"]]
        return sorted(waiting, key=lambda r: r["expires_at_epoch"])
