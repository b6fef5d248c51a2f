"""
A model's history, as the ledger and the graph have it: what ``why``, ``diff`` and ``blame`` are asked about.

1.0.0 was deployed first; 1.1.0, trained on more data, took its place; 1.2.0 failed in training; the push of
1.3.0 was refused; 1.4.0 was registered and waits, and the graph has not heard of it.
"""

from __future__ import annotations

import hashlib
from typing import Any

from tests.fakes.models import a_champion, a_plan, a_version, pinned

PROJECT, MODEL = "pricing", "hotel-rates"
GROUP = "slipway-dev-pricing-hotel-rates"
ENDPOINT = GROUP
REPOSITORY = f"models/{PROJECT}/{MODEL}"
RELEASES = {
    "1.0.0": "a0a0a0a0a0a0a0a0",
    "1.1.0": "b1b1b1b1b1b1b1b1",
    "1.2.0": "c2c2c2c2c2c2c2c2",
    "1.3.0": "d3d3d3d3d3d3d3d3",
    "1.4.0": "e4e4e4e4e4e4e4e4",
    "1.5.0": "f5f5f5f5f5f5f5f5",
}
LAST_LINES = [
    "reading /opt/ml/input/data/train/rates.csv",
    "3,000 rows, 14 columns",
    "Traceback (most recent call last):",
    '  File "/opt/ml/code/train.py", line 41, in <module>',
    "ValueError: could not convert string to float: 'n/a'",
]
LIBRARIES = {
    "joblib": "1.5.2",
    "numpy": "2.3.5",
    "pandas": "2.3.3",
    "scikit-learn": "1.7.2",
    "scipy": "1.16.3",
    "threadpoolctl": "3.6.0",
}


