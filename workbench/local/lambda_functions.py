"""Python functions of the embedded Lambda: what they run with, and what they leave in the logs."""

from __future__ import annotations

import json
import logging
import math
import os
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local import log_streams, seams
from workbench.local.iam import role_may
from workbench.local.lambda_code import CodeStore
from workbench.local.lambda_workers import Invocation, Order, Outcome, Pool
from workbench.local.runtime_client import CLOCK_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.local.context import ServerContext
    from workbench.local.gateway import Gateway
    from workbench.local.lambda_workers import Death

logger = logging.getLogger("slipway.lambda")

SLOTS_PER_CPU: Final = 2
MIN_SLOTS: Final = 4


class Functions:
    """Runs functions whose runtime is Python on the pool."""

    def __init__(self, server: ServerContext, pool: Pool, code: CodeStore) -> None:
        self._server = server
        self._pool = pool
        self._code = code
        self._layers: dict[str, Path] = {}

    def execute(self, function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        """In ministack's words: ``{"body", "log"}``, with ``error`` true when the function failed."""
        config = function.get("config") or function
        started = time.time()
        order, extra = self.order(function)
        invocation = Invocation(
            id=request_id,
            arn=config.get("FunctionArn", ""),
            event=event,
            timeout=float(config.get("Timeout", 3)),
            trace_id=seams.LAMBDA.trace_id(config),
        )
        death = self._death(str(config.get("FunctionName")))
        outcome = self._pool.invoke(order, invocation, extra, death=death)
        try:
            self._write_log(config, invocation, outcome, started)
        except Exception:  # an invocation never fails for its log
            logger.exception("log of %s", order.function)
        text = "\n".join(line for _, line in outcome.log)
        if outcome.error is not None:
            return {"body": outcome.error, "error": True, "log": text, "log_source": "slipway"}
        return {"body": outcome.result, "log": text, "log_source": "slipway"}

    def _death(self, name: str) -> Death:
        """Whether somebody asked that this invocation's process be killed."""
        faults = self._server.faults
        if faults.meet("function-dies", function=name) is not None:
            return "early"
        return "late" if faults.meet("function-dies-late", function=name) is not None else "none"

    def order(self, function: dict[str, Any]) -> tuple[Order, dict[str, str]]:
        """What makes a function's environments, and the variables that vary without making another."""
        config = function.get("config") or function
        name, version = config.get("FunctionName", "unknown"), config.get("Version", "$LATEST")
        task_root = self._code.unpacked(function["code_zip"])
        layers = tuple(self._layer(reference) for reference in config.get("Layers") or [])
        region = seams.RESPONSES.get_region()
        variables = {
            "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "HOME": "/tmp",  # noqa: S108 - what Lambda sets
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime')}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": log_group(config),
            "LAMBDA_TASK_ROOT": str(task_root),
            "LAMBDA_RUNTIME_DIR": str(self._code.runtime()),
            "_HANDLER": config.get("Handler", ""),
            **seams.LAMBDA.user_variables(config),
            "AWS_ENDPOINT_URL": self._server.endpoint_url,
            CLOCK_VARIABLE: str(self._server.home / "clock"),
        }
        found = seams.LAMBDA_RUNTIME.execution_credentials(config)
        credentials = {key: value for key, value in found.items() if value}
        order = Order(
            function=f"{region}:{name}:{version}",
            handler=config.get("Handler", ""),
            task_root=task_root,
            layers=layers,
            environment=tuple(sorted((variables | credentials).items())),
        )
        return order, {}

    def _layer(self, reference: Any) -> Path:
        arn = reference if isinstance(reference, str) else reference["Arn"]
        if arn not in self._layers:
            self._layers[arn] = self._code.layer(seams.LAMBDA.layer_zip(reference))
        return self._layers[arn]

    def warm(self) -> None:
        """Have one environment of each function ready."""
        with seams.RESPONSES.scope(self._server.account, self._server.region):
            for function in list(seams.LAMBDA.functions.values()):
                runtime = str(function["config"].get("Runtime", ""))
                if function.get("code_zip") and runtime.startswith("python"):
                    try:
                        self._pool.warm(*self.order(function))
                    except Exception:
                        logger.exception("warm %s", function["config"].get("FunctionName"))

    def _write_log(
        self, config: dict[str, Any], invocation: Invocation, outcome: Outcome, started: float
    ) -> None:
        group = log_group(config)
        region, account = seams.RESPONSES.get_region(), seams.RESPONSES.get_account_id()
        arn = f"arn:aws:logs:{region}:{account}:log-group:{group}"
        wanted = [("logs:PutLogEvents", f"{arn}:log-stream:{outcome.stream}")]
        if outcome.init_ms is not None:
            wanted.insert(0, ("logs:CreateLogStream", f"{arn}:log-stream:{outcome.stream}"))
        if group not in seams.LOGS.groups:
            wanted.insert(0, ("logs:CreateLogGroup", arn))
        for action, resource in wanted:
            if not role_may(
                self._server.audit,
                config["Role"],
                action,
                resource,
                session=str(config.get("FunctionName")),
            ):
                logger.warning("%s may not %s: its log is lost", config.get("FunctionName"), action)
                return
        as_json = (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON"
        platform = json_events if as_json else text_events
        head, tail = platform(config, invocation, outcome)
        events = [(started, head), *outcome.log, *((time.time(), line) for line in tail)]
        log_streams.write(group, outcome.stream, events)


def log_group(config: dict[str, Any]) -> str:
    """Where a function logs."""
    configured = (config.get("LoggingConfig") or {}).get("LogGroup")
    return str(configured or f"/aws/lambda/{config.get('FunctionName')}")


def text_events(config: dict[str, Any], invocation: Invocation, outcome: Outcome) -> tuple[str, list[str]]:
    """START, and END with REPORT, as Lambda writes them."""
    tail = [f"END RequestId: {invocation.id}"]
    report = [
        f"REPORT RequestId: {invocation.id}",
        f"Duration: {outcome.duration_ms:.2f} ms",
        f"Billed Duration: {math.ceil(outcome.duration_ms)} ms",
        f"Memory Size: {config.get('MemorySize', 128)} MB",
        f"Max Memory Used: {outcome.memory_mb} MB",
    ]
    if outcome.init_ms is not None:
        report.append(f"Init Duration: {outcome.init_ms:.2f} ms")
    kind = (outcome.error or {}).get("errorType", "")
    if kind == "Sandbox.Timedout":
        tail.insert(0, f"{invocation.id} Task timed out after {invocation.timeout:.2f} seconds")
    if kind in {"Sandbox.Timedout", "Runtime.ExitError"}:
        report.append(f"Status: {'timeout' if kind == 'Sandbox.Timedout' else 'error'}")
    tail.append("\t".join(report))
    return f"START RequestId: {invocation.id} Version: {config.get('Version', '$LATEST')}", tail


def json_events(config: dict[str, Any], invocation: Invocation, outcome: Outcome) -> tuple[str, list[str]]:
    """The same as JSON, for functions whose log format is JSON."""
    metrics = {
        "durationMs": round(outcome.duration_ms, 3),
        "billedDurationMs": math.ceil(outcome.duration_ms),
        "memorySizeMB": config.get("MemorySize", 128),
        "maxMemoryUsedMB": outcome.memory_mb,
    }
    if outcome.init_ms is not None:
        metrics["initDurationMs"] = round(outcome.init_ms, 3)
    kind = (outcome.error or {}).get("errorType", "")
    status = {"": "success", "Sandbox.Timedout": "timeout"}.get(kind, "error")
    start = {"requestId": invocation.id, "version": config.get("Version", "$LATEST")}
    report = {"requestId": invocation.id, "status": status, "metrics": metrics}

    def event(name: str, record: dict[str, Any]) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        return json.dumps({"time": at, "type": f"platform.{name}", "record": record})

    return event("start", start), [event("report", report)]


def install(server: ServerContext, gateway: Gateway) -> Functions:
    """Run Python functions on our pool in place of ministack's."""
    code = CodeStore(server.home / "lambda")
    slots = max(MIN_SLOTS, SLOTS_PER_CPU * (os.cpu_count() or 1))
    pool = Pool(slots=slots, runtime=code.runtime())
    functions = Functions(server, pool, code)
    others, others_log = seams.LAMBDA.execute_warm, seams.LAMBDA.emit_logs

    def execute(function: dict[str, Any], event: Any, request_id: str) -> Any:
        config = function.get("config") or function
        if function.get("code_zip") and str(config.get("Runtime", "")).startswith("python"):
            return functions.execute(function, event, request_id)
        return others(function, event, request_id)

    def log(
        function: Any, request_id: str, *arguments: Any, log_source: str | None = None, **more: Any
    ) -> None:
        if log_source != "slipway":
            others_log(function, request_id, *arguments, log_source=log_source, **more)

    def warm(_query: Any) -> dict[str, str]:
        threading.Thread(target=functions.warm, name="lambda-warm", daemon=True).start()
        return {"status": "warming"}

    seams.LAMBDA.replace("execute_warm", execute)
    seams.LAMBDA.replace("emit_logs", log)
    gateway.answers["warm"] = warm
    server.on_stop.append(pool.end)
    return functions
