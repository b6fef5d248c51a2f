from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from slipway.contracts.events import RELEASE_REFUSED, RELEASE_STARTED
from slipway.domain.image import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from slipway.usecases.plan_release import PlanRequest, ReleasePlanning
from tests.fakes.events import FakeEvents
from tests.fakes.executions import FakeExecutions
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, RELEASE_MACHINE, REPOSITORY, a_manifest, a_site, a_version
from tests.fakes.registry import FakeRegistry
from tests.fakes.storage import FakeDataSets


class House:
    """A site with data, to which an image is pushed."""

    def __init__(self, **policy: Any) -> None:
        self.registry, self.data_sets, self.ledger = FakeRegistry(), FakeDataSets(), FakeLedger()
        self.executions, self.events = FakeExecutions(), FakeEvents()
        self.now = NOW
        self.planning = ReleasePlanning(
            site=a_site(**policy),
            machine_arn=RELEASE_MACHINE,
            registry=self.registry,
            data_sets=self.data_sets,
            ledger=self.ledger,
            executions=self.executions,
            events=self.events,
            clock=lambda: self.now,
        )
        for name, version in (
            ("hotel-rates", "1.2.0"),
            ("hotel-rates", "1.10.0"),
            ("hotel-rates", "2.0.0"),
            ("hotel-rates-holdout", "1.0.0"),
        ):
            self.data_sets.put("pricing", name, version)

    def push(
        self, tag: str = "1.0.0", *, repository: str = REPOSITORY, label: str | None = "", **image: Any
    ) -> Any:
        """Push an image and deliver its event."""
        label = a_manifest().canonical() if label == "" else label
        return self.deliver(tag, self.registry.push(repository, tag, label, **image), repository=repository)

    def deliver(self, tag: str, digest: str, *, repository: str = REPOSITORY) -> Any:
        return self.planning.plan_release(PlanRequest("push", repository, tag, digest))

    def ask(self, tag: str, cause: Any = "cli", **request: Any) -> Any:
        return self.planning.plan_release(PlanRequest(cause, REPOSITORY, tag, **request))

    def plan(self, release_id: str) -> Any:
        return self.ledger.releases[release_id]["plan"]


@pytest.fixture
def house() -> House:
    return House()


