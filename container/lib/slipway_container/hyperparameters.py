"""SageMaker hands every hyperparameter over as a string; this gives numbers and booleans back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Union

from . import paths

if TYPE_CHECKING:
    from pathlib import Path

Hyperparameter = Union[bool, int, float, str]


def typed(text: str) -> Hyperparameter:
    """
    The number or boolean that a string stands for, or the string itself.

    >>> typed("12"), typed("0.1"), typed("true"), typed("ridge"), typed('"12"')
    (12, 0.1, True, 'ridge', '12')
    """
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (bool, int, float, str)) else text


def read(file: Path | None = None) -> dict[str, Hyperparameter]:
    """All hyperparameters of this training job; none if the job has no file of them."""
    file = file or paths.hyperparameters_file()
    if not file.exists():
        return {}
    return {name: typed(str(text)) for name, text in json.loads(file.read_text()).items()}
