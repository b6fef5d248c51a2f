"""cdk-nag and cfn-lint find nothing that is not explained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.stacks.conftest import Synthesized

ENVIRONMENTS = ("local", "dev", "stage", "prod")
PARTS = (
    "storage",
    "notifications",
    "approval",
    "promotion",
    "trial",
    "outcomes",
    "registry",
    "release",
    "access",
    "lineage",
    "watching",
)

EXPLAINED_BY_CFN_LINT = {
    # The language lets a JSONata state compute it; cfn-lint 1.58 knows numbers only.
    ("E3601", "'{% $states.input.plan.approval_timeout_seconds %}' is not of type 'number'"),
    ("E3601", "'{% $states.input.trial.approval_timeout_seconds %}' is not of type 'number'"),
}


class TestNag:
    def test_findings_are_wildcards_that_are_explained(self, synthesized: Synthesized) -> None:
        """AwsSolutions finds nothing but wildcards of roles that say in the template why they need them."""
        unexplained = [
            f"{rule}: {path}"
            for rule, path in self._findings(synthesized)
            if not (rule.startswith("AwsSolutions-IAM5[Resource::") and self._explained(synthesized, path))
        ]
        assert unexplained == []

    def test_rules_were_applied(self, synthesized: Synthesized) -> None:
        """An empty report would be no proof: every environment has its roles in it."""
        found = {path.split("/")[0].split("-")[1] for _, path in self._findings(synthesized)}
        assert found == set(ENVIRONMENTS)

    def test_every_explanation_is_a_sentence(self, synthesized: Synthesized) -> None:
        """A reason has words."""
        for name, role in synthesized.resources("prod", "AWS::IAM::Role").items():
            for rule in role.get("Metadata", {}).get("cdk_nag", {}).get("rules_to_suppress", []):
                assert len(rule["reason"].split()) > 2, name

    def _findings(self, synthesized: Synthesized) -> list[tuple[str, str]]:
        return [
            (violation["ruleName"], construct["constructPath"])
            for plugin in synthesized.report["pluginReports"]
            for violation in plugin["violations"]
            for construct in violation["violatingConstructs"]
        ]

    def _explained(self, synthesized: Synthesized, path: str) -> bool:
        stack, *names = path.split("/")
        _, environment, part = stack.split("-")
        prefix = "".join(name.replace("-", "") for name in names if name != "Resource")
        return any(
            "cdk_nag" in resource.get("Metadata", {})
            for name, resource in synthesized.template(environment, part)["Resources"].items()
            if resource["Type"] in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
            and prefix in (name, name[:-8])
        )


class TestCfnLint:
    def test_templates_are_valid(self, synthesized: Synthesized) -> None:
        """Every template of every environment passes, warnings included."""
        templates = [
            str(synthesized.path(environment, part)) for environment in ENVIRONMENTS for part in PARTS
        ]
        done = subprocess.run(
            [Path(sys.executable).with_name("cfn-lint"), "--format", "json", *templates],
            capture_output=True,
            text=True,
            check=False,
        )
        assert not done.stderr
        found = {
            (finding["Rule"]["Id"], finding["Message"].split(" at '")[0])
            for finding in json.loads(done.stdout)
        }
        assert found <= EXPLAINED_BY_CFN_LINT
