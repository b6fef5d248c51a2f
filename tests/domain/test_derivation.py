"""Revisions sort as a source's states follow each other; nodes say what their source says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from slipway.domain.job_lineage import Asked, evaluation_asked, training_asked, training_nodes
from slipway.domain.metric_curves import JobLog, LogLine
from slipway.domain.package_lineage import artifact_node, package_node, superseded_package_node
from slipway.domain.release_lineage import release_nodes, release_revision
from slipway.domain.serving_lineage import Served, deleted, endpoint_revision, serving_of
from slipway.usecases.trace_lineage import blame
from tests.fakes.lineage import FakeLineage
from tests.fakes.models import a_champion, a_plan, a_version

BEGAN = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 3, 1, tzinfo=UTC)


def a_release(status: str, **changes: Any) -> Any:
    plan = a_plan()
    return {
        **{key: plan[key] for key in ("release_id", "project", "model", "version", "repository", "cause")},
        "image_tag": "1.1.0",
        "image_digest": plan["image_digest"],
        "status": status,
        "reason": "",
        "planned_at": plan["planned_at"],
        "plan": plan,
        **changes,
    }


def a_training(**changes: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "train-0-0",
        "TrainingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/train-0-0",
        "TrainingJobStatus": "Completed",
        "AlgorithmSpecification": {"TrainingImage": a_plan()["image_uri"]},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2},
        "CreationTime": BEGAN,
        "LastModifiedTime": LATER,
        "BillableTimeInSeconds": 1800,
        "ModelArtifacts": {"S3ModelArtifacts": "s3://artifacts/train-0-0/output/model.tar.gz"},
        **changes,
    }


class TestReleases:
    def test_revisions_follow_a_release_s_way(self) -> None:
        """Claimed, started, asked, promoted, failed, taken up again, and ended once more."""
        started = {"execution_arn": "arn"}
        ended = {**started, "ended_at": "2026-11-22T04:00:00.000Z"}
        way = [
            a_release("running"),
            a_release("running", **started),
            a_release("awaiting-approval", **started),
            a_release("promoting", **started),
            a_release("failed", **ended),
            a_release("running", **ended),
            a_release("promoting", **ended),
            a_release("deployed", **started, ended_at="2026-11-22T05:00:00.000Z"),
        ]
        revisions = [release_revision(record) for record in way]

        assert revisions == sorted(set(revisions))

    def test_a_taken_up_release_has_no_failure(self) -> None:
        """What failed before is no news while it runs."""
        failure = {"step": "Train", "error": "x", "cause": "y", "log_url": "", "next_action": ""}
        ended = {"execution_arn": "arn", "ended_at": "2026-11-22T04:00:00.000Z", "failure": failure}
        failed, _ = release_nodes(a_release("failed", **ended))
        running, _ = release_nodes(a_release("running", **ended))

        assert failed["facts"]["failure"] == failure
        assert "failure" not in running["facts"]

    def test_steps_say_what_the_cache_answered(self) -> None:
        """A step that was taken from another release has no job; the release says from where."""
        lookups = {"training": {"result": "hit", "explanation": "hit: same as release c0c0"}}
        release, _ = release_nodes(a_release("running", lookups=lookups))

        assert release["facts"]["steps"] == {"training": "hit: same as release c0c0"}

    def test_a_refused_push_names_its_image_only(self) -> None:
        """Nothing was pinned, and nothing is known of the image."""
        record = a_release("refused", reason="policy: too large")
        del record["plan"]
        (release,) = release_nodes(record)

        assert [edge["source"].partition(":")[0] for edge in release["inputs"]] == ["image"]
        assert release["facts"]["reason"] == "policy: too large"


class TestJobs:
    def test_a_training_derives_from_release_image_and_data(self) -> None:
        """And its artifact from it."""
        job, artifact = training_nodes(a_training(), training_asked(a_plan()), JobLog())

        assert [edge["source"].partition(":")[0] for edge in job["inputs"]] == [
            "data-set",
            "image",
            "release",
        ]
        assert [edge["source"] for edge in artifact["inputs"]] == [job["id"]]

    def test_cost_is_that_of_all_instances(self) -> None:
        """Two for half an hour are one for an hour."""
        job, _ = training_nodes(a_training(), training_asked(a_plan()), JobLog())

        assert job["facts"]["cost_usd"] == 0.115

    def test_an_unknown_price_is_no_price(self) -> None:
        """Better none than a wrong one."""
        described = a_training(ResourceConfig={"InstanceType": "ml.unheard.of", "InstanceCount": 1})
        job, _ = training_nodes(described, training_asked(a_plan()), JobLog())

        assert "cost_usd" not in job["facts"]

    def test_who_read_more_of_the_log_knows_better(self) -> None:
        """A log arrives after its job's end, and is gone some day."""
        early, late = (
            training_nodes(a_training(), Asked("pricing"), JobLog((LogLine(0, "a"),) * count))[0]["as_of"]
            for count in (2, 11)
        )

        assert early < late

    def test_a_failed_job_has_its_last_lines(self) -> None:
        """A completed one has none."""
        log = JobLog(last=(LogLine(0, "Traceback"), LogLine(1, "ValueError: row 3")))
        failed = a_training(TrainingJobStatus="Failed", FailureReason="AlgorithmError", ModelArtifacts={})
        (job,) = training_nodes(failed, Asked("pricing"), log)
        completed, _ = training_nodes(a_training(), Asked("pricing"), log)

        assert job["facts"]["last_lines"] == ["Traceback", "ValueError: row 3"]
        assert "last_lines" not in completed["facts"]

    def test_an_experiment_has_no_release(self) -> None:
        """By that it is told apart."""
        job, _ = training_nodes(a_training(), Asked("pricing"), JobLog())

        assert "release_id" not in job["facts"]

    def test_the_side_is_in_an_evaluation_s_name(self) -> None:
        """The champion's evaluation is of the champion's version."""
        plan = a_plan(champion=a_champion("1.0.0"))
        asked = {
            side: evaluation_asked(plan, f"{plan['job_names'][side]}-0-0")
            for side in ("challenger", "champion")
        }

        assert {side: (one.side, one.version) for side, one in asked.items()} == {
            "challenger": ("challenger", "1.1.0"),
            "champion": ("champion", "1.0.0"),
        }


