"""Four roles: what each may do, done with the command line, and what it may not, tried with signed calls."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway.contracts.ledger_keys import release_key
from tests.endtoend.people import Person, denied
from workbench.cli.frame import Refusal
from workbench.local import seams

pytestmark = pytest.mark.endtoend

PROJECT = "people"
ROLES = ("push", "approve", "operate", "read")


@pytest.fixture(scope="module")
def people(laptop):
    """One person of each role, on a platform where a version serves."""
    laptop.put_numbers(PROJECT)
    laptop.deployed(laptop.model(PROJECT, bias="2.0"), "1.0.0")
    return {role: Person(laptop, role) for role in ROLES}


@pytest.fixture(scope="module")
def attempts(laptop, people):
    """What changes something, by name: a function of a person's client factory that tries it."""
    platform = laptop.workspace.platform()
    version = laptop.ledger.version(PROJECT, "tiny", "1.0.0")
    release = laptop.ledger.release(version["release_id"])
    image = {"repositoryName": release["repository"]}
    data, artifacts = platform["data_bucket"], platform["artifact_bucket"]
    stored = f"{PROJECT}/numbers/1.0.0/data-set.json"
    item = {name: {"S": text} for name, text in release_key(release["release_id"]).items()}
    promotion = json.dumps({"request": {}})
    machine, table = platform["promote_machine_arn"], platform["ledger_table"]
    execution, job = release["execution_arn"], release["plan"]["requests"]["training"]
    calls = {
        "approve": ("sagemaker", "update_model_package", {
            "ModelPackageArn": version["package_arn"], "ApprovalDescription": "seen"}),
        "promote": ("stepfunctions", "start_execution", {"stateMachineArn": machine, "input": promotion}),
        "stop": ("stepfunctions", "stop_execution", {"executionArn": execution}),
        "retry": ("stepfunctions", "redrive_execution", {"executionArn": execution}),
        "move an alias": ("lambda", "invoke", {
            "FunctionName": platform["set_alias_function"], "Payload": b"{}"}),
        "start a release": ("lambda", "invoke", {
            "FunctionName": platform["plan_function"], "Payload": b"{}"}),
        "answer for an approver": ("stepfunctions", "send_task_success", {"taskToken": "x", "output": "{}"}),
        "sign a link": ("kms", "generate_mac", {
            "KeyId": platform["data_key_arn"], "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}),
        "use the data key itself": ("kms", "generate_data_key", {
            "KeyId": platform["data_key_arn"], "KeySpec": "AES_256"}),
        "write the ledger": ("dynamodb", "put_item", {"TableName": table, "Item": item}),
        "change the ledger": ("dynamodb", "update_item", {
            "TableName": table, "Key": item, "UpdateExpression": "SET a = :a",
            "ExpressionAttributeValues": {":a": {"S": "b"}}}),
        "delete from the ledger": ("dynamodb", "delete_item", {"TableName": table, "Key": item}),
        "write evidence": ("s3", "put_object", {
            "Bucket": artifacts, "Key": f"{PROJECT}/tiny/report.json", "Body": b"{}", "IfNoneMatch": "*"}),
        "delete evidence": ("s3", "delete_object", {"Bucket": artifacts, "Key": "x"}),
        "delete data": ("s3", "delete_object", {"Bucket": data, "Key": stored}),
        "overwrite data": ("s3", "put_object", {"Bucket": data, "Key": stored, "Body": b"{}"}),
        "put data": ("s3", "put_object", {
            "Bucket": data, "Key": f"{PROJECT}/new/1.0.0/files/x", "Body": b"x", "IfNoneMatch": "*"}),
        "push an image": ("ecr", "initiate_layer_upload", image),
        "delete an image": ("ecr", "batch_delete_image", {**image, "imageIds": [{"imageTag": "1.0.0"}]}),
        "call an endpoint": ("sagemaker-runtime", "invoke_endpoint", {
            "EndpointName": release["plan"]["endpoint_name"], "ContentType": "application/json",
            "Body": b'{"instances": [[1]]}'}),
        "delete an endpoint": ("sagemaker", "delete_endpoint", {
            "EndpointName": release["plan"]["endpoint_name"]}),
        "tag a version": ("lambda", "invoke", {
            "FunctionName": platform["tag_version_function"], "Payload": b"{}"}),
        "remove an artifact": ("lambda", "invoke", {
            "FunctionName": platform["remove_artifact_function"], "Payload": b"{}"}),
        "train": ("sagemaker", "create_training_job", {
            "TrainingJobName": f"{platform['resource_prefix']}-x", "RoleArn": job["RoleArn"],
            "AlgorithmSpecification": job["AlgorithmSpecification"],
            "OutputDataConfig": {"S3OutputPath": "s3://nowhere/x"},
            "ResourceConfig": job["ResourceConfig"], "StoppingCondition": job["StoppingCondition"]}),
        "run a batch": ("sagemaker", "create_transform_job", {
            "TransformJobName": f"{platform['resource_prefix']}-x", "ModelName": "nobody",
            "TransformInput": {"DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": "s3://nowhere/x"}}},
            "TransformOutput": {"S3OutputPath": "s3://nowhere/y"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1}}),
        "change a role": ("iam", "put_user_policy", {
            "UserName": "x", "PolicyName": "x", "PolicyDocument": "{}"}),
    }  # fmt: skip

    def refused(person: Person) -> set[str]:
        return {
            name
            for name, (service, operation, request) in calls.items()
            if denied(getattr(person.client(service), operation), **request)
        }

    return set(calls), refused


