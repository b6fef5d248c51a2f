"""cdk-nag and cfn-lint find nothing that is not explained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def paths(value: Any, place: str = "") -> Iterator[str]:
    """Where values stand in a template, of which resource type they are part; names count, values don't."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, f"{place}/{key}")
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, f"{place}/*")
    else:
        yield place


class TestCfnLint:
    LINTED = ("local", "prod")

    def test_templates_are_valid(self, synthesized: Synthesized) -> None:
        """Every template of the loosest and of the strictest environment passes, warnings included."""
        templates = [
            str(synthesized.path(environment, part)) for environment in self.LINTED for part in PARTS
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

    @pytest.mark.parametrize("environment", sorted(set(ENVIRONMENTS) - set(LINTED)))
    def test_others_differ_from_them_in_values_only(self, synthesized: Synthesized, environment: str) -> None:
        """No other environment has a property that neither of the two has, so what holds there holds here."""
        known = {path for linted in self.LINTED for path in self._paths(synthesized, linted)}
        assert set(self._paths(synthesized, environment)) <= known

    def _paths(self, synthesized: Synthesized, environment: str) -> Iterator[str]:
        for part in PARTS:
            for resource in synthesized.template(environment, part)["Resources"].values():
                yield from paths(resource, resource["Type"])