def digest(text: str) -> str:
    """A digest that is easy to tell from others."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def image_digest(version: str) -> str:
    return digest(f"image {version}")


def image_uri(version: str) -> str:
    return f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{REPOSITORY}@{image_digest(version)}"


def data(version: str = "1.0.0", rows: int = 2000) -> Any:
    return pinned(version=version) | {"digest": digest(f"rates {version}"), "rows": rows}


def holdout() -> Any:
    return pinned("holdout", "hotel-rates-holdout", "1.0.0") | {"digest": digest("holdout"), "rows": 500}


def job(version: str) -> str:
    return f"slipway-dev-hotel-rates-{version.replace('.', '-')}-{RELEASES[version][:8]}-train-0-0"


def artifact_uri(version: str) -> str:
    return f"s3://artifacts/{PROJECT}/{MODEL}/releases/{RELEASES[version]}/training/{job(version)}/output/model.tar.gz"


def report_uri(version: str) -> str:
    return f"s3://artifacts/{PROJECT}/{MODEL}/releases/{RELEASES[version]}/report.json"


def package_arn(number: int) -> str:
    return f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{GROUP}/{number}"


def source(version: str, **changes: Any) -> Any:
    commit = {"1.0.0": "a" * 40, "1.1.0": "a" * 40}.get(version, "b" * 40)
    return {
        "git_commit": commit,
        "git_repository": "https://git.example.com/pricing/hotel-rates",
        "base_image": "docker.io/library/python:3.13-slim",
        "base_digest": digest("base"),
        "python": "3.13.1",
        "libraries": LIBRARIES,
        **changes,
    }


def a_registered(version: str, number: int, **changes: Any) -> Any:
    """``contracts.ledger.VersionRecord``."""
    more = {"training_data": [data()] if version == "1.0.0" else [data("1.1.0", 3000)]}
    return a_version(
        version,
        release_id=RELEASES[version],
        package_arn=package_arn(number),
        image_uri=image_uri(version),
        image_digest=image_digest(version),
        model_uri=artifact_uri(version),
        report_uri=report_uri(version),
        evaluation_data=[holdout()],
        hyperparameters={"learning_rate": "0.1", "rounds": "200", "early_stopping": "True"},
        source=source(version),
        artifact={
            "sha256": digest(f"tar {version}"),
            "content": digest(f"content {version}"),
            "bytes": 81234,
        },
        registered_at=f"2026-11-2{number}T03:02:00.000Z",
        **{**more, **changes},
    )


def a_release_record(version: str, day: int, **changes: Any) -> Any:
    """``contracts.ledger.ReleaseRecord``."""
    champion = {"1.0.0": None, "1.1.0": a_champion("1.0.0")}.get(version, a_champion("1.1.0"))
    plan = a_plan(version, release_id=RELEASES[version], champion=champion)
    plan |= {
        "training_data": [data()] if version == "1.0.0" else [data("1.1.0", 3000)],
        "evaluation_data": [holdout()],
        "image_uri": image_uri(version),
        "image_digest": image_digest(version),
        "source": source(version),
    }
    return {
        "release_id": RELEASES[version],
        "project": PROJECT,
        "model": MODEL,
        "version": version,
        "repository": REPOSITORY,
        "image_tag": version,
        "image_digest": image_digest(version),
        "cause": "push",
        "status": "deployed",
        "reason": "",
        "planned_at": f"2026-11-2{day}T03:00:00.000Z",
        "ended_at": f"2026-11-2{day}T03:14:00.000Z",
        "execution_arn": f"arn:aws:states:eu-west-1:123456789012:execution:release:{RELEASES[version]}",
        "plan": plan,
        **changes,
    }


def not_accepted(version: str, day: int) -> Any:
    """The release of a version that the judge refused: nothing was registered."""
    verdict = {"status": "not-accepted", "reason": "not accepted: mae is 49", "metrics": {"mae": 49.0}}
    record = a_release_record(version, day, **verdict)
    record["plan"] |= {"artifact_prefix": report_uri(version).removesuffix("/report.json")}
    record["plan"]["manifest"]["training"]["hyperparameters"] = {"learning_rate": 0.1, "rounds": 2}
    return record


FAILURE = {
    "step": "Train",
    "error": "AlgorithmError",
    "cause": f"AlgorithmError: , exit code: 1\n{LAST_LINES[-1]}",
    "log_url": "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups",
    "next_action": "The training program failed: read its log, run it with `slipway model train DIR`.",
}
REFUSAL = (
    "channel 'train' wants data set 'hotel-rates', and project 'pricing' has none of that name; store it "
    "with `slipway data put hotel-rates:1.0.0 PATH --project pricing`"
)


def moves() -> list[Any]:
    """The champion's history, oldest first."""
    return [
        {
            "project": PROJECT,
            "model": MODEL,
            "alias": "champion",
            "version": version,
            "release_id": RELEASES[version],
            "moved_at": f"2026-11-2{revision}T03:13:00.000Z",
            "actor": actor,
            "reason": reason,
            "revision": revision,
        }
        for revision, version, actor, reason in (
            (1, "1.0.0", "ana@example.com", "first one"),
            (2, "1.1.0", "ben@example.com", "better on every slice"),
        )
    ]


def seed_ledger(ledger: Any) -> None:
    """Write it all through the ledger's port."""
    decided = {
        "approval": "approved",
        "approver": "ana@example.com",
        "decided_at": "2026-11-21T03:12:00.000Z",
    }
    ledger.put_version(
        a_registered("1.0.0", 1, metrics={"mae": 20.94}, decision_reason="first one", **decided)
    )
    decided = {
        "approval": "approved",
        "approver": "ben@example.com",
        "decided_at": "2026-11-22T03:12:00.000Z",
    }
    ledger.put_version(
        a_registered(
            "1.1.0",
            2,
            metrics={"mae": 18.52, "r2": 0.91},
            decision_reason="better on every slice",
            verdict="accepted: mae 18.52 EUR; the champion 1.0.0 has 20.94; all 4 checks passed",
            cost_usd=0.0031,
            **decided,
        )
    )
    ledger.put_version(a_registered("1.4.0", 5, metrics={"mae": 18.1}))
    for day, version in ((1, "1.0.0"), (2, "1.1.0")):
        ledger.claim_release(a_release_record(version, day))
    ledger.claim_release(
        a_release_record("1.2.0", 3, status="failed", reason="Train: AlgorithmError", failure=FAILURE)
    )
    refused = a_release_record("1.3.0", 4, status="refused", reason=REFUSAL)
    ledger.claim_release(
        {key: value for key, value in refused.items() if key not in ("plan", "execution_arn")}
    )
    waiting = a_release_record("1.4.0", 5, status="awaiting-approval")
    del waiting["ended_at"]
    ledger.claim_release(waiting)
    for move in moves():
        assert ledger.move_alias(move)


