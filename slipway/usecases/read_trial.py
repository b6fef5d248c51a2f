"""
Reads what is new of a trial: answers from data capture, outcomes that were reported; and joins them.

The table of requests lies in S3 in parts, beside the trial's cursors. A look writes its parts under new names
and is kept by one write to the ledger: whoever dies before has done nothing, and two that look at once cannot
both be kept. What one look reads is bounded; what is left is read by the next.
"""

from __future__ import annotations

import json
import math
import zlib
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.names import TRIAL_TABLES_PREFIX, VARIANT, variant_of
from slipway.contracts.outcome import kept_prefix
from slipway.domain.texts import TooLarge
from slipway.domain.timestamps import moment_of
from slipway.domain.trials.captured import capture_folder, captured_of, first_capture, key_of
from slipway.domain.trials.join import CHALLENGER, CHAMPION, Found, Join
from slipway.domain.trials.kept_outcomes import first_key, kept_lines
from slipway.domain.trials.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from slipway.contracts.ledger import TrialRecord
    from slipway.domain.trials.captured import Captured
    from slipway.domain.trials.join import Entry
    from slipway.usecases.ports import KeptFiles

READ_CHARACTERS: Final = 48_000_000
"""Of one look; a function's memory holds ten times that as Python has it."""
MAX_FILE_BYTES: Final = 64_000_000
SHARD_REQUESTS: Final = 200_000
MAX_SHARDS: Final = 64
CAPTURE_LAG: Final = timedelta(minutes=30)
"""A file of captures bears the time of its first line and comes when it is full, or minutes later."""
OUTCOME_LAG: Final = timedelta(minutes=5)
"""A file of outcomes bears the time at which a function began to write it."""
MAX_SHARD_BYTES: Final = 200_000_000


