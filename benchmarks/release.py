"""
What the platform adds to a release, and what a hundred at once do to it.

The model's programs are the smallest that there can be, so that what is measured
is the platform. The release machine takes 17 transitions with a champion beside it (12 for the steps
themselves, 5 to look them up and choose), and 16 where nothing changed.

Times are taken from where they lie: the image's manifest is accepted, the training job's CreationTime, the
jobs' own start and end, the endpoint that answers as the new version.
"""

from __future__ import annotations

import json
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks._aws_cost import counted, estimate, lambda_reports, transitions
from benchmarks._crowd import crowd
from benchmarks._platform import load, platform
from workbench import approvals
from workbench.releases import Executions, promotions

if TYPE_CHECKING:
    from pathlib import Path

    from slipway.contracts.ledger import ReleaseRecord
    from tests.endtoend.laptop import Laptop

PROJECT: Final = "proving"
UNCHANGED: Final = "unchanged"
RETRAININGS: Final = 5
LATER: Final = ("1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0")
PATIENCE_SECONDS: Final = 60
LOOK_SECONDS: Final = 0.02
AWS_POLL_SECONDS: Final = 15
"""Of environments/prod.toml."""
PAGES: Final = 2
"""The approver looks at the page, then posts its form."""
SETTLE_SECONDS: Final = 2.0
"""For the last notices and their logs."""
TARGETS: Final = {"push_to_training_request": 1.0, "overhead": 5.0}
"""Seconds on two cores."""
UNCHANGED_SECONDS: Final = 2.0
"""From asking for a release of which nothing changed to the approver's mail."""
WARM_UP_SECONDS: Final = 6.0
"""After ``slipway up`` the functions are made ready in the background."""
CHANGING: Final = ("Creating", "Updating")


def run() -> dict[str, Any]:
    """
    Measure releases one by one, then many at once.

    Returns:
        ``cold``: the first release where no function was ever started; ``first``: the first one some seconds
        after ``slipway up``; ``later``: medians of those that follow on it, with ``each``; in all of them
        seconds. ``cost``: of the last one. ``unchanged``: a version that is trained again on what it was
        trained on, all of whose steps are taken from before. ``crowd``: 100 at once. ``targets``: whether
        they are reached.
    """
    with platform(warmed=False) as laptop:
        laptop.put_numbers(PROJECT)
        cold = _release(laptop, laptop.model(PROJECT), "1.0.0")
    with platform() as laptop:
        laptop.put_numbers(PROJECT)
        model = _always_measured(laptop.model(PROJECT))
        time.sleep(WARM_UP_SECONDS)
        first = _release(laptop, model, "1.0.0")
        later = [_release(laptop, model, version) for version in LATER[:-1]]
        cost = _cost_of_a_release(laptop, model, LATER[-1])
        unchanged = _unchanged(laptop)
    medians = {
        name: round(statistics.median(one[name] for one in later), 3)
        for name in later[0]
        if isinstance(later[0][name], float)
    }
    measured = {"cold": cold, "first": first, "later": medians}
    return {
        **measured,
        "later": medians | {"each": later},
        "cost": cost,
        "unchanged": unchanged,
        "crowd": crowd(),
        "targets": {
            name: {"seconds": limit} | {which: one[name] < limit for which, one in measured.items()}
            for name, limit in TARGETS.items()
        }
        | {
            "unchanged": {
                "seconds": UNCHANGED_SECONDS,
                "met": unchanged["request_to_approval_mail"] < UNCHANGED_SECONDS,
            }
        },
    }


def _always_measured(model: Path) -> Path:
    """A champion's report would be taken from the release that measured it as challenger."""
    manifest = model / "slipway.toml"
    text = manifest.read_text(encoding="utf-8")
    assert "[evaluation]\n" in text
    manifest.write_text(text.replace("[evaluation]\n", "[evaluation]\ncache = false\n"), encoding="utf-8")
    return model


def _unchanged(laptop: Laptop) -> dict[str, Any]:
    """Seconds from asking for it to the approver's mail, and how far it went through the machine for it."""
    laptop.put_numbers(UNCHANGED)
    laptop.deployed(laptop.model(UNCHANGED), "1.0.0")
    wish = {
        "cause": "cli",
        "repository": f"{laptop.workspace.platform()['repository_prefix']}/{UNCHANGED}/tiny",
        "tag": "1.0.0",
    }
    seconds = []
    for second in range(RETRAININGS):
        wish["retrain"] = f"20261124T0430{second:02}Z"
        asked = time.time()
        answer = laptop.aws.client("lambda").invoke(
            FunctionName=laptop.workspace.platform()["plan_function"], Payload=json.dumps(wish).encode()
        )
        release = laptop.ledger.release(json.load(answer["Payload"])["release_id"])
        assert release is not None
        release = laptop.reach(release, "awaiting-approval", seconds=PATIENCE_SECONDS)
        mail = laptop.wait_for(lambda one=release: _mail_of(laptop, one), "the mail")
        seconds.append(mail["at"] - asked)
        lookups = (release.get("lookups") or {}).values()
        assert {lookup["result"] for lookup in lookups} == {"hit"}, lookups
        laptop.decide(release, "rejected")
        laptop.reach(release, "rejected", seconds=PATIENCE_SECONDS)
    events = Executions(laptop.aws.client("stepfunctions")).events(release["execution_arn"])
    return {
        "request_to_approval_mail": round(statistics.median(seconds), 3),
        "each": [round(one, 3) for one in seconds],
        "release_transitions": transitions(events),
    }


