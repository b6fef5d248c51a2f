"""Tables of the approval page: columns on a large screen, small blocks on a small one."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Column:
    """
    A table's column.

    Attributes:
        label: Plain text; empty for a column that needs no heading.
        more: Said in the heading only, not beside each value on a small screen.
        number: Whether its cells are numbers, to be read from the right.
        narrow: Whether it is left out on a small screen.
    """

    label: str
    more: str = ""
    number: bool = True
    narrow: bool = False

    def classes(self) -> str:
        """The cells' classes as an attribute."""
        names = [*(["n"] if self.number else []), *(["wide"] if self.narrow else [])]
        return f' class="{" ".join(names)}"' if names else ""

    def heading(self) -> str:
        """The ``th``; a ``td`` where there is nothing to say."""
        if not self.label:
            return f"<td{self.classes()}></td>"
        return f'<th scope="col"{self.classes()}>{escape(f"{self.label} {self.more}".strip())}</th>'


def line(name: str, cells: Sequence[str], head: Sequence[Column], *, strong: bool = False) -> str:
    """
    One row; on a small screen each value stands under its column's label.

    Args:
        name: HTML of the row's heading.
        cells: HTML of the others, as many as there are further columns.
        head: The columns, that of the headings first.
        strong: Whether the row stands out.
    """
    shown = "".join(
        f'<td{column.classes()} data-label="{escape(column.label)}">{cell}</td>'
        for column, cell in zip(head[1:], cells, strict=True)
    )
    return f'<tr{" class=first" if strong else ""}><th scope="row">{name}</th>{shown}</tr>'


def table(caption: str, head: Sequence[Column], body: Sequence[str]) -> str:
    """A table whose rows become small blocks on a small screen."""
    cells = "".join(column.heading() for column in head)
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{cells}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table>"
    )
