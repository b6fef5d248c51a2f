"""What machines written in JSONata do, over the real API of a running server."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Machines

PASS: dict[str, Any] = {"Type": "Pass", "End": True}


class TestPassAndChoice:
    def test_output_is_the_next_input(self, machines: Machines) -> None:
        """
        A template is filled in from $states.input; keys whose value is null stay.
        """
        found = machines.run(
            {
                "A": {"Type": "Pass", "Output": "{% $merge([$states.input, {'b': 2}]) %}", "Next": "B"},
                "B": {
                    "Type": "Pass",
                    "Output": {"all": "{% $states.input %}", "n": [1, "{% 1 + 1 %}"]},
                    "End": True,
                },
            },
            {"a": None},
        )
        assert found["output"] == {"all": {"a": None, "b": 2}, "n": [1, 2]}

    def test_the_first_rule_that_holds_decides(self, machines: Machines) -> None:
        """
        Each rule may give its own output; without a match the default is taken.
        """
        choice = {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input.n > 10 %}", "Next": "Big", "Output": {"big": True}},
                {"Condition": "{% $states.input.n > 5 %}", "Next": "Big"},
            ],
            "Default": "Small",
        }
        states = {"A": choice, "Big": PASS, "Small": {"Type": "Pass", "Output": "small", "End": True}}
        machine = machines.create({"StartAt": "A", "States": states})
        outputs = [machines.wait(machines.start(machine, {"n": n}))["output"] for n in (11, 7, 1)]
        assert outputs == [{"big": True}, {"n": 7}, "small"]

    def test_no_rule_and_no_default_fails(self, machines: Machines) -> None:
        """
        States.NoChoiceMatched names the state.
        """
        found = machines.run(
            {"A": {"Type": "Choice", "Choices": [{"Condition": False, "Next": "B"}]}, "B": PASS}
        )
        assert (found["status"], found["error"]) == ("FAILED", "States.NoChoiceMatched")
        assert "'A'" in found["cause"]

    def test_variables_are_seen_by_later_states(self, machines: Machines) -> None:
        """
        Assign evaluates beside Output, from the values before it; null is a value.
        """
        found = machines.run(
            {
                "A": {"Type": "Pass", "Assign": {"x": 1, "none": None}, "Output": {}, "Next": "B"},
                "B": {"Type": "Pass", "Assign": {"x": "{% $x + 1 %}"}, "Output": "{% $x %}", "Next": "C"},
                "C": {
                    "Type": "Pass",
                    "Output": {"before": "{% $states.input %}", "x": "{% $x %}", "n": "{% $none %}"},
                    "End": True,
                },
            }
        )
        assert found["output"] == {"before": 1, "x": 2, "n": None}

    def test_an_undefined_result_fails(self, machines: Machines) -> None:
        """
        A missing field is no null: States.QueryEvaluationError, with the expression in its cause.
        """
        found = machines.run({"A": {"Type": "Pass", "Output": "{% $states.input.nothing %}", "End": True}})
        assert (found["status"], found["error"]) == ("FAILED", "States.QueryEvaluationError")
        assert "$states.input.nothing" in found["cause"]

    def test_functions_that_step_functions_adds(self, machines: Machines) -> None:
        """
        $partition, $range, $hash, $parse and $uuid are there.
        """
        output = {
            "p": "{% $partition([1,2,3], 2) %}",
            "r": "{% $range(0, 4, 2) %}",
            "h": "{% $hash('a', 'SHA-256') %}",
            "j": "{% $parse('{\"a\":1}').a %}",
            "u": "{% $length($uuid()) %}",
        }
        found = machines.run({"A": {"Type": "Pass", "Output": output, "End": True}})
        assert found["output"]["p"] == [[1, 2], [3]]
        assert found["output"]["r"] == [0, 2, 4]
        assert found["output"]["h"].startswith("ca978112")
        assert (found["output"]["j"], found["output"]["u"]) == (1, 36)

    def test_context_tells_of_execution_state_and_machine(self, machines: Machines) -> None:
        """
        Id, Name, Input, StartTime and RedriveCount; the state's name, entry and retries; the machine's name.
        """
        found = machines.run(
            {"A": {"Type": "Pass", "Output": "{% $states.context %}", "End": True}}, {"i": 1}
        )
        context = found["output"]
        assert context["Execution"]["Id"] == found["executionArn"]
        assert context["Execution"]["Input"] == {"i": 1}
        assert context["Execution"]["RedriveCount"] == 0
        assert context["Execution"]["StartTime"].endswith("Z")
        assert (context["State"]["Name"], context["State"]["RetryCount"]) == ("A", 0)
        assert context["StateMachine"]["Id"] == found["stateMachineArn"]

    def test_fail_ends_with_its_error_and_cause(self, machines: Machines) -> None:
        """
        Both may be expressions.
        """
        found = machines.run(
            {"A": {"Type": "Fail", "Error": "Mine", "Cause": "{% 'because ' & $states.input.why %}"}},
            {"why": "x"},
        )
        assert (found["status"], found["error"], found["cause"]) == ("FAILED", "Mine", "because x")

    def test_a_document_above_the_limit_fails(self, machines: Machines) -> None:
        """
        256 KiB is the limit of what a state hands on: States.DataLimitExceeded.
        """
        wide = "{% $join($map([1..300], function($i) { $pad('', 1000, 'x') })) %}"
        found = machines.run({"A": {"Type": "Pass", "Output": wide, "End": True}})
        assert (found["status"], found["error"]) == ("FAILED", "States.DataLimitExceeded")


class TestWait:
    def test_waits_as_long_as_it_says(self, machines: Machines) -> None:
        """
        Seconds may be an expression, Timestamp an ISO-8601 time.
        """
        states = {
            "A": {"Type": "Wait", "Seconds": "{% $states.input.s %}", "Next": "B"},
            "B": {"Type": "Wait", "Timestamp": "2020-01-01T00:00:00Z", "End": True},
        }
        machine = machines.create({"StartAt": "A", "States": states})
        began = time.monotonic()
        found = machines.wait(machines.start(machine, {"s": 1}))
        assert found["output"] == {"s": 1}
        assert 0.95 < time.monotonic() - began < 3

    def test_an_execution_that_takes_too_long_times_out(self, machines: Machines) -> None:
        """
        The machine's TimeoutSeconds ends it with TIMED_OUT and the history says so.
        """
        found = machines.run({"A": {"Type": "Wait", "Seconds": 60, "End": True}}, TimeoutSeconds=1)
        assert (found["status"], found["error"]) == ("TIMED_OUT", "States.Timeout")
        assert machines.types(found["executionArn"])[-1] == "ExecutionTimedOut"


class TestParallelAndMap:
    def test_branches_give_a_list_in_their_order(self, machines: Machines) -> None:
        """
        Each branch gets Arguments; a variable of outside is seen within, one of within is not outside.
        """
        inner = {"Type": "Pass", "Assign": {"y": 2}, "Output": "{% $states.input.v + $x %}", "End": True}
        slow = {"W": {"Type": "Wait", "Seconds": 1, "Next": "P"}, "P": inner}
        found = machines.run(
            {
                "A": {"Type": "Pass", "Assign": {"x": 10}, "Next": "B"},
                "B": {
                    "Type": "Parallel",
                    "Arguments": {"v": 1},
                    "Branches": [{"StartAt": "W", "States": slow}, {"StartAt": "P", "States": {"P": inner}}],
                    "Output": {"r": "{% $states.result %}", "y": "{% $exists($y) %}"},
                    "End": True,
                },
            }
        )
        assert found["output"] == {"r": [11, 11], "y": False}

    def test_a_failing_branch_fails_the_state_and_ends_the_others(self, machines: Machines) -> None:
        """
        The branch's own error reaches Catch; the other branch goes no further.
        """
        states = {
            "A": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Mine", "Cause": "c"}}},
                    {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}},
                ],
                "Catch": [{"ErrorEquals": ["Mine"], "Next": "B", "Output": "{% $states.errorOutput %}"}],
                "Next": "B",
            },
            "B": PASS,
        }
        found = machines.run(states)
        assert found["output"] == {"Error": "Mine", "Cause": "c"}
        assert "ParallelStateFailed" in machines.types(found["executionArn"])

    def test_map_runs_its_processor_for_each_item(self, machines: Machines) -> None:
        """
        ItemSelector sees the item and its index; results keep the items' order whatever MaxConcurrency is.
        """
        processor = {
            "StartAt": "P",
            "States": {
                "P": {"Type": "Pass", "Output": "{% $states.input.v * $states.input.i %}", "End": True}
            },
        }
        each = {
            "Type": "Map",
            "Items": "{% $states.input.items %}",
            "ItemSelector": {
                "v": "{% $states.context.Map.Item.Value %}",
                "i": "{% $states.context.Map.Item.Index %}",
            },
            "MaxConcurrency": 2,
            "ItemProcessor": processor,
            "End": True,
        }
        found = machines.run({"A": each}, {"items": [5, 6, 7]})
        assert found["output"] == [0, 6, 14]
        assert machines.types(found["executionArn"]).count("MapIterationSucceeded") == 3

    def test_map_tolerates_what_it_is_told_to(self, machines: Machines) -> None:
        """
        One failure of three is left out of the result; two are too many.
        """
        rule = {"Condition": "{% $states.input < 0 %}", "Next": "F"}
        inner = {
            "C": {"Type": "Choice", "Choices": [rule], "Default": "P"},
            "P": PASS,
            "F": {"Type": "Fail", "Error": "Neg"},
        }
        each = {
            "Type": "Map",
            "ToleratedFailureCount": 1,
            "ItemProcessor": {"StartAt": "C", "States": inner},
            "End": True,
        }
        machine = machines.create({"StartAt": "A", "States": {"A": each}})
        one, two = (machines.wait(machines.start(machine, items)) for items in ([1, -1, 2], [-1, -1, 2]))
        assert one["output"] == [1, 2]
        assert two["error"] == "States.ExceedToleratedFailureThreshold"


class TestJsonPath:
    def test_paths_parameters_and_result_path(self, machines: Machines) -> None:
        """
        A machine without QueryLanguage speaks JSONPath.
        """
        states = {
            "A": {
                "Type": "Pass",
                "Parameters": {"x.$": "$.a", "n.$": "States.MathAdd($.a, 1)"},
                "ResultPath": "$.r",
                "Next": "B",
            },
            "B": {"Type": "Choice", "Choices": [{"Variable": "$.r.n", "NumericEquals": 4, "Next": "C"}]},
            "C": {"Type": "Pass", "OutputPath": "$.r", "End": True},
        }
        found = machines.run(states, {"a": 3}, QueryLanguage="JSONPath")
        assert found["output"] == {"x": 3, "n": 4}


class TestHistory:
    def test_events_follow_each_other(self, machines: Machines) -> None:
        """
        Ids count from 1, each names the one before, inputs and outputs are JSON text.
        """
        found = machines.run({"A": {"Type": "Pass", "Output": {"b": 1}, "End": True}}, {"a": 1})
        events = machines.history(found["executionArn"])
        assert [e["type"] for e in events] == [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded",
        ]
        assert [(e["id"], e["previousEventId"]) for e in events] == [(1, 0), (2, 1), (3, 2), (4, 3)]
        assert json.loads(events[1]["stateEnteredEventDetails"]["input"]) == {"a": 1}
        assert json.loads(events[3]["executionSucceededEventDetails"]["output"]) == {"b": 1}

    def test_an_endless_loop_ends(self, machines: Machines) -> None:
        """
        A history holds 25,000 events; what would write more fails.
        """
        states = {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {"Type": "Choice", "Choices": [{"Condition": True, "Next": "A"}], "Default": "C"},
            "C": PASS,
        }
        found = machines.run(states)
        assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")
        last = machines.states.get_execution_history(
            executionArn=found["executionArn"], reverseOrder=True, maxResults=1
        )
        assert (last["events"][0]["type"], last["events"][0]["id"]) == ("ExecutionFailed", 25_000)
