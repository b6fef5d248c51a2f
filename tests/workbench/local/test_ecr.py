"""The embedded ECR: what a push does, and what it refuses."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.workbench.local.pushing import DOCKER, Pusher, basic, digest_of
from workbench.local.blobs import BlobStore, DigestMismatchError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import EmbeddedAws

INDEX = "application/vnd.oci.image.index.v1+json"


class TestBlobStore:
    def test_blob_is_found_by_what_it_contains(self, tmp_path: Path) -> None:
        """
        A blob's name is the SHA-256 of its bytes.
        """
        store = BlobStore(tmp_path)

        assert store.read(store.put(b"content")) == b"content"

    def test_upload_with_another_digest_leaves_nothing(self, tmp_path: Path) -> None:
        """
        What does not match its digest is refused, and nothing of it stays on disk.
        """
        upload = BlobStore(tmp_path).begin()
        upload.write(b"torn")
        with pytest.raises(DigestMismatchError):
            upload.finish("sha256:" + "0" * 64)

        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_abandoned_uploads_are_cleared_at_start(self, tmp_path: Path) -> None:
        """
        A killed server's half uploads do not fill the disk.
        """
        BlobStore(tmp_path).begin()
        BlobStore(tmp_path)

        assert list((tmp_path / "uploads").iterdir()) == []

    def test_what_is_no_digest_is_not_held(self, tmp_path: Path) -> None:
        """
        A reference from a URL never leads out of the store.
        """
        assert BlobStore(tmp_path).path("sha256:../../etc/passwd") is None


@pytest.fixture(scope="module")
def events(embedded_aws: EmbeddedAws) -> Callable[[], list[dict[str, Any]]]:
    """What ECR told EventBridge since the last call."""
    sqs = embedded_aws.client("sqs")
    queue = sqs.create_queue(QueueName="ecr-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
        ]
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    rules = embedded_aws.client("events")
    rules.put_rule(Name="ecr-events", EventPattern=json.dumps({"source": ["aws.ecr"]}))
    rules.put_targets(Rule="ecr-events", Targets=[{"Id": "queue", "Arn": arn}])

    def take() -> list[dict[str, Any]]:
        time.sleep(0.1)
        got: list[dict[str, Any]] = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            got += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return sorted(got, key=lambda event: event["time"])

    return take


@pytest.fixture(scope="module")
def pusher(embedded_aws: EmbeddedAws) -> Pusher:
    ecr = embedded_aws.client("ecr")
    ecr.create_repository_creation_template(
        prefix="models",
        appliedFor=["CREATE_ON_PUSH"],
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev-*"}],
        lifecyclePolicy='{"rules": []}',
        resourceTags=[{"Key": "made", "Value": "by-push"}],
    )
    ecr.put_registry_scanning_configuration(
        scanType="BASIC",
        rules=[
            {
                "scanFrequency": "SCAN_ON_PUSH",
                "repositoryFilters": [{"filter": "models/*", "filterType": "WILDCARD"}],
            }
        ],
    )
    return Pusher(embedded_aws)


@pytest.mark.embedded
class TestPush:
    def test_first_push_makes_the_repository_as_its_template_says(
        self, embedded_aws: EmbeddedAws, pusher: Pusher
    ) -> None:
        """
        Nobody creates a repository: tags, mutability, lifecycle and scanning come from the template.
        """
        assert pusher.image("models/p/made", "1.0.0")[0] == 201
        ecr = embedded_aws.client("ecr")
        repository = ecr.describe_repositories(repositoryNames=["models/p/made"])["repositories"][0]

        assert repository["repositoryUri"] == f"{embedded_aws.registry}/models/p/made"
        assert repository["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
        assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
        tags = ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]
        assert tags == [{"Key": "made", "Value": "by-push"}]
        assert ecr.get_lifecycle_policy(repositoryName="models/p/made")["lifecyclePolicyText"]

    def test_repository_without_a_template_is_unknown(self, pusher: Pusher) -> None:
        """
        A push to a name that no template is for is refused, as ECR does.
        """
        status, answer = pusher.request("POST", "/v2/elsewhere/thing/blobs/uploads/", b"")

        assert (status, json.loads(answer)["errors"][0]["code"]) == (404, "NAME_UNKNOWN")

    def test_push_is_told_to_eventbridge_with_its_media_types(
        self, pusher: Pusher, events: Callable[[], list[dict[str, Any]]]
    ) -> None:
        """
        The event is the one that ECR sends, media types included.
        """
        events()
        _, headers = pusher.image("models/p/told", "1.0.0")

        (event,) = events()
        assert (event["source"], event["detail-type"]) == ("aws.ecr", "ECR Image Action")
        assert event["resources"] == []
        assert event["detail"] == {
            "action-type": "PUSH",
            "artifact-media-type": "application/vnd.docker.container.image.v1+json",
            "image-digest": headers["Docker-Content-Digest"],
            "image-tag": "1.0.0",
            "manifest-media-type": DOCKER,
            "repository-name": "models/p/told",
            "result": "SUCCESS",
        }

    def test_each_child_of_an_index_has_an_event_with_an_empty_tag(
        self, pusher: Pusher, events: Callable[[], list[dict[str, Any]]]
    ) -> None:
        """
        A push of several platforms tells of every manifest, tagged or not.
        """
        config = pusher.blob("models/p/index", b'{"architecture": "amd64"}')
        child = {"schemaVersion": 2, "mediaType": DOCKER, "config": config, "layers": []}
        digest = digest_of(json.dumps(child).encode())
        events()
        pusher.manifest("models/p/index", digest, child, DOCKER)
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"digest": digest, "size": 1}]}
        pusher.manifest("models/p/index", "1.0.0", index, INDEX)

        told = {(event["detail"]["image-tag"], event["detail"]["manifest-media-type"]) for event in events()}
        assert told == {("", DOCKER), ("1.0.0", INDEX)}

    def test_immutable_tag_stays_where_it_is(
        self, embedded_aws: EmbeddedAws, pusher: Pusher, events: Callable[[], list[dict[str, Any]]]
    ) -> None:
        """
        Another image under a taken tag is refused, over the protocol and the API; an excluded tag moves.
        """
        pusher.image("models/p/fixed", "1.0.0")
        pusher.image("models/p/fixed", "dev-a")
        events()
        status, answer = pusher.image("models/p/fixed", "1.0.0", layer=b"other")
        ecr = embedded_aws.client("ecr")

        assert (status, json.loads(answer)["errors"][0]["code"]) == (400, "TAG_INVALID")
        assert events() == []
        assert pusher.image("models/p/fixed", "dev-a", layer=b"other")[0] == 201
        moved = ecr.batch_get_image(repositoryName="models/p/fixed", imageIds=[{"imageTag": "dev-a"}])
        manifest = moved["images"][0]["imageManifest"]
        with pytest.raises(ecr.exceptions.ImageTagAlreadyExistsException):
            ecr.put_image(repositoryName="models/p/fixed", imageTag="1.0.0", imageManifest=manifest)

    def test_same_image_again_is_no_second_push(
        self, pusher: Pusher, events: Callable[[], list[dict[str, Any]]]
    ) -> None:
        """
        Pushing what is there already succeeds and starts nothing.
        """
        pusher.image("models/p/again", "1.0.0")
        events()

        assert pusher.image("models/p/again", "1.0.0")[0] == 201
        assert events() == []

    def test_manifest_with_missing_layers_is_refused(self, pusher: Pusher) -> None:
        """
        An image is whole or not there.
        """
        pusher.blob("models/p/torn", b"x")
        document = {
            "mediaType": DOCKER,
            "config": {"digest": digest_of(b"y"), "size": 1},
            "layers": [],
        }

        assert pusher.manifest("models/p/torn", "1.0.0", document, DOCKER)[0] == 400

    def test_labels_are_read_without_pulling(self, embedded_aws: EmbeddedAws, pusher: Pusher) -> None:
        """
        Manifest by BatchGetImage, configuration by a signed link: that is how a release reads its manifest.
        """
        pusher.image("models/p/labels", "1.0.0", labels={"io.slipway.manifest": "{}"})
        ecr = embedded_aws.client("ecr")
        image = ecr.batch_get_image(repositoryName="models/p/labels", imageIds=[{"imageTag": "1.0.0"}])
        digest = json.loads(image["images"][0]["imageManifest"])["config"]["digest"]
        link = ecr.get_download_url_for_layer(repositoryName="models/p/labels", layerDigest=digest)
        with urllib.request.urlopen(link["downloadUrl"], timeout=5) as response:
            body = response.read()

        assert digest_of(body) == digest
        assert json.loads(body)["config"]["Labels"] == {"io.slipway.manifest": "{}"}

    def test_strangers_are_asked_to_log_in(self, embedded_aws: EmbeddedAws, pusher: Pusher) -> None:
        """
        Without a token of GetAuthorizationToken the registry answers 401 and says how to log in.
        """
        stranger = Pusher(embedded_aws)
        stranger.authorization = basic("AWS", "guessed")

        assert stranger.request("GET", "/v2/")[0] == 401
        assert pusher.request("GET", "/v2/")[0] == 200

    def test_iam_decides_who_pushes(self, embedded_aws: EmbeddedAws) -> None:
        """
        A user without ecr:PutImage and its companions can log in and not push.
        """
        iam = embedded_aws.client("iam")
        iam.create_user(UserName="reader")
        statement = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
        iam.put_user_policy(
            UserName="reader",
            PolicyName="p",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        client = embedded_aws.client(
            "ecr",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )
        reader = Pusher(embedded_aws, client)

        assert reader.request("POST", "/v2/models/p/denied/blobs/uploads/", b"")[0] == 403
        denied = embedded_aws.audit(principal="user/reader", decision="ImplicitDeny")
        assert {"ecr:CreateRepository"} == {decision["action"] for decision in denied}

    def test_list_of_repositories_is_about_all_of_them(self, embedded_aws: EmbeddedAws) -> None:
        """
        A policy that names ``repository/*`` allows DescribeRepositories, as on AWS.
        """
        iam = embedded_aws.client("iam")
        iam.create_user(UserName="lister")
        everything = f"arn:aws:ecr:{embedded_aws.region}:{embedded_aws.account}:repository/*"
        statement = {"Effect": "Allow", "Action": "ecr:DescribeRepositories", "Resource": everything}
        iam.put_user_policy(
            UserName="lister",
            PolicyName="p",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        key = iam.create_access_key(UserName="lister")["AccessKey"]
        lister = embedded_aws.client(
            "ecr",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

        assert "repositories" in lister.describe_repositories()

    def test_describe_images_tells_size_and_refuses_the_unknown(
        self, embedded_aws: EmbeddedAws, pusher: Pusher
    ) -> None:
        """
        The size is that of the layers; an image that isn't there is an error, not an empty list.
        """
        pusher.image("models/p/size", "1.0.0", layer=b"x" * 5000)
        ecr = embedded_aws.client("ecr")
        (detail,) = ecr.describe_images(repositoryName="models/p/size")["imageDetails"]

        assert detail["imageSizeInBytes"] > 5000
        with pytest.raises(ecr.exceptions.ImageNotFoundException):
            ecr.describe_images(repositoryName="models/p/size", imageIds=[{"imageTag": "9.9.9"}])


@pytest.mark.embedded
class TestScan:
    def test_finds_what_the_advisories_name(self, embedded_aws: EmbeddedAws, pusher: Pusher) -> None:
        """
        The image's libraries beside ``advisories.json``: a version that is affected is a finding.
        """
        (embedded_aws.home / "advisories.json").write_text(
            json.dumps(
                [
                    {"name": "CVE-1", "package": "Requests", "versions": "<2.32", "severity": "CRITICAL"},
                    {"name": "CVE-2", "package": "numpy", "versions": "<1", "severity": "CRITICAL"},
                ]
            )
        )
        labels = {"io.slipway.libraries": json.dumps({"libraries": {"requests": "2.31.0", "numpy": "2.0.0"}})}
        repository = "models/p/scanned"
        config = pusher.blob(repository, json.dumps({"config": {"Labels": labels}}).encode())
        layer = pusher.blob(repository, b"a layer")
        document = {"schemaVersion": 2, "mediaType": DOCKER, "config": config, "layers": [layer]}
        assert pusher.manifest(repository, "1.0.0", document, DOCKER)[0] == 201
        ecr = embedded_aws.client("ecr")
        image = {"repositoryName": repository, "imageId": {"imageTag": "1.0.0"}}

        statuses = []
        for _ in range(100):
            answer = ecr.describe_image_scan_findings(**image)
            statuses.append(answer["imageScanStatus"]["status"])
            if statuses[-1] == "COMPLETE":
                break
            time.sleep(0.1)

        assert statuses[-1] == "COMPLETE"
        assert answer["imageScanFindings"]["findingSeverityCounts"] == {"CRITICAL": 1}
        assert answer["imageScanFindings"]["findings"][0]["name"] == "CVE-1"

    def test_image_of_a_repository_that_is_not_scanned(self, embedded_aws: EmbeddedAws) -> None:
        """
        Nothing is made up of an image that nobody had scanned.
        """
        ecr = embedded_aws.client("ecr")
        ecr.create_repository(repositoryName="other/unscanned")
        Pusher(embedded_aws).image("other/unscanned", "1.0.0")

        with pytest.raises(ecr.exceptions.ScanNotFoundException):
            ecr.describe_image_scan_findings(repositoryName="other/unscanned", imageId={"imageTag": "1.0.0"})
