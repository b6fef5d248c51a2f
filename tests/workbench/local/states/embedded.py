# ruff: noqa: PLC0415 - ministack may be imported only once its environment is set
"""Start the embedded AWS with Step Functions and a SageMaker whose jobs end as their requests say."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import time
import types
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from workbench.local.context import ServerContext
from workbench.local.server import configure_environment


def sagemaker(home: Path) -> Any:  # noqa: C901 - one closure for each action
    """
    Jobs in one file, so that they outlive the server.

    ``HyperParameters`` (training) and ``Environment`` (processing) tell how a job ends:
    ``{"end": "Completed", "after": "0.2"}``; ``slow-before`` and ``slow-after`` delay the answer
    to the first request, and to every one.
    """
    from workbench.local import seams

    path = home / "jobs.json"

    def load() -> dict[str, Any]:
        return json.loads(path.read_text()) if path.exists() else {}

    def status(job: dict[str, Any]) -> str:
        over = time.time() - job["at"] >= float(job["told"].get("after", 0))
        return job.get("stopped") or (job["told"].get("end", "Completed") if over else "InProgress")

    async def handle_request(method: str, url: str, headers: Any, body: bytes, query: Any) -> Any:
        action = headers["x-amz-target"].rpartition(".")[2]
        data, jobs = json.loads(body), load()
        kind = "Training" if "Training" in action else "Processing"
        if "Job" not in action:
            return seams.RESPONSES.error("ValidationException", f"no {action} here", 400)
        name = data[f"{kind}JobName"]
        if action.startswith("Create"):
            if name in jobs:
                return seams.RESPONSES.error("ResourceInUse", f"Job name must be unique: {name}", 400)
            told = data.get("HyperParameters") or data.get("Environment") or {}
            if "slow-before" in told and not (home / "slept").exists():
                (home / "slept").touch()
                await asyncio.sleep(float(told["slow-before"]))
            jobs[name] = {"at": time.time(), "told": told, "calls": data}
            path.write_text(json.dumps(jobs))
            if "slow-after" in told:
                await asyncio.sleep(float(told["slow-after"]))
            return seams.RESPONSES.json({f"{kind}JobArn": f"arn:aws:sagemaker:us-east-1:0:job/{name}"})
        if name not in jobs:
            return seams.RESPONSES.error("ValidationException", "Requested resource not found.", 400)
        if action.startswith("Stop"):
            jobs[name]["stopped"] = "Stopped"
            path.write_text(json.dumps(jobs))
            return seams.RESPONSES.json({})
        return seams.RESPONSES.json(
            {
                f"{kind}JobName": name,
                f"{kind}JobStatus": status(jobs[name]),
                "CreationTime": jobs[name]["at"],
                "FailureReason": "AlgorithmError: it broke",
            }
        )

    module = types.ModuleType("fake_sagemaker")
    module.handle_request = handle_request  # type: ignore[attr-defined]
    module.get_state = dict  # type: ignore[attr-defined]
    module.load_persisted_state = lambda _: None  # type: ignore[attr-defined]
    module.reset = lambda: None  # type: ignore[attr-defined]
    return module


async def serve(server: ServerContext, gateway: Any) -> None:
    """Answer until killed."""
    from hypercorn.asyncio import serve as serve_http
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{server.port}"]
    config.loglevel = "WARNING"
    config.keep_alive_timeout = 75

    async def hooks() -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                break
        for hook in server.on_start:
            await asyncio.to_thread(hook)

    started = asyncio.create_task(hooks())
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await serve_http(gateway, config, shutdown_trigger=ended.wait)
    started.cancel()


def restore_roles(server: ServerContext) -> None:
    """What a killed ministack forgets and the platform's own persistence of state would keep."""
    path = server.home / "roles.json"
    for request in json.loads(path.read_text()) if path.exists() else []:
        client = boto3.client(
            "iam",
            endpoint_url=server.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        with contextlib.suppress(client.exceptions.EntityAlreadyExistsException):
            client.create_role(**request["role"])
        if request["policy"]:
            client.put_role_policy(**request["policy"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    server = ServerContext(home=options.home, port=options.port)
    configure_environment(server)
    from workbench.local import faults, lambda_functions, seams, states
    from workbench.local.gateway import Gateway
    from workbench.local.services import register_service

    register_service("sagemaker", sagemaker(server.home), target_prefixes=["SageMaker"])
    server.on_start.append(partial(restore_roles, server))
    gateway = Gateway(seams.APP.asgi)
    lambda_functions.install(server, gateway)
    states.install(server)
    faults.install(server.faults, gateway)
    asyncio.run(serve(server, gateway))


if __name__ == "__main__":
    sys.exit(main())