def _mail_of(laptop: Laptop, release: ReleaseRecord) -> dict[str, Any] | None:
    link = approvals.link_of(laptop.aws.inbox(), release["release_id"])
    return next((mail for mail in laptop.aws.inbox() if link and link in mail["body"]), None)


def _release(laptop: Laptop, model: Path, version: str) -> dict[str, Any]:
    """
    Push, approve at once, ask the endpoint until the version answers; where the time went.

    ``programs`` are the jobs' own times, and the endpoint's from request to service; ``overhead`` is all the
    rest, without the approver's part (finding the mail).
    """
    shipment = load(laptop, model, version)
    shipment.send()
    accepted = time.time()
    release = laptop.release(f"{PROJECT}/tiny:{version}")
    release = laptop.reach(release, "awaiting-approval", seconds=PATIENCE_SECONDS)
    link = laptop.wait_for(lambda: approvals.link_of(laptop.aws.inbox(), release["release_id"]), "the mail")
    asked = max(mail["at"] for mail in laptop.aws.inbox() if link in mail["body"])
    posted = time.time()
    answer = approvals.decide(link, decision="approved", reason="seen", version=version)
    assert answer.recorded, answer
    decided = time.time()
    in_service, serving = _serves(laptop, version)
    laptop.reach(release, "deployed", seconds=PATIENCE_SECONDS)
    requested, programs = _programs(laptop, release, in_service)
    everything = asked - accepted + serving - posted
    return {
        "push_to_training_request": round(requested - accepted, 3),
        "push_to_approval_mail": round(asked - accepted, 3),
        "decision_post": round(decided - posted, 3),
        "approval_to_traffic": round(serving - posted, 3),
        "approval_to_traffic_beyond_start_up": round(serving - posted - programs["serve_start_up"], 3),
        "programs": {name: round(seconds, 3) for name, seconds in programs.items()},
        "overhead": round(everything - sum(programs.values()), 3),
        "all": round(everything, 3),
    }


def _serves(laptop: Laptop, version: str) -> tuple[float, float]:
    """When the endpoint came into service by its own account, and when the version first answered."""
    runtime = laptop.aws.client("sagemaker-runtime")
    sagemaker = laptop.aws.client("sagemaker")

    def answered() -> float | None:
        try:
            return time.time() if laptop.invoke(PROJECT)["identity"].get("version") == version else None
        except runtime.exceptions.ClientError:
            return None  # there is no endpoint yet, or none in service

    deadline = time.monotonic() + PATIENCE_SECONDS
    while (serving := answered()) is None:
        assert time.monotonic() < deadline, f"{version} never answered"
        time.sleep(LOOK_SECONDS)
    prefix = laptop.workspace.platform()["resource_prefix"]
    described = laptop.aws.client("sagemaker").describe_endpoint(EndpointName=f"{prefix}-{PROJECT}-tiny")
    while described["EndpointStatus"] in CHANGING:
        time.sleep(LOOK_SECONDS)
        described = sagemaker.describe_endpoint(EndpointName=described["EndpointName"])
    return described["LastModifiedTime"].timestamp(), serving


def _programs(laptop: Laptop, release: ReleaseRecord, in_service: float) -> tuple[float, dict[str, float]]:
    """When training was requested (seconds since the epoch), and what the programs took (seconds)."""
    sagemaker, steps = laptop.aws.client("sagemaker"), laptop.steps(release)
    stems = release["plan"]["job_names"]
    training = sagemaker.describe_training_job(TrainingJobName=f"{stems['training']}-0-0")
    moves = {move["Status"]: move for move in training["SecondaryStatusTransitions"]}
    train = (moves["Training"]["EndTime"] - moves["Training"]["StartTime"]).total_seconds()
    evaluations = [
        sagemaker.describe_processing_job(ProcessingJobName=f"{stem}-0-0")
        for side, stem in (("challenger", stems["challenger"]), ("champion", stems["champion"]))
        if side == "challenger" or release["plan"]["champion"]
    ]
    began = min(one["ProcessingStartTime"] for one in evaluations)
    ended = max(one["ProcessingEndTime"] for one in evaluations)
    change = steps.get("UpdateEndpoint") or steps["CreateEndpoint"]
    start_up = in_service - change.started_at.timestamp()
    return training["CreationTime"].timestamp(), {
        "train": train,
        "evaluate": (ended - began).total_seconds(),
        "serve_start_up": start_up,
    }


def _cost_of_a_release(laptop: Laptop, model: Path, version: str) -> dict[str, Any]:
    """Of one release with a champion to compare with; what runs every minute beside it is in the figures."""
    before, since = counted(laptop.aws), int(time.time() * 1000)
    mails = len(laptop.aws.inbox())
    _release(laptop, model, version)
    time.sleep(SETTLE_SECONDS)
    executions = Executions(laptop.aws.client("stepfunctions"))
    arn = laptop.release(f"{PROJECT}/tiny:{version}")["execution_arn"]
    events = executions.events(arn)
    (promotion,) = promotions(events)
    promoted = executions.events(promotion)
    looks = sum(event["type"] == "WaitStateEntered" for event in promoted)
    return estimate(
        transitions_by_machine={"release": transitions(events), "promote": transitions(promoted)},
        functions=lambda_reports(laptop.aws, since),
        requests={kind: count - before[kind] for kind, count in counted(laptop.aws).items()},
        mails=len(laptop.aws.inbox()) - mails,
        pages=PAGES,
        endpoint_looks=looks,
        poll_seconds=AWS_POLL_SECONDS,
    )
