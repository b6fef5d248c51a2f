"""
Promotions are killed at every state of their machine, with the embedded AWS or alone; so are their functions.

Whatever was killed: promoted again or retried, there is one endpoint in service that answers with the version
that the ledger says; its lease is free; nothing is left over.
"""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import pytest

from tests.conftest import start_embedded_aws
from tests.endtoend.conftest import deploy_platform
from tests.endtoend.dock import ROUTES, Dock, states_of
from tests.endtoend.laptop import Laptop

pytestmark = pytest.mark.endtoend

NIGHT = '[serving.schedules.night]\nschedule = "cron(0 20 * * ? *)"\nmin_instances = 1\nmax_instances = 2\n'
SERVING = {
    ("keel", "1.0.0"): ("ml.m5.large", "max_instances = 2\ninvocations_per_instance = 1000\n", NIGHT),
    ("keel", "1.1.0"): ("ml.m5.xlarge", "max_instances = 3\nconcurrency_per_instance = 4\n", NIGHT),
    ("mast", ""): (
        "ml.m5.large",
        'kind = "asynchronous"\nmin_instances = 0\nmax_instances = 2\nbacklog_per_instance = 5\n',
        NIGHT,
    ),
    ("rudder", ""): ("ml.m5.large", "max_instances = 2\ninvocations_per_instance = 1000\n", ""),
}
"""By project and version: instance type, keys of ``[serving]``, and what follows."""
BIAS = {"1.0.0": "2.0", "1.1.0": "1.0"}
FAKES_ONLY = {
    "PromotionTimedOut": "after a day",
    "EndpointFailed": "the container does not come up within its time",
    "EndpointNeedsRepair": "an endpoint that only AWS can mend",
}
"""States that only time or AWS's operators lead to: tests/stacks/test_promote_failures.py has them."""


@pytest.fixture(scope="module")
def dock(tmp_path_factory):
    """Three models' first versions wait for a decision; the next promotions stand at each state once."""
    home = tmp_path_factory.mktemp("dock") / "home"
    aws, process = start_embedded_aws(home)
    deploy_platform(aws)
    dock = Dock(Laptop(aws, tmp_path_factory.mktemp("laptop")), home, process, start_embedded_aws)
    pushed(dock, "1.0.0", data=True)
    for name, kind in states_of(dock.definition()):
        if kind not in ROUTES:
            dock.fault("stall", state=name, machine=dock.machine)
    yield dock
    dock.process.kill()
    dock.process.wait()


PROJECTS = ("keel", "mast", "rudder")


def pushed(dock, version, *, data=False):
    """A version of each model, until it waits for a decision."""
    for project in PROJECTS:
        if data:
            dock.laptop.put_numbers(project)
        model = dock.laptop.model(project, bias=BIAS[version])
        instance_type, keys, more = SERVING.get((project, version)) or SERVING[project, ""]
        manifest = model / "slipway.toml"
        head, _, serving = manifest.read_text().partition("[serving]\n")
        serving = serving.replace("ml.m5.large", instance_type)
        manifest.write_text(f"{head}[serving]\n{keys}{serving}{more}")
        dock.laptop.push(model, version)
    for project in PROJECTS:
        dock.laptop.reach(release(dock, project, version), "awaiting-approval")


def release(dock, project, version):
    return dock.laptop.release(f"{project}/tiny:{version}")


def approve(dock, version, *projects):
    for project in projects:
        assert dock.laptop.decide(release(dock, project, version)).recorded


def refuse(dock, state, error, cause, *, times=1, execution=None):
    """Let a task fail that calls AWS, as AWS would let it."""
    named = {"execution": dock.name(execution)} if execution else {}
    dock.fault("fail-task", state=state, error=error, cause=cause, times=times, machine=dock.machine, **named)


BUSY = ("SageMaker.ValidationException", "Cannot update in-progress endpoint")
THROTTLED = ("SageMaker.ValidationException", "Rate exceeded")
GONE = ("SageMaker.ValidationException", "Could not find endpoint")
NOT_ANSWERED = ("SmokeTestFailedError", "500")


