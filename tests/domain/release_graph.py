"""The lineage of one release of a sample model, as its sources tell it."""

from __future__ import annotations

from typing import Any

from slipway.contracts.lineage import kind_of

DATA = "data-set:pricing/hotel-rates:1.1.0"
RAW = "data-set:pricing/bookings:7.0.0"
IMAGE = "image:models/pricing/hotel-rates@sha256:9f"
RELEASE = "release:9f2c41d07b3a55e1"
JOB = "training-job:slipway-prod-hotel-rates-1-1-0-9f2c41d0-train-0-0"
ARTIFACT = "model-artifact:s3://artifacts/pricing/hotel-rates/model.tar.gz"
EVALUATION = "evaluation-job:slipway-prod-hotel-rates-1-1-0-9f2c41d0-challenger-0-0"
REPORT = "report:s3://artifacts/pricing/hotel-rates/report.json"
PACKAGE = "model-package:slipway-prod-pricing-hotel-rates/4"
APPROVAL = "approval:9f2c41d07b3a55e1"
PROMOTION = "promotion:promote-9f2c41d0"
ENDPOINT = "endpoint:slipway-prod-pricing-hotel-rates"
AT = "2026-11-22T03:00:0{}.000Z"


def node(name: str, inputs: tuple[str, ...] = (), *, as_of: str = AT.format(9), **facts: Any) -> Any:
    """A node; an input is its id, or ``<relation> <id>``."""
    edges = [("ContributedTo", *one.split(" "))[-2:] for one in inputs]
    return {
        "id": name,
        "kind": kind_of(name),
        "name": name.partition(":")[2],
        "facts": facts,
        "inputs": [{"relation": relation, "source": source} for relation, source in sorted(edges)],
        "as_of": as_of,
    }


def release_graph(*, failed: bool = False) -> list[Any]:
    """Every kind of node, and every relation."""
    of = {"project": "pricing", "model": "hotel-rates", "version": "1.1.0"}
    failure = (
        {"failure": {"step": "Train", "error": "AlgorithmError", "cause": "exit code 1"}} if failed else {}
    )
    ending = "failed" if failed else "deployed"
    data, artifacts = "s3://data/pricing", "s3://artifacts/pricing/hotel-rates"
    digests = {"sha256": "sha256:bb", "content": "sha256:cc", "bytes": 12}
    return [
        node(RAW, project="pricing", data_set="bookings", version="7.0.0", uri=f"{data}/bookings/7.0.0/"),
        node(DATA, (f"DerivedFrom {RAW}",), project="pricing", data_set="hotel-rates", version="1.1.0",
             digest="sha256:aa", rows=800, uri=f"{data}/hotel-rates/1.1.0/files/"),
        node(IMAGE, digest="sha256:9f", repository="models/pricing/hotel-rates"),
        node(RELEASE, (DATA, IMAGE), **of, status=ending, planned_at=AT.format(1), ended_at=AT.format(8),
             **failure),
        node(JOB, (RELEASE, DATA, IMAGE), **of, status="Completed", started_at=AT.format(2),
             ended_at=AT.format(3), seconds=12, cost_usd=0.25, metrics={"mae": 31.25}, spot=False),
        node(ARTIFACT, (f"Produced {JOB}",), uri=f"{artifacts}/model.tar.gz", digests=digests),
        node(EVALUATION, (RELEASE, ARTIFACT, IMAGE), **of, status="Completed", started_at=AT.format(3),
             ended_at=AT.format(4), seconds=4.5),
        node(REPORT, (f"Produced {EVALUATION}",), accepted=True, uri=f"{artifacts}/report.json"),
        node(PACKAGE, (ARTIFACT, REPORT, IMAGE), **of, arn="arn:aws:sagemaker:eu-west-1:1:model-package/x/4"),
        node(APPROVAL, (PACKAGE, REPORT), status="approved", requested_at=AT.format(5),
             decided_at=AT.format(6)),
        node(PROMOTION, (PACKAGE, APPROVAL), **of, status="deployed", started_at=AT.format(7),
             ended_at=AT.format(8)),
        node(ENDPOINT, (f"AssociatedWith {PROMOTION}",), project="pricing", model="hotel-rates",
             status="InService"),
    ]  # fmt: skip
