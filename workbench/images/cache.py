"""Where what is expensive to build is kept between builds, for all models of a user."""

from __future__ import annotations

import os
from pathlib import Path


def cache_directory() -> Path:
    """``$SLIPWAY_CACHE``, else ``slipway`` in ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    own = os.environ.get("SLIPWAY_CACHE")
    if own:
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "slipway"
