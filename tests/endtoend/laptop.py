"""The platform on an embedded AWS, with what a data scientist and an approver do to it."""

from __future__ import annotations

import json
import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from slipway.adapters.dynamodb_ledger import DynamoDbLedger
from slipway.contracts.ledger import OPEN_STATUSES
from slipway.domain.identity import parse_identity
from workbench import approvals
from workbench.cli.__main__ import slipway
from workbench.cli.frame import Workspace
from workbench.releases import Executions, UnknownReleaseError, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway.contracts.ledger import ReleaseRecord
    from tests.conftest import EmbeddedAws
    from workbench.history import Step

T = TypeVar("T")
TINY = Path(__file__).parent / "tiny"
OPEN = OPEN_STATUSES
PATIENCE_SECONDS = 120.0


@dataclass
class Laptop:
    """One deployed platform."""

    aws: EmbeddedAws
    scratch: Path
    workspace: Workspace = field(init=False)

    def __post_init__(self) -> None:
        self.workspace = Workspace(home=self.aws.home)

    @property
    def ledger(self) -> DynamoDbLedger:
        return DynamoDbLedger(self.aws.client("dynamodb"), self.workspace.platform()["ledger_table"])

    def slipway(self, *arguments: str) -> None:
        """Run a command as a person would; an error raises."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLIPWAY_HOME", str(self.aws.home))
            slipway.main(args=list(arguments), prog_name="slipway", standalone_mode=False)

    def put_numbers(self, project: str) -> None:
        """The data sets of the tiny model: training values around 10, a holdout around 10."""
        for name, values in {"numbers": (8, 10, 12), "numbers-holdout": (9, 10, 11)}.items():
            folder = self.scratch / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "values.csv").write_text("value\n" + "".join(f"{value}\n" for value in values))
            self.slipway("data", "put", f"{name}:1.0.0", str(folder), "--project", project)

    def model(self, project: str, source: Path = TINY, **changes: str) -> Path:
        """
        A copy of a model directory for a project of a test's own.

        Args:
            project: Takes the place of the manifest's project.
            source: The directory.
            changes: Values by manifest key: ``bias="3.0"`` changes the line that begins with ``bias``.
        """
        folder = self.scratch / f"{project}-{source.name}-{time.monotonic_ns()}"
        shutil.copytree(source, folder)
        manifest = folder / "slipway.toml"
        text = re.sub(r'(?m)^project = ".*"$', f'project = "{project}"', manifest.read_text())
        for key, value in changes.items():
            text, found = re.subn(rf"(?m)^{key} = .*$", lambda _, k=key, v=value: f"{k} = {v}", text)
            if not found:
                raise AssertionError(f"{source.name} has no key {key!r} in its manifest")
        manifest.write_text(text)
        return folder

    def push(self, model: Path, version: str) -> None:
        self.slipway("model", "push", str(model), "--tag", version)

    def release(self, reference: str) -> ReleaseRecord:
        """A release that a push has made or is about to make."""
        return self.wait_for(lambda: self._found(reference), f"a release {reference}")

    def _found(self, reference: str) -> ReleaseRecord | None:
        try:
            return find(self.ledger, reference)
        except UnknownReleaseError:
            return None

    def reach(
        self, release: ReleaseRecord, *statuses: str, seconds: float = PATIENCE_SECONDS
    ) -> ReleaseRecord:
        """The release once it has one of the statuses; an end that was not wanted fails at once."""

        def there() -> ReleaseRecord | None:
            record = self.ledger.release(release["release_id"])
            assert record is not None
            if record["status"] in statuses:
                return record
            assert record["status"] in OPEN, f"ended as {record['status']}: {record.get('failure')}"
            return None

        return self.wait_for(there, f"release {release['release_id']} to be {statuses}", seconds)

    def wait_for(self, look: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS) -> T:
        """What ``look`` finds; fails after so many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"waited {seconds:.0f} s for {what}")

    def link(self, release: ReleaseRecord, approver: str | None = None) -> str:
        found = approvals.link_of(self.aws.inbox(), release["release_id"], approver)
        assert found is not None, "no link in the inbox"
        return found

    def decide(self, release: ReleaseRecord, decision: str = "approved") -> approvals.PageAnswer:
        """As an approver does, through the page's form."""
        return approvals.decide(
            self.link(release), decision=decision, reason="seen", version=release["version"]
        )

    def deployed(self, model: Path, version: str) -> ReleaseRecord:
        """Push a version and approve it, until it serves."""
        self.push(model, version)
        manifest = (model / "slipway.toml").read_text()
        project = re.search(r'(?m)^project = "(.*)"$', manifest)
        name = re.search(r'(?m)^name = "(.*)"$', manifest)
        assert project
        assert name
        release = self.release(f"{project[1]}/{name[1]}:{version}")
        self.reach(release, "awaiting-approval")
        assert self.decide(release).recorded
        return self.reach(release, "deployed")

    def document(self, release: ReleaseRecord) -> dict[str, Any]:
        """What a release's execution ended with."""
        arn = (self.ledger.release(release["release_id"]) or release)["execution_arn"]
        output = self.aws.client("stepfunctions").describe_execution(executionArn=arn)["output"]
        return dict(json.loads(output))

    def steps(self, release: ReleaseRecord) -> dict[str, Step]:
        arn = (self.ledger.release(release["release_id"]) or release)["execution_arn"]
        return {step.name: step for step in Executions(self.aws.client("stepfunctions")).steps(arn)}

    def invoke(self, project: str, model: str = "tiny", body: str = '{"instances": [[1]]}') -> dict[str, Any]:
        """``{"body", "identity"}`` of the endpoint's answer."""
        prefix = self.workspace.platform()["resource_prefix"]
        answer = self.aws.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=f"{prefix}-{project}-{model}", Body=body, ContentType="application/json"
        )
        return {
            "body": json.loads(answer["Body"].read()),
            "identity": parse_identity(answer.get("CustomAttributes", "")),
        }

    def mails(self, subject_part: str, to: str | None = None) -> list[dict[str, Any]]:
        return [
            mail
            for mail in self.aws.inbox()
            if subject_part in mail["subject"] and (to is None or mail["to"] == to)
        ]
