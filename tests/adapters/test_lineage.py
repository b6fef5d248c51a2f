"""The lineage store's promises; the fake and DynamoDB both keep them."""

from __future__ import annotations

import uuid
from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from slipway.adapters.dynamodb_lineage import DynamoDbLineage
from slipway.contracts.lineage import kind_of
from slipway.domain.lineage_errors import LineageCycleError, MalformedNodeError, NodeTooLargeError
from tests.adapters.test_ledger import create_table
from tests.fakes.lineage import FakeLineage

if TYPE_CHECKING:
    from collections.abc import Iterator

RATES = "data-set:pricing/hotel-rates:1.1.0"
RAW = "data-set:pricing/bookings:7.0.0"
IMAGE = "image:models/pricing/hotel-rates@sha256:9f"
RELEASE = "release:9f2c41d07b3a55e1"
JOB = "training-job:slipway-prod-hotel-rates-1-1-0-9f2c41d0"
ARTIFACT = "model-artifact:s3://artifacts/pricing/hotel-rates/model.tar.gz"
EVALUATION = "evaluation-job:slipway-prod-hotel-rates-1-1-0-9f2c41d0-challenger"
REPORT = "report:s3://artifacts/pricing/hotel-rates/report.json"
PACKAGE = "model-package:pricing-hotel-rates/4"
PROMOTION = "promotion:promote-9f2c41d0"
ENDPOINT = "endpoint:slipway-prod-hotel-rates"