def consistent(dock, *projects):
    """Everything fits, of these or of all; and of all nothing is left over."""
    assert [one for project in projects or PROJECTS for one in dock.problems(project)] == []
    if projects:
        return
    # the event that an endpoint is gone may die with the server that carries it
    assert {one.split()[0] for one in dock.leftovers()} <= {"dashboard"}
    dock.laptop.slipway("doctor", "--mend", "--yes")
    assert dock.leftovers() == []


class TestKilledWithTheServer:
    """At each state once, with the whole embedded AWS, by ``kill -9``; started again, it goes on."""

    def test_first_versions(self, dock):
        """
        Three releases create their endpoints: refused at first, throttled, without instances.
        """
        for state in ("CreateModel", "CreateEndpointConfig", "CreateEndpoint"):
            refuse(dock, state, *THROTTLED)
        refuse(dock, "DeleteDead", *GONE)
        dock.fault("capacity", endpoint=dock.endpoint("rudder"), times=1)
        approve(dock, "1.0.0", *PROJECTS)
        for project in PROJECTS:
            dock.laptop.wait_for(lambda one=project: begun(dock, one), f"the promotion of {project}")
        dock.kill_until_ended()

        for project in PROJECTS:
            dock.laptop.reach(release(dock, project, "1.0.0"), "deployed")
        consistent(dock)

    def test_next_versions(self, dock):
        """
        One goes to another instance type; nothing of what they replace stays but the way back.
        """
        pushed(dock, "1.1.0")
        approve(dock, "1.1.0", "keel", "rudder")
        for project in ("keel", "rudder"):
            dock.laptop.wait_for(lambda one=project: begun(dock, one, 2), f"the promotion of {project}")
        dock.kill_until_ended()

        for project in ("keel", "rudder"):
            dock.laptop.reach(release(dock, project, "1.1.0"), "deployed")
        consistent(dock)

    def test_ways_back_and_stop(self, dock):
        """
        A release whose smoke test dies each time, an endpoint that somebody deletes while it is stopped, and
        an update that SageMaker takes back.
        """
        dock.fault("function-dies", function=functions(dock)["Smoke"], times=99)
        approve(dock, "1.1.0", "mast")
        refuse(dock, "DeleteEndpoint", *GONE, execution="keel-3")
        dock.on_stand["keel", "DeleteEndpoint"] = lambda: delete(dock, "keel")
        refuse(dock, "UpdateEndpoint", *BUSY, times=99, execution="rudder-3")
        keel = dock.promote("keel-3", "keel", "1.1.0", action="stop")
        rudder = dock.promote("rudder-3", "rudder", "1.0.0")
        dock.laptop.wait_for(lambda: begun(dock, "mast", 2), "the promotion of mast")
        dock.kill_until_ended()

        dock.clear("function-dies")
        dock.laptop.reach(release(dock, "mast", "1.1.0"), "failed")
        assert (dock.status(keel), dock.status(rudder)) == ("SUCCEEDED", "RolledBack")
        consistent(dock)

    def test_retried_release_and_undone_creation(self, dock):
        """
        `slipway release retry` ends what the dead function broke off; a start that does not answer is undone,
        and an update while an alarm rings.
        """
        refuse(dock, "Smoke", *NOT_ANSWERED, execution="keel-4")
        refuse(dock, "UpdateEndpoint", *BUSY, times=99, execution="rudder-4")
        dock.fault("stall", state="UpdateEndpoint", execution=dock.name("rudder-4"))
        dock.on_stand["rudder", "UpdateEndpoint"] = lambda: ring(dock, "rudder")
        keel = dock.promote("keel-4", "keel", "1.1.0")
        rudder = dock.promote("rudder-4", "rudder", "1.0.0")
        dock.laptop.slipway("release", "retry", release(dock, "mast", "1.1.0")["release_id"])
        dock.laptop.wait_for(lambda: begun(dock, "mast", 3), "the promotion of mast")
        dock.kill_until_ended()

        dock.laptop.wait_for(
            lambda: (
                dock.laptop.ledger.release(release(dock, "mast", "1.1.0")["release_id"])["status"]
                == "deployed"
            ),
            "the retried release",
        )
        assert (dock.status(keel), dock.status(rudder)) == (NOT_ANSWERED[0], "RolledBackByAlarm")
        consistent(dock)

    def test_refused_record_lost_scaling_and_no_instances(self, dock):
        """
        Recording is refused, scaling can't be put back, there are no instances: the next promotion mends all.
        """
        refuse(dock, "MoveAlias", "AliasMovedError", "somebody moved it", execution="keel-5")
        refuse(dock, "Smoke", *NOT_ANSWERED, execution="mast-5")
        refuse(dock, "RegisterTargetAgain", "ApplicationAutoScaling.No", "no", execution="mast-5")
        refuse(dock, "UpdateEndpoint", *BUSY, times=3, execution="rudder-5")
        # of the new fleet: what served is started again after each kill
        dock.fault("capacity", config=config_of(dock, "rudder", "1.0.0"), times=99)
        ended = [
            dock.promote("keel-5", "keel", "1.1.0"),
            dock.promote("mast-5", "mast", "1.0.0"),
            dock.promote("rudder-5", "rudder", "1.0.0"),
        ]
        dock.kill_until_ended()

        dock.clear("capacity")
        errors = [dock.status(one) for one in ended]
        assert errors == ["AliasMovedError", "RestoreFailed", "CapacityError"]
        consistent(dock, "keel", "rudder")
        assert dock.problems("mast") == [
            f"{dock.endpoint('mast')}: targets is 0, not 1",
            f"{dock.endpoint('mast')}: alarms of scaling is 0, not 2",
        ]

    def test_drift(self, dock):
        """
        What somebody set by hand is left alone; the others serve and are scaled again.
        """
        set_by_hand(dock, "rudder")
        ended = [
            dock.promote("keel-6", "keel", "1.1.0"),
            dock.promote("mast-6", "mast", "1.0.0"),
            dock.promote("rudder-6", "rudder", "1.0.0"),
        ]
        dock.kill_until_ended()

        assert [dock.status(one) for one in ended] == ["SUCCEEDED", "SUCCEEDED", "EndpointDriftedError"]
        consistent(dock, "keel", "mast")

    def test_lost_lease_and_failed_restore(self, dock):
        """
        A promotion whose endpoint another one has taken writes nothing more; one that can't go back says so.
        """
        refuse(dock, "Smoke", *NOT_ANSWERED, execution="keel-7")
        refuse(dock, "Restore", *BUSY, times=9, execution="keel-7")
        dock.fault("stall", state="MayWeUpdate", execution=dock.name("mast-7"))
        dock.on_stand["mast", "MayWeUpdate"] = lambda: lend(dock, "mast", "another promotion")
        ended = [
            dock.promote("keel-7", "keel", "1.0.0"),
            dock.promote("mast-7", "mast", "1.1.0"),
            dock.promote("rudder-7", "rudder", "1.0.0", accept_drift="by-hand"),
        ]
        dock.kill_until_ended()
        lend(dock, "mast", None)

        assert [dock.status(one) for one in ended] == ["RestoreFailed", "LeaseLostError", "SUCCEEDED"]
        left = [one for one in dock.leftovers() if one.startswith("alarm ")]
        assert left
        assert all(dock.endpoint("mast") in one for one in left)
        dock.laptop.slipway("doctor", "--mend", "--yes")
        consistent(dock, "mast", "rudder")

    def test_promoted_again(self, dock):
        """
        What could not go back goes on; a refused model changes nothing; a dead endpoint is made anew.
        """
        refuse(dock, "CreateModel", "SageMaker.ValidationException", "no such role", execution="mast-8")
        refuse(dock, "Smoke", *NOT_ANSWERED, execution="rudder-8")
        refuse(dock, "ClearEndpoint", *THROTTLED, execution="rudder-8")
        dock.fault("stall", state="LookBack", execution=dock.name("rudder-8"))
        dock.on_stand["rudder", "LookBack"] = lambda: ruin(dock, "rudder")
        ended = [
            dock.promote("keel-8", "keel", "1.0.0"),
            dock.promote("mast-8", "mast", "1.1.0"),
            dock.promote("rudder-8", "rudder", "1.1.0"),
        ]
        dock.kill_until_ended()

        assert [dock.status(one) for one in ended] == [
            "SUCCEEDED",
            "SageMaker.ValidationException",
            NOT_ANSWERED[0],
        ]
        remove_by_hand(dock)
        consistent(dock)

    def test_stop(self, dock):
        """
        An asynchronous endpoint is deleted, and its scaling goes with it.
        """
        stopping = dock.promote("mast-9", "mast", "1.0.0", action="stop")
        dock.kill_until_ended()

        assert dock.status(stopping) == "SUCCEEDED"
        consistent(dock)
        assert dock.ended(dock.promote("mast-10", "mast", "1.0.0")) == "SUCCEEDED"

    def test_no_state_was_left_out(self, dock):
        """
        Of the machine as it is deployed: one at which nobody was killed must be named here, with its reason.
        """
        dock.laptop.aws.post("faults/clear", id=None)
        kinds = dict(states_of(dock.definition()))
        assert {name for name, kind in kinds.items() if kind not in ROUTES} - {*dock.killed} == set()
        assert kinds.keys() - dock.entered == FAKES_ONLY.keys()


