"""``slipway demo``: two versions of a sample model, from push to prediction, on its own embedded AWS."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import tempfile
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

MODEL: Final = "hotel-rates"
PROJECT: Final = "pricing"
VERSIONS: Final = {"1.0.0": "first version: one summer of bookings", "1.1.0": "autumn and winter added"}
RELEASE_SECONDS: Final = 300
DECISION_SECONDS: Final = 3600


@click.command("demo")
@click.option("--interactive", is_flag=True, help="Open the approval page and wait for your decision.")
@click.option("--keep", is_flag=True, help="Leave the embedded AWS running afterwards, to look around.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: releases, steps, seconds.")
def command(*, interactive: bool, keep: bool, as_json: bool) -> None:
    """
    Push, train, judge, approve, deploy and invoke two versions of a sample model.

    Runs the synthesized templates on an embedded AWS under .slipway/demo, from scratch each time.
    """
    home = frame.home() / "demo"
    os.environ["SLIPWAY_HOME"] = str(home)
    workspace = frame.Workspace(home=home, json=as_json)
    started = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        document = _run(workspace, interactive=interactive, keep=keep)
    document["seconds"] = round(time.perf_counter() - started, 2)
    frame.emit(workspace, document, lambda out: _summary(out, document))


def _run(workspace: frame.Workspace, *, interactive: bool, keep: bool) -> dict[str, Any]:
    from workbench.cli.up import bring_up
    from workbench.local import control

    _title("an embedded AWS, and the platform on it")
    up = bring_up(workspace, port=_free_port(), fresh=True)
    frame.progress(f"  {up['endpoint_url']}, up in {up['seconds']['all']} s")
    try:
        with _sample_data() as data:
            releases = [
                _release(workspace, data, version, what, interactive=interactive)
                for version, what in VERSIONS.items()
            ]
    finally:
        if keep:
            frame.progress(f"\nstill up; look around with SLIPWAY_HOME={workspace.home} slipway status")
        else:
            control.stop(workspace.home)
    return {"up": up["seconds"], "releases": releases}


def _release(
    workspace: frame.Workspace, data: Path, version: str, what: str, *, interactive: bool
) -> dict[str, Any]:
    """One version: data, push, the release's steps, approval, prediction."""
    from workbench.cli.release import as_document, follow

    _title(f"{MODEL} {version}: {what}")
    _slipway("data", "put", f"{MODEL}:{version}", str(data / MODEL / version), "--project", PROJECT)
    if version == next(iter(VERSIONS)):
        holdout = f"{MODEL}-holdout"
        _slipway("data", "put", f"{holdout}:1.0.0", str(data / holdout / "1.0.0"), "--project", PROJECT)
    began = time.perf_counter()
    _slipway("model", "push", str(_models() / MODEL), "--tag", version)
    pushed = time.perf_counter()
    record = _planned(workspace, version)
    planned = time.perf_counter()
    printed: set[str] = set()
    record, _ = follow(workspace, record, until_approval=True, timeout=RELEASE_SECONDS, printed=printed)
    if record["status"] != "awaiting-approval":
        raise frame.Refusal(
            f"{MODEL} {version} ended as {record['status']}: {record.get('failure') or record['reason']}",
            f"SLIPWAY_HOME={workspace.home} slipway release show {record['release_id']}",
        )
    asked = time.perf_counter()
    evidence = _evidence(workspace, record["release_id"])
    frame.progress(f"  {evidence.get('summary', '')}")
    _approve(workspace, record, interactive=interactive)
    approved = time.perf_counter()
    record, steps = follow(workspace, record, timeout=RELEASE_SECONDS, printed=printed)
    served = time.perf_counter()
    if record["status"] != "deployed":
        raise frame.Refusal(f"{MODEL} {version} ended as {record['status']}: {record.get('failure')}")
    prediction = _predict(workspace, version)
    return {
        "version": version,
        "release": as_document(record, steps),
        "verdict": {
            "summary": evidence.get("summary"),
            "challenger": evidence["challenger"]["metrics"],
            "champion": evidence["champion"]["metrics"] if evidence.get("champion") else None,
        },
        "prediction": prediction,
        "seconds": {
            "build and push": round(pushed - began, 2),
            "push to plan": round(planned - pushed, 2),
            "train, evaluate, judge, ask": round(asked - planned, 2),
            "decide": round(approved - asked, 2),
            "deploy and smoke test": round(served - approved, 2),
        },
    }


