"""The stacks as a whole."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest

from slipway.adapters.sagemaker_runtime import ANSWER_SECONDS, LATE_ANSWER_SECONDS
from slipway.contracts import environment as variables
from slipway.contracts.events import KINDS
from slipway.contracts.platform import Platform, parameter_name
from slipway.contracts.policy import Policy
from slipway.usecases.smoke_endpoint import BUDGET_SECONDS, PAUSES_SECONDS
from stacks.settings_rules import MAX_POLICY_BYTES

if TYPE_CHECKING:
    from tests.stacks.conftest import Synthesized

ROOT = Path(__file__).parents[2]
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


def text(value: Any) -> str:
    """A value with its intrinsic functions as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(text(part) for part in parts)
    return "X"


def variables_of(module: str) -> tuple[set[str], set[str]]:
    """The variables that a function can't do without, and all that it may read: by its source."""
    wiring = {
        node.name: node
        for module in ("_ports", "_wiring")
        for node in ast.parse((ROOT / "functions" / f"{module}.py").read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    needed: set[str] = set()
    known: set[str] = set()
    left: list[ast.AST] = [ast.parse((ROOT / "functions" / f"{module}.py").read_text())]
    while left:
        for node in ast.walk(left.pop()):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if called in wiring and called != "setting":
                    left.append(wiring[called])
                for argument in node.args:
                    if (
                        isinstance(argument, ast.Attribute)
                        and getattr(argument.value, "id", "") == "variables"
                    ):
                        variable = getattr(variables, argument.attr)
                        known.add(variable)
                        if called == "setting":
                            needed.add(variable)
    return needed, known


ENTRIES = sorted(path.stem for path in Path("functions").glob("[a-z]*.py"))
"""Every entry point: each is one function."""


class TestFunctions:
    def test_all_are_alike_but_for_role_and_environment(self, synthesized: Synthesized) -> None:
        """Runtime and architecture are those that the layer is built for."""
        functions = synthesized.resources("prod", "AWS::Lambda::Function")
        assert len(functions) == len(ENTRIES)
        for name, function in functions.items():
            properties = function["Properties"]
            assert properties["Runtime"] == "python3.13", name
            assert properties["Architectures"] == ["arm64"]
            one_core = "RegisterRelease" in name or "JudgeRelease" in name
            most = 3008 if "JudgeTrial" in name else 2048 if "File" in name else 1024
            assert 512 <= properties["MemorySize"] <= (1769 if one_core else most)
            assert properties["LoggingConfig"]["LogGroup"]
            assert len(properties["Layers"]) == (2 if "Judge" in name else 1), "arrays are the judges'"

    def test_every_handler_exists(self, synthesized: Synthesized) -> None:
        """``functions.plan_release.handler`` is in ``functions/plan_release.py``."""
        for function in synthesized.resources("prod", "AWS::Lambda::Function").values():
            room, module, name = function["Properties"]["Handler"].split(".")
            path = ROOT / room / f"{module}.py"
            assert path.exists(), path
            assert f"def {name}(" in path.read_text(), path

    def test_every_function_of_the_repository_is_deployed(self, synthesized: Synthesized) -> None:
        """A handler that nobody calls is a mistake."""
        deployed = {
            function["Properties"]["Handler"].split(".")[1]
            for function in synthesized.resources("prod", "AWS::Lambda::Function").values()
        }
        present = {path.stem for path in (ROOT / "functions").glob("[a-z]*.py")}
        assert present == deployed

    def test_variables_are_those_that_are_read(self, synthesized: Synthesized) -> None:
        """Every variable that a function can't do without is set, and none that it does not read."""
        for function in synthesized.resources("prod", "AWS::Lambda::Function").values():
            module = function["Properties"]["Handler"].split(".")[1]
            given = set(function["Properties"]["Environment"]["Variables"]) - {variables.ENVIRONMENT}
            needed, known = variables_of(module)
            assert needed - {variables.ENVIRONMENT} <= given, module
            assert given <= known, module

    def test_policy_is_the_contract_s(self, synthesized: Synthesized) -> None:
        """What functions read as policy has all its keys."""
        (plan,) = (
            function
            for function in synthesized.resources("prod", "AWS::Lambda::Function").values()
            if function["Properties"]["Handler"] == "functions.plan_release.handler"
        )
        policy = json.loads(plan["Properties"]["Environment"]["Variables"][variables.POLICY])
        assert set(policy) == set(get_type_hints(Policy))

    def test_variables_fit(self, synthesized: Synthesized) -> None:
        """With the largest policy of all, a function's variables are below Lambda's 4096 bytes."""
        longest_arn = 128  # what CloudFormation fills in: no ARN, name or address of ours is longer
        for function in synthesized.resources("prod", "AWS::Lambda::Function").values():
            given = function["Properties"]["Environment"]["Variables"]
            beside = sum(
                len(name) + (len(value) if isinstance(value, str) else longest_arn)
                for name, value in given.items()
                if name != variables.POLICY
            )
            assert beside + len(variables.POLICY) + MAX_POLICY_BYTES <= 4096, (function, beside)

    def test_smoke_test_ends_by_itself(self, synthesized: Synthesized) -> None:
        """Whatever it waits for last, it says which version did not answer: a time-out says nothing."""
        (smoke,) = (
            function["Properties"]
            for function in synthesized.resources("prod", "AWS::Lambda::Function").values()
            if function["Properties"]["Handler"] == "functions.smoke_endpoint.handler"
        )
        longest = max(ANSWER_SECONDS, LATE_ANSWER_SECONDS) + max(PAUSES_SECONDS)
        assert BUDGET_SECONDS + longest + 20 < smoke["Timeout"]

    def test_asynchronous_functions_lose_nothing(self, synthesized: Synthesized) -> None:
        """What a rule or schedule calls has a dead-letter queue; what answers at once has none."""
        without = {
            function["Properties"]["Handler"].split(".")[1]
            for function in synthesized.resources("prod", "AWS::Lambda::Function").values()
            if "DeadLetterConfig" not in function["Properties"]
        }
        assert without == {
            "show_approval",
            "decide_approval",
            "decide_in_slack",
            "plan_promotion",
            "smoke_endpoint",
            "move_alias",
            "mark_stages",
            "tidy_endpoint",
            "judge_release",
            "register_release",
            "request_approval",
            "look_at_scan",
            "look_up_steps",
            "set_alias",
            "tag_version",
            "remove_artifact",
            "take_outcomes",
            "begin_trial",
            "judge_trial",
            "propose_trial",
            "end_trial",
            "stop_trial",
        }


class TestEvents:
    def test_pushes_of_the_platform_s_repositories_start_releases(self, synthesized: Synthesized) -> None:
        """Successful pushes below the prefix, and nothing else that ECR says."""
        (rule,) = (
            rule["Properties"]
            for rule in synthesized.resources("prod", "AWS::Events::Rule").values()
            if rule["Properties"]["EventPattern"]["source"] == ["aws.ecr"]
        )
        assert rule["EventPattern"]["detail"] == {
            "action-type": ["PUSH"],
            "result": ["SUCCESS"],
            "repository-name": [{"prefix": "models/"}],
        }

    def test_every_target_has_a_dead_letter_queue(self, synthesized: Synthesized) -> None:
        """An event that can't be delivered is kept."""
        rules = synthesized.resources("prod", "AWS::Events::Rule")
        assert len(rules) == 18
        for rule in rules.values():
            assert all("DeadLetterConfig" in target for target in rule["Properties"]["Targets"])

    def test_lineage_hears_of_everything(self, synthesized: Synthesized) -> None:
        """Workflows, jobs, packages, endpoints, our own events, data sets: seven rules, one target."""
        rules = {
            name.partition("/")[2]: rule["Properties"]
            for name, rule in synthesized.resources("prod", "AWS::Events::Rule").items()
            if name.startswith("lineage/")
        }
        assert len(rules) == 7
        assert len({json.dumps(rule["Targets"][0]["Arn"]) for rule in rules.values()}) == 1
        told = {kind for rule in rules.values() for kind in rule["EventPattern"]["detail-type"]}
        assert told >= {"Object Created", "SageMaker Training Job State Change", *KINDS}

    def test_the_data_bucket_tells_of_its_objects(self, synthesized: Synthesized) -> None:
        """It alone: nobody listens to what becomes of artifacts and logs."""
        telling = [
            name
            for name, bucket in synthesized.resources("prod", "AWS::S3::Bucket").items()
            if "NotificationConfiguration" in bucket["Properties"]
        ]
        assert [name.startswith("storage/Data") for name in telling] == [True]

    def test_sweeps_run_by_the_clock(self, synthesized: Synthesized) -> None:
        """Events are best effort: sweeps find what was lost; others go by days, and run hourly or daily."""
        every = synthesized.resources("prod", "AWS::Scheduler::Schedule")
        schedules = {name: one for name, one in every.items() if not name.startswith("watching/")}
        assert len(schedules) == len([one for one in ENTRIES if one.startswith("sweep_")])
        for name, schedule in schedules.items():
            minutes = 1440 if name.startswith("registry/") else 60 if "Hourly" in name else 10
            assert schedule["Properties"]["ScheduleExpression"] == f"rate({minutes} minutes)"
            assert "DeadLetterConfig" in schedule["Properties"]["Target"]


class TestApprovalApi:
    def test_three_routes_exist(self, synthesized: Synthesized) -> None:
        """One shows, two decide; there is no default route to probe."""
        routes = synthesized.resources("prod", "AWS::ApiGatewayV2::Route")
        assert {
            route["Properties"]["RouteKey"] for name, route in routes.items() if name.startswith("approval/")
        } == {
            "GET /approvals/{release_id}",
            "POST /approvals/{release_id}",
            "POST /slack/decisions",
        }

    def test_requests_are_throttled_and_logged(self, synthesized: Synthesized) -> None:
        """A flood is refused by the gateway; the log never holds a link's signature."""
        (stage,) = (
            stage
            for name, stage in synthesized.resources("prod", "AWS::ApiGatewayV2::Stage").items()
            if name.startswith("approval/")
        )
        assert stage["Properties"]["DefaultRouteSettings"] == {
            "ThrottlingRateLimit": 10,
            "ThrottlingBurstLimit": 20,
        }
        log = stage["Properties"]["AccessLogSettings"]["Format"]
        assert "$context.requestId" in log
        assert "query" not in log.lower()
        assert "$context.path" not in log


class TestOutcomesApi:
    def test_only_callers_whom_iam_lets_may_report(self, synthesized: Synthesized) -> None:
        """One route, signed."""
        (route,) = (
            route["Properties"]
            for name, route in synthesized.resources("prod", "AWS::ApiGatewayV2::Route").items()
            if name.startswith("outcomes/")
        )
        assert (route["RouteKey"], route["AuthorizationType"]) == ("POST /outcomes", "AWS_IAM")


class TestNotices:
    def test_each_approver_gets_only_their_own_messages(self, synthesized: Synthesized) -> None:
        """A subscription's filter names its own address: a signed link reaches one person."""
        subscriptions = [
            item["Properties"]
            for item in synthesized.resources("prod", "AWS::SNS::Subscription").values()
            if "FilterPolicy" in item["Properties"]
        ]
        assert {item["Endpoint"] for item in subscriptions} == {"ml-leads@example.com", "ml-team@example.com"}
        for item in subscriptions:
            assert item["FilterPolicy"] == {"recipient": [item["Endpoint"]]}

    @pytest.mark.usefixtures("synthesized")
    def test_addresses_that_differ_in_a_dot_are_two(self) -> None:
        """What CloudFormation leaves out of its ids does not make two people one."""
        from stacks.notifications import _id_of  # noqa: PLC0415 - starts Node

        assert len({_id_of(address) for address in ("a.b@x.com", "ab@x.com", "a-b@x.com", "ab@xc.om")}) == 4
        assert all(_id_of(address).isalnum() for address in ("a.b@x.com", "ab@x.com"))

    def test_what_is_optional_is_deployed_where_it_is_asked_for(self, synthesized: Synthesized) -> None:
        """Production names Slack's secret and a collector; development has nothing for either."""

        def handlers(environment: str) -> set[str]:
            functions = synthesized.resources(environment, "AWS::Lambda::Function").values()
            return {function["Properties"]["Handler"] for function in functions}

        optional = ("slack_notice", "decide_in_slack", "export_telemetry", "bridge_metrics")
        assert handlers("prod") - handlers("dev") == {f"functions.{one}.handler" for one in optional}


class TestAlarms:
    def test_each_tells_the_platform_team_what_to_do(self, synthesized: Synthesized) -> None:
        """An alarm has a recipient and a link into the runbook."""
        alarms = synthesized.resources("prod", "AWS::CloudWatch::Alarm")
        for alarm in alarms.values():
            properties = alarm["Properties"]
            assert properties["AlarmActions"]
            assert "What to do: https://" in properties["AlarmDescription"]
            assert "#" in properties["AlarmDescription"]

    def test_a_notice_that_nobody_gets_rings(self, synthesized: Synthesized) -> None:
        """Who was unsubscribed is missed: what is published less what is delivered is zero, or it rings."""
        (alarm,) = (
            item["Properties"]
            for item in synthesized.resources("prod", "AWS::CloudWatch::Alarm").values()
            if "Metrics" in item["Properties"]
        )
        *counted, result = alarm["Metrics"]
        assert {item["Id"]: item["MetricStat"]["Metric"]["MetricName"] for item in counted} == {
            "published": "NumberOfMessagesPublished",
            "delivered": "NumberOfNotificationsDelivered",
        }
        assert result["Expression"] == "published - FILL(delivered, 0)"
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
        (topic,) = {
            json.dumps(dimension)
            for item in counted
            for dimension in item["MetricStat"]["Metric"]["Dimensions"]
        }
        assert "Notices" in topic

    def test_functions_queues_machines_and_notices_are_watched(self, synthesized: Synthesized) -> None:
        """Every function and queue, two endings of three machines, two mishaps of notices."""
        metrics = [
            alarm["Properties"]["MetricName"]
            for alarm in synthesized.resources("prod", "AWS::CloudWatch::Alarm").values()
            if "MetricName" in alarm["Properties"]
        ]
        assert {name: metrics.count(name) for name in metrics} == {
            "Errors": len(ENTRIES),
            "ApproximateNumberOfMessagesVisible": 7,
            "ExecutionsFailed": 3,
            "ExecutionsTimedOut": 3,
            "NumberOfNotificationsFailed": 1,
            "NumberOfNotificationsFilteredOut-NoMessageAttributes": 1,
        }


class TestRegistry:
    def test_first_push_makes_an_immutable_repository(self, synthesized: Synthesized) -> None:
        """A version's image never changes, and versions never expire."""
        (template,) = synthesized.resources("prod", "AWS::ECR::RepositoryCreationTemplate").values()
        properties = template["Properties"]
        assert properties["AppliedFor"] == ["CREATE_ON_PUSH"]
        assert properties["ImageTagMutability"] == "IMMUTABLE"
        (rule,) = json.loads(properties["LifecyclePolicy"])["rules"]
        assert rule["selection"]["tagStatus"] == "untagged"

    def test_images_are_scanned_on_push(self, synthesized: Synthesized) -> None:
        """The registry scans what is pushed below the prefix."""
        (scanning,) = synthesized.resources("prod", "AWS::ECR::RegistryScanningConfiguration").values()
        assert scanning["Properties"]["Rules"][0]["ScanFrequency"] == "SCAN_ON_PUSH"


class TestPlatformParameter:
    def test_holds_what_clients_need(self, synthesized: Synthesized) -> None:
        """One parameter of a known name has every key of the contract."""
        (parameter,) = synthesized.resources("prod", "AWS::SSM::Parameter").values()
        assert parameter["Properties"]["Name"] == parameter_name("prod")
        assert set(json.loads(text(parameter["Properties"]["Value"]))) == set(get_type_hints(Platform))


class TestNames:
    @pytest.mark.parametrize("part", PARTS)
    def test_only_what_must_be_found_has_a_fixed_name(self, synthesized: Synthesized, part: str) -> None:
        """A fixed name can't be replaced: only what others must find by name has one."""
        allowed = {
            "AWS::StepFunctions::StateMachine",
            "AWS::Logs::LogGroup",
            "AWS::SSM::Parameter",
            "AWS::ApiGatewayV2::Api",
            "AWS::ApiGatewayV2::Stage",
        }
        name_keys = (
            "Name",
            "FunctionName",
            "RoleName",
            "TableName",
            "BucketName",
            "QueueName",
            "TopicName",
            "AlarmName",
        )
        for resource in synthesized.template("prod", part)["Resources"].values():
            if resource["Type"] not in allowed | {"AWS::Lambda::Permission"}:
                assert not set(name_keys) & set(resource["Properties"]), resource["Type"]