class TestStoppedFromOutside:
    """Nothing of the promotion goes on; its lease ends with it, and the next one finds what it left."""

    @pytest.mark.parametrize(
        ("keel", "mast", "rudder"),
        [("WaitForEndpoint", "Tell", "Restore"), ("ReleaseLease", "DropStopped", "RestoreScaling")],
    )
    def test_next_promotion_ends_consistent(self, dock, keel, mast, rudder):
        """
        After the update was asked for, between record and lease, on the way back, and while it stops.
        """
        runs = {}
        for project, state in {"keel": keel, "mast": mast, "rudder": rudder}.items():
            name, serving = f"{project}-{state}", champion(dock, project)
            asked: dict[str, Any] = {"version": next(one for one in BIAS if one != serving)}
            if state == "DropStopped":
                asked = {"version": serving, "action": "stop"}
            if state.startswith("Restore"):
                refuse(dock, "Smoke", *NOT_ANSWERED, execution=name)
            dock.fault("stall", state=state, execution=dock.name(name))
            runs[dock.promote(name, project, **asked)] = (project, state, asked)
        for execution, (_, state, _) in runs.items():
            dock.stand(execution, state)
            dock.client("stepfunctions").stop_execution(executionArn=execution)
        again = []
        for execution, (project, state, asked) in runs.items():
            assert dock.ended(execution) == "ABORTED"
            again.append(dock.promote(f"{project}-{state}-again", project, **asked))
        assert {dock.ended(one) for one in again} == {"SUCCEEDED"}
        consistent(dock)


