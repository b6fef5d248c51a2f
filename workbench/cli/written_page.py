"""A page that a command writes to a file: its options, its default name, and whether it is opened."""

from __future__ import annotations

import re
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from collections.abc import Callable


def page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--html [FILE]`` and ``--open``."""
    command = click.option(
        "--open", "opens", is_flag=True, help="Write the page and open it in the browser."
    )(command)
    return click.option(
        "--html",
        "html",
        is_flag=False,
        flag_value="",
        metavar="[FILE]",
        help="Write one self-contained page; FILE has a default name, '-' is standard output.",
    )(command)


def wanted(html: str | None, *, opens: bool) -> bool:
    """Whether a page was asked for."""
    return html is not None or opens


def write_page(page: str, html: str | None, *, stem: str, opens: bool) -> None:
    """
    Write a page where it was asked for, and say where.

    Args:
        page: HTML.
        html: A file; empty or None: ``<stem>.html`` in the working directory; ``-``: standard output.
        stem: Plain text; what a file can't be called is replaced.
        opens: Whether to open it.

    Raises:
        Refusal: The file can't be written.
    """
    if html == "-":
        click.echo(page, nl=False)
        return
    click.echo(str(write_file(page, html, stem=stem, opens=opens)))


def write_file(page: str, html: str | None, *, stem: str, opens: bool) -> Path:
    """As ``write_page``, always to a file; which one it was."""
    path = Path(html or f"{re.sub(r'[^a-zA-Z0-9.+-]+', '-', stem).strip('-')}.html")
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise frame.Refusal(
            f"{path} can't be written: {error.strerror}", "name another file with --html FILE"
        ) from error
    if opens:
        webbrowser.open(path.absolute().as_uri())
    return path