def folder_of(record: TrialRecord) -> str:
    """Where the parts of a trial's table lie, in the artifact bucket; its report lies elsewhere."""
    return f"{TRIAL_TABLES_PREFIX}{record['project']}/{record['model']}/{record['trial_id']}/"


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a trial knows after reading.

    Attributes:
        tally: Everything that was ever read.
        cursors: Where the next reading begins, by source.
        shards: Which look wrote each part of the table.
        behind: Whether there is more to read at once.
        leftovers: Files that nobody needs once the reading is kept.
    """

    tally: Tally
    cursors: dict[str, str]
    shards: dict[str, int]
    behind: bool
    leftovers: list[str]


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    prefix: str
    first: str
    """Before the first key that may hold anything of the trial."""
    horizon: str
    """Before the first key that may still come."""
    files: KeptFiles


@dataclass(frozen=True, slots=True)
class TrialReading:
    """
    What it works with.

    Attributes:
        artifacts: The artifact bucket: captures, and the trial's own files.
        outcomes: The data bucket.
    """

    artifacts: KeptFiles
    outcomes: KeptFiles

    def read(
        self, record: TrialRecord, *, endpoint: str, begun_at: str, now: datetime, threshold: float | None
    ) -> Reading:
        """
        Read on from where the last kept look had come to.

        Args:
            record: The trial.
            endpoint: Whose captures are read.
            begun_at: Since when the challenger stands there.
            now: Files that may still come are looked for again by the next look.
            threshold: Of classes, where both sides' answers are compared.
        """
        state, folder = record["state"], folder_of(record)
        looks = record["looks"] + 1
        seen_before: dict[str, list[str]] = self._document(f"{folder}read-{record['looks']}.json") or {}
        cursors, seen, behind = dict(state.get("cursors", {})), dict[str, list[str]](), False
        new = _New(defaultdict(list), 0)
        left = READ_CHARACTERS
        for source in self._sources(record, endpoint, moment_of(begun_at), now):
            after = cursors.get(source.name, source.first)
            known = set(seen_before.get(source.name, ()))
            complete = True
            for key in source.files.keys(source.prefix, after=after):
                tail = key.removeprefix(source.prefix)
                if tail in known:
                    continue
                if left <= 0:
                    complete, behind = False, True
                    break
                left -= self._take(source, key, record, begun_at, new)
                known.add(tail)
            if complete:
                cursors[source.name] = max(after, source.horizon)
            horizon = cursors.get(source.name, source.first)
            seen[source.name] = sorted(tail for tail in known if source.prefix + tail > horizon)
        tally = replace(
            Tally.of_record(state["tally"]) if state else Tally(),
        )
        tally = replace(tally, unreadable=tally.unreadable + new.unreadable)
        shards, leftovers = dict(state.get("shards", {})), [f"{folder}read-{record['looks']}.json"]
        for shard, events in sorted(new.events.items()):
            entries = self._entries(folder, shard, shards)
            found = _joined(entries, events, mirrored=record["kind"] == "shadow")
            tally = tally.take(found, threshold=threshold)
            if shard in shards:
                leftovers.append(f"{folder}{shard}-{shards[shard]}.json")
            shards[shard] = looks
            self.artifacts.write(f"{folder}{shard}-{looks}.json", json.dumps(entries, separators=(",", ":")))
        self.artifacts.write(f"{folder}read-{looks}.json", json.dumps(seen))
        return Reading(tally, cursors, shards, behind, leftovers)

    def entries(self, record: TrialRecord) -> Iterator[dict[str, Entry]]:
        """The table of requests, part by part."""
        shards: Mapping[str, int] = record["state"].get("shards", {})
        for shard in sorted(shards):
            yield self._entries(folder_of(record), shard, shards)

    def _sources(
        self, record: TrialRecord, endpoint: str, begun: datetime, now: datetime
    ) -> Iterator[_Source]:
        for name, variant in (("champion", VARIANT), ("challenger", variant_of(record["challenger"]))):
            yield _Source(
                name,
                capture_folder(endpoint, variant),
                first_capture(endpoint, variant, begun - CAPTURE_LAG),
                first_capture(endpoint, variant, now - CAPTURE_LAG),
                self.artifacts,
            )
        subject = record["project"], record["model"]
        yield _Source(
            "outcomes",
            kept_prefix(*subject),
            first_key(*subject, begun),
            first_key(*subject, now - OUTCOME_LAG),
            self.outcomes,
        )

    def _take(self, source: _Source, key: str, record: TrialRecord, begun_at: str, new: _New) -> int:
        """Note what is in a file; how many characters it has."""
        text = source.files.read(key, limit=MAX_FILE_BYTES)
        if not isinstance(text, str):
            new.unreadable += isinstance(text, TooLarge)
            return 0
        count = shard_count(record["settings"], record["kind"])
        if source.name == "outcomes":
            wanted = record["settings"].get("outcome")
            for line in kept_lines(text):
                if wanted is None or line.get("outcome", wanted) == wanted:
                    key_ = key_of(line["inference_id"])
                    new.events[_shard(key_, count)].append((None, key_, line["value"]))
            return len(text)
        arm = CHAMPION if source.name == "champion" else CHALLENGER
        mirrored = record["kind"] == "shadow"
        for raw in text.split("\n"):
            if not raw:
                continue
            captured = captured_of(raw)
            if captured is None:
                new.unreadable += 1
            elif captured.moment >= begun_at[:19] and (captured.identified or mirrored):
                new.events[_shard(captured.key, count)].append((arm, captured.key, captured))
        return len(text)

    def _entries(self, folder: str, shard: str, shards: Mapping[str, int]) -> dict[str, Entry]:
        if shard not in shards:
            return {}
        return self._document(f"{folder}{shard}-{shards[shard]}.json") or {}

    def _document(self, key: str) -> Any:
        text = self.artifacts.read(key, limit=MAX_SHARD_BYTES)
        return json.loads(text) if isinstance(text, str) else None


@dataclass(slots=True)
class _New:
    """What was read by one look: events by part of the table."""

    events: defaultdict[str, list[tuple[int | None, str, Any]]]
    unreadable: int


def shard_count(settings: Mapping[str, Any], kind: str) -> int:
    """
    In how many parts the table of requests is kept.

    >>> shard_count({"requests": 100_000, "share": 0.1}, "ab")
    5
    >>> shard_count({"share": 0.1}, "ab")  # nobody knows how many come
    64
    """
    requests = settings.get("requests") or SHARD_REQUESTS * MAX_SHARDS
    if kind == "ab":
        requests /= settings.get("share") or 1
    return max(1, min(MAX_SHARDS, math.ceil(requests / SHARD_REQUESTS)))


def _shard(key: str, count: int) -> str:
    return f"{zlib.crc32(key.encode()) % count:02}"


def _joined(entries: dict[str, Entry], events: list[tuple[int | None, str, Any]], *, mirrored: bool) -> Found:
    join = Join(entries, mirrored=mirrored)
    for arm, key, what in events:
        if arm is None:
            join.outcome(key, what)
        else:
            captured: Captured = what
            join.answer(arm, captured)
    return join.found
