"""Functions run as on AWS: their own environment, true errors, logs, timeouts."""

from __future__ import annotations

import io
import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.workbench.local.functions import until
from workbench.local.control import is_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import EmbeddedAws

CODE = """
import json, os, sys, time

class TooSmallError(Exception):
    pass

count = 0

def handler(event, context):
    global count
    count += 1
    print("got", event.get("ask"))
    ask = event.get("ask")
    if ask == "raise":
        raise TooSmallError("it is 3")
    if ask == "sleep":
        time.sleep(event["seconds"])
    if ask == "exit":
        os._exit(3)
    if ask == "layer":
        import layered
        return layered.VALUE
    if ask == "caller":
        import boto3
        return boto3.client("sts").get_caller_identity()["Arn"]
    if ask == "set":
        return {1, 2}
    return {
        "count": count, "pid": os.getpid(), "region": os.environ["AWS_REGION"],
        "mine": os.environ.get("MINE"), "foreign": os.environ.get("MINISTACK_HOST"),
        "moto": importable("moto"), "left": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn, "zone": time.tzname[0],
    }

def importable(name):
    import importlib.util
    return importlib.util.find_spec(name) is not None
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".py", text)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def role(embedded_aws: EmbeddedAws) -> str:
    iam = embedded_aws.client("iam")
    arn = iam.create_role(RoleName="workers", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    logs = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": "*",
    }
    iam.put_role_policy(
        RoleName="workers",
        PolicyName="logs",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [logs]}),
    )
    return str(arn)


@pytest.fixture(scope="module")
def create(embedded_aws: EmbeddedAws, role: str) -> Iterator[Callable[..., str]]:
    client = embedded_aws.client("lambda")

    def make(name: str, code: str = CODE, **settings: Any) -> str:
        defaults: dict[str, Any] = {
            "Runtime": "python3.13",
            "Role": role,
            "Handler": "index.handler",
            "Timeout": 10,
            "Environment": {"Variables": {"MINE": "yes"}},
        }
        client.create_function(
            FunctionName=name, Code={"ZipFile": zipped(index=code)}, **(defaults | settings)
        )
        return name

    return make


@pytest.fixture(scope="module")
def invoke(embedded_aws: EmbeddedAws) -> Callable[..., tuple[str | None, Any]]:
    client = embedded_aws.client("lambda")

    def call(name: str, **event: Any) -> tuple[str | None, Any]:
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    return call


@pytest.fixture(scope="module")
def plain(create: Callable[..., str]) -> str:
    return create("plain")


@pytest.mark.embedded
class TestEnvironment:
    def test_function_sees_what_lambda_sets_and_nothing_of_ours(
        self, plain: str, invoke: Callable[..., tuple[str | None, Any]]
    ) -> None:
        """
        Clean variables, UTC, boto3 from the runtime, none of the packages of this virtual environment.
        """
        _, seen = invoke(plain)

        assert (seen["region"], seen["mine"], seen["foreign"]) == ("us-east-1", "yes", None)
        assert seen["moto"] is False
        assert seen["zone"] == "UTC"
        assert 0 < seen["left"] <= 10_000
        assert seen["arn"].endswith(":function:plain")

    def test_environment_is_kept_for_the_next_invocation(
        self, plain: str, invoke: Callable[..., tuple[str | None, Any]]
    ) -> None:
        """
        Module state survives from one invocation to the next, as on a warm start.
        """
        first, second = invoke(plain)[1], invoke(plain)[1]

        assert (second["pid"], second["count"]) == (first["pid"], first["count"] + 1)

    def test_changed_settings_make_a_new_environment(
        self, embedded_aws: EmbeddedAws, create: Callable[..., str], invoke: Callable[..., Any]
    ) -> None:
        """
        After an update no invocation sees the old variables.
        """
        create("changed")
        invoke("changed")
        embedded_aws.client("lambda").update_function_configuration(
            FunctionName="changed", Environment={"Variables": {"MINE": "new"}}
        )

        assert invoke("changed")[1]["mine"] == "new"

    def test_calls_are_made_under_the_functions_role(
        self, plain: str, invoke: Callable[..., tuple[str | None, Any]]
    ) -> None:
        """
        boto3 in a function is the function's role, and speaks to this server.
        """
        assert invoke(plain, ask="caller")[1].endswith(":assumed-role/workers/plain")

    def test_layers_are_importable(
        self, embedded_aws: EmbeddedAws, create: Callable[..., str], invoke: Callable[..., Any]
    ) -> None:
        """
        What lies under ``python/`` of a layer can be imported.
        """
        layer = embedded_aws.client("lambda").publish_layer_version(
            LayerName="layered", Content={"ZipFile": zipped(python__layered="VALUE = 42")}
        )
        create("with-layer", Layers=[layer["LayerVersionArn"]])

        assert invoke("with-layer", ask="layer") == (None, 42)

    def test_many_at_once_all_get_their_answer(
        self, plain: str, invoke: Callable[..., tuple[str | None, Any]]
    ) -> None:
        """
        More invocations than slots wait for their turn; none is lost or mixed up.
        """
        with ThreadPoolExecutor(24) as threads:
            answers = list(threads.map(lambda _: invoke(plain, ask="sleep", seconds=0.05), range(48)))

        assert all(error is None for error, _ in answers)


@pytest.mark.embedded
class TestEnd:
    def test_killed_server_takes_its_environments_along(
        self, tmp_path: Path, start_aws: Callable[..., Any]
    ) -> None:
        """
        SIGKILL leaves no process behind that nobody would ever end, busy or not.
        """
        aws, process = start_aws(tmp_path)
        role = aws.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
        client = aws.client("lambda")
        client.create_function(
            FunctionName="left",
            Runtime="python3.13",
            Handler="index.handler",
            Role=role["Role"]["Arn"],
            Timeout=60,
            Code={"ZipFile": zipped(index=CODE)},
        )
        idle = json.loads(client.invoke(FunctionName="left", Payload=b"{}")["Payload"].read())["pid"]
        client.invoke(FunctionName="left", InvocationType="Event", Payload=b'{"ask": "sleep", "seconds": 50}')
        time.sleep(0.3)
        process.kill()
        process.wait()

        assert until(lambda: not is_alive(idle), 5)


@pytest.mark.embedded
class TestFailure:
    def test_exception_keeps_its_type(
        self, plain: str, invoke: Callable[..., tuple[str | None, Any]]
    ) -> None:
        """
        ``errorType`` is the exception's class: what a state machine catches.
        """
        kind, error = invoke(plain, ask="raise")

        assert kind == "Unhandled"
        assert (error["errorType"], error["errorMessage"]) == ("TooSmallError", "it is 3")
        assert "index.py" in error["stackTrace"][0]

    def test_timeout_is_told_and_the_next_invocation_works(
        self, create: Callable[..., str], invoke: Callable[..., tuple[str | None, Any]]
    ) -> None:
        """
        A function that takes too long is ended; its successor starts afresh.
        """
        create("slow", Timeout=1)
        started = time.monotonic()
        _, error = invoke("slow", ask="sleep", seconds=30)

        assert error["errorType"] == "Sandbox.Timedout"
        assert "Task timed out after 1.00 seconds" in error["errorMessage"]
        assert time.monotonic() - started < 5
        assert invoke("slow")[1]["count"] == 1

    def test_process_that_exits_is_a_runtime_error(
        self, plain: str, invoke: Callable[..., tuple[str | None, Any]]
    ) -> None:
        """
        ``os._exit`` in a handler does not hang the caller.
        """
        assert invoke(plain, ask="exit")[1]["errorType"] == "Runtime.ExitError"
        assert invoke(plain)[0] is None

    @pytest.mark.parametrize(("kind", "done"), [("function-dies", False), ("function-dies-late", True)])
    def test_process_that_somebody_wants_dead_dies(
        self,
        embedded_aws: EmbeddedAws,
        create: Callable[..., str],
        invoke: Callable[..., tuple[str | None, Any]],
        tmp_path: Path,
        kind: str,
        done: bool,  # noqa: FBT001 - a parameter
    ) -> None:
        """
        Before its work is done, or after; its caller hears the same of both, and the next call is answered.
        """
        name = create(f"mortal-{kind}", "def handler(event, _):\n    open(event['path'], 'w').close()\n")
        embedded_aws.post("faults", kind=kind, function=name)

        error, answer = invoke(name, path=str(tmp_path / "first"))
        assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
        assert (tmp_path / "first").exists() is done
        assert invoke(name, path=str(tmp_path / "second")) == (None, None)
        assert (tmp_path / "second").exists()

    @pytest.mark.parametrize(
        ("code", "handler", "kind"),
        [
            ("import nothing_like_this", "index.handler", "Runtime.ImportModuleError"),
            ("x = 1", "index.handler", "Runtime.HandlerNotFound"),
            ("def handler(:", "index.handler", "Runtime.UserCodeSyntaxError"),
            ("raise KeyError('missing')", "index.handler", "KeyError"),
        ],
    )
    def test_module_that_cannot_be_used_says_why(
        self, create: Callable[..., str], invoke: Callable[..., Any], code: str, handler: str, kind: str
    ) -> None:
        """
        What fails at import is reported by Lambda's names for it.
        """
        name = create(f"broken-{kind.rpartition('.')[2]}", code, Handler=handler)

        assert invoke(name)[1]["errorType"] == kind

    def test_answer_that_is_no_json_is_refused(
        self, plain: str, invoke: Callable[..., tuple[str | None, Any]]
    ) -> None:
        """
        A set can't be marshalled, on AWS as here.
        """
        assert invoke(plain, ask="set")[1]["errorType"] == "Runtime.MarshalError"


@pytest.mark.embedded
class TestLog:
    def test_log_holds_start_output_and_report(
        self, embedded_aws: EmbeddedAws, create: Callable[..., str], invoke: Callable[..., Any]
    ) -> None:
        """
        One stream per environment, with the lines that Lambda adds.
        """
        create("logged")
        invoke("logged", ask="hello")
        invoke("logged", ask="raise")
        events = embedded_aws.client("logs").filter_log_events(logGroupName="/aws/lambda/logged")["events"]
        texts = [event["message"] for event in events]

        assert len({event["logStreamName"] for event in events}) == 1
        assert [text.split()[0] for text in texts[:4]] == ["START", "got", "END", "REPORT"]
        assert "Init Duration" in texts[3]
        assert any(text.startswith("[ERROR] TooSmallError: it is 3\nTraceback") for text in texts)

    def test_role_without_log_permissions_leaves_no_log(
        self, embedded_aws: EmbeddedAws, create: Callable[..., str], invoke: Callable[..., Any]
    ) -> None:
        """
        Lambda writes under the function's role; where that may not, the log is lost and the call works.
        """
        role = embedded_aws.client("iam").create_role(
            RoleName="silent", AssumeRolePolicyDocument=json.dumps(TRUST)
        )
        create("silent", Role=role["Role"]["Arn"])

        assert invoke("silent")[0] is None
        groups = embedded_aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/silent")
        assert groups["logGroups"] == []
