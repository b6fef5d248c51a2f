"""A reason, as histories keep it: whoever has to give one gives words."""

from __future__ import annotations

from typing import Any, Final

import click


class Reason(click.ParamType[str]):
    """Some words; spaces around them are dropped."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        words = str(value).strip()
        if not words:
            self.fail("a reason needs words: it is kept, and shown to all", param, ctx)
        return words


REASON: Final = Reason()
