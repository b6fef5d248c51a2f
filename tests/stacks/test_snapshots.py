"""Templates and definitions as they were last looked at; `--snapshot-update` accepts a change."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from stacks.machines import promote, release, trial
from workbench.local.states.validation import problems_of

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from tests.stacks.conftest import Synthesized

PARTS = ("storage", "notifications", "approval", "promotion", "release")
DIGEST = re.compile(r"[0-9a-f]{64}")


@pytest.fixture
def json_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(JSONSnapshotExtension)


def masked(value: Any, key: str = "") -> Any:
    """Without digests of packages, and without definitions, which have snapshots of their own."""
    if key == "DefinitionString":
        return "<see the machine's own snapshot>"
    if isinstance(value, dict):
        return {name: masked(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return DIGEST.sub("<digest>", value) if isinstance(value, str) else value


class TestTemplates:
    @pytest.mark.parametrize("part", PARTS)
    def test_production_is_as_it_was(
        self, synthesized: Synthesized, json_snapshot: SnapshotAssertion, part: str
    ) -> None:
        """What production would be deployed with changes only on purpose."""
        assert masked(synthesized.template("prod", part)) == json_snapshot


class TestMachines:
    @pytest.mark.parametrize(
        "made",
        [
            release.definition(environment="prod", timeout_seconds=600_000, poll_seconds=15),
            release.definition(
                environment="prod", timeout_seconds=600_000, poll_seconds=15, waits_for_trials=True
            ),
            promote.definition(environment="prod", resource_prefix="slipway-prod"),
            trial.definition(timeout_seconds=600_000),
        ],
        ids=["release", "waiting release", "promote", "trial"],
    )
    def test_step_functions_takes_it(self, made: Any) -> None:
        """What Step Functions refuses is found before anything is deployed."""
        assert list(problems_of(json.dumps(made))) == []

    def test_release_is_as_it_was(self, json_snapshot: SnapshotAssertion) -> None:
        """The release workflow's definition."""
        made = release.definition(environment="prod", timeout_seconds=600_000, poll_seconds=15)
        assert made == json_snapshot

    def test_promote_is_as_it_was(self, json_snapshot: SnapshotAssertion) -> None:
        """The promote workflow's definition."""
        assert promote.definition(environment="prod", resource_prefix="slipway-prod") == json_snapshot

    def test_templates_hold_these_definitions(self, synthesized: Synthesized) -> None:
        """The snapshot of a machine is what its template deploys."""
        machines = synthesized.resources("prod", "AWS::StepFunctions::StateMachine")
        (found,) = (item for name, item in machines.items() if name.startswith("promotion/"))
        assert json.loads(found["Properties"]["DefinitionString"]) == promote.definition(
            environment="prod", resource_prefix="slipway-prod"
        )