class TestStarting:
    def test_pushed_image_is_released(self, house: House) -> None:
        """A push starts one execution, named by the release, with the plan as its input."""
        answer = house.push("1.0.0")

        execution = house.executions.by_arn[answer.execution_arn]
        assert (answer.outcome, execution.name, answer.reason) == ("started", answer.release_id, "")
        assert execution.document == {"plan": house.plan(answer.release_id)}
        assert house.ledger.release(answer.release_id)["status"] == "running"
        assert house.ledger.release(answer.release_id)["execution_arn"] == answer.execution_arn

    def test_plan_keeps_how_the_image_was_made(self, house: House) -> None:
        """Commit, base image, Python and libraries come from the image: nobody is asked for them."""
        labels = {
            "org.opencontainers.image.revision": "9f2c41d",
            "io.slipway.libraries": '{"libraries":{"numpy":"2.3.5"},"python":"3.13.1"}',
        }
        answer = house.push("1.0.0", labels=labels)

        source = {"git_commit": "9f2c41d", "python": "3.13.1", "libraries": {"numpy": "2.3.5"}}
        assert house.plan(answer.release_id)["source"] == source

    def test_start_is_told(self, house: House) -> None:
        """Release Started says which release, why, and where it runs."""
        answer = house.push("1.0.0")

        assert house.events.of(RELEASE_STARTED) == [
            {
                "release_id": answer.release_id,
                "project": "pricing",
                "model": "hotel-rates",
                "version": "1.0.0",
                "cause": "push",
                "execution_arn": answer.execution_arn,
            }
        ]

    def test_everything_is_pinned(self, house: House) -> None:
        """The plan names the image by digest, and of each range the highest data set version."""
        answer = house.push("1.0.0")

        plan = house.plan(answer.release_id)
        train = plan["training_data"][0]
        assert plan["image_uri"].endswith(f"/{REPOSITORY}@{plan['image_digest']}")
        assert plan["requests"]["training"]["AlgorithmSpecification"]["TrainingImage"] == plan["image_uri"]
        assert (train["version"], train["uri"]) == ("1.10.0", "s3://data/pricing/hotel-rates/1.10.0/files/")
        assert train["digest"].startswith("sha256:")
        assert plan["champion"] is None
        assert plan["requests"]["champion"] is None

    def test_data_that_is_still_being_stored(self, house: House) -> None:
        """A version without its record does not exist yet: the one before it is taken."""
        del house.data_sets.documents["pricing", "hotel-rates", "1.10.0"]
        house.data_sets.unfinished.append(("pricing", "hotel-rates", "1.10.0"))

        plan = house.plan(house.push("1.0.0").release_id)

        assert plan["training_data"][0]["version"] == "1.2.0"

    def test_champion_stands_beside_it(self, house: House) -> None:
        """With a version in production, the plan evaluates it too: its image and model, the new data."""
        house.ledger.put_version(
            a_version("1.0.0", approval="approved", model_uri="s3://artifacts/old.tar.gz")
        )
        house.ledger.move_alias(_move("1.0.0"))

        plan = house.plan(house.push("1.1.0").release_id)

        inputs = {
            one["InputName"]: one["S3Input"] for one in plan["requests"]["champion"]["ProcessingInputs"]
        }
        assert plan["champion"]["version"] == "1.0.0"
        assert inputs["model"]["S3Uri"] == "s3://artifacts/old.tar.gz"
        assert inputs["data-holdout"]["S3Uri"] == plan["evaluation_data"][0]["uri"]

    def test_index_is_pinned_to_its_amd64_image(self, house: House) -> None:
        """Of a pushed image list, the linux/amd64 image is released under the list's tag."""
        child = house.registry.push(REPOSITORY, "", a_manifest().canonical())
        index = house.registry.push_manifest(
            REPOSITORY,
            "1.0.0",
            {
                "manifests": [
                    {"digest": "sha256:arm", "platform": {"os": "linux", "architecture": "arm64"}},
                    {"digest": "sha256:att", "platform": {"os": "unknown", "architecture": "unknown"}},
                    {"digest": child, "platform": {"os": "linux", "architecture": "amd64"}},
                ]
            },
            DOCKER_LIST,
        )

        answer = house.deliver("1.0.0", index)

        assert answer.outcome == "started"
        assert house.plan(answer.release_id)["image_digest"] == child


MOMENT = "20261124T043000Z"


class TestVersionsOfOneImage:
    def test_each_is_a_release_of_its_own(self, house: House) -> None:
        """The very image under a higher version is released as that version."""
        digest = house.registry.push(REPOSITORY, "1.0.0", a_manifest().canonical())
        house.registry.tag(REPOSITORY, digest, "1.0.1")
        first = house.deliver("1.0.0", digest)

        second = house.deliver("1.0.1", digest)

        assert (second.outcome, second.release_id != first.release_id) == ("started", True)
        plans = house.plan(first.release_id), house.plan(second.release_id)
        assert plans[0]["image_digest"] == plans[1]["image_digest"]
        assert [plan["version"] for plan in plans] == ["1.0.0", "1.0.1"]


class TestRetraining:
    @pytest.fixture
    def serving(self, house: House) -> House:
        """1.0.0 was released, approved, and serves."""
        house.push("1.0.0")
        house.ledger.put_version(a_version("1.0.0", approval="approved"))
        house.ledger.move_alias(_move("1.0.0"))
        return house

    def test_champion_is_trained_again_under_a_version_of_its_own(self, serving: House) -> None:
        """The image is that of the version that was pushed, and so is its tag."""
        answer = serving.ask("1.0.0", retrain=MOMENT)

        plan = serving.plan(answer.release_id)
        assert answer.outcome == "started"
        assert (plan["version"], plan["image_tag"]) == (f"1.0.0+retrain.{MOMENT}", "1.0.0")
        assert plan["cause"] == "cli"
        assert plan["champion"]["version"] == "1.0.0"

    def test_asked_twice_it_is_one_release(self, serving: House) -> None:
        """Who asks names the moment: a request that is sent again starts nothing."""
        first = serving.ask("1.0.0", retrain=MOMENT)

        again = serving.ask("1.0.0", retrain=MOMENT)

        assert (again.outcome, again.release_id) == ("duplicate", first.release_id)

    def test_what_was_retrained_is_named_by_its_whole_version(self, serving: House) -> None:
        """A retraining that failed can be tried again: its image is found under the tag that was pushed."""
        first = serving.ask("1.0.0", retrain=MOMENT)

        again = serving.ask(f"1.0.0+retrain.{MOMENT}", force=True)

        assert again.outcome == "started"
        assert again.release_id != first.release_id
        assert serving.plan(again.release_id)["version"] == f"1.0.0+retrain.{MOMENT}"

    def test_new_data_is_trained_on(self, serving: House) -> None:
        """Ranges are resolved anew."""
        serving.data_sets.put("pricing", "hotel-rates", "1.11.0")

        plan = serving.plan(serving.ask("1.0.0", retrain=MOMENT).release_id)

        assert plan["training_data"][0]["version"] == "1.11.0"

    def test_push_stays_answered_as_it_was(self, serving: House) -> None:
        """The sweep must find the push's own release, not that of a retraining."""
        before = list(serving.ledger.pushes(REPOSITORY))

        serving.ask("1.0.0", retrain=MOMENT)

        assert list(serving.ledger.pushes(REPOSITORY)) == before

    def test_moment_in_another_form_is_refused(self, serving: House) -> None:
        """The reason says how it is written."""
        answer = serving.ask("1.0.0", retrain="yesterday")

        assert (answer.outcome, "20261124T043000Z" in answer.reason) == ("refused", True)


