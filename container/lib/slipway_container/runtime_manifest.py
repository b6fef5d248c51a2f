"""What the image builder wrote beside this package: the model's manifest as canonical JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
"""``/opt/slipway`` inside an image."""

DEFAULT_PROGRAMS = {"train": ["train"], "evaluate": ["evaluate"], "serve": ["serve"]}
PROXY = "proxy"
NATIVE = "native"


class RuntimeManifest:
    """The few settings that the container itself needs; absent ones have the manifest's defaults."""

    __slots__ = ("identity", "programs")

    def __init__(self, document: dict[str, Any]) -> None:
        """Take what is needed from a manifest's document."""
        self.programs: dict[str, list[str]] = {**DEFAULT_PROGRAMS, **(document.get("programs") or {})}
        self.identity: str = (document.get("serving") or {}).get("identity") or PROXY


def read(root: Path = ROOT) -> RuntimeManifest:
    """The manifest at ``<root>/manifest.json``; defaults if there is none."""
    file = root / "manifest.json"
    return RuntimeManifest(json.loads(file.read_text(encoding="utf-8")) if file.exists() else {})
