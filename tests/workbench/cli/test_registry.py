"""What the registry's commands print of a ledger on the embedded AWS; each test has a project of its own."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from slipway.adapters.dynamodb_ledger import DynamoDbLedger
from slipway.adapters.dynamodb_lineage import DynamoDbLineage
from slipway.contracts.lineage import node_id
from tests.fakes.models import a_version
from tests.workbench.cli.conftest import PLATFORM

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws
    from tests.workbench.cli.conftest import Slipway

pytestmark = pytest.mark.embedded
RETRAINED = "1.1.0+retrain.20261101T120000Z"


def at(hour: int) -> str:
    return f"2026-11-01T{hour:02}:00:00.000Z"


class Registry:
    """A model ``rates`` in a project of its own."""

    def __init__(self, aws: EmbeddedAws) -> None:
        table = PLATFORM["ledger_table"]
        self.ledger = DynamoDbLedger(aws.client("dynamodb"), table)
        self.lineage = DynamoDbLineage(aws.client("dynamodb"), table)
        self.project = f"p{uuid.uuid4().hex[:8]}"
        self.model = f"m{uuid.uuid4().hex[:8]}"

    def __str__(self) -> str:
        return f"{self.project}/{self.model}"

    def version(self, version: str, hour: int, approval: str = "approved", **more: Any) -> None:
        record = a_version(
            version,
            project=self.project,
            model=self.model,
            approval=approval,
            registered_at=at(hour),
            **{"release_id": f"{hour:016x}", **more},
        )
        assert self.ledger.put_version(record) is None

    def move(self, alias: str, version: str, revision: int, hour: int, **more: Any) -> None:
        assert self.ledger.move_alias(
            {
                "project": self.project,
                "model": self.model,
                "alias": alias,
                "version": version,
                "release_id": "9f2c41d07b3a55e1",
                "moved_at": at(hour),
                "actor": "ana@example.com",
                "reason": "better",
                "revision": revision,
                **more,
            }
        )

    def release(self, release_id: str, status: str, version: str, hour: int) -> str:
        record: Any = {
            "release_id": release_id,
            "project": self.project,
            "model": self.model,
            "version": version,
            "repository": f"models/{self}",
            "image_tag": version,
            "image_digest": "sha256:9f",
            "cause": "push",
            "status": status,
            "reason": f"it is {status}",
            "planned_at": at(hour),
        }
        assert self.ledger.claim_release(record) is None
        return release_id


@pytest.fixture
def registry(platform: EmbeddedAws) -> Registry:
    registry = Registry(platform)
    registry.version("1.0.0", 1, card="Rates of hotels", data_sets=["rates:1.0.0", f"sha256:{'ab' * 32}"])
    registry.version(
        "1.1.0",
        2,
        card="Rates of hotels in autumn",
        metrics={"mae": 18.5},
        data_sets=["rates:1.1.0"],
        tags={"team": "rates"},
        stage="Production",
        artifact={"sha256": "sha256:aa", "content": "sha256:cc", "bytes": 1234},
        hyperparameters={"depth": "6"},
        approver="ana@example.com",
        decided_at=at(3),
        decision_reason="better on every slice",
        verdict="accepted: all 4 checks passed",
        cost_usd=0.002,
        source={"git_commit": "4f1c2d0", "python": "3.13.1", "libraries": {"scikit-learn": "1.7.2"}},
    )
    registry.version(RETRAINED, 4, "pending")
    registry.version("0.9.0", 5, "rejected")
    registry.version("0.8.0", 0, artifact_removed_at=at(6))
    registry.move("champion", "1.0.0", 1, 2)
    registry.move("champion", "1.1.0", 2, 4)
    registry.move("candidate", "1.1.0", 1, 5)
    registry.move("candidate", "1.1.0", 2, 6, removed=True)
    return registry


class TestList:
    def test_only_what_is_ready_for_production(self, slipway: Slipway, registry: Registry) -> None:
        """Approved versions and those that wait, which say so; none that was rejected or lost its model."""
        answer = slipway("registry", "list", "--model", registry, "--json")

        assert [one["version"] for one in answer.json] == [RETRAINED, "1.1.0", "1.0.0"]
        assert [one["aliases"] for one in answer.json] == [[], ["champion"], []]
        shown = slipway("registry", "list", "--model", registry.model).stdout
        assert "waits for approval" in shown
        assert "0.9.0" not in shown
        removed = slipway("registry", "list", "--project", registry.project, "--removed").stdout
        assert "artifact removed 2026-11-01" in removed

    def test_newest_of_all_models_come_first(self, slipway: Slipway, registry: Registry) -> None:
        """Without a model, versions of all models are listed by time."""
        times = [one["registered_at"] for one in slipway("registry", "list", "--json").json]

        assert times == sorted(times, reverse=True)

    def test_unknown_model_and_two_projects(self, slipway: Slipway, registry: Registry) -> None:
        """A model that is not there is said; two different projects are wrong usage."""
        assert slipway("registry", "list", "--model", "nothing").exit_code == 3
        answer = slipway("registry", "list", "--model", registry, "--project", "other")
        assert (answer.exit_code, "two projects" in answer.stderr) == (2, True)


class TestSearch:
    @pytest.mark.parametrize(
        ("asked", "versions"),
        [
            (["HOTELS autumn"], ["1.1.0"]),
            (["hotels"], ["1.1.0", "1.0.0"]),
            (["--metric", "mae<=25", "--metric", "mae>18"], ["1.1.0"]),
            (["--metric", "mae=30..32"], [RETRAINED, "1.0.0"]),
            (["--data", "rates"], ["1.1.0", "1.0.0"]),
            (["--data", "rates:1.0.0"], ["1.0.0"]),
            (["--data", "sha256:abab"], ["1.0.0"]),
            (["--tag", "team=rates", "--stage", "production"], ["1.1.0"]),
            (["--since", "2026-11-01T03:00Z"], [RETRAINED]),
            (["zebra"], []),
            (["--limit", "1"], [RETRAINED]),
        ],
    )
    def test_finds_by_what_versions_are(
        self, slipway: Slipway, registry: Registry, asked: list[str], versions: list[str]
    ) -> None:
        """Words, metrics, data, tags, stage and time; JSON holds what people see as lines."""
        answer = slipway("registry", "search", "--model", registry, *asked, "--json")

        assert [one["version"] for one in answer.json] == versions
        lines = slipway("registry", "search", "--project", registry.project, *asked).stdout.splitlines()
        assert [line.split()[0].rpartition(":")[2] for line in lines] == versions

    def test_mistakes_are_wrong_usage(self, slipway: Slipway, registry: Registry) -> None:
        """A range, a tag or a moment that is none is said with how to write one."""
        for asked, says in (
            (["--metric", "mae"], "mae=18..25"),
            (["--tag", "team"], "KEY=VALUE"),
            (["--since", "yesterday"], "ISO 8601"),
        ):
            answer = slipway("registry", "search", *asked)
            assert (answer.exit_code, says in answer.stderr) == (2, True)


class TestShow:
    def test_one_page_has_all_that_production_needs(self, slipway: Slipway, registry: Registry) -> None:
        """Digests, data, parameters, libraries, metrics, verdict, approver, reason, cost, what it served."""
        registry.lineage.put_serving(
            {
                "endpoint": f"slipway-local-{registry.project}-{registry.model}",
                "project": registry.project,
                "model": registry.model,
                "status": "InService",
                "variants": [
                    {
                        "variant": "AllTraffic",
                        "package": "model-package:x/1",
                        "version": "1.1.0",
                        "share": 1.0,
                    }
                ],
                "as_of": at(4),
            }
        )
        shown = slipway("registry", "show", registry.model).stdout

        for text in (
            f"{registry}:1.1.0",
            "approved by ana@example.com at 2026-11-01T03:00:00.000Z",
            "better on every slice",
            "Production",
            f"slipway-local-{registry.project}-{registry.model} (AllTraffic, 100%, InService)",
            "sha256:aa",
            "content sha256:cc, 1,234 bytes",
            "model-package",
            "train = hotel-rates:1.2.0",
            "depth 6",
            "mae 18.5",
            "all 4 checks passed",
            "s3://artifacts/report.json",
            "0.0020 USD",
            "commit 4f1c2d0, Python 3.13.1",
            "scikit-learn 1.7.2",
            "team rates",
            f"champion from {at(4)} until now",
            f"candidate from {at(5)} to {at(6)}",
            "Rates of hotels in autumn",
        ):
            assert text in shown, text

    def test_json_is_complete(self, slipway: Slipway, registry: Registry) -> None:
        """The whole record, with what points to it, what serves it, and when it served."""
        document = slipway("registry", "show", f"{registry}:1.0.0", "--json").json

        record = registry.ledger.version(registry.project, registry.model, "1.0.0")
        assert record is not None
        assert {key: document[key] for key in record} == record
        assert document["history"] == [
            {
                "alias": "champion",
                "version": "1.0.0",
                "release_id": "9f2c41d07b3a55e1",
                "since": at(2),
                "until": at(4),
                "actor": "ana@example.com",
                "reason": "better",
                "ended_by": "1.1.0",
            }
        ]
        assert (document["aliases"], document["serving"], document["promotions"]) == ([], [], [])

    @pytest.mark.parametrize(("reference", "code"), [(":9.9.9", 3), ("@shadow", 3), ("@a:b", 2), ("s", 3)])
    def test_what_is_not_there(self, slipway: Slipway, registry: Registry, reference: str, code: int) -> None:
        """Not found is not wrong usage; both say what to do next."""
        assert slipway("registry", "show", f"{registry.model}{reference}").exit_code == code


class TestAliases:
    def test_now_and_then(self, slipway: Slipway, registry: Registry) -> None:
        """What an alias points to, and what it pointed to at any moment since it was set."""
        assert slipway("alias", "show", registry, "--json").json["version"] == "1.1.0"
        for moment, version in (
            ("2026-11-01T03:59:59.999Z", "1.0.0"),
            ("2026-11-01T04:00Z", "1.1.0"),
            ("2026-11-01T04:30:00+02:00", "1.0.0"),
            ("2026-11-02", "1.1.0"),
        ):
            then = slipway("alias", "show", f"{registry}@champion", "--at", moment, "--json").json
            assert then["version"] == version, moment

    def test_moments_that_have_no_answer(self, slipway: Slipway, registry: Registry) -> None:
        """Before the first move, after a removal, in the future, and what is no moment: each says why."""
        for asked, code, says in (
            ([str(registry), "--at", "2026-11-01"], 3, "first set at 2026-11-01T02:00:00.000Z"),
            ([f"{registry}@candidate", "--at", "2026-11-01T07:00Z"], 3, "removed it at 2026-11-01T06"),
            ([f"{registry}@candidate"], 3, "slipway alias history"),
            ([str(registry), "--at", "2999-01-01"], 2, "yet to come"),
            ([str(registry), "--at", "noon"], 2, "ISO 8601"),
            ([f"{registry}@nothing"], 3, "slipway alias list"),
            ([f"{registry}:1.0.0"], 2, "names no alias"),
        ):
            answer = slipway("alias", "show", *asked)
            assert (answer.exit_code, says in answer.stderr) == (code, True), (asked, answer.stderr)

    def test_list_and_history(self, slipway: Slipway, registry: Registry) -> None:
        """The list holds what points somewhere; the history every move, a removal too."""
        assert [one["alias"] for one in slipway("alias", "list", registry, "--json").json] == ["champion"]
        assert "(removed)" in slipway("alias", "history", f"{registry}@candidate").stdout
        moves = slipway("alias", "history", registry.model, "--json").json
        assert [one["version"] for one in moves] == ["1.1.0", "1.0.0"]
        assert slipway("alias", "history", f"{registry}@nothing").exit_code == 3


class TestExperiments:
    def test_are_what_was_never_approved(self, slipway: Slipway, registry: Registry) -> None:
        """Releases by their endings, but not those that failed after approval, and jobs of no release."""
        ended = [
            registry.release(uuid.uuid4().hex[:16], status, version, hour)
            for hour, (status, version) in enumerate(
                [("not-accepted", "0.7.0"), ("rejected", "0.9.0"), ("deployed", "1.0.0"), ("failed", "0.6.0")]
            )
        ]
        approved = uuid.uuid4().hex[:16]
        registry.version("1.2.0", 9, release_id=approved)
        registry.release(approved, "failed", "1.2.0", 9)
        job = f"try-{registry.model}"
        registry.lineage.put_nodes(
            [
                {
                    "id": node_id("training-job", job),
                    "kind": "training-job",
                    "name": job,
                    "facts": {
                        "job_name": job,
                        "project": registry.project,
                        "model": registry.model,
                        "status": "Completed",
                        "started_at": at(2),
                        "hyperparameters": {"depth": "3"},
                        "metrics": {"mae": 40.0},
                    },
                    "inputs": [],
                    "as_of": at(3),
                }
            ]
        )

        listed = slipway("experiment", "list", "--model", registry, "--json").json
        assert [one["experiment"] for one in listed] == [ended[3], job, ended[1], ended[0]]
        assert {one["belongs_to"] for one in listed} == {str(registry)}
        assert all(not {one["experiment"], one["version"]} & {approved, "1.2.0"} for one in listed)

        shown = slipway("experiment", "show", job).stdout
        for text in (
            f"belongs to     {registry}",
            "depth 3",
            "mae 40",
            f"slipway lineage up training-job:{job}",
        ):
            assert text in shown
        assert "it is rejected" in slipway("experiment", "show", ended[1]).stdout
        for production in (ended[2], approved):
            answer = slipway("experiment", "show", production)
            assert (answer.exit_code, "slipway registry show" in answer.stderr) == (3, True)
        assert slipway("experiment", "show", "nothing").exit_code == 3
