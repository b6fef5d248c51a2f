"""Which image a Dockerfile builds on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ARGUMENT: Final = re.compile(r"ARG\s+(\w+)=(\S+)", re.IGNORECASE)
_FROM: Final = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")


@dataclass(frozen=True, slots=True)
class BaseImage:
    """As the Dockerfile names it; the digest is empty where it names none."""

    name: str
    digest: str


def base_image(dockerfile: str) -> BaseImage | None:
    r"""
    The image that the last stage is based on, through stages of the same file; None: there is none.

    >>> base_image("ARG PYTHON=3.13\nFROM --platform=linux/amd64 python:${PYTHON}-slim AS one\nFROM one")
    BaseImage(name='python:3.13-slim', digest='')
    """
    arguments: dict[str, str] = {}
    stages: dict[str, str] = {}
    last = ""
    for line in _instructions(dockerfile):
        argument = _ARGUMENT.match(line)
        if argument and not last:  # only those before the first stage count in FROM
            arguments[argument[1]] = argument[2].strip("\"'")
        stage = _FROM.match(line)
        if stage:
            name = _filled(stage[1], arguments)
            last = stages.get(name.lower(), name)
            if stage[2]:
                stages[stage[2].lower()] = last
    if not last or last == "scratch" or "$" in last:
        return None
    name, _, digest = last.partition("@")
    return BaseImage(name, digest)


def _instructions(dockerfile: str) -> list[str]:
    joined = re.sub(r"\\[ \t]*\n", " ", dockerfile)
    return [line.strip() for line in joined.splitlines()]


def _filled(text: str, arguments: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return arguments.get(match[1] or match[3]) or match[2] or match[0]

    return _VARIABLE.sub(value, text)
