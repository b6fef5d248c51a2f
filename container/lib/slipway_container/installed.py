"""
Says which Python and which distributions a program has: one line in a training job's log.

Only where the image's label does not say it: images that Slipway built hold ``libraries.json`` beside the
manifest. The line, of at most ``MAX_BYTES``, is ``{"io.slipway.libraries": {"libraries": {name: version},
"python": "3.13.1"}}``, with ``left_out`` where there are more; ``slipway.domain.image_source.installed_in``
reads it. Distributions are found as ``importlib.metadata`` finds them, but without importing it: that takes
longer than to start a job otherwise.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

LABEL = "io.slipway.libraries"
MAX_BYTES = 15_000
JOB_VARIABLE = "TRAINING_JOB_ARN"
"""Set by SageMaker: there is a log that somebody reads."""
_HEADER_BYTES = 8192
_HEADER = re.compile(r"^(Name|Version):[ \t]*(\S+)", re.MULTILINE)


def announce(root: Path, variables: dict[str, str]) -> None:
    """Write the line to standard output, in a training job of an image without a label."""
    if JOB_VARIABLE not in variables or (root / "libraries.json").exists():
        return
    own = [entry for entry in variables.get("PYTHONPATH", "").split(os.pathsep) if entry]
    print(line(sys.version.split()[0], distributions([*own, *sys.path])), flush=True)


def line(python: str, libraries: dict[str, str]) -> str:
    """The line; what does not fit is counted."""
    names = sorted(libraries, key=lambda name: (name.lower(), name))
    kept = dict(libraries)
    while True:
        document: dict[str, object] = {"python": python, "libraries": kept}
        if len(kept) < len(names):
            document["left_out"] = len(names) - len(kept)
        text = json.dumps({LABEL: document}, sort_keys=True, separators=(",", ":"))
        if len(text) <= MAX_BYTES:
            return text
        fewer = len(kept) * MAX_BYTES // len(text)
        kept = {name: libraries[name] for name in names[: min(fewer, len(kept) - 1)]}


def distributions(folders: list[str]) -> dict[str, str]:
    """Name to version; of several of one name, the one that is imported."""
    found: dict[str, tuple[str, str]] = {}
    for folder in dict.fromkeys(folders):
        for file in _metadata(Path(folder or ".")):
            try:
                with file.open("rb") as stream:
                    head = stream.read(_HEADER_BYTES).decode("utf-8", "replace")
            except OSError:
                continue
            head = head.replace("\r\n", "\n").partition("\n\n")[0]
            said = dict(reversed(_HEADER.findall(head)))
            if "Name" in said and "Version" in said:
                key = re.sub(r"[-_.]+", "-", said["Name"]).lower()
                found.setdefault(key, (said["Name"], said["Version"]))
    return dict(found.values())


def _metadata(folder: Path) -> list[Path]:
    try:
        places = sorted(folder.iterdir())
    except OSError:  # a zip archive, or nothing
        return []
    files = []
    for place in places:
        if place.suffix == ".dist-info":
            files.append(place / "METADATA")
        elif place.suffix == ".egg-info":
            files.append(place / "PKG-INFO" if place.is_dir() else place)
    return files
