"""A ledger in memory that keeps the real one's promises; tests/adapters/test_ledger.py runs over both."""

from __future__ import annotations

import copy
import threading
from typing import Any

from slipway.contracts.ledger import LISTED, OPEN_STATUSES
from tests.fakes.approvals import FakeApprovals
from tests.fakes.trials import FakeTrials


class FakeReleases:
    """Port ``Releases``."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.RLock()
        self.releases: dict[str, Any] = {}
        self.answered: dict[tuple[str, str, str], Any] = {}

    def claim_release(self, record: Any) -> Any:
        with self.lock:
            if record["release_id"] in self.releases:
                return copy.deepcopy(self.releases[record["release_id"]])
            self.releases[record["release_id"]] = copy.deepcopy(dict(record))
            return None

    def mark_started(self, release_id: Any, execution_arn: Any) -> Any:
        with self.lock:
            record = self.releases.get(release_id)
            if record is None or "execution_arn" in record:
                return False
            record["execution_arn"] = execution_arn
            return True

    def set_release_status(self, release_id: Any, status: Any) -> Any:
        with self.lock:
            record = self.releases.get(release_id)
            if record is None or record["status"] not in OPEN_STATUSES:
                return False
            record["status"] = status
            return True

    def end_release(
        self,
        release_id: Any,
        *,
        status: Any,
        ended_at: Any,
        reason: Any,
        failure: Any = None,
        metrics: Any = None,
    ) -> Any:
        with self.lock:
            record = self.releases.get(release_id)
            if record is None or record.get("ended_at", "") >= ended_at:
                return False
            record |= {"status": status, "ended_at": ended_at, "reason": reason}
            for name, value in (("failure", failure), ("metrics", dict(metrics or {}))):
                record.pop(name, None)
                if value:
                    record[name] = value
            return True

    def reopen_release(self, release_id: Any, *, started_at: Any) -> Any:
        with self.lock:
            record = self.releases.get(release_id)
            if record is None or record["status"] not in ("failed", "stopped"):
                return False
            if record["ended_at"] >= started_at:
                return False
            record["status"] = "running"
            return True

    def note_told(self, release_id: Any, moment: Any) -> Any:
        with self.lock:
            record = self.releases.get(release_id)
            if record is not None:
                record["told_at"] = max(moment, record.get("told_at", ""))

    def note_release_artifact_removed(self, release_id: Any, at: Any) -> Any:
        with self.lock:
            record = self.releases.get(release_id)
            if record is None or "artifact_removed_at" in record:
                return False
            record["artifact_removed_at"] = at
            return True

    def note_lookups(self, release_id: Any, lookups: Any) -> Any:
        with self.lock:
            record = self.releases.get(release_id)
            if record is not None:
                record["lookups"] = copy.deepcopy(dict(lookups))

    def release(self, release_id: Any) -> Any:
        return copy.deepcopy(self.releases.get(release_id))

    def releases_of_model(self, project: Any, model: Any, *, limit: Any) -> Any:
        mine = [r for r in self.releases.values() if (r["project"], r["model"]) == (project, model)]
        return self._listed(mine)[:limit]

    def releases_of_month(self, month: Any) -> Any:
        return iter(self._listed([r for r in self.releases.values() if r["planned_at"].startswith(month)]))

    def claim_push(self, record: Any, *, instead_of: Any = "") -> Any:
        with self.lock:
            key = record["repository"], record["tag"], record["digest"]
            held = self.answered.get(key)
            mine = (record["release_id"], instead_of)
            if held is None or (held["outcome"] == "claimed" and held["release_id"] in mine):
                self.answered[key] = dict(record)
                return None
            return dict(held)

    def put_push(self, record: Any) -> Any:
        self.answered[record["repository"], record["tag"], record["digest"]] = dict(record)

    def push(self, repository: Any, tag: Any, digest: Any) -> Any:
        return self.answered.get((repository, tag, digest))

    def pushes(self, repository: Any) -> Any:
        mine = [record for (name, _, _), record in sorted(self.answered.items()) if name == repository]
        return iter([record for record in mine if record["outcome"] != "claimed"])

    @staticmethod
    def _listed(records: Any) -> Any:
        newest_first = sorted(records, key=lambda r: (r["planned_at"], r["release_id"]), reverse=True)
        return [{name: copy.deepcopy(r[name]) for name in r if name != "plan"} for r in newest_first]


class FakeVersions:
    """Port ``Versions``."""

    def __init__(self) -> None:
        super().__init__()
        self.versions_lock = threading.RLock()
        self.registered: dict[tuple[str, str, str], Any] = {}
        self.moves: dict[tuple[str, str, str], list[Any]] = {}
        self.ended_promotions: dict[str, Any] = {}

    def put_version(self, record: Any) -> Any:
        with self.versions_lock:
            key = _key_of(record)
            held = self.registered.get(key)
            free = held is None or held["approval"] in ("rejected", "expired", "abandoned")
            if not free and held["release_id"] != record["release_id"]:
                return copy.deepcopy(held)
            self.registered[key] = copy.deepcopy(dict(record))
            return None

    def version(self, project: Any, model: Any, version: Any) -> Any:
        return copy.deepcopy(self.registered.get((project, model, version)))

    def versions(self, project: Any, model: Any) -> Any:
        return [copy.deepcopy(r) for key, r in sorted(self.registered.items()) if key[:2] == (project, model)]

    def models(self) -> Any:
        return sorted({key[:2] for key in self.registered})

    def projects_of(self, model: Any) -> Any:
        return sorted({key[0] for key in self.registered if key[1] == model})

    def listed_versions(self, *, project: Any = "", model: Any = "", since: Any = "") -> Any:
        found = [
            _listed(r)
            for (p, m, _), r in self.registered.items()
            if (not project or p == project) and (not model or m == model) and r["registered_at"] >= since
        ]
        by_model = bool(project)
        found.sort(
            key=lambda r: (r["model"] if by_model else "", r["registered_at"], r["version"]), reverse=True
        )
        return iter(found)

    def versions_until(self, until: Any) -> Any:
        found = [_listed(r) for r in self.registered.values() if r["registered_at"] < until]
        return iter(sorted(found, key=lambda r: r["registered_at"]))

    def set_version_approval(
        self,
        project: Any,
        model: Any,
        version: Any,
        *,
        release_id: Any,
        approval: Any,
        approver: Any,
        at: Any,
        reason: Any = "",
    ) -> Any:
        with self.versions_lock:
            record = self.registered.get((project, model, version))
            if record is None or record["release_id"] != release_id:
                return False
            if record["approval"] not in ("pending", "abandoned"):
                return False
            record |= {
                "approval": approval,
                "approver": approver,
                "decided_at": at,
                "decision_reason": reason,
            }
            return True

    def withdraw_version_approval(
        self, project: Any, model: Any, version: Any, *, release_id: Any, at: Any
    ) -> Any:
        record = self.registered.get((project, model, version))
        if record is None or (record["release_id"], record["approval"]) != (release_id, "approved"):
            return False
        record |= {"approval": "abandoned", "decided_at": at}
        return True

    def revoke_version_approval(
        self,
        project: Any,
        model: Any,
        version: Any,
        *,
        release_id: Any,
        approver: Any,
        at: Any,
        reason: Any,
    ) -> Any:
        with self.versions_lock:
            record = self.registered.get((project, model, version))
            if record is None or (record["release_id"], record["approval"]) != (release_id, "approved"):
                return False
            record |= {
                "approval": "rejected",
                "approver": approver,
                "decided_at": at,
                "decision_reason": reason,
            }
            return True

    def set_version_stage(self, project: Any, model: Any, version: Any, *, stage: Any) -> Any:
        record = self.registered.get((project, model, version))
        if record is None or record.get("stage") == stage:
            return False
        record["stage"] = stage
        return True

    def tag_version(self, project: Any, model: Any, version: Any, *, tags: Any, instead_of: Any) -> Any:
        with self.versions_lock:
            record = self.registered.get((project, model, version))
            if record is None or record.get("tags", {}) != dict(instead_of):
                return False
            record["tags"] = dict(tags)
            return True

    def note_artifact_removed(self, record: Any, at: Any) -> Any:
        with self.versions_lock:
            held = self.registered.get(_key_of(record))
            if held is None or held["release_id"] != record["release_id"] or "artifact_removed_at" in held:
                return False
            held["artifact_removed_at"] = at
            return True

    def withdraw_artifact_removal(self, record: Any, at: Any) -> Any:
        with self.versions_lock:
            held = self.registered.get(_key_of(record), {})
            mine = held.get("release_id"), held.get("artifact_removed_at")
            if mine != (record["release_id"], at):
                return False
            del held["artifact_removed_at"]
            return True

    def alias(self, project: Any, model: Any, alias: Any) -> Any:
        tip = self.alias_tip(project, model, alias)
        return None if tip is None or tip.get("removed") else tip

    def alias_tip(self, project: Any, model: Any, alias: Any) -> Any:
        moves = self.moves.get((project, model, alias))
        return dict(moves[-1]) if moves else None

    def aliases(self, project: Any, model: Any) -> Any:
        mine = sorted(key for key, moves in self.moves.items() if key[:2] == (project, model) and moves)
        return [dict(self.moves[key][-1]) for key in mine]

    def alias_at(self, project: Any, model: Any, alias: Any, moment: Any) -> Any:
        until = [m for m in self.moves.get((project, model, alias), []) if m["moved_at"] <= moment]
        return dict(until[-1]) if until else None

    def may_move(self, record: Any) -> bool:
        """Whether the alias would move."""
        moves = self.moves.get((record["project"], record["model"], record["alias"]), [])
        late = moves and moves[-1]["moved_at"] >= record["moved_at"]
        gone = "artifact_removed_at" in self.registered.get(_key_of(record), {})
        return record["revision"] == len(moves) + 1 and not late and (not gone or bool(record.get("removed")))

    def move_alias(self, record: Any) -> Any:
        with self.versions_lock:
            if not self.may_move(record):
                return False
            key = record["project"], record["model"], record["alias"]
            self.moves.setdefault(key, []).append(dict(record))
            return True

    def alias_history(self, project: Any, model: Any, alias: Any) -> Any:
        return list(reversed(self.moves.get((project, model, alias), [])))

    def put_promotion(self, record: Any) -> Any:
        held = self.ended_promotions.get(record["execution_arn"])
        if held is not None and held["ended_at"] >= record["ended_at"]:
            return False
        self.ended_promotions[record["execution_arn"]] = dict(record)
        return True

    def promotion(self, project: Any, model: Any, execution_arn: Any) -> Any:
        held = self.ended_promotions.get(execution_arn)
        mine = held is not None and (held["project"], held["model"]) == (project, model)
        return copy.deepcopy(held) if mine else None

    def note_promotion_told(self, record: Any) -> Any:
        held = self.ended_promotions.get(record["execution_arn"])
        if held is not None and held["ended_at"] == record["ended_at"]:
            held["told_at"] = record["ended_at"]

    def promotions(self, project: Any, model: Any) -> Any:
        mine = [r for r in self.ended_promotions.values() if (r["project"], r["model"]) == (project, model)]
        return sorted(mine, key=lambda r: r["ended_at"], reverse=True)


def _key_of(record: Any) -> tuple[str, str, str]:
    return record["project"], record["model"], record["version"]


def _listed(record: Any) -> Any:
    return {name: copy.deepcopy(value) for name, value in record.items() if name in LISTED}


class FakeLeases:
    """Port ``Leases``."""

    def __init__(self) -> None:
        super().__init__()
        self.leases: dict[str, str] = {}
        """Endpoint to owner; the promote machine takes them."""
        self.fences: dict[str, int] = {}
        """Counted up each time."""

    def lease(self, endpoint: Any) -> Any:
        owner = self.leases.get(endpoint)
        return {"owner": owner, "fence": self.fences.get(endpoint, 0)} if owner else None

    def end_lease(self, endpoint: Any, owner: Any, *, fence: Any) -> Any:
        if self.leases.get(endpoint) != owner or self.fences.get(endpoint, 0) != fence:
            return False
        del self.leases[endpoint]
        return True

    def lease_owner(self, endpoint: Any, *, now_epoch: Any) -> Any:
        return self.leases.get(endpoint, "")


class FakeEndpoints(FakeVersions, FakeLeases):
    """Port ``Endpoints``; what it writes moves aliases, and needs a lease."""

    def __init__(self) -> None:
        super().__init__()
        self.endpoint_states: dict[str, list[Any]] = {}
        """Endpoint to its states, oldest first."""

    def endpoint_state(self, endpoint: Any) -> Any:
        states = self.endpoint_states.get(endpoint)
        return copy.deepcopy(states[-1]) if states else None

    def endpoint_history(self, endpoint: Any, *, limit: Any = None) -> Any:
        return copy.deepcopy(self.endpoint_states.get(endpoint, [])[::-1][:limit])

    def record_promotion(self, state: Any, moves: Any, *, lease: Any) -> Any:
        with self.versions_lock:
            endpoint = state["endpoint"]
            before = self.endpoint_states.setdefault(endpoint, [])
            late = before and before[-1]["changed_at"] >= state["changed_at"]
            lost = self.lease(endpoint) != lease
            if late or lost or not all(self.may_move(move) for move in moves):
                return False
            for move in moves:
                assert self.move_alias(move)
            before.append(copy.deepcopy(dict(state)))
            return True

    def endpoint_at(self, endpoint: Any, moment: Any) -> Any:
        states = [one for one in self.endpoint_states.get(endpoint, []) if one["changed_at"] <= moment]
        return copy.deepcopy(states[-1]) if states else None


class FakeIdleWarnings:
    """Port ``IdleWarnings``."""

    def __init__(self) -> None:
        super().__init__()
        self.idle_warnings: dict[str, str] = {}

    def idle_warned_at(self, endpoint: Any) -> Any:
        return self.idle_warnings.get(endpoint, "")

    def note_idle_warning(self, endpoint: Any, at: Any) -> Any:
        self.idle_warnings[endpoint] = at


class FakeLedger(FakeReleases, FakeApprovals, FakeEndpoints, FakeTrials, FakeIdleWarnings):
    """Port ``Ledger``."""