MAY = {
    "push": {"put data", "push an image", "start a release", "tag a version", "call an endpoint"},
    "approve": {"approve"},
    "operate": {
        "promote", "stop", "retry", "move an alias", "start a release", "tag a version", "call an endpoint",
        "remove an artifact", "train", "run a batch",
    },
    "read": set(),
}  # fmt: skip
"""What each role may change, of all that the attempts try."""


class TestDenied:
    @pytest.mark.parametrize("role", ROLES)
    def test_nobody_may_do_more_than_their_role(self, people, attempts, role):
        """
        Of everything that changes something, IAM refuses all but what the role is there for.

        So who pushes can't approve, promote, move an alias, write the ledger or overwrite another's data,
        and who reads can't change anything.
        """
        names, refused = attempts

        assert names - refused(people[role]) == MAY[role]


class TestAllowed:
    @pytest.mark.parametrize("role", ROLES)
    def test_everybody_may_look(self, people, role, tmp_path):
        """
        Every command that shows something works for every role.
        """
        person = people[role]
        for command in (
            ("release", "list"),
            ("release", "show", f"{PROJECT}/tiny:1.0.0"),
            ("release", "watch", f"{PROJECT}/tiny:1.0.0"),
            ("approval", "list"),
            ("endpoint", "list"),
            ("endpoint", "show", f"{PROJECT}/tiny"),
            ("data", "list", "--project", PROJECT),
            ("data", "show", "numbers:1.x", "--project", PROJECT),
            ("data", "get", "numbers:1.0.0", str(tmp_path / "numbers"), "--project", PROJECT),
            ("alias", "list", f"{PROJECT}/tiny"),
            ("alias", "history", f"{PROJECT}/tiny"),
            ("registry", "list"),
            ("registry", "show", f"{PROJECT}/tiny:1.0.0"),
            ("registry", "search", "tiny"),
            ("experiment", "list"),
            ("why", f"{PROJECT}/tiny:1.0.0"),
            ("logs",),
            ("logs", "plan_release"),
        ):
            person.slipway(*command)
        with pytest.raises(Refusal, match="live endpoints serve what came of it"):
            person.slipway("data", "blame", f"{PROJECT}/numbers:1.0.0")

    @pytest.mark.parametrize("role", ROLES)
    def test_evidence_is_read(self, people, laptop, role):
        """
        Who decides in Studio, and everybody else, may read what stands behind a version.
        """
        version = laptop.ledger.version(PROJECT, "tiny", "1.0.0")
        bucket, _, key = version["report_uri"].removeprefix("s3://").partition("/")
        person = people[role]

        assert json.load(person.client("s3").get_object(Bucket=bucket, Key=key)["Body"])["accepted"]
        packages = person.client("sagemaker")
        described = packages.describe_model_package(ModelPackageName=version["package_arn"])
        assert described["ModelApprovalStatus"] == "Approved"
        group = described["ModelPackageGroupName"]
        assert packages.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]

    def test_who_pushes_brings_data_and_image_to_a_release(self, people, laptop, tmp_path):
        """
        Data set, image and release of a new model, whose repository the push makes.
        """
        pusher = people["push"]
        laptop.put_numbers("newcomers")
        (tmp_path / "values.csv").write_text("value\n9\n")
        pusher.slipway("data", "put", "numbers:1.1.0", str(tmp_path), "--project", "newcomers")
        pusher.slipway("model", "push", str(laptop.model("newcomers")), "--tag", "1.0.0")
        release = laptop.release("newcomers/tiny:1.0.0")
        pusher.slipway("release", "watch", release["release_id"], "--until-approval")
        pusher.slipway("release", "start", "newcomers/tiny:1.0.0")
        pusher.slipway("endpoint", "invoke", f"{PROJECT}/tiny", "--body", '{"instances": [[1]]}')

        assert laptop.reach(release, "awaiting-approval")

    def test_who_operates_stops_and_retries(self, people, laptop):
        """
        A release that waits is stopped, and goes on after that.
        """
        laptop.push(laptop.model(PROJECT, bias="0.0"), "1.1.0")
        release = laptop.reach(laptop.release(f"{PROJECT}/tiny:1.1.0"), "awaiting-approval")
        people["operate"].slipway("release", "stop", release["release_id"])
        laptop.reach(release, "stopped")
        people["operate"].slipway("release", "retry", release["release_id"])

        def asks_again():
            return laptop.ledger.release(release["release_id"])["status"] == "awaiting-approval"

        laptop.wait_for(asks_again, "the release to ask again")
        people["operate"].slipway("release", "stop", release["release_id"])
        laptop.reach(release, "stopped")

    def test_who_operates_names_tags_and_trains_versions_again(self, people, laptop):
        """
        The registry's functions, and jobs that reproduce what is recorded.
        """
        operator = people["operate"]
        operator.slipway("alias", "set", f"{PROJECT}/tiny@candidate", "1.0.0", "--reason", "to look at")
        operator.slipway("registry", "tag", f"{PROJECT}/tiny:1.0.0", "team=rates")
        people["push"].slipway("registry", "tag", f"{PROJECT}/tiny:1.0.0", "market=north")
        operator.slipway("reproduce", f"{PROJECT}/tiny:1.0.0")

        assert laptop.ledger.alias(PROJECT, "tiny", "candidate")["version"] == "1.0.0"
        tags = laptop.ledger.version(PROJECT, "tiny", "1.0.0")["tags"]
        assert tags == {"team": "rates", "market": "north"}

    def test_who_operates_promotes_by_hand(self, people, laptop):
        """
        The promote machine takes a request of an operator's.
        """
        version = laptop.ledger.version(PROJECT, "tiny", "1.0.0")
        request = {
            "project": PROJECT, "model": "tiny", "version": "1.0.0", "release_id": version["release_id"],
            "cause": "promote", "actor": "ben", "reason": "once more",
        }  # fmt: skip
        states = people["operate"].client("stepfunctions")
        machine = laptop.workspace.platform()["promote_machine_arn"]
        arn = states.start_execution(stateMachineArn=machine, input=json.dumps({"request": request}))[
            "executionArn"
        ]

        def ended() -> Any:
            status = states.describe_execution(executionArn=arn)["status"]
            return status if status != "RUNNING" else None

        assert laptop.wait_for(ended, "the promotion's end") == "SUCCEEDED"


