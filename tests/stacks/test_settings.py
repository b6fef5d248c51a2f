from __future__ import annotations

import re
from pathlib import Path

import pytest

from slipway.contracts import names
from slipway.contracts.policy import Policy
from slipway.domain.judging.gate_language import parse_gate
from stacks.settings import ENVIRONMENTS, SettingsError, load, parse
from stacks.settings_rules import MAX_POLICY_BYTES, SECTIONS

DIRECTORY = Path(__file__).parents[2] / "environments"
PROD = (DIRECTORY / "prod.toml").read_text()


def problems(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse("prod", text, file="environments/prod.toml")
    return [str(problem) for problem in caught.value.problems]


class TestSettings:
    @pytest.mark.parametrize("environment", ENVIRONMENTS)
    def test_every_environment_is_valid(self, environment: str) -> None:
        """The four files that are delivered can be read."""
        assert load(environment, DIRECTORY).environment == environment

    def test_only_the_laptop_forgets(self) -> None:
        """Buckets, table and keys outlive their stack everywhere but on a laptop."""
        assert [environment for environment in ENVIRONMENTS if not load(environment, DIRECTORY).retains] == [
            "local"
        ]

    def test_rules_cover_the_whole_policy(self) -> None:
        """A key that functions read as policy is one that a settings file must hold."""
        assert set(SECTIONS["policy"]) == set(Policy.__annotations__)

    def test_endpoint_names_are_never_cut(self) -> None:
        """The longest prefix, project and model make an endpoint name that fits: the lease is named by it."""
        name = names.endpoint("p" * 17, "q" * names.MAX_PROJECT, "m" * names.MAX_MODEL)
        assert len(name) == 17 + 1 + names.MAX_PROJECT + 1 + names.MAX_MODEL

    def test_addresses_are_told_once(self) -> None:
        """Somebody who approves and receives has one subscription."""
        text = PROD.replace('["ml-team@example.com"]', '["ml-team@example.com", "ml-leads@example.com"]')
        settings = parse("prod", text, file="environments/prod.toml")
        assert settings.addresses == ("ml-leads@example.com", "ml-team@example.com")


class TestPrices:
    def test_are_stated_by_instance_type(self) -> None:
        """As functions read them; where none are, the list counts."""
        stated = parse("prod", f'{PROD}\n[prices]\n"ml.m5.large" = 0.128\n', file="environments/prod.toml")
        assert stated.prices_json == '{"ml.m5.large":0.128}'
        assert parse("prod", PROD, file="environments/prod.toml").prices_json == "{}"


class TestSettingsProblems:
    def test_unknown_key_is_named_with_those_that_are_known(self) -> None:
        """A misspelt key is an error that lists the right ones."""
        (problem,) = problems(PROD.replace("interval_minutes = 10", "interval_minutes = 10\nevery = 5"))
        assert problem == "environments/prod.toml: sweeps.every is unknown; expected one of interval_minutes"

    def test_missing_value_says_what_is_expected(self) -> None:
        """A key that was left out is an error that says what it must hold."""
        (problem,) = problems(PROD.replace("interval_minutes = 10", ""))
        assert problem == (
            "environments/prod.toml: sweeps.interval_minutes is missing; "
            "expected a whole number of minutes from 1 to 1440"
        )

    def test_wrong_type_shows_the_value(self) -> None:
        """A value of the wrong type is shown beside what is expected."""
        (problem,) = problems(PROD.replace("max_instance_count = 8", 'max_instance_count = "8"'))
        assert problem == (
            "environments/prod.toml: policy.max_instance_count is '8'; "
            "expected a whole number of instances from 1 to 100"
        )

    def test_step_cache_has_a_default(self) -> None:
        """A file of before there was one goes on as it is; none at all is a choice."""
        kept = PROD.replace("step_cache_days", "# step_cache_days")
        assert parse("prod", kept, file="environments/prod.toml").policy["step_cache_days"] == 90
        none = re.sub("step_cache_days = [0-9]+", "step_cache_days = 0", PROD)
        assert parse("prod", none, file="environments/prod.toml").policy["step_cache_days"] == 0

    def test_truth_value_is_no_number(self) -> None:
        """``true`` is not taken for 1."""
        (problem,) = problems(PROD.replace("burst = 20", "burst = true"))
        assert "approval_api.burst is True" in problem

    def test_all_problems_are_told_at_once(self) -> None:
        """Whoever repairs a file runs it once more, not once for each mistake."""
        text = PROD.replace("log_days = 365", "log_days = 364").replace(
            'platform_team = ["ml-platform@example.com"]', 'platform_team = ["nobody"]'
        )
        assert [problem.split(": ")[1].split(" ")[0] for problem in problems(text)] == [
            "notifications.platform_team",
            "retention.log_days",
        ]

    def test_unknown_section_is_named(self) -> None:
        """A section that nobody reads is an error."""
        (problem,) = problems(PROD + "\n[monitoring]\nx = 1\n")
        assert "monitoring is an unknown section; expected one of account, " in problem

    def test_nobody_to_approve_is_an_error(self) -> None:
        """An environment without approvers could never promote anything."""
        (problem,) = problems(PROD.replace('"*" = ["ml-leads@example.com"]', ""))
        assert "policy.approvers is empty" in problem

    def test_policy_that_functions_cannot_hold_is_an_error(self) -> None:
        """Lambda refuses more than 4 KB of variables, at deployment: it is said here, with sizes and key."""
        people = ", ".join(f'"somebody.{number:03}@department.example.com"' for number in range(80))
        (problem,) = problems(PROD.replace('["ml-leads@example.com"]', f"[{people}]"))
        assert re.match(
            r"environments/prod\.toml: policy\.approvers has 3\d{3} of the 3\d{3} bytes that \[policy\] "
            r"takes as JSON; expected at most 3072 for all of \[policy\], as Lambda allows 4096",
            problem,
        )

    def test_policy_of_many_people_fits(self) -> None:
        """Sixty approvers are no trouble."""
        people = ", ".join(f'"somebody.{number:03}@department.example.com"' for number in range(60))
        text = PROD.replace('["ml-leads@example.com"]', f"[{people}]")
        assert len(parse("prod", text, file="environments/prod.toml").policy_json) < MAX_POLICY_BYTES

    @pytest.mark.parametrize(
        ("stated", "said"),
        [
            ('"m5.large" = 0.1', "prices.m5.large is no instance type; expected a name such as"),
            ('"ml.m5.large" = 0', "prices.ml.m5.large is 0; expected a number of USD per hour above 0"),
            ('"ml.m5.large" = "0.1"', "prices.ml.m5.large is '0.1'; expected a number of USD per hour"),
            ('"ml.m5.large" = 1001', "prices.ml.m5.large is 1001; expected a number of USD per hour"),
        ],
    )
    def test_price_that_is_none_is_named(self, stated: str, said: str) -> None:
        """What a gate may count on is checked before anything is deployed."""
        (problem,) = problems(f"{PROD}\n[prices]\n{stated}\n")
        assert said in problem

    def test_prices_that_functions_cannot_hold_are_an_error(self) -> None:
        """They share a function's variables with the policy."""
        stated = "\n".join(f'"ml.m{number}.large" = 1' for number in range(21))
        (problem,) = problems(f"{PROD}\n[prices]\n{stated}\n")
        assert "expected a table of at most 20 instance types" in problem

    def test_broken_file_is_an_error_of_the_same_kind(self) -> None:
        """What is not TOML is said with the place where it breaks."""
        (problem,) = problems(PROD + "\n[")
        assert "the file is not TOML" in problem

    def test_unknown_environment_lists_those_that_exist(self) -> None:
        """``-c env=production`` says what it could have been."""
        with pytest.raises(SettingsError, match="expected an environment: dev, local, prod, stage"):
            load("production", DIRECTORY)


class TestApprovalRules:
    def test_they_travel_in_the_policy(self) -> None:
        """Functions read them with the rest of it."""
        text = PROD + '\n[policy.approval_rules]\n"*" = { persons = 2 }\n'

        assert parse("prod", text, file="prod.toml").policy["approval_rules"] == {"*": {"persons": 2}}

    @pytest.mark.parametrize(
        "rules",
        [
            '"*" = { escalation_hours = 9 }',
            '"*" = { escalation = ["a@b.c"] }',
            '"*" = { persons = 3 }',
            '"*" = { people = 2 }',
            '"*" = 2',
        ],
    )
    def test_other_rules_are_errors(self, rules: str) -> None:
        """A rule that nobody keeps would be believed."""
        text = PROD + f"\n[policy.approval_rules]\n{rules}\n"

        with pytest.raises(SettingsError, match=r"policy\.approval_rules"):
            parse("prod", text, file="prod.toml")

    def test_the_second_list_gets_subscriptions(self) -> None:
        """Whoever may be asked gets mail."""
        rules = '"*" = { escalation_hours = 9, escalation = ["head@example.com"] }'
        settings = parse("prod", f"{PROD}\n[policy.approval_rules]\n{rules}\n", file="prod.toml")

        assert "head@example.com" in settings.addresses


class TestGates:
    @pytest.mark.parametrize("environment", ENVIRONMENTS)
    def test_of_each_environment_can_be_read(self, environment: str) -> None:
        """Stacks can't ask the language of gates; a release would be refused for a slip of the pen."""
        for gate in load(environment, DIRECTORY).policy.get("gates", []):
            parse_gate(gate)


class TestAutomaticApproval:
    RULES = '[policy.approval_rules]\n"*" = { automatic = true }\n'

    def text(self, environment: str) -> str:
        text = (DIRECTORY / f"{environment}.toml").read_text()
        return text.replace("[policy.recipients]", f"{self.RULES}\n[policy.recipients]")

    @pytest.mark.parametrize("environment", ["dev", "local"])
    def test_is_possible_where_models_are_tried(self, environment: str) -> None:
        """Everybody else is asked."""
        settings = parse(environment, self.text(environment), file="f")
        assert settings.policy.get("approval_rules") == {"*": {"automatic": True}}

    @pytest.mark.parametrize("environment", ["stage", "prod"])
    def test_is_refused_elsewhere(self, environment: str) -> None:
        """Before anything is deployed."""
        with pytest.raises(SettingsError, match="only dev and local may approve by themselves"):
            parse(environment, self.text(environment), file="f")