class TestStepCache:
    def test_plan_says_for_how_long(self, house: House) -> None:
        """As the environment's policy has it."""
        assert house.plan(house.push("1.0.0").release_id)["cache"] == {"use": True, "days": 90}

    def test_asked_without_it(self, house: House) -> None:
        """`--no-cache`."""
        house.registry.push(REPOSITORY, "1.0.0", a_manifest().canonical())

        assert house.plan(house.ask("1.0.0", no_cache=True).release_id)["cache"]["use"] is False


def _move(version: str) -> Any:
    return {
        "project": "pricing",
        "model": "hotel-rates",
        "alias": "champion",
        "version": version,
        "release_id": "9f2c41d07b3a55e1",
        "moved_at": "2026-11-01T00:00:00.000Z",
        "actor": "ana",
        "reason": "",
        "revision": 1,
    }


def claim_a_push(house: House) -> None:
    """Another delivery worked out a release for 1.0.0, and came no farther."""
    digest = house.registry.push(REPOSITORY, "1.0.0", a_manifest().canonical())
    claim = {"repository": REPOSITORY, "tag": "1.0.0", "digest": digest, "release_id": "other"}
    claim |= {"outcome": "claimed", "answered_at": "2026-11-22T03:00:00.000Z"}
    assert house.ledger.claim_push(claim) is None