def _node(kind: str, name: str, title: str, facts: Any, inputs: Any, as_of: str) -> Any:
    edges = [{"relation": relation, "source": source} for relation, source in inputs]
    return {
        "id": f"{kind}:{name}",
        "kind": kind,
        "name": title,
        "facts": facts,
        "inputs": sorted(edges, key=lambda edge: edge["source"]),
        "as_of": as_of,
    }


def _data_node(pin: Any) -> Any:
    name = f"{PROJECT}/{pin['data_set']}:{pin['version']}"
    facts = {
        "project": PROJECT,
        **{key: pin[key] for key in ("data_set", "version", "digest", "rows", "uri")},
    }
    return _node(
        "data-set", name, f"{pin['data_set']}:{pin['version']}", facts, [], "2026-11-20T00:00:00.000Z"
    )


def id_of_data(pin: Any) -> str:
    return str(_data_node(pin)["id"])


def id_of_package(number: int) -> str:
    return f"model-package:{GROUP}/{number}"


def nodes_of(version: str, number: int, *, champion: str = "", failed: bool = False) -> list[Any]:
    """All nodes of one release, in the shape that docs/ledger.md draws."""
    release_id, at = RELEASES[version], f"2026-11-2{number}T03:{{}}:00.000Z"
    train = data() if version == "1.0.0" else data("1.1.0", 3000)
    image = f"image:{REPOSITORY}@{image_digest(version)}"
    uses = [("ContributedTo", image), ("ContributedTo", id_of_data(train))]
    judges = [("ContributedTo", image), ("ContributedTo", id_of_data(holdout()))]
    release, training = f"release:{release_id}", f"training-job:{job(version)}"
    training_facts = {
        "job_name": job(version),
        "status": "Failed" if failed else "Completed",
        "release_id": release_id,
        "version": version,
        "image_uri": image_uri(version),
        "channels": [train],
        "hyperparameters": {"learning_rate": "0.1", "rounds": "200", "early_stopping": "True"},
        "instance_type": "ml.m5.large",
        "instance_count": 1,
        "spot": False,
        "started_at": at.format("01"),
        "ended_at": at.format("02"),
        "seconds": 61.0,
        "billable_seconds": 61.0,
        "cost_usd": 0.00195,
        "log": f"/aws/sagemaker/TrainingJobs/{job(version)}",
        "curves": {"train:mae": [[float(at), 40.0 - at / 3] for at in range(0, 61, 10)]},
        **({"failure": FAILURE["cause"], "last_lines": LAST_LINES} if failed else {}),
    }
    found = [
        _data_node(train),
        _data_node(holdout()),
        _node(
            "image",
            f"{REPOSITORY}@{image_digest(version)}",
            f"{REPOSITORY}@{image_digest(version)}",
            {"repository": REPOSITORY, "digest": image_digest(version), "source": source(version)},
            [],
            at.format("00"),
        ),
        _node(
            "release",
            release_id,
            f"{MODEL}:{version}",
            {
                "release_id": release_id,
                "project": PROJECT,
                "model": MODEL,
                "version": version,
                "cause": "push",
                "status": "failed" if failed else "deployed",
                "planned_at": at.format("00"),
                "steps": {"training": "miss: no such step was run before"},
            },
            [*uses, ("ContributedTo", id_of_data(holdout()))],
            at.format("14"),
        ),
        _node(
            "training-job",
            job(version),
            job(version),
            training_facts,
            [*uses, ("ContributedTo", release)],
            at.format("02"),
        ),
    ]
    if failed:
        return found
    artifact, report = f"model-artifact:{artifact_uri(version)}", f"report:{report_uri(version)}"
    package = id_of_package(number)
    found.append(
        _node("model-artifact", artifact_uri(version), artifact_uri(version), {"uri": artifact_uri(version)},
              [("Produced", training)], at.format("02"))
    )  # fmt: skip
    sides = [("challenger", version, artifact)]
    if champion:
        sides.append(("champion", champion, f"model-artifact:{artifact_uri(champion)}"))
    evaluations = []
    for side, judged, measured in sides:
        name = f"slipway-dev-hotel-rates-{version.replace('.', '-')}-{release_id[:8]}-{side}-0-0"
        facts = {"job_name": name, "status": "Completed", "side": side, "version": judged, "cost_usd": 0.0006}
        evaluations.append(f"evaluation-job:{name}")
        found.append(
            _node(
                "evaluation-job", name, name, facts, [*judges, ("ContributedTo", measured)], at.format("03")
            )
        )
    summary = {"uri": report_uri(version), "accepted": True, "summary": "accepted: all 4 checks passed"}
    found += [
        _node("report", report_uri(version), report_uri(version), summary,
              [("Produced", one) for one in evaluations], at.format("04")),
        _node("model-package", f"{GROUP}/{number}", f"{MODEL}:{version}",
              {"project": PROJECT, "model": MODEL, "version": version, "approval": "approved"},
              [("ContributedTo", one) for one in (artifact, report, image)], at.format("05")),
        _node("approval", release_id, f"{MODEL} {version}",
              {"status": "approved", "decided_by": "ben@example.com", "approvers": ["ana@example.com"]},
              [("ContributedTo", package), ("ContributedTo", report)], at.format("12")),
        _node("promotion", f"promote-{release_id}", f"promote-{release_id}",
              {"status": "deployed", "cause": "approval", "version": version, "endpoint": ENDPOINT},
              [("ContributedTo", package), ("ContributedTo", f"approval:{release_id}")], at.format("14")),
    ]  # fmt: skip
    return found