class TestPackages:
    def test_a_registered_artifact_knows_more(self) -> None:
        """Digests come with the registration, whichever event is first."""
        digests: Any = {"sha256": "sha256:1", "content": "sha256:2", "bytes": 3}

        assert (
            artifact_node("s3://a/train/output/model.tar.gz", digests)["as_of"]
            > (artifact_node("s3://a/train/output/model.tar.gz")["as_of"])
        )

    def test_a_foreign_artifact_has_no_job(self) -> None:
        """Only SageMaker's own URIs name the job."""
        assert artifact_node("s3://elsewhere/model.tar.gz")["inputs"] == []

    def test_revisions_follow_decision_and_stage(self) -> None:
        """Registered, approved, in production, deleted."""
        described = {"CreationTime": BEGAN}
        approved = a_version(approval="approved", decided_at="2026-11-22T04:00:00.000Z")
        nodes = [
            package_node(a_version(), described),
            package_node(approved, described),
            package_node(
                approved, {**described, "LastModifiedTime": LATER, "ModelLifeCycle": {"Stage": "Production"}}
            ),
            package_node(approved, None),
        ]
        revisions = [node["as_of"] for node in nodes]

        assert revisions == sorted(set(revisions))
        assert nodes[2]["facts"]["stage"] == "Production"

    def test_a_training_that_was_taken_from_the_cache(self) -> None:
        """There is no job of this release: the package derives from the earlier one's artifact."""
        uri = "s3://artifacts/pricing/hotel-rates/releases/c0c0/training/earlier-0-0/output/model.tar.gz"
        node = package_node(a_version(model_uri=uri), None)

        assert f"model-artifact:{uri}" in [edge["source"] for edge in node["inputs"]]
        assert artifact_node(uri)["inputs"][0]["source"] == "training-job:earlier-0-0"

    def test_what_a_release_took_from_the_cache_is_blamed_for_its_own_data_too(self) -> None:
        """A version with the bytes of an earlier one: no job ever read it under its own name."""
        lineage = FakeLineage()
        uri = "s3://artifacts/pricing/hotel-rates/releases/c0c0/training/earlier-0-0/output/model.tar.gz"
        plan = a_plan()
        named = (
            f"data-set:pricing/{plan['training_data'][0]['data_set']}:{plan['training_data'][0]['version']}"
        )
        version = a_version(
            model_uri=uri,
            release_id=plan["release_id"],
            report_uri=f"{plan['artifact_prefix']}/report.json",
        )

        lineage.put_nodes(
            [*release_nodes(a_release("deployed")), artifact_node(uri), package_node(version, None)]
        )

        found = [package.how for package in blame(lineage, named).packages]
        assert found == [("planned with",)]

    def test_of_a_superseded_version_the_approval_is_left(self) -> None:
        """Another release took its number; nothing newer can be heard of it."""
        approval: Any = {
            **{
                key: a_version()[key]
                for key in ("project", "model", "version", "release_id", "package_arn", "report_uri")
            },
            "status": "rejected",
            "decided_by": "ana@example.com",
            "decided_at": "2026-11-22T04:00:00.000Z",
            "decision_reason": "worse in winter",
        }
        node = superseded_package_node(approval, {"challenger": {"metrics": {"mae": 31.25}}})

        assert (node["facts"]["approval"], node["facts"]["approver"]) == ("rejected", "ana@example.com")
        assert node["as_of"] > package_node(a_version(), None)["as_of"]