class TestDuplicates:
    def test_a_thousand_concurrent_deliveries_start_one_execution(self, house: House) -> None:
        """One delivery answers "started"; every other says "duplicate", of the same release."""
        digest = house.registry.push(REPOSITORY, "1.0.0", a_manifest().canonical())

        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(lambda _: house.deliver("1.0.0", digest), range(1000)))

        assert house.executions.starts == 1
        assert sorted({answer.outcome for answer in answers}) == ["duplicate", "started"]
        assert sum(answer.outcome == "started" for answer in answers) == 1
        assert len({answer.release_id for answer in answers}) == 1
        assert len(house.events.of(RELEASE_STARTED)) == 1

    def test_late_duplicate_costs_one_read(self, house: House) -> None:
        """An answered push is known by its digest: the registry is not asked again."""
        house.push("1.0.0")
        reads = house.registry.reads

        answer = house.push("1.0.0")

        assert (answer.outcome, house.registry.reads) == ("duplicate", reads)

    def test_late_duplicate_after_new_data_starts_nothing(self, house: House) -> None:
        """A push is answered once, even if its range would resolve to newer data by now."""
        house.push("1.0.0")
        house.data_sets.put("pricing", "hotel-rates", "1.11.0")

        assert house.push("1.0.0").outcome == "duplicate"
        assert house.executions.starts == 1

    def test_claimer_died_before_the_start(self, house: House) -> None:
        """A delivery that finds a claim without an execution starts it, with the claimed plan."""
        house.executions.failing = TimeoutError("the function died here")
        with pytest.raises(TimeoutError):
            house.push("1.0.0")
        house.now += timedelta(minutes=5)

        answer = house.ask("1.0.0", "sweep")

        assert (answer.outcome, house.executions.starts) == ("started", 1)
        assert (
            house.executions.by_arn[answer.execution_arn]
            .document["plan"]["planned_at"]
            .endswith("T03:00:00.000Z")
        )
        assert house.ask("1.0.0", "sweep").outcome == "duplicate"

    def test_data_that_appears_between_two_deliveries(self, house: House) -> None:
        """A push that another delivery claimed keeps that one's data, and is one release."""
        house.executions.failing = TimeoutError("the function is slow here")
        with pytest.raises(TimeoutError):
            house.push("1.0.0")
        house.data_sets.put("pricing", "hotel-rates", "1.11.0")

        answer = house.push("1.0.0")

        assert (answer.outcome, house.executions.starts, len(house.ledger.releases)) == ("started", 1, 1)
        assert house.plan(answer.release_id)["training_data"][0]["version"] == "1.10.0"
        assert house.push("1.0.0").outcome == "duplicate"

    def test_claimer_of_a_push_that_is_at_work(self, house: House) -> None:
        """While another delivery may still claim its release, nobody starts another one."""
        claim_a_push(house)

        answer = house.push("1.0.0")

        assert (answer.outcome, answer.release_id, house.executions.starts) == ("duplicate", "other", 0)
        assert list(house.ledger.pushes(REPOSITORY)) == []

    def test_claimer_of_a_push_died(self, house: House) -> None:
        """The sweep takes the push over, for it does not count as answered."""
        claim_a_push(house)
        house.now += timedelta(minutes=5)

        answer = house.ask("1.0.0", "sweep")

        assert (answer.outcome, house.executions.starts) == ("started", 1)
        assert [record["release_id"] for record in house.ledger.pushes(REPOSITORY)] == [answer.release_id]

    def test_start_that_the_event_bus_did_not_take(self, house: House) -> None:
        """The push stays unanswered until people were told of its release; then they are told once."""
        house.events.trouble = ConnectionError("no event bus")
        with pytest.raises(ConnectionError):
            house.push("1.0.0")
        assert list(house.ledger.pushes(REPOSITORY)) == []
        house.events.trouble = None
        house.now += timedelta(minutes=1)

        answers = [house.ask("1.0.0", "sweep"), house.push("1.0.0")]

        assert [answer.outcome for answer in answers] == ["duplicate", "duplicate"]
        assert (house.executions.starts, len(house.events.of(RELEASE_STARTED))) == (1, 1)
        assert len(house.ledger.answered) == 1

    def test_start_that_another_tells_of(self, house: House) -> None:
        """A delivery that comes while another tells of the start leaves telling and answering to it."""
        house.events.trouble = ConnectionError("no event bus")
        with pytest.raises(ConnectionError):
            house.push("1.0.0")
        house.events.trouble = None

        assert house.push("1.0.0").outcome == "duplicate"
        assert (house.events.emitted, list(house.ledger.pushes(REPOSITORY))) == ([], [])

    def test_sweep_of_an_answered_push(self, house: House) -> None:
        """The sweep, which knows only the tag, starts nothing that the event started."""
        first = house.push("1.0.0")

        answer = house.ask("1.0.0", "sweep")

        assert (answer.outcome, answer.release_id) == ("duplicate", first.release_id)

    def test_asked_by_hand_without_force(self, house: House) -> None:
        """By hand, a release that exists is named, with its status."""
        first = house.push("1.0.0")

        answer = house.ask("1.0.0")

        assert (answer.outcome, answer.release_id) == ("duplicate", first.release_id)
        assert "running" in answer.reason

    def test_asked_by_hand_with_force(self, house: House) -> None:
        """With force, the same image on the same data is released once more."""
        first = house.push("1.0.0")
        house.now += timedelta(seconds=1)

        answer = house.ask("1.0.0", force=True)

        assert answer.outcome == "started"
        assert answer.release_id != first.release_id