def nodes_not_accepted(version: str, number: int) -> list[Any]:
    """Of such a release: its graph ends at the evidence."""
    nodes = nodes_of(version, number, champion="1.1.0")
    for node in nodes:
        if node["kind"] == "report":
            node["facts"] |= {
                "accepted": False,
                "summary": "not accepted: mae is 49",
                "metrics": {"mae": 49.0},
            }
        if node["kind"] == "training-job":
            node["facts"]["hyperparameters"] = {"learning_rate": "0.1", "rounds": "2"}
    return [one for one in nodes if one["kind"] not in ("model-package", "approval", "promotion")]


def serving(version: str = "1.1.0", number: int = 2, **changes: Any) -> Any:
    """``contracts.lineage.Serving``."""
    variant = {"variant": "AllTraffic", "package": id_of_package(number), "version": version, "share": 1.0}
    return {
        "endpoint": ENDPOINT,
        "project": PROJECT,
        "model": MODEL,
        "status": "InService",
        "variants": [variant],
        "as_of": "2026-11-22T03:14:00.000Z",
        **changes,
    }


def seed_lineage(lineage: Any) -> None:
    """Write it all through the graph's port."""
    lineage.put_nodes(nodes_of("1.0.0", 1))
    lineage.put_nodes(nodes_of("1.1.0", 2, champion="1.0.0"))
    lineage.put_nodes(nodes_of("1.2.0", 3, champion="1.1.0", failed=True))
    lineage.put_serving(serving())