class TestServing:
    def described(self, **changes: Any) -> dict[str, Any]:
        return {
            "EndpointName": "slipway-dev-pricing-hotel-rates",
            "EndpointStatus": "InService",
            "CreationTime": BEGAN,
            "LastModifiedTime": BEGAN,
            **changes,
        }

    def test_shares_are_parts_of_the_whole(self) -> None:
        """Weights are SageMaker's; shares are what people ask for."""
        version = a_version()
        identity = {
            "project": "pricing",
            "model": "hotel-rates",
            "version": "1.1.0",
            "image_digest": version["image_digest"],
        }
        served = [
            Served({"VariantName": name, "CurrentWeight": weight}, {}, identity, version)
            for name, weight in (("a", 9.0), ("b", 1.0))
        ]
        serving = serving_of(self.described(), served)

        assert [one["share"] for one in serving["variants"]] == [0.9, 0.1]
        assert {one["package"] for one in serving["variants"]} == {
            "model-package:slipway-dev-pricing-hotel-rates/1"
        }

    def test_another_image_is_not_the_version_s_package(self) -> None:
        """What says it is 1.1.0 and has another image is not what was approved."""
        served = Served(
            {"VariantName": "a"}, {}, {"version": "1.1.0", "image_digest": "sha256:0"}, a_version()
        )

        assert served.package == ""

    def test_revisions_follow_an_endpoint_s_way(self) -> None:
        """Created, updating, in service, deleted, and created again under its name."""
        later = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
        in_service = serving_of(self.described(LastModifiedTime=LATER), [])
        revisions = [
            endpoint_revision(self.described(EndpointStatus="Creating")),
            endpoint_revision(self.described(EndpointStatus="Updating", LastModifiedTime=LATER)),
            in_service["as_of"],
            deleted(in_service)["as_of"],
            endpoint_revision(self.described(CreationTime=later, LastModifiedTime=later)),
        ]

        assert revisions == sorted(set(revisions))
        assert deleted(deleted(in_service)) == deleted(in_service)
