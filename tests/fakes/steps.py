"""The step cache in memory; tests/adapters/test_steps.py runs over it and the real one."""

from __future__ import annotations

import copy
import threading
from typing import Any


class FakeSteps:
    """Port ``Steps``."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.records: dict[str, Any] = {}
        self.latest: dict[tuple[str, str, str], Any] = {}

    def step(self, key: Any) -> Any:
        return copy.deepcopy(self.records.get(key))

    def claim_step(self, record: Any, *, instead_of: Any = "") -> Any:
        with self.lock:
            held = self.records.get(record["key"])
            mine = held is not None and held["release_id"] == record["release_id"]
            others = held is not None and held["release_id"] == instead_of
            if held is None or (mine and held["status"] == "running") or others:
                self.records[record["key"]] = copy.deepcopy(dict(record))
                return None
            return self.step(record["key"])

    def finish_step(self, record: Any) -> Any:
        with self.lock:
            held = self.records.get(record["key"])
            if held is not None and held["release_id"] != record["release_id"]:
                return False
            self.records[record["key"]] = copy.deepcopy(dict(record))
            latest = {name: record[name] for name in record if name not in ("outputs", "expires_at")}
            self.latest[record["project"], record["model"], record["step"]] = copy.deepcopy(latest)
            return True

    def release_step(self, key: Any, release_id: Any) -> Any:
        with self.lock:
            held = self.records.get(key)
            if held is None or held["status"] != "running" or held["release_id"] != release_id:
                return False
            del self.records[key]
            return True

    def latest_step(self, project: Any, model: Any, step: Any) -> Any:
        return copy.deepcopy(self.latest.get((project, model, step)))


class FakeFingerprints:
    """Port ``Fingerprints``: every file is there, but for those that are ``gone``."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.changed: dict[str, str] = {}
        """Of files that were written again."""

    def fingerprint(self, uri: Any) -> Any:
        return "" if uri in self.gone else self.changed.get(uri, "etag")