class TestDeadFunctions:
    """Their processes are killed, before their work or after it."""

    @pytest.mark.parametrize("kind", ["function-dies", "function-dies-late"])
    def test_once_each(self, dock, kind):
        """
        Lambda's next try does the work, or finds it done: the promotion succeeds.
        """
        for function in {*functions(dock).values()}:
            dock.fault(kind, function=function)
        version = next(one for one in BIAS if one != champion(dock, "rudder"))
        assert dock.ended(dock.promote(f"rudder-{kind}", "rudder", version)) == "SUCCEEDED"
        assert dock.laptop.aws.get("faults") == []
        consistent(dock)

    def test_each_time(self, dock):
        """
        What served serves on; but a version that was recorded serves, though nobody heard of the record.
        """
        named, serving = functions(dock), champion(dock, "rudder")
        version = next(one for one in BIAS if one != serving)
        for state in ("PlanPromotion", "Smoke"):
            dock.fault("function-dies", function=named[state], times=99)
            assert dock.ended(dock.promote(f"rudder-{state}", "rudder", version)) == "Runtime.ExitError"
            dock.clear("function-dies")
            assert champion(dock, "rudder") == serving
            consistent(dock, "rudder")
        dock.fault("function-dies-late", function=named["MoveAlias"], times=99)
        assert dock.ended(dock.promote("rudder-recorded", "rudder", version)) == "SUCCEEDED"
        dock.clear("function-dies-late")
        assert champion(dock, "rudder") == version
        consistent(dock)


