"""
Deploys a cloud assembly to the embedded AWS by change sets, as ``cdk deploy`` does, without Node.

A stack whose deployed template equals the synthesized one is left alone without
a change set: asset names are digests of their content, so that equal templates
mean equal code.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BOOTSTRAP_VERSION: Final = "30"
"""What CDK 2.275 asks of a bootstrapped account, or newer."""
QUALIFIER: Final = "hnb659fds"
POLL_SECONDS: Final = 0.02
CAPABILITIES: Final = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
UNCHANGED: Final = ("didn't contain changes", "No updates are to be performed")
UNUSABLE: Final = (
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "REVIEW_IN_PROGRESS",
    "DELETE_FAILED",
    "CREATE_FAILED",
)
"""A stack in one of these never came to be: it is deleted and made anew."""


class DeploymentError(SlipwayError):
    """CloudFormation refused or rolled back a stack."""

    def __init__(self, stack: str, failures: list[tuple[str, str]]) -> None:
        lines = "\n".join(f"  {resource}: {reason}" for resource, reason in failures)
        super().__init__(f"stack {stack} was not deployed:\n{lines}")
        self.stack, self.failures = stack, failures


@dataclass(frozen=True, slots=True)
class StackChange:
    """What became of one stack."""

    stack: str
    action: Literal["created", "updated", "unchanged"]
    seconds: float


class Deployment:
    """
    Brings an account to what an assembly says.

    Args:
        client: Makes a boto3 client by service name.
        account: The account that stands in the place of ``${AWS::AccountId}``.
        region: Likewise.
        progress: Takes one line at a time.
    """

    def __init__(
        self, client: Callable[[str], Any], *, account: str, region: str, progress: Callable[[str], None]
    ) -> None:
        self._s3 = client("s3")
        self._ssm = client("ssm")
        self._cloudformation = client("cloudformation")
        self._account = account
        self._region = region
        self._progress = progress
        self._bootstrapped = False

    def deploy(self, assembly: Path) -> list[StackChange]:
        """
        Deploy every stack of the assembly in the order of their dependencies.

        Raises:
            DeploymentError: With the resources that failed, and why.
        """
        artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
        changes = []
        for artifact in in_order(artifacts):
            name = artifact["properties"].get("stackName", artifact["name"])
            started = time.perf_counter()
            action = self._deploy_stack(assembly, artifacts, name, artifact)
            change = StackChange(name, action, time.perf_counter() - started)
            self._progress(f"{name}: {action} ({change.seconds:.1f} s)")
            changes.append(change)
        return changes

    def _deploy_stack(
        self, assembly: Path, artifacts: dict[str, Any], name: str, artifact: dict[str, Any]
    ) -> Literal["created", "updated", "unchanged"]:
        properties = artifact["properties"]
        template = json.loads((assembly / properties["templateFile"]).read_text())
        tags = [{"Key": key, "Value": value} for key, value in (properties.get("tags") or {}).items()]
        parameters = [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in (properties.get("parameters") or {}).items()
        ]
        status = self._status(name)
        if status in UNUSABLE:
            self._delete(name)
            status = None
        if status is not None and self._is_deployed(name, template, tags):
            return "unchanged"
        self._publish_assets(assembly, artifacts, artifact)
        url = self._here(properties["stackTemplateAssetObjectUrl"]).removeprefix("s3://")
        changed = self._change(
            StackName=name,
            ChangeSetName=f"slipway-{time.time_ns()}",
            ChangeSetType="CREATE" if status is None else "UPDATE",
            TemplateURL=f"{self._s3.meta.endpoint_url}/{url}",
            Capabilities=CAPABILITIES,
            Parameters=parameters,
            Tags=tags,
        )
        if not changed:
            return "unchanged"
        return "created" if status is None else "updated"

    # -- stacks ------------------------------------------------------------------------------------

    def _status(self, name: str) -> str | None:
        try:
            return str(self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        except self._cloudformation.exceptions.ClientError:
            return None

    def _is_deployed(self, name: str, template: dict[str, Any], tags: list[dict[str, str]]) -> bool:
        deployed = self._cloudformation.get_template(StackName=name)["TemplateBody"]
        if (json.loads(deployed) if isinstance(deployed, str) else deployed) != template:
            return False
        known = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Tags", [])
        return sorted(map(str, known)) == sorted(map(str, tags))

    def _change(self, **wish: Any) -> bool:
        name = wish["StackName"]
        try:
            change_set = self._cloudformation.create_change_set(**wish)["Id"]
        except self._cloudformation.exceptions.ClientError as error:
            raise DeploymentError(name, [("template", error.response["Error"]["Message"])]) from error
        described = self._wait(
            lambda: self._cloudformation.describe_change_set(ChangeSetName=change_set, StackName=name),
            lambda found: found["Status"] not in {"CREATE_PENDING", "CREATE_IN_PROGRESS"},
        )
        if described["Status"] == "FAILED":
            reason = described.get("StatusReason", "")
            self._cloudformation.delete_change_set(ChangeSetName=change_set, StackName=name)
            if any(text in reason for text in UNCHANGED):
                return False
            raise DeploymentError(name, [("change set", reason)])
        before = {event["EventId"] for event in self._events(name)}
        self._cloudformation.execute_change_set(ChangeSetName=change_set, StackName=name)
        stack = self._wait(
            lambda: self._cloudformation.describe_stacks(StackName=name)["Stacks"][0],
            lambda found: not found["StackStatus"].endswith("_IN_PROGRESS"),
        )
        if "ROLLBACK" in stack["StackStatus"] or stack["StackStatus"].endswith("_FAILED"):
            failures = [
                (
                    f"{event['LogicalResourceId']} ({event['ResourceType']})",
                    event.get("ResourceStatusReason", ""),
                )
                for event in reversed(self._events(name))
                if event["EventId"] not in before and event["ResourceStatus"].endswith("FAILED")
            ]
            reason = stack.get("StackStatusReason") or stack["StackStatus"]
            raise DeploymentError(name, failures or [(name, reason)])
        return True

    def _delete(self, name: str) -> None:
        self._cloudformation.delete_stack(StackName=name)
        self._wait(lambda: self._status(name), lambda found: found in {None, "DELETE_COMPLETE"})

    def _events(self, name: str) -> list[dict[str, Any]]:
        return list(self._cloudformation.describe_stack_events(StackName=name)["StackEvents"])

    def _wait(self, look: Callable[[], Any], done: Callable[[Any], bool]) -> Any:
        while not done(found := look()):
            time.sleep(POLL_SECONDS)
        return found

    # -- assets ------------------------------------------------------------------------------------

    def _publish_assets(self, assembly: Path, artifacts: dict[str, Any], artifact: dict[str, Any]) -> None:
        self._bootstrap()
        for name in artifact.get("dependencies", []):
            if artifacts[name]["type"] != "cdk:asset-manifest":
                continue
            manifest = json.loads((assembly / artifacts[name]["properties"]["file"]).read_text())
            for asset in manifest.get("files", {}).values():
                for destination in asset["destinations"].values():
                    bucket, key = self._here(destination["bucketName"]), self._here(destination["objectKey"])
                    if not self._exists(bucket, key):
                        content = packaged(assembly / asset["source"]["path"], asset["source"]["packaging"])
                        self._s3.put_object(Bucket=bucket, Key=key, Body=content)

    def _bootstrap(self) -> None:
        """What ``cdk bootstrap`` would have made, as far as a template can tell."""
        if self._bootstrapped:
            return
        bucket = f"cdk-{QUALIFIER}-assets-{self._account}-{self._region}"
        if bucket not in {found["Name"] for found in self._s3.list_buckets()["Buckets"]}:
            self._s3.create_bucket(Bucket=bucket)
        self._ssm.put_parameter(
            Name=f"/cdk-bootstrap/{QUALIFIER}/version", Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True
        )
        self._bootstrapped = True

    def _exists(self, bucket: str, key: str) -> bool:
        try:
            self._s3.head_object(Bucket=bucket, Key=key)
        except self._s3.exceptions.ClientError:
            return False
        return True

    def _here(self, text: str) -> str:
        for name, value in (("AccountId", self._account), ("Region", self._region), ("Partition", "aws")):
            text = text.replace(f"${{AWS::{name}}}", value)
        return text


def in_order(artifacts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The stacks of an assembly, each behind those that it depends on."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[dict[str, Any]]:
        if name in done:
            return
        done.add(name)
        for dependency in artifacts[name].get("dependencies", []):
            yield from visit(dependency)
        if artifacts[name]["type"] == "aws:cloudformation:stack":
            yield artifacts[name] | {"name": name}

    for name in artifacts:
        yield from visit(name)


def packaged(source: Path, packaging: str) -> bytes:
    """
    An asset as it is uploaded.

    Zip files are stored rather than compressed: they travel through one
    interface of this machine and are unpacked at once.
    """
    if packaging != "zip":
        return source.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(source.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(source).as_posix(), (1980, 1, 1, 0, 0, 0))
                entry.external_attr = (path.stat().st_mode & 0o777) << 16
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()