class TestOverwriting:
    def test_parts_and_whole_files_are_put_only_where_nothing_is(self, people, laptop):
        """
        A data set's version never changes: a write that does not say "only if there is none" is refused,
        in one piece and in parts.
        """
        s3, bucket = people["push"].client("s3"), laptop.workspace.platform()["data_bucket"]
        place = {"Bucket": bucket, "Key": f"{PROJECT}/parts/1.0.0/files/x"}

        def in_parts(**condition: str) -> None:
            upload = s3.create_multipart_upload(**place)["UploadId"]
            part = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=io.BytesIO(b"x"))
            parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
            s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts, **condition)

        in_parts(IfNoneMatch="*")
        assert denied(in_parts)
        assert denied(s3.put_object, **place, Body=b"y")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            s3.put_object(**place, Body=b"y", IfNoneMatch="*")


class TestKeys:
    @pytest.mark.parametrize(
        ("role", "action", "service", "decision"),
        [
            ("read", "kms:Decrypt", "s3", "Allow"),
            ("read", "kms:Decrypt", "dynamodb", "Allow"),
            ("read", "kms:Decrypt", "sns", "ImplicitDeny"),
            ("read", "kms:GenerateDataKey", "s3", "ImplicitDeny"),
            ("approve", "kms:GenerateDataKey", "s3", "ImplicitDeny"),
            ("push", "kms:GenerateDataKey", "s3", "Allow"),
            ("push", "kms:GenerateDataKey", "dynamodb", "ImplicitDeny"),
            ("operate", "kms:GenerateDataKey", "s3", "Allow"),
            ("operate", "kms:GenerateDataKey", "dynamodb", "ImplicitDeny"),
        ],
    )
    def test_key_is_lent_through_services_alone(self, laptop, role, action, service, decision):
        """
        Whoever reads may have S3 and DynamoDB decrypt for them; only who puts data, or inputs of a
        batch, has S3 encrypt.

        Here nothing is encrypted, so that the deployed policy is asked what it says of each service's wish.
        """
        iam, account = laptop.aws.client("iam"), laptop.aws.account
        arn = f"arn:aws:iam::{account}:policy/slipway-local-{role}"
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        statements = seams.IAM_EVALUATOR.parsed(document)
        wish = seams.IAM_EVALUATOR.EvalContext(
            principal_arn=f"arn:aws:iam::{account}:user/somebody",
            principal_type="User",
            principal_account=account,
            action=action,
            resource_arn=laptop.workspace.platform()["data_key_arn"],
            region=laptop.aws.region,
            service_context={"kms:viaservice": f"{service}.{laptop.aws.region}.amazonaws.com"},
        )

        assert seams.IAM_EVALUATOR.evaluate(wish, [statements]).decision == decision