class TestDoctor:
    def test_removes_what_nobody_tidied_up(self, dock):
        """
        Where tidying dies each time, `slipway doctor` names what is left; mended, it finds nothing.
        """
        tidy = functions(dock)["TidyAfterFailure"]
        dock.fault("function-dies", function=tidy, times=99)
        refuse(dock, "Smoke", *NOT_ANSWERED, execution="rudder-untidy")
        version = next(one for one in BIAS if one != champion(dock, "rudder"))
        assert dock.ended(dock.promote("rudder-untidy", "rudder", version)) == NOT_ANSWERED[0]
        dock.clear("function-dies")
        left = leftovers(dock)
        assert "alarm" in left["found"]
        dock.laptop.slipway("doctor", "--mend", "--yes")

        assert leftovers(dock)["outcome"] == "ok"
        consistent(dock)


def begun(dock, project, number=1):
    """Whether a project's endpoint has seen so many promotions begin, this one running."""
    found = dock.client("stepfunctions").list_executions(stateMachineArn=dock.machine_arn)["executions"]
    mine = [one for one in found if dock.project_of(one["executionArn"]) == project]
    return len(mine) >= number


def champion(dock, project):
    return dock.laptop.ledger.alias(project, "tiny", "champion")["version"]


def functions(dock):
    """State to the name of the function that it calls."""
    return {
        name: state["Arguments"]["FunctionName"].split(":function:")[-1].split(":")[0]
        for name, state in dock.definition()["States"].items()
        if state.get("Resource", "").endswith(":lambda:invoke")
    }


def config_of(dock, project, version):
    """The endpoint config by which a version served."""
    history = dock.laptop.ledger.endpoint_history(dock.endpoint(project))
    return next(one["config_name"] for one in history if one["layout"][0]["version"] == version)


def serving_config(dock, project):
    return dock.laptop.ledger.endpoint_state(dock.endpoint(project))["config_name"]


def delete(dock, project):
    """By hand, and wait until it is gone."""
    name, sagemaker = dock.endpoint(project), dock.client("sagemaker")
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(
        EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def ruin(dock, project):
    """It is deleted, and made anew where there are no instances: nothing serves."""
    name, sagemaker = dock.endpoint(project), dock.client("sagemaker")
    delete(dock, project)
    dock.fault("capacity", endpoint=name, times=1)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=serving_config(dock, project))
    dock.laptop.wait_for(
        lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Failed", "its death"
    )


def set_by_hand(dock, project):
    """Another config serves than the ledger knows."""
    name, sagemaker = dock.endpoint(project), dock.client("sagemaker")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=serving_config(dock, project))
    sagemaker.create_endpoint_config(
        EndpointConfigName="by-hand", ProductionVariants=config["ProductionVariants"]
    )
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName="by-hand")
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def remove_by_hand(dock):
    """What bears no name of the platform's is no leftover of its own."""
    dock.client("sagemaker").delete_endpoint_config(EndpointConfigName="by-hand")


def ring(dock, project):
    """An alarm of the config that is about to serve rings."""
    serving = serving_config(dock, project)
    alarm = next(one for one in dock.alarms(f"{dock.endpoint(project)}/") if one.split("/")[1] != serving)
    dock.client("cloudwatch").set_alarm_state(
        AlarmName=alarm, StateValue="ALARM", StateReason="Threshold Crossed: too many errors"
    )


def lend(dock, project, owner):
    """The endpoint's lease is somebody else's; None: nobody's."""
    key = {"pk": {"S": f"ENDPOINT#{dock.endpoint(project)}"}, "sk": {"S": "LEASE"}}
    value: dict[str, Any] = {"UpdateExpression": "REMOVE #owner"}
    if owner:
        value = {
            "UpdateExpression": "SET #owner = :owner",
            "ExpressionAttributeValues": {":owner": {"S": owner}},
        }
    dock.client("dynamodb").update_item(
        TableName=dock.laptop.workspace.platform()["ledger_table"],
        Key=key,
        ExpressionAttributeNames={"#owner": "owner"},
        **value,
    )


def leftovers(dock):
    """What `slipway doctor` says of them."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        dock.laptop.slipway("doctor", "--json")
    return next(one for one in json.loads(printed.getvalue()) if one["check"] == "Leftovers")
