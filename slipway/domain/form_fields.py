"""What stands at a form's fields: hints and problems, tied to them for screen readers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def described(field: str, problems: Mapping[str, str], *, hint: bool = False) -> str:
    """The attributes of a field: by what it is described, and whether it is wrong."""
    ids = [*([f"{field}-hint"] if hint else []), *([f"{field}-problem"] if field in problems else [])]
    described = f' aria-describedby="{" ".join(ids)}"' if ids else ""
    return f'{described} aria-invalid="true"' if field in problems else described


def problem_of(field: str, problems: Mapping[str, str]) -> str:
    """The sentence under a field that is wrong; else empty."""
    if field not in problems:
        return ""
    return f'<p class="problem" id="{field}-problem">{escape(problems[field])}</p>'
