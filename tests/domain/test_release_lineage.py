from __future__ import annotations

from typing import Any

from slipway.domain.release_lineage import release_nodes


def a_release(**lookups: str) -> Any:
    """A release that runs, with what was looked up so far."""
    return {
        "release_id": "9f2c41d07b3a55e1",
        "project": "pricing",
        "model": "hotel-rates",
        "version": "1.1.0",
        "repository": "models/pricing/hotel-rates",
        "image_digest": "sha256:9f",
        "cause": "push",
        "status": "running",
        "reason": "",
        "planned_at": "2026-11-22T03:00:00.000Z",
        "lookups": {
            step: {"step": step, "result": result, "explanation": f"{result}: …"}
            for step, result in lookups.items()
        },
    }


class TestReleaseNode:
    def test_says_of_each_step_what_was_looked_up(self) -> None:
        """Whose outputs were taken, or why it was run."""
        (node,) = release_nodes(a_release(training="hit", challenger="miss"))

        assert node["facts"]["steps"] == {"training": "hit: …", "challenger": "miss: …"}

    def test_later_look_ups_are_newer(self) -> None:
        """In whatever order events tell of them, the last answer stands."""
        history = [
            a_release(),
            a_release(training="wait"),
            a_release(training="hit"),
            a_release(training="hit", challenger="wait", champion="wait"),
            a_release(training="hit", challenger="miss", champion="wait"),
            a_release(training="hit", challenger="miss", champion="hit"),
        ]
        moments = [release_nodes(record)[0]["as_of"] for record in history]

        assert moments == sorted(set(moments))
