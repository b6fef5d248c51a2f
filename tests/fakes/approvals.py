"""The ledger's approvals, in memory."""

from __future__ import annotations

import copy
import threading
from typing import Any


class FakeApprovals:
    """Port ``Approvals``."""

    def __init__(self) -> None:
        super().__init__()
        self.approvals: dict[str, Any] = {}
        self._writing = threading.Lock()

    def put_approval(self, record: Any) -> Any:
        with self._writing:
            if record["release_id"] in self.approvals:
                return False
            self.approvals[record["release_id"]] = copy.deepcopy(dict(record))
            return True

    def renew_approval(
        self, release_id: Any, *, task_token: Any, redrive: Any, expires_at_epoch: Any, reopen: Any
    ) -> Any:
        with self._writing:
            held = self.approvals.get(release_id)
            wanted = ("expired", "pending") if reopen else ("pending", "approved", "rejected")
            if held is None or held["status"] not in wanted:
                return False
            held |= {"task_token": task_token, "redrive": redrive, "delivered": False, "settled": False}
            if reopen:
                held |= {"status": "pending", "expires_at_epoch": expires_at_epoch, "undeliverable": False}
            return True

    def get_approval(self, release_id: Any) -> Any:
        record = copy.deepcopy(self.approvals.get(release_id))
        if record is not None:
            record.pop("task_token", None)
        return record

    def approval_token(self, release_id: Any) -> Any:
        return self.approvals.get(release_id, {}).get("task_token", "")

    def mark_told(self, release_id: Any, approver: Any, redrive: Any) -> Any:
        if release_id in self.approvals:
            self.approvals[release_id]["told"][approver] = redrive

    def decide_approval(
        self, release_id: Any, decision: Any, *, now_epoch: Any, person: Any = None, after: Any = 0
    ) -> Any:
        with self._writing:
            held = self.approvals.get(release_id)
            if held is None or held["status"] != "pending":
                return False
            if person is not None and not _unchanged(held, person, after):
                return False
            if (decision["status"] == "expired") == (held["expires_at_epoch"] > now_epoch):
                return False
            held |= decision
            if person is not None:
                held.setdefault("decisions", []).append(copy.deepcopy(person))
            return True

    def note_decision(self, release_id: Any, person: Any, *, now_epoch: Any, after: Any) -> Any:
        with self._writing:
            held = self.approvals.get(release_id)
            if held is None or held["status"] != "pending" or held["expires_at_epoch"] <= now_epoch:
                return False
            if not _unchanged(held, person, after):
                return False
            held.setdefault("decisions", []).append(copy.deepcopy(person))
            return True

    def renew_report(self, release_id: Any, report_digest: Any, *, was: Any, found_at: Any) -> Any:
        with self._writing:
            held = self.approvals.get(release_id)
            if held is None or held["status"] != "pending" or held.get("report_digest") != was:
                return False
            held |= {"report_digest": report_digest, "told": {}}
            held.setdefault("report_changes", []).append({"report_digest": was, "found_at": found_at})
            return True

    def note_escalation(self, release_id: Any, approvers: Any, *, redrive: Any, at: Any) -> Any:
        with self._writing:
            held = self.approvals.get(release_id)
            if held is None or held["status"] != "pending" or held.get("escalated") == redrive:
                return False
            held["approvers"] = {**approvers, **held["approvers"]}
            held |= {"escalated": redrive, "escalated_at": at}
            return True

    def note_reminder(self, release_id: Any, *, redrive: Any, at: Any) -> Any:
        with self._writing:
            held = self.approvals.get(release_id)
            if held is None or held["status"] != "pending" or held.get("reminded") == redrive:
                return False
            held |= {"reminded": redrive, "reminded_at": at}
            return True

    def close_approval(self, release_id: Any, decision: Any) -> Any:
        with self._writing:
            held = self.approvals.get(release_id)
            if held is None or held["status"] != "pending":
                return False
            held |= {**decision, "delivered": True, "undeliverable": True, "settled": True}
            held.pop("task_token", None)
            return True

    def mark_delivered(self, release_id: Any, *, undeliverable: Any) -> Any:
        if release_id in self.approvals:
            self.approvals[release_id] |= {"delivered": True, "undeliverable": undeliverable}

    def mark_settled(self, release_id: Any) -> Any:
        if release_id in self.approvals:
            self.approvals[release_id]["settled"] = True
            self.approvals[release_id].pop("task_token", None)

    def pending_approvals(self) -> Any:
        waiting = [self.get_approval(r) for r, held in self.approvals.items() if not held["settled"]]
        return sorted(waiting, key=lambda r: r["expires_at_epoch"])


def _unchanged(held: Any, person: Any, after: Any) -> bool:
    return (
        len(held.get("decisions", [])) == after
        and held["redrive"] == person["redrive"]
        and held.get("report_digest", person["report_digest"]) == person["report_digest"]
    )
