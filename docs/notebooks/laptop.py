"""What the notebook needs beside the command line: a platform, answers as Python values, and a drawing."""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt

from workbench.cli.__main__ import slipway
from workbench.cli.frame import Refusal, Workspace
from workbench.cli.release import OPEN, ledger_of
from workbench.releases import UnknownReleaseError, find
from workbench.synthesis import repository_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from matplotlib.figure import Figure

MODELS = repository_root() / "models"
PROJECT = "stays"
PATIENCE_SECONDS = 120.0
LAYERS = (
    "data-set", "release", "training-job", "model-artifact", "evaluation-job", "report", "model-package",
    "approval", "promotion", "endpoint",
)  # fmt: skip
COLOURS = {"data-set": "#b3261e", "model-package": "#1f5f99", "endpoint": "#1b7a43"}


class Laptop:
    """A platform on this machine: the one that SLIPWAY_HOME names, else one of its own that ends with it."""

    def __init__(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="slipway-notebook-"))
        atexit.register(shutil.rmtree, self.scratch, ignore_errors=True)
        if "SLIPWAY_HOME" not in os.environ:
            self._bring_up()

    def _bring_up(self) -> None:
        import socket  # noqa: PLC0415 - only without a platform

        from workbench.cli.up import bring_up  # noqa: PLC0415
        from workbench.local import control  # noqa: PLC0415

        home = self.scratch / "home"
        os.environ["SLIPWAY_HOME"] = str(home)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with contextlib.redirect_stderr(io.StringIO()):
            bring_up(Workspace(home=home), port=port)
        atexit.register(control.stop, home)

    def slipway(self, *arguments: str) -> Any:
        """Run a command with ``--json``; what it printed. A "no" that comes with an answer is an answer."""
        shown = [re.sub(r"^/.*/", "…/", argument) for argument in arguments]
        print("$ slipway", re.sub(r"'(…/[\w.-]+)'", r"\1", shlex.join(shown)))
        return self._run(*arguments)

    def _run(self, *arguments: str) -> Any:
        said, aside = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(aside):
                slipway.main(args=[*arguments, "--json"], prog_name="slipway", standalone_mode=False)
        except Refusal:
            if not said.getvalue():
                raise
        return json.loads(said.getvalue())

    def data(self) -> Path:
        """The sample model's data set versions, written by its own ``data.py``."""
        folder = self.scratch / "data"
        script = MODELS / "hotel-rates" / "data.py"
        subprocess.run([sys.executable, script, folder], check=True, stdout=subprocess.DEVNULL)
        return folder

    def put(self, name: str, folder: Path, message: str = "") -> str:
        """Store a data set version; its rows and digest in words."""
        notes = ["-m", message] if message else []
        stored = self.slipway("data", "put", name, str(folder), "--project", PROJECT, *notes)
        return f"{stored['rows']:,} rows, {stored['digest'][:19]}…"

    def blamed(self, data_set: str, *, live: int) -> dict[str, Any]:
        """What a version reached, once so many endpoints are said to serve what came of it."""
        found = self.slipway("data", "blame", data_set)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(found["live"]) != live and time.monotonic() < deadline:
            time.sleep(0.2)  # lineage is recorded a moment after things happen
            found = self._run("data", "blame", data_set)
        return dict(found)

    def model(self, name: str, **changes: str) -> str:
        """A copy of the sample model under a name of its own; other keywords change its manifest."""
        folder = self.scratch / name
        shutil.copytree(MODELS / "hotel-rates", folder)
        manifest = folder / "slipway.toml"
        text = manifest.read_text()
        for key, value in {"project": f'"{PROJECT}"', "name": f'"{name}"', **changes}.items():
            text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text, count=1)
        manifest.write_text(text)
        return str(folder)

    def approved(self, *releases: str) -> list[tuple[str, str]]:
        """Approve releases as soon as they ask, and wait until they serve."""
        for release in releases:
            self._until(release, "awaiting-approval")
            self.slipway("approval", "approve", release, "--reason", "better than before")
        return [(release, self._until(release, "deployed")) for release in releases]

    def _until(self, release: str, status: str) -> str:
        ledger = ledger_of(Workspace())

        def there() -> str:
            with contextlib.suppress(UnknownReleaseError):
                record = find(ledger, release)
                if record["status"] not in (*OPEN, status):
                    why = record.get("failure") or record["reason"]
                    raise RuntimeError(f"{release} ended as {record['status']}: {why}")
                return status if record["status"] == status else ""
            return ""

        return str(self.until(there, f"{release} to be {status}"))

    def until(self, look: Callable[[], Any], what: str) -> Any:
        """What ``look`` finds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.2)
        raise TimeoutError(f"waited {PATIENCE_SECONDS:.0f} s for {what}")


def draw(tree: dict[str, Any], live: Iterable[dict[str, Any]]) -> Figure:
    """The graph below a node, kinds from left to right; what is live ends in an endpoint."""
    edges: set[tuple[str, str]] = set()
    names = {tree["id"]: tree["name"]}
    _walk(tree, edges, names)
    for one in live:
        endpoint = f"endpoint:{one['endpoint']}"
        names[endpoint] = one["endpoint"]
        edges.add((one["package"], endpoint))
    layers = [[node for node in sorted(names) if node.startswith(f"{kind}:")] for kind in LAYERS]
    places = {
        node: (column, (row + 1) / (len(layer) + 1))
        for column, layer in enumerate(filter(None, layers))
        for row, node in enumerate(layer)
    }
    figure, axes = plt.subplots(figsize=(11, 3.6))
    for source, target in sorted(edges):
        if source in places and target in places:
            axes.annotate(
                "", places[target], places[source],
                arrowprops={"arrowstyle": "-|>", "color": "#9aa4ae", "shrinkA": 7, "shrinkB": 7},
            )  # fmt: skip
    for node, (x, y) in places.items():
        kind = node.partition(":")[0]
        axes.scatter([x], [y], s=110, color=COLOURS.get(kind, "#5f6b76"), zorder=3)
        if kind in COLOURS:
            axes.annotate(names[node], (x, y), (0, 11), textcoords="offset points", ha="center", fontsize=8)
    axes.set_xticks(range(len([layer for layer in layers if layer])))
    axes.set_xticklabels([kind for kind, layer in zip(LAYERS, layers, strict=True) if layer], fontsize=8)
    axes.set_yticks([])
    axes.set_ylim(0, 1.05)
    axes.margins(x=0.08)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    plt.close(figure)  # the notebook shows what a cell ends with, once
    return figure


def _walk(branch: dict[str, Any], edges: set[tuple[str, str]], names: dict[str, str]) -> None:
    for child in branch.get("beyond", ()):
        edges.add((branch["id"], child["id"]))
        names[child["id"]] = child["name"]
        _walk(child, edges, names)
