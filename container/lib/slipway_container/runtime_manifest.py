"""What the image builder wrote beside this package: the model's manifest as canonical JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
"""``/opt/slipway`` inside an image."""

DEFAULT_PROGRAMS = {"train": ["train"], "evaluate": ["evaluate"], "serve": ["serve"]}
DEFAULT_STARTUP_SECONDS = 240
DEFAULT_SERVING_REQUESTS = 200
PROXY = "proxy"
NATIVE = "native"


class RuntimeManifest:
    """The few settings that the container itself needs; absent ones have the manifest's defaults."""

    __slots__ = ("identity", "programs", "sample", "serving_requests", "startup_seconds")

    def __init__(self, document: dict[str, Any]) -> None:
        """Take what is needed from a manifest's document."""
        self.programs: dict[str, list[str]] = {**DEFAULT_PROGRAMS, **(document.get("programs") or {})}
        serving = document.get("serving") or {}
        self.identity: str = serving.get("identity") or PROXY
        self.sample: dict[str, str] = serving.get("sample") or {}
        self.startup_seconds: float = serving.get("startup_timeout_seconds") or DEFAULT_STARTUP_SECONDS
        evaluation = document.get("evaluation") or {}
        self.serving_requests: int = evaluation.get("serving_requests", DEFAULT_SERVING_REQUESTS)


def read(root: Path = ROOT) -> RuntimeManifest:
    """The manifest at ``<root>/manifest.json``; defaults if there is none."""
    file = root / "manifest.json"
    return RuntimeManifest(json.loads(file.read_text(encoding="utf-8")) if file.exists() else {})