def _approve(workspace: frame.Workspace, record: Any, *, interactive: bool) -> None:
    """By the page's real POST; or by whoever sits in front of the browser."""
    from workbench.approvals import decide, inbox, link_of
    from workbench.cli.release import ledger_of

    link = link_of(inbox(workspace.server()["endpoint_url"]), record["release_id"])
    if link is None:
        raise frame.Refusal(f"no approval link for release {record['release_id']} is in the inbox")
    if not interactive:
        answer = decide(
            link, decision="approved", reason="the demo's approver agrees", version=record["version"]
        )
        if not answer.recorded:
            raise frame.Refusal(f"the approval page answered {answer.status}: {answer.text}")
        frame.progress(f"  approved through the page's form: {link.split('?')[0]}")
        return
    frame.progress(f"\n  decide here, type the version {record['version']}:\n\n{link}\n")
    webbrowser.open(link)
    ledger, deadline = ledger_of(workspace), time.monotonic() + DECISION_SECONDS
    while time.monotonic() < deadline:
        approval = ledger.get_approval(record["release_id"])
        if approval is not None and approval["status"] != "pending":
            return
        time.sleep(0.5)
    raise frame.Refusal("nobody decided within an hour", "run `slipway demo` again")


def _planned(workspace: frame.Workspace, version: str) -> Any:
    """The release, as soon as the push's event has made one."""
    from workbench.cli.release import ledger_of
    from workbench.releases import UnknownReleaseError, find

    ledger, deadline = ledger_of(workspace), time.monotonic() + 30
    while True:
        try:
            return find(ledger, f"{PROJECT}/{MODEL}:{version}")
        except UnknownReleaseError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _evidence(workspace: frame.Workspace, release_id: str) -> dict[str, Any]:
    """The report that the approval page shows."""
    import json

    from slipway.adapters.s3_reports import S3Reports
    from workbench.cli.release import ledger_of

    approval = ledger_of(workspace).get_approval(release_id)
    text = S3Reports(workspace.client("s3")).read(approval["report_uri"]) if approval else None
    return dict(json.loads(text if isinstance(text, str) else "{}"))


def _predict(workspace: frame.Workspace, version: str) -> dict[str, Any]:
    from workbench.cli.endpoint import invoke_endpoint
    from workbench.cli.endpoint_lookup import endpoint_name
    from workbench.images.model_directory import ModelDirectory

    sample = ModelDirectory(_models() / MODEL).manifest.document()["serving"]["sample"]
    answer = invoke_endpoint(
        workspace,
        endpoint_name(workspace, f"{PROJECT}/{MODEL}"),
        sample["body"].encode(),
        sample["content_type"],
        sample["accept"],
    )
    said = answer["identity"]
    frame.progress(f"  $ slipway endpoint invoke {MODEL}\n  {answer['body'].strip()}")
    frame.progress(f"  by {', '.join(f'{key} {value}' for key, value in said.items())}")
    if said.get("version") != version:
        raise frame.Refusal(f"the endpoint says it is {said.get('version')}, not {version}")
    return answer


def _slipway(*arguments: str) -> None:
    """Run one of our own commands, shown as a person would type it."""
    from workbench.cli.__main__ import slipway

    frame.progress(f"  $ slipway {shlex.join(arguments)}")
    slipway.main(args=list(arguments), prog_name="slipway", standalone_mode=False)


@contextlib.contextmanager
def _sample_data() -> Iterator[Path]:
    """The sample model's data set versions, written by its own ``data.py``."""
    import subprocess

    with tempfile.TemporaryDirectory(prefix="slipway-demo-") as folder:
        script = _models() / MODEL / "data.py"
        subprocess.run([sys.executable, str(script), folder], check=True, stdout=subprocess.DEVNULL)
        yield Path(folder)


def _models() -> Path:
    from workbench.synthesis import repository_root

    return repository_root() / "models"


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _title(text: str) -> None:
    frame.progress(f"\n── {text} " + "─" * max(0, 76 - len(text)))


def _summary(out: Console, document: dict[str, Any]) -> None:
    releases = document["releases"]
    stages = list(releases[0]["seconds"])
    rows = [(stage, *(f"{one['seconds'][stage]:.2f}" for one in releases)) for stage in stages]
    rows.append(("in all", *(f"{sum(one['seconds'].values()):.2f}" for one in releases)))
    out.print()
    out.print(frame.table(("seconds", *(f"{MODEL} {one['version']}" for one in releases)), rows))
    last = releases[-1]
    out.print(last["prediction"]["body"].strip(), markup=False)
    identity = ", ".join(f"{key} {value}" for key, value in last["prediction"]["identity"].items())
    out.print(f"predicted by {identity}", markup=False)
    out.print(f"up in {document['up']['all']} s, everything in {document['seconds']} s", markup=False)
    out.print("\nNow your own: .venv/bin/slipway up, then .venv/bin/slipway model new my-model (README.md)")