class TestRefusals:
    def _refused(self, house: House, answer: Any, words: str) -> None:
        record = house.ledger.release(answer.release_id)
        assert answer.outcome == "refused"
        assert words in answer.reason
        assert (record["status"], record["reason"]) == ("refused", answer.reason)
        assert house.events.of(RELEASE_REFUSED)[0]["reason"] == answer.reason
        assert house.executions.starts == 0

    @pytest.mark.parametrize("tag", ["latest", "v1.0.0", "1.0", "01.0.0"])
    def test_tag_is_no_semantic_version(self, house: House, tag: str) -> None:
        """The tag is the version; any other tag is refused."""
        self._refused(house, house.push(tag), "not a semantic version")

    def test_child_manifest_is_ignored(self, house: House) -> None:
        """A push without a tag is answered, but neither recorded nor told: its index is the push."""
        answer = house.push("")

        assert (answer.outcome, answer.reason) == ("ignored", "child manifest")
        assert house.ledger.releases == {}
        assert house.events.emitted == []

    def test_oci_image(self, house: House) -> None:
        """An OCI image would fail at hosting, last of all; the reason says how to build a Docker one."""
        self._refused(house, house.push("1.0.0", media_type=OCI_MANIFEST), "oci-mediatypes=false")

    @pytest.mark.parametrize("media_type", [DOCKER_LIST, OCI_INDEX])
    def test_index_without_amd64(self, house: House, media_type: str) -> None:
        """An index without a linux/amd64 image is refused, and the reason lists what it holds."""
        platform = {"os": "linux", "architecture": "arm64"}
        digest = house.registry.push_manifest(
            REPOSITORY, "1.0.0", {"manifests": [{"digest": "sha256:a", "platform": platform}]}, media_type
        )

        self._refused(house, house.deliver("1.0.0", digest), "linux/arm64, but no linux/amd64")

    def test_wrong_architecture(self, house: House) -> None:
        """An image for another architecture is refused."""
        self._refused(house, house.push("1.0.0", architecture="arm64"), "linux/arm64")

    def test_without_manifest(self, house: House) -> None:
        """An image without the label is refused, and the reason says how it gets one."""
        self._refused(house, house.push("1.0.0", label=None), "io.slipway.manifest")

    def test_invalid_manifest(self, house: House) -> None:
        """Every problem of the manifest is listed at once."""
        document = json.loads(a_manifest().canonical())
        document["training"]["volume_gb"] = 0
        del document["evaluation"]["primary_metric"]

        answer = house.push("1.0.0", label=json.dumps(document))

        self._refused(house, answer, "training.volume_gb")
        assert "evaluation.primary_metric" in answer.reason

    def test_pushed_to_another_models_repository(self, house: House) -> None:
        """The manifest and the repository must name the same model."""
        answer = house.push("1.0.0", repository="models/pricing/other")

        self._refused(house, answer, "'models/pricing/hotel-rates'")

    @pytest.mark.parametrize(
        ("policy", "words"),
        [
            ({"projects": ["search"]}, "the project pricing"),
            ({"training_instance_types": ["ml.m5.xlarge"]}, "the training instance type ml.m5.large"),
            ({"training_instance_types": ["ml.m5.large"]}, "the evaluation instance type ml.m5.xlarge"),
            ({"serving_instance_types": ["ml.c5.large"]}, "the serving instance type ml.m5.large"),
            ({"max_training_minutes": 20}, "training.max_runtime_minutes = 30"),
            ({"max_instance_count": 1}, "serving.max_instances = 2"),
            ({"approvers": {"search": ["a@example.com"], "pricing": []}}, "nobody may approve"),
            # who could not be sent a link can't be asked: better known before training than after
            ({"approvers": {"*": ["a@example.com"], "pricing": ["no address"]}}, "nobody may approve"),
        ],
    )
    def test_policy_forbids(self, policy: Any, words: str) -> None:
        """What the environment does not allow is refused before money is spent."""
        house = House(**policy)

        self._refused(house, house.push("1.0.0"), words)

    def test_data_set_is_missing(self, house: House) -> None:
        """A data set that the project lacks is refused, with the command that stores one."""
        manifest = a_manifest(training={"channels": {"train": "flights:1.x"}})

        self._refused(house, house.push("1.0.0", label=manifest.canonical()), "slipway data put flights")

    @pytest.mark.parametrize("reference", ["hotel-rates:3.x", "hotel-rates:1.3.0"])
    def test_data_set_version_is_missing(self, house: House, reference: str) -> None:
        """A version that is not there is refused, and the reason lists those that are."""
        manifest = a_manifest(training={"channels": {"train": reference}})

        self._refused(house, house.push("1.0.0", label=manifest.canonical()), "1.2.0, 1.10.0, 2.0.0")

    def test_data_set_record_contradicts_itself(self, house: House) -> None:
        """A data set whose digest is not that of its files is not trained on."""
        key = ("pricing", "hotel-rates", "1.10.0")
        house.data_sets.documents[key] = house.data_sets.documents[key].replace("part.csv", "other.csv")

        self._refused(house, house.push("1.0.0"), "can't be believed")

    def test_older_than_the_champion(self, house: House) -> None:
        """A version that is not higher than the one in production is refused."""
        house.ledger.put_version(a_version("1.1.0", approval="approved"))
        house.ledger.move_alias(_move("1.1.0"))

        self._refused(house, house.push("1.0.9"), "not newer than 1.1.0")
        assert house.push("1.2.0").outcome == "started"

    def test_older_than_one_that_waits_for_approval(self, house: House) -> None:
        """A version in approval counts as released."""
        house.ledger.put_version(a_version("2.0.0"))

        self._refused(house, house.push("1.9.0"), "waits for approval")

    @pytest.mark.parametrize("approval", ["pending", "approved"])
    def test_taken_version_is_refused_before_anything_runs(self, house: House, approval: str) -> None:
        """`--again` would train for a version that can't be registered: the refusal names the ways out."""
        house.push("1.0.0")
        house.ledger.put_version(a_version("1.0.0", approval=approval))

        answer = house.ask("1.0.0", force=True)

        assert (answer.outcome, house.executions.starts) == ("refused", 1)
        assert "--retrain" in answer.reason

    def test_rejected_versions_do_not_count(self, house: House) -> None:
        """What nobody approved may be tried again under the same number."""
        house.ledger.put_version(a_version("2.0.0", approval="rejected"))

        assert house.push("2.0.0").outcome == "started"

    def test_refusal_is_told_once(self, house: House) -> None:
        """The same push, delivered again, is refused again and told once."""
        digest = house.registry.push(
            REPOSITORY, "latest", a_manifest().canonical(), media_type=DOCKER_MANIFEST
        )
        first = house.deliver("latest", digest)

        again = house.deliver("latest", digest)

        assert (again.outcome, again.release_id) == ("duplicate", first.release_id)
        assert len(house.events.of(RELEASE_REFUSED)) == 1

    def test_refusal_that_the_event_bus_did_not_take(self, house: House) -> None:
        """A retry finds the refusal recorded and not told: it tells, and the push counts as answered."""
        digest = house.registry.push(REPOSITORY, "latest", a_manifest().canonical())
        house.events.trouble = ConnectionError("no event bus")
        with pytest.raises(ConnectionError):
            house.deliver("latest", digest)
        assert list(house.ledger.pushes(REPOSITORY)) == []
        house.events.trouble = None
        house.now += timedelta(minutes=1)

        answers = [house.deliver("latest", digest).outcome for _ in range(2)]

        assert answers == ["refused", "duplicate"]
        assert len(house.events.of(RELEASE_REFUSED)) == 1

    def test_refused_for_lack_of_data_then_asked_by_hand(self, house: House) -> None:
        """After the cause of a refusal is gone, asking by hand starts the release."""
        manifest = a_manifest(training={"channels": {"train": "flights:1.x"}})
        house.push("1.0.0", label=manifest.canonical())
        house.data_sets.put("pricing", "flights", "1.0.0")

        assert house.ask("1.0.0").outcome == "started"

    def test_no_such_image(self, house: House) -> None:
        """By hand, an image that was never pushed is refused."""
        self._refused(house, house.ask("7.0.0"), "no image")


class TestEnvironmentGates:
    def test_are_pinned_with_the_plan(self) -> None:
        """What settings ask for when a release is planned is what it is judged by."""
        house = House(gates=["mae <= 50 EUR", "critical image findings == 0"])

        plan = house.plan(house.push("1.0.0").release_id)

        assert plan["environment_gates"] == ["mae <= 50 EUR", "critical image findings == 0"]
        assert plan["awaits_scan"] is True

    def test_no_scan_is_awaited_that_nobody_looks_at(self, house: House) -> None:
        """Scans take minutes."""
        assert house.plan(house.push("1.0.0").release_id)["awaits_scan"] is False

    def test_gate_of_the_settings_that_can_not_be_read(self) -> None:
        """It is told as the environment's fault, not dropped."""
        answer = House(gates=["mae is small"]).push("1.0.0")

        assert answer.outcome == "refused"
        assert "a gate of environment 'dev' can't be read" in answer.reason