@pytest.fixture(params=["fake", "dynamodb", pytest.param("embedded", marks=pytest.mark.embedded)])
def lineage(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "fake":
        yield FakeLineage()
        return
    if request.param == "embedded":
        client = request.getfixturevalue("embedded_aws").client("dynamodb")
        table = f"lineage-{uuid.uuid4().hex}"
        create_table(client, table)
        yield DynamoDbLineage(client, table)
        return
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        create_table(client)
        yield DynamoDbLineage(client, "ledger")


def a_node(name: str, *inputs: str, as_of: str = "2026-11-22T03:00:00.000Z", **facts: Any) -> Any:
    """A node; an input is its id, or ``<relation> <id>``."""
    edges = [("ContributedTo", *one.split(" "))[-2:] for one in inputs]
    return {
        "id": name,
        "kind": kind_of(name),
        "name": name.rpartition("/")[2],
        "facts": facts,
        "inputs": [{"relation": relation, "source": source} for relation, source in edges],
        "as_of": as_of,
    }


CHAIN = (
    a_node(RAW, rows=10),
    a_node(RATES, f"DerivedFrom {RAW}", rows=8),
    a_node(IMAGE),
    a_node(RELEASE, RATES, IMAGE),
    a_node(JOB, RELEASE, RATES, IMAGE, release_id="9f2c41d07b3a55e1"),
    a_node(ARTIFACT, f"Produced {JOB}"),
    a_node(EVALUATION, RELEASE, ARTIFACT, IMAGE),
    a_node(REPORT, f"Produced {EVALUATION}"),
    a_node(PACKAGE, ARTIFACT, REPORT),
    a_node(PROMOTION, PACKAGE),
    a_node(ENDPOINT, f"AssociatedWith {PROMOTION}"),
)


def below(lineage: Any, node: str, **wanted: Any) -> list[str]:
    return [entry["id"] for entry in lineage.descendants(node, **wanted)]


class TestNodes:
    def test_one_read_tells_everything_above(self, lineage: Any) -> None:
        """A node comes with each ancestor and that one's own inputs."""
        assert lineage.put_nodes(CHAIN) == len(CHAIN)

        found = lineage.node(ARTIFACT)

        assert found["facts"] == {}
        assert found["inputs"] == [{"relation": "Produced", "source": JOB}]
        assert sorted(found["upstream"]) == sorted([JOB, RELEASE, RATES, RAW, IMAGE])
        assert found["upstream"][RATES] == [{"relation": "DerivedFrom", "source": RAW}]
        assert found["upstream"][RAW] == []

    def test_an_unknown_node(self, lineage: Any) -> None:
        """It is None, and missing where several are asked for."""
        lineage.put_nodes(CHAIN[:2])

        assert lineage.node(JOB) is None
        assert list(lineage.nodes([JOB, RATES, RATES])) == [RATES]
        assert list(lineage.descendants(JOB)) == []

    def test_the_same_again_changes_nothing(self, lineage: Any) -> None:
        """Whoever tells again what is known is told that nothing changed."""
        lineage.put_nodes(CHAIN)

        assert lineage.put_nodes([*CHAIN, *CHAIN]) == 0

    def test_a_source_that_nobody_told_of_is_a_stub(self, lineage: Any) -> None:
        """It has a name and nothing else, until its source tells; what is below it hears of it then."""
        lineage.put_nodes([a_node(JOB, RATES)])

        assert lineage.node(RATES)["as_of"] == ""
        assert lineage.node(RATES)["name"] == "pricing/hotel-rates:1.1.0"
        assert below(lineage, RATES) == [JOB]

        assert lineage.put_nodes([a_node(RATES, f"DerivedFrom {RAW}", rows=8)]) == 1

        assert lineage.node(RATES)["facts"] == {"rows": 8}
        assert sorted(lineage.node(JOB)["upstream"]) == [RAW, RATES]
        assert below(lineage, RAW) == [RATES, JOB]

    def test_a_stub_never_hides_what_is_known(self, lineage: Any) -> None:
        """A node that is only named stays as its source told it."""
        lineage.put_nodes([a_node(RATES, rows=8)])

        assert lineage.put_nodes([a_node(RATES, as_of="")]) == 0
        assert lineage.node(RATES)["facts"] == {"rows": 8}

    def test_older_never_overwrites_newer(self, lineage: Any) -> None:
        """Events come in any order."""
        lineage.put_nodes([a_node(JOB, as_of="2", status="Completed")])

        assert lineage.put_nodes([a_node(JOB, as_of="1", status="InProgress")]) == 0
        assert lineage.node(JOB)["facts"] == {"status": "Completed"}

    def test_inputs_that_are_no_more(self, lineage: Any) -> None:
        """What a newer version does not name is not above it any longer, nor above what is below it."""
        lineage.put_nodes([a_node(RATES), a_node(RAW), a_node(JOB, RAW, as_of="1"), a_node(ARTIFACT, JOB)])

        assert lineage.put_nodes([a_node(JOB, RATES, as_of="2")]) == 1

        assert below(lineage, RAW) == []
        assert below(lineage, RATES) == [ARTIFACT, JOB]
        assert sorted(lineage.node(ARTIFACT)["upstream"]) == [RATES, JOB]

    def test_many_inputs(self, lineage: Any) -> None:
        """More edges than fit into one transaction."""
        days = [a_node(f"data-set:pricing/day:1.0.{day}") for day in range(250)]
        lineage.put_nodes(days[:100])
        year = a_node(RATES, *(day["id"] for day in days))

        assert lineage.put_nodes([a_node(JOB, RATES)]) == 1
        assert lineage.put_nodes([year]) == 1

        assert len(lineage.node(JOB)["upstream"]) == 251
        assert all(below(lineage, day["id"]) == [RATES, JOB] for day in days[::10])
        assert lineage.put_nodes([year]) == 0

    def test_facts_come_back_equal(self, lineage: Any) -> None:
        """Whatever JSON they are; whole numbers are equal however they are written."""
        facts = {
            "metrics": {"mae": 31.25, "n": 60.0},
            "curves": {"l": [(0, 1.5)]},
            "text": 'ä"\n',
            "none": None,
        }
        lineage.put_nodes([a_node(JOB, **facts)])

        assert lineage.node(JOB)["facts"] == {**facts, "curves": {"l": [[0, 1.5]]}}
        assert lineage.put_nodes([a_node(JOB, **{**facts, "metrics": {"mae": 31.25, "n": 60}})]) == 0


class TestRefusals:
    def test_too_large(self, lineage: Any) -> None:
        """A node that fits into no item says so, and what to do; nothing is written."""
        with pytest.raises(NodeTooLargeError, match="keep fewer facts"):
            lineage.put_nodes([a_node(JOB, RATES, log="x" * 300_001)])

        assert lineage.node(JOB) is None

    def test_a_circle(self, lineage: Any) -> None:
        """Nothing descends from itself."""
        lineage.put_nodes([a_node(RATES, RAW)])

        with pytest.raises(LineageCycleError, match=r"slipway lineage up data-set:pricing/bookings:7.0.0"):
            lineage.put_nodes([a_node(RAW, RATES)])
        with pytest.raises(LineageCycleError):
            lineage.put_nodes([a_node(IMAGE, IMAGE)])

    @pytest.mark.parametrize(
        "node",
        [
            a_node("sheep:dolly"),
            a_node("image:"),
            {**a_node(JOB), "kind": "image"},
            a_node(JOB, "sheep:dolly"),
            a_node(JOB, metrics={"loss": float("nan")}),
        ],
    )
    def test_malformed(self, lineage: Any, node: Any) -> None:
        """What breaks the contract is refused by name."""
        with pytest.raises(MalformedNodeError, match="correct what derives it"):
            lineage.put_nodes([node])


class TestDescendants:
    def test_depth_and_ways(self, lineage: Any) -> None:
        """The shortest way counts; ``through`` tells by whom the ancestor was used."""
        lineage.put_nodes(CHAIN)

        found = {entry["id"]: entry for entry in lineage.descendants(RATES)}

        assert (found[JOB]["depth"], found[JOB]["through"]) == (1, ["release", "training-job"])
        assert (found[PACKAGE]["depth"], found[PACKAGE]["through"]) == (3, ["release", "training-job"])
        assert found[PACKAGE]["kind"] == "model-package"
        assert found[PACKAGE]["name"] == "4"

    def test_by_kind_and_page(self, lineage: Any) -> None:
        """One kind alone, and as many as are asked for."""
        jobs = [f"training-job:try-{number}" for number in range(5)]
        lineage.put_nodes([*CHAIN, *(a_node(job, RATES) for job in jobs)])

        assert below(lineage, RATES, kind="training-job") == [JOB, *jobs]
        assert below(lineage, RATES, kind="training-job", limit=2) == [JOB, jobs[0]]
        assert [one["id"] for one in islice(lineage.descendants(RATES), 1)] == [EVALUATION]

    def test_an_endpoint_ends_the_way(self, lineage: Any) -> None:
        """It is below its promotions alone: it sees every version that there ever was."""
        lineage.put_nodes(CHAIN)

        assert below(lineage, PROMOTION) == [ENDPOINT]
        assert ENDPOINT not in below(lineage, PACKAGE)
        assert list(lineage.node(ENDPOINT)["upstream"]) == [PROMOTION]

    def test_an_evaluation_measures_and_is_not_made_of_an_artifact(self, lineage: Any) -> None:
        """A version that is judged beside its champion does not descend from the champion's data."""
        old_data, old_job, old = "data-set:pricing/old:1.0.0", "training-job:old", "model-artifact:s3://a/old"
        beside = "evaluation-job:champion"
        lineage.put_nodes([a_node(old_data), a_node(old_job, old_data), a_node(old, old_job)])
        lineage.put_nodes([*CHAIN, a_node(beside, old), a_node(REPORT, EVALUATION, beside, as_of="9")])

        assert below(lineage, old_data) == [old, old_job]
        assert set(below(lineage, old, kind="model-package")) == {PACKAGE}
        assert {beside, old} <= set(lineage.node(PACKAGE)["upstream"])
        assert old_data not in lineage.node(PACKAGE)["upstream"]


class TestOtherItems:
    def test_by_digest(self, lineage: Any) -> None:
        """A data set, image or artifact is found by its content, as it is now."""
        digests = {"sha256": "sha256:aa", "content": "sha256:bb", "bytes": 3}
        lineage.put_nodes([a_node(RATES, as_of="1", digest="sha256:01"), a_node(ARTIFACT, digests=digests)])
        lineage.put_nodes([a_node(RATES, as_of="2", digest="sha256:aa")])

        assert lineage.by_digest("sha256:aa") == [RATES, ARTIFACT]
        assert lineage.by_digest("sha256:bb") == [ARTIFACT]
        assert lineage.by_digest("sha256:01") == []

    def test_serving(self, lineage: Any) -> None:
        """The newest state of each endpoint, by name."""
        one = {
            "endpoint": "b",
            "project": "pricing",
            "model": "hotel-rates",
            "status": "InService",
            "variants": [{"variant": "a", "package": PACKAGE, "version": "1.1.0", "share": 0.75}],
            "as_of": "2",
        }
        other = {**one, "endpoint": "a", "variants": []}

        assert lineage.put_serving(one) is True
        assert lineage.put_serving(one) is False
        assert lineage.put_serving({**one, "as_of": "1", "status": "Creating"}) is False
        assert lineage.put_serving(other) is True
        assert lineage.serving() == [other, one]

        assert lineage.put_serving({**one, "as_of": "3", "variants": []}) is True
        assert lineage.serving()[1]["variants"] == []

    def test_experiments(self, lineage: Any) -> None:
        """Training jobs that no release made, newest first; one that turns out to be a release's is none."""
        made = {"project": "pricing", "model": "hotel-rates", "status": "Completed", "metrics": {"mae": 3.5}}
        channels = [{"channel": "train", "data_set": "rates", "version": "1.0.0", "digest": "sha256:1"}]
        first, second, third = (f"training-job:try-{number}" for number in (1, 2, 3))
        lineage.put_nodes(
            [
                a_node(first, **made, channels=channels, started_at="2026-11-22T03:00:00.000Z"),
                a_node(second, **made, reproduces="9f2c", started_at="2026-11-22T04:00:00.000Z"),
                a_node(third, as_of="1", started_at="2026-11-22T05:00:00.000Z"),
                a_node(JOB, release_id="9f2c41d07b3a55e1", started_at="2026-11-22T06:00:00.000Z"),
            ]
        )
        lineage.put_nodes([a_node(third, as_of="2", release_id="9f", started_at="2026-11-22T05:00:00.000Z")])

        found = list(lineage.experiments())

        assert [one["id"] for one in found] == [second, first]
        assert found[0] == {
            "id": second,
            "name": second,
            "started_at": "2026-11-22T04:00:00.000Z",
            "reason": "reproduces release 9f2c",
            **made,
        }
        assert found[1]["reason"] == "started outside of a release"
        assert found[1]["data_sets"] == ["rates:1.0.0", "sha256:1"]
