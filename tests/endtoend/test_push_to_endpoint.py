"""The platform's main job: a pushed image becomes an endpoint that says what serves."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.endtoend


@pytest.fixture(scope="module")
def two_versions(laptop):
    """1.0.0 is off by two; 1.1.0 is better. Both are approved and serve, one after the other."""
    laptop.put_numbers("shipping")
    first = laptop.deployed(laptop.model("shipping", bias="2.0"), "1.0.0")
    answer = laptop.invoke("shipping")
    second = laptop.deployed(laptop.model("shipping", bias="0.0"), "1.1.0")
    return first, answer, second


class TestTwoVersions:
    def test_the_first_version_answers_with_its_identity(self, laptop, two_versions):
        """
        After approval the endpoint answers, and the answer says which model made it.
        """
        first, answer, _ = two_versions

        assert answer["body"] == {"predictions": [12.0]}
        assert answer["identity"] == {
            "project": "shipping",
            "model": "tiny",
            "version": "1.0.0",
            "image_digest": first["image_digest"],
            "data_version": "numbers:1.0.0",
        }

    def test_the_second_version_takes_over(self, laptop, two_versions):
        """
        The same endpoint answers as 1.1.0 after its approval.
        """
        answer = laptop.invoke("shipping")

        assert (answer["body"], answer["identity"]["version"]) == ({"predictions": [10.0]}, "1.1.0")

    def test_the_champion_stands_beside_the_challenger(self, laptop, two_versions):
        """
        The second release has both versions' reports on the same data; the first had nobody to compare with.
        """
        first, _, second = two_versions

        sides = [
            {side for side, run in laptop.document(release)["evaluation"].items() if run}
            for release in (first, second)
        ]
        assert sides == [{"challenger"}, {"challenger", "champion"}]

    def test_the_champion_is_not_measured_again_on_the_same_data(self, laptop, two_versions):
        """
        It was measured as challenger, with the same image, artifact and data: that report is taken.
        """
        first, _, second = two_versions

        assert "EvaluateChampion" not in laptop.steps(second)
        assert laptop.document(second)["evaluation"]["champion"]["cached_from"] == first["release_id"]

    def test_the_alias_moved_and_kept_its_history(self, laptop, two_versions):
        """
        The ledger knows what serves, and what served before.
        """
        ledger = laptop.ledger

        assert ledger.alias("shipping", "tiny", "champion")["version"] == "1.1.0"
        assert [one["version"] for one in ledger.alias_history("shipping", "tiny", "champion")] == [
            "1.1.0",
            "1.0.0",
        ]

    def test_the_model_package_is_approved_by_name(self, laptop, two_versions):
        """
        SageMaker's registry holds an approved package, pinned to the digest.
        """
        _, _, second = two_versions
        version = laptop.ledger.version("shipping", "tiny", "1.1.0")
        package = laptop.aws.client("sagemaker").describe_model_package(
            ModelPackageName=version["package_arn"]
        )

        assert package["ModelApprovalStatus"] == "Approved"
        assert package["InferenceSpecification"]["Containers"][0]["Image"].endswith(second["image_digest"])

    def test_everybody_is_told_in_order(self, laptop, two_versions):
        """
        Result, request, decision and endpoint reach the team with the version in the subject.
        """

        def told(part):
            return [mail for mail in laptop.mails("shipping/tiny 1.1.0") if part in mail["subject"]]

        times = [
            laptop.wait_for(lambda part=part: told(part), part)[0]["at"]
            for part in ("accepted", "Approval wanted", "approved", "in service")
        ]
        assert times == sorted(times)

    def test_the_repository_was_made_by_the_push(self, laptop, two_versions):
        """
        Nobody made the repository, and its tags can't be moved.
        """
        prefix = laptop.workspace.platform()["repository_prefix"]
        ecr = laptop.aws.client("ecr")
        (repository,) = ecr.describe_repositories(repositoryNames=[f"{prefix}/shipping/tiny"])["repositories"]

        assert repository["imageTagMutability"].startswith("IMMUTABLE")

    def test_every_prediction_is_on_record(self, laptop, two_versions):
        """
        The endpoint's log holds one JSON record per answer, with input, output and identity.
        """
        laptop.invoke("shipping")
        prefix = laptop.workspace.platform()["resource_prefix"]
        group = f"/aws/sagemaker/Endpoints/{prefix}-shipping-tiny"

        def record():
            events = laptop.aws.client("logs").filter_log_events(logGroupName=group)["events"]
            return [one["message"] for one in events if '"latency_ms"' in one["message"]]

        assert '"version":"1.1.0"' in laptop.wait_for(record, "a prediction record")[-1].replace(" ", "")


class TestNotBetter:
    def test_a_worse_version_is_not_accepted_and_nobody_is_asked(self, laptop, two_versions):
        """
        A challenger that is worse than the champion ends before anybody is asked; the champion serves on.
        """
        laptop.push(laptop.model("shipping", bias="5.0"), "1.2.0")
        release = laptop.reach(laptop.release("shipping/tiny:1.2.0"), "not-accepted")

        assert "mae" in release["reason"]
        assert laptop.invoke("shipping")["identity"]["version"] == "1.1.0"

    def test_a_rejected_version_changes_nothing(self, laptop, two_versions):
        """
        A person's no ends the release; the package is rejected and the champion serves on.
        """
        laptop.push(laptop.model("shipping", bias="0.0"), "1.3.0")
        release = laptop.release("shipping/tiny:1.3.0")
        laptop.reach(release, "awaiting-approval")
        laptop.decide(release, "rejected")
        laptop.reach(release, "rejected")
        version = laptop.ledger.version("shipping", "tiny", "1.3.0")

        assert version["approval"] == "rejected"
        assert laptop.invoke("shipping")["identity"]["version"] == "1.1.0"
