"""
The manifest's keys as Markdown, from the one description of ``slipway.toml``.

``python -m workbench.models.manifest_reference`` writes them into ``docs/configuration.md``, between two
marks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from slipway.domain.manifest_kinds import ABSENT, REQUIRED, Key, Kind, ListOf, MapOf, Table
from slipway.domain.manifest_schema import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = Path(__file__).parents[2] / "docs" / "configuration.md"
BEGIN: Final = "<!-- manifest keys: written by python -m workbench.models.manifest_reference -->"
END: Final = "<!-- end of manifest keys -->"


def keys() -> Iterator[tuple[str, Key]]:
    """Every key of a manifest by its dotted name; ``<name>`` stands for what the model chooses."""
    return _keys("", MANIFEST)


def reference() -> str:
    """One table for each section of the manifest."""
    sections: dict[str, list[str]] = {}
    for name, key in keys():
        section = name.partition(".")[0].removesuffix("[]")
        sections.setdefault(section, []).append(
            f"| `{name}` | {_escaped(_expected(key.kind))} | {_default(key)} | {_escaped(key.says)} |"
        )
    return "\n".join(
        f"### {section}\n\n{MANIFEST.keys[section].says}\n\n"
        "| key | value | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
        for section, rows in sections.items()
    )


def written(page: str) -> str:
    """The page with what stands between its marks written anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def _keys(at: str, table: Table) -> Iterator[tuple[str, Key]]:
    for name, key in table.keys.items():
        path = f"{at}.{name}" if at else name
        inner, suffix = _inner(key.kind)
        if at or inner is None:
            yield path + suffix, key
        if inner is not None:
            yield from _keys(path + suffix, inner)


def _inner(kind: Kind) -> tuple[Table | None, str]:
    """The table whose keys a kind holds, and how its name goes on."""
    match kind:
        case Table():
            return kind, ""
        case MapOf(value=Table() as table):
            return table, ".<name>"
        case ListOf(item=Table() as table):
            return table, "[]"
        case MapOf():
            return None, ".<name>"
    return None, ""


def _expected(kind: Kind) -> str:
    match kind:
        case MapOf():
            count, name = f"{kind.min} to {kind.max}", kind.names.expected
            return f"{kind.value.expected}; {count} of them, each named by {name}"
        case ListOf():
            return f"{kind.expected}, each {kind.item.expected}"
    return kind.expected


def _default(key: Key) -> str:
    if key.default is REQUIRED:
        return "required"
    if key.default is ABSENT:
        return "absent"
    return f"`{json.dumps(key.default)}`"


def _escaped(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
