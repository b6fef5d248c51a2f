"""Images that misbehave: each ends in a clear notice, and the champion serves on."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.endtoend

IMAGES = Path(__file__).parent / "bad_images"
PROJECT = "badly"
PATIENCE_SECONDS = 240
"""SageMaker gives a program that must stop two minutes, and a server at least one to become healthy."""

CASES = {
    # image: version, changes to its manifest, status, step, words of the notice
    "train_exits": ("1.1.0", {}, "failed", "Train", "exit"),
    "train_writes_nothing": ("1.2.0", {}, "failed", "EvaluateChallenger", "No such file"),
    "evaluate_nan": ("1.3.0", {}, "not-accepted", None, "mae"),
    "evaluate_no_metric": ("1.4.0", {}, "not-accepted", None, "mae"),
    "serve_fails": ("1.5.0", {}, "failed", "Smoke", "500"),
    "serve_never_healthy": ("1.6.0", {"startup_timeout_seconds": "60"}, "failed", None, "ping"),
    "train_hangs": ("1.7.0", {"max_runtime_minutes": "1"}, "failed", "Train", "MaxRuntime"),
}


@pytest.fixture(scope="module")
def pushed(laptop):
    """The good image serves; then every bad one is pushed, so that they take their time at once."""
    rows = str(IMAGES / "rows")
    laptop.slipway("data", "put", "steady-rows:1.0.0", rows, "--project", PROJECT)
    laptop.deployed(laptop.model(PROJECT, IMAGES / "good"), "1.0.0")
    releases = {}
    for image, (version, changes, *_) in CASES.items():
        laptop.push(laptop.model(PROJECT, IMAGES / image, **changes), version)
        releases[image] = laptop.release(f"{PROJECT}/steady:{version}")
    for image in ("serve_fails", "serve_never_healthy"):
        laptop.reach(releases[image], "awaiting-approval", seconds=PATIENCE_SECONDS)
    # one endpoint, one promotion at a time: the second waits for its lease
    for image in ("serve_fails", "serve_never_healthy"):
        assert laptop.decide(releases[image]).recorded
    return releases


class TestBadImages:
    @pytest.mark.parametrize("image", CASES)
    def test_ends_in_a_clear_notice(self, laptop, pushed, image):
        """
        The release ends as it must, says at which step and why, and people are told.
        """
        version, _, status, step, words = CASES[image]
        release = laptop.reach(pushed[image], status, seconds=PATIENCE_SECONDS)
        failure = release.get("failure") or {}
        told = laptop.wait_for(
            lambda: [
                mail
                for mail in laptop.mails(f"{PROJECT}/steady {version}")
                if "failed" in mail["subject"] or "not accepted" in mail["subject"]
            ],
            "a notice",
        )

        assert words in (failure.get("cause", "") + release["reason"])
        assert step is None or failure["step"] == step
        assert status != "failed" or (failure["log_url"] and failure["next_action"])
        assert words in told[0]["body"]

    def test_the_champion_serves_on(self, laptop, pushed):
        """
        After all of them 1.0.0 is the champion and answers.
        """
        for image, (_, _, status, *_) in CASES.items():
            laptop.reach(pushed[image], status, seconds=PATIENCE_SECONDS)
        answer = laptop.invoke(PROJECT, "steady", '{"instances": [[1.0]]}')

        assert answer["identity"]["version"] == "1.0.0"
        assert laptop.ledger.alias(PROJECT, "steady", "champion")["version"] == "1.0.0"
