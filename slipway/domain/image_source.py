"""
What an image says of how it was made: its labels, and what its Python holds.

``libraries_text`` writes the label, ``image_source`` reads an image's configuration, and ``installed_in``
reads the line that the container runtime writes to a training job's log where an image has no such label.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.container import ENTRY
from slipway.contracts.names import LIBRARIES_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.release import ImageSource

MAX_LIBRARIES_BYTES: Final = 15_000
"""Of the label and of the line in the log: log drivers split a line at 16 KiB."""
MAX_TEXT: Final = 1024
"""Characters of any other label that are kept."""
LOG_MARK: Final = f'{{"{LIBRARIES_LABEL}":'
"""How the runtime's line in a training job's log begins; the label's document and a ``}`` follow."""

_TEXTS: Final = (
    ("git_commit", "org.opencontainers.image.revision"),
    ("git_repository", "org.opencontainers.image.source"),
    ("base_image", "org.opencontainers.image.base.name"),
    ("base_digest", "org.opencontainers.image.base.digest"),
    ("built_at", "org.opencontainers.image.created"),
)
_PYTHON: Final = re.compile(r"\d+\.\d+[\w.+-]{0,20}")


def libraries_text(python: str, libraries: Mapping[str, str]) -> str:
    """
    The label's text: sorted, and at most ``MAX_LIBRARIES_BYTES`` long; what is left out is counted.

    >>> libraries_text("3.13.1", {"numpy": "2.3.5", "Jinja2": "3.1.6"})
    '{"libraries":{"Jinja2":"3.1.6","numpy":"2.3.5"},"python":"3.13.1"}'
    """
    names = sorted(libraries, key=lambda name: (name.lower(), name))
    document: dict[str, Any] = {"python": python} if python else {}
    room = MAX_LIBRARIES_BYTES - len(_compact({**document, "libraries": {}, "left_out": len(names)}).encode())
    kept: dict[str, str] = {}
    for name in names:
        room -= len(_compact({name: libraries[name]}).encode()) - 1
        if room < 0:
            document["left_out"] = len(names) - len(kept)
            break
        kept[name] = libraries[name]
    return _compact({**document, "libraries": kept})


def image_source(config: Mapping[str, Any]) -> ImageSource:
    """What an image's configuration says; what it does not say, or not readably, is missing."""
    settings = config.get("config") or {}
    labels = settings.get("Labels") or {}
    source: dict[str, Any] = {}
    for name, label in _TEXTS:
        text = labels.get(label)
        if isinstance(text, str) and text.strip():
            source[name] = text.strip()[:MAX_TEXT]
    python = _variable(settings.get("Env") or [], "PYTHON_VERSION")
    if _PYTHON.fullmatch(python):
        source["python"] = python
    source.update(_installed(labels.get(LIBRARIES_LABEL)))
    if settings.get("Entrypoint") == [ENTRY]:
        source["entry"] = True
    return source  # type: ignore[return-value]  # each key is one of ImageSource's, with its type


def installed_in(line: str) -> ImageSource | None:
    """What a line of a training job's log says of the image's Python; None: it is another line."""
    if not line.startswith(LOG_MARK):
        return None
    try:
        document = json.loads(line)[LIBRARIES_LABEL]
    except ValueError:  # cut by whoever carried it
        return None
    return _installed(document) or None


def _installed(label: Any) -> ImageSource:
    """The label's document, as text or read; whatever is not of its shape is passed over."""
    if isinstance(label, str):
        try:
            label = json.loads(label)
        except ValueError:
            return {}
    if not isinstance(label, dict):
        return {}
    source: ImageSource = {}
    python, libraries, left_out = label.get("python"), label.get("libraries"), label.get("left_out")
    if isinstance(python, str) and _PYTHON.fullmatch(python):
        source["python"] = python
    if isinstance(libraries, dict):
        texts = {name: text for name, text in libraries.items() if isinstance(text, str) and name}
        # somebody else's label may be longer than ours
        bounded = json.loads(libraries_text("", texts))
        source["libraries"] = bounded["libraries"]
        said = left_out if isinstance(left_out, int) and left_out > 0 else 0
        missing = said + bounded.get("left_out", 0)
        if missing:
            source["libraries_left_out"] = missing
    return source


def _variable(variables: list[Any], name: str) -> str:
    for entry in variables:
        if isinstance(entry, str) and entry.startswith(f"{name}="):
            return entry.partition("=")[2]
    return ""


def _compact(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
