"""A/B test and shadow run on a deployed platform: traffic, outcomes, proposal, approval, new champion."""

from __future__ import annotations

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from slipway.contracts.names import variant_of
from workbench import approvals
from workbench.outcomes import report, signed_post

if TYPE_CHECKING:
    from typing import Self

    from tests.endtoend.laptop import Laptop

pytestmark = pytest.mark.endtoend

TRIED = """
capture_share = 1.0
[serving.strategy]
kind = "{kind}"
{more}
"""
BODY = json.dumps({"instances": [[1]]})
PATIENCE_SECONDS = 240.0


class Callers:
    """Programs that call an endpoint, and report what came of it by the variant that answered."""

    def __init__(self, laptop: Laptop, project: str, rates: dict[str, float] | None) -> None:
        self._laptop, self._project, self._rates = laptop, project, rates
        self._over = threading.Event()
        self.answered: list[str] = []
        self.failed = 0
        self._pool = ThreadPoolExecutor(2)
        self._done = [self._pool.submit(self._call, seed) for seed in range(2)]

    def _call(self, seed: int) -> None:
        draw, runtime = random.Random(seed), self._laptop.aws.client("sagemaker-runtime")
        post = signed_post(runtime, self._laptop.workspace.platform()["outcomes_url"])
        name, outcomes, number = f"slipway-local-{self._project}-tiny", list[Any](), 0
        while not self._over.is_set():
            number += 1
            inference_id = f"{seed}-{number}-{time.monotonic_ns()}"
            try:
                answer = runtime.invoke_endpoint(
                    EndpointName=name, Body=BODY, ContentType="application/json", InferenceId=inference_id
                )
            except Exception:  # noqa: BLE001 - whatever it is, it is counted
                self.failed += 1
                continue
            answer["Body"].read()
            variant = answer["InvokedProductionVariant"]
            self.answered.append(variant)
            if self._rates is not None:
                value = float(draw.random() < self._rates.get(variant, 0.0))
                outcomes.append({"inference_id": inference_id, "value": value, "outcome": "booked"})
                if len(outcomes) == 100:
                    list(report(self._project, "tiny", outcomes, post))
                    outcomes = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._pool.shutdown(wait=True)


def tried(laptop: Laptop, project: str, kind: str, **settings: Any) -> Any:
    """A first version that serves, and a second whose manifest says that it is tried; its release."""
    laptop.put_numbers(project)
    laptop.deployed(laptop.model(project, bias="2.0"), "1.0.0")
    model = laptop.model(project, bias="1.0")
    manifest, more = model / "slipway.toml", "\n".join(f"{k} = {json.dumps(v)}" for k, v in settings.items())
    head, sample = manifest.read_text().split("[serving.sample]")
    manifest.write_text(f"{head}{TRIED.format(kind=kind, more=more)}\n[serving.sample]{sample}")
    laptop.push(model, "1.1.0")
    release = laptop.release(f"{project}/tiny:1.1.0")
    laptop.reach(release, "awaiting-approval")
    laptop.decide(release)
    laptop.reach(release, "on-trial")
    return release


def trial_of(laptop: Laptop, project: str) -> Any:
    found = laptop.ledger.trials(project, "tiny")
    return found[0] if found else None


def proposal(laptop: Laptop, project: str) -> str:
    """The link by which an approver decides on the trial's proposal."""
    trial = laptop.wait_for(
        lambda: (one := trial_of(laptop, project)) and one["status"] == "proposed" and one,
        "the trial's proposal",
        PATIENCE_SECONDS,
    )
    return str(
        laptop.wait_for(lambda: approvals.link_of(laptop.aws.inbox(), trial["trial_id"], None), "the link")
    )


def champion(laptop: Laptop, project: str) -> str:
    return str(laptop.ledger.alias(project, "tiny", "champion")["version"])


class TestAbTest:
    def test_a_better_challenger_becomes_champion(self, laptop, capfd):
        """
        A fifth of the champion's answers are booked and a half of the challenger's: proposed as better,
        approved, promoted; no request fails on the way.
        """
        project = "trying"
        rates = {"AllTraffic": 0.2, variant_of("1.1.0"): 0.5}
        settings = {"share": 0.5, "requests": 5000, "hours": 1, "outcome": "booked", "minimum_effect": 0.1}
        release = tried(laptop, project, "ab", **settings)
        with Callers(laptop, project, rates) as callers:
            link = proposal(laptop, project)
            capfd.readouterr()
            laptop.slipway("ab", "status", f"{project}/tiny", "--json")
            shown = json.loads(capfd.readouterr().out)
            answer = approvals.decide(link, decision="approved", reason="it books more", version="1.1.0")
            assert answer.status == 200
            laptop.reach(release, "deployed", seconds=PATIENCE_SECONDS)

        assert (shown["state"]["word"], shown["weights"]) == ("better", {"1.0.0": 0.5, "1.1.0": 0.5})
        assert shown["state"]["effect"]["lower"] > 0
        assert champion(laptop, project) == "1.1.0"
        assert trial_of(laptop, project)["status"] == "promoted"
        assert callers.failed == 0
        assert set(callers.answered) == {"AllTraffic", variant_of("1.1.0")}
        laptop.wait_for(lambda: laptop.mails("A/B test promoted"), "everybody to be told")


class TestShadowRun:
    def test_after_so_many_copies_a_person_is_asked(self, laptop):
        """
        The challenger answers copies of each request, nobody gets its answers, and on approval it serves.
        """
        project = "mirrored"
        release = tried(laptop, project, "shadow", requests=200, hours=1)
        with Callers(laptop, project, None) as callers:
            link = proposal(laptop, project)
            trial = trial_of(laptop, project)
            answer = approvals.decide(link, decision="approved", reason="alike", version="1.1.0")
            assert answer.status == 200
            laptop.reach(release, "deployed", seconds=PATIENCE_SECONDS)

        tally = trial["state"]["tally"]
        assert trial["state"]["word"] == "compared"
        assert tally["agreement"]["answers"] >= 200
        assert float(tally["agreement"]["distance"]) / int(tally["agreement"]["numbers"]) == pytest.approx(
            1.0
        )
        assert set(callers.answered) == {"AllTraffic"}
        assert callers.failed == 0
        assert champion(laptop, project) == "1.1.0"

    def test_a_trial_is_stopped_by_hand(self, laptop):
        """
        Begun and stopped by the command line: the champion serves on alone.
        """
        project = "mirrored"
        reference = f"{project}/tiny"
        laptop.slipway("shadow", "start", f"{reference}:1.0.0", "--reason", "look again", "--yes")
        laptop.wait_for(
            lambda: len(laptop.ledger.endpoint_state(f"slipway-local-{project}-tiny")["layout"]) == 2,
            "the shadow to stand there",
        )
        laptop.slipway("shadow", "stop", reference, "--reason", "seen enough", "--yes")

        assert trial_of(laptop, project)["status"] == "stopped"
        assert len(laptop.ledger.endpoint_state(f"slipway-local-{project}-tiny")["layout"]) == 1
        assert champion(laptop, project) == "1.1.0"
