from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from slipway.adapters.dynamodb_lineage import DynamoDbLineage
from slipway.usecases.trace_lineage import NodeNotKnownError, blame, downstream, upstream
from tests.adapters.test_ledger import create_table
from tests.adapters.test_lineage import ARTIFACT, CHAIN, JOB, PACKAGE, RATES, RAW, RELEASE, a_node
from tests.fakes.lineage import FakeLineage


@dataclass
class World:
    """A platform's past: what happened, and in its own words what came of it."""

    parents: dict[str, set[str]] = field(default_factory=dict)
    """Data set to those that it derives from."""
    trained: dict[str, str] = field(default_factory=dict)
    """Package to data set."""
    judged: dict[str, str] = field(default_factory=dict)
    planned: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Release to the data sets it names."""
    statuses: dict[str, str] = field(default_factory=dict)
    champions: dict[str, str] = field(default_factory=dict)
    """Model to the artifact of the version judged last."""
    variants: dict[str, dict[str, tuple[str, float]]] = field(default_factory=dict)
    """Endpoint to variant to package and share."""
    nodes: list[Any] = field(default_factory=list)
    clock: int = 0

    def now(self) -> str:
        self.clock += 1
        return f"2026-11-22T03:00:{self.clock:02}.000Z"

    def build_data_set(self, name: str, parents: set[str]) -> None:
        self.parents[name] = parents
        edges = [f"DerivedFrom {parent}" for parent in sorted(parents)]
        self.nodes.append(a_node(name, *edges, as_of=self.now(), digest=f"sha256:{name[-2:]}"))

    def release(self, number: int, model: str, train: str, holdout: str, status: str) -> None:
        """As far as its status says."""
        release, job, version = f"release:r{number}", f"training-job:t{number}", f"1.0.{number}"
        artifact, evaluation = f"model-artifact:s3://a/{number}", f"evaluation-job:e{number}"
        beside, report, package = (
            f"evaluation-job:c{number}", f"report:s3://a/{number}", f"model-package:p-{model}/{number}",
        )  # fmt: skip
        told = {"project": "p", "model": model, "version": version}
        self.planned[release], self.statuses[release] = (train, holdout), status
        self.nodes += [
            a_node(release, train, holdout, as_of=self.now(), status="running", **told),
            a_node(release, train, holdout, as_of=self.now(), status=status, **told),
            a_node(job, release, train, as_of=self.now(), release_id=f"r{number}"),
        ]
        if status == "failed":
            return
        judges = [evaluation]
        self.nodes += [
            a_node(artifact, f"Produced {job}", as_of=self.now()),
            a_node(evaluation, release, artifact, holdout, as_of=self.now(), side="challenger"),
        ]
        if model in self.champions:
            judges.append(beside)
            self.nodes.append(a_node(beside, release, self.champions[model], holdout, as_of=self.now()))
        self.champions[model] = artifact
        self.trained[package], self.judged[package] = train, holdout
        self.nodes += [
            a_node(report, *(f"Produced {one}" for one in judges), as_of=self.now()),
            a_node(package, artifact, report, as_of=self.now(), **told),
        ]

    def serve(self, endpoint: str, variants: dict[str, tuple[str, float]]) -> None:
        promotion = f"promotion:{self.clock}"
        packages = sorted({package for package, _ in variants.values()})
        self.variants[endpoint] = variants
        self.nodes += [
            a_node(promotion, *packages, as_of=self.now()),
            a_node(f"endpoint:{endpoint}", f"AssociatedWith {promotion}", as_of=self.now()),
        ]

    def serving(self) -> list[Any]:
        return [
            {
                "endpoint": endpoint,
                "project": "p",
                "model": "m",
                "status": "InService",
                "variants": [
                    {"variant": name, "package": package, "version": "1", "share": share}
                    for name, (package, share) in variants.items()
                ],
                "as_of": "1",
            }
            for endpoint, variants in self.variants.items()
        ]

    def poisoned(self, data_set: str) -> set[str]:
        """The data set and all that derive from it."""
        found = {data_set}
        while more := {one for one, parents in self.parents.items() if parents & found} - found:
            found |= more
        return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = World()
    models = ("m", "n")
    for number in range(draw(st.integers(1, 6))):
        known = sorted(world.parents)
        parents = draw(st.sets(st.sampled_from(known), max_size=2)) if known else set()
        world.build_data_set(f"data-set:p/d:1.0.{number}", parents)
    for number in range(draw(st.integers(0, 6))):
        data = st.sampled_from(sorted(world.parents))
        status = draw(st.sampled_from(["deployed", "failed", "awaiting-approval", "not-accepted"]))
        world.release(number, draw(st.sampled_from(models)), draw(data), draw(data), status)
        if world.trained and draw(st.booleans()):
            packages = st.sampled_from(sorted(world.trained))
            shares = draw(st.sampled_from([(1.0,), (0.9, 0.1), (0.5, 0.5, 0.0)]))
            variants = {f"v{place}": (draw(packages), share) for place, share in enumerate(shares)}
            world.serve(draw(st.sampled_from(["one", "two"])), variants)
    return world


def check(world: World, lineage: Any, seed: int) -> None:
    """Record it in any order; then blame each data set, and compare with what the world knows itself."""
    nodes = list(world.nodes)
    random.Random(seed).shuffle(nodes)
    lineage.put_nodes(nodes)
    for serving in world.serving():
        lineage.put_serving(serving)
    for data_set in world.parents:
        poisoned = world.poisoned(data_set)
        trained = {package for package, data in world.trained.items() if data in poisoned}
        judged = {package for package, data in world.judged.items() if data in poisoned}
        touched = {one for one, data in world.planned.items() if poisoned & set(data)}

        found = blame(lineage, data_set)

        assert {one.id for one in found.packages} == trained | judged
        assert {one.id for one in found.packages if "trained on" in one.how} == trained
        assert {one.id for one in found.packages if "judged with" in one.how} == judged
        assert all((one.project, one.version) == ("p", f"1.0.{one.id[-1]}") for one in found.packages)
        assert {one.id for one in found.failed} == {r for r in touched if world.statuses[r] == "failed"}
        assert {one.id for one in found.under_way} == {
            one for one in touched if world.statuses[one] == "awaiting-approval"
        }
        assert {(one.endpoint, one.variant, one.package, one.share) for one in found.live} == {
            (endpoint, variant, package, share)
            for endpoint, variants in world.variants.items()
            for variant, (package, share) in variants.items()
            if package in trained | judged
        }


class TestBlame:
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(world=worlds(), seed=st.integers(0, 2**16))
    def test_it_finds_exactly_what_a_data_set_reached(self, world: World, seed: int) -> None:
        """Over random pasts: the models trained on it and judged with it, open releases, and what serves."""
        check(world, FakeLineage(), seed)

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(world=worlds(), seed=st.integers(0, 2**16))
    def test_likewise_in_dynamodb(self, world: World, seed: int) -> None:
        """The same over the adapter."""
        with mock_aws():
            client = boto3.client(
                "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
            )
            create_table(client)
            check(world, DynamoDbLineage(client, "ledger"), seed)

    def test_other_kinds(self) -> None:
        """An image, an artifact and a package reach models too; an unknown node is said to be none."""
        lineage = FakeLineage()
        lineage.put_nodes(CHAIN)

        assert blame(lineage, RELEASE).packages[0].how == ("planned with",)
        assert blame(lineage, JOB).packages[0].how == ("trained on",)
        assert blame(lineage, ARTIFACT).packages[0].how == ("contains", "judged with")
        assert blame(lineage, PACKAGE).packages[0].how == ("contains",)
        with pytest.raises(NodeNotKnownError, match="<kind>:<name>"):
            blame(lineage, "data-set:p/unheard-of:1.0.0")


class TestTrace:
    def test_up(self) -> None:
        """The nearest first; by depth and kind."""
        lineage = FakeLineage()
        lineage.put_nodes(CHAIN)

        found = upstream(lineage, ARTIFACT)

        assert [(one["depth"], one["kind"]) for one in found] == [
            (1, "training-job"), (2, "data-set"), (2, "image"), (2, "release"), (3, "data-set"),
        ]  # fmt: skip
        assert [one["id"] for one in upstream(lineage, ARTIFACT, depth=2, kind="data-set")] == [RATES]
        with pytest.raises(NodeNotKnownError):
            upstream(lineage, "image:x")

    def test_down(self) -> None:
        """By kind and id; by depth, kind and number."""
        lineage = FakeLineage()
        lineage.put_nodes(CHAIN)

        assert [one["id"] for one in downstream(lineage, RAW, depth=1)] == [RATES]
        assert [one["id"] for one in downstream(lineage, RAW, kind="model-package")] == [PACKAGE]
        assert len(list(downstream(lineage, RAW, depth=3, limit=2))) == 2
        with pytest.raises(NodeNotKnownError):
            downstream(lineage, "image:x")
