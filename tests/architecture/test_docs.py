"""The pages under docs/ say what the code does: keys, commands, refusals, failures, alarms and links."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from slipway.domain import errors, next_actions
from slipway.domain.manifest import Manifest
from stacks.settings_rules import SECTIONS, TOP
from workbench.cli.__main__ import slipway
from workbench.models.manifest_reference import keys, written

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
COMMAND = re.compile(r"(?:^|`)slipway ([a-z-]+)(?: ([a-z-]+))?", re.MULTILINE)


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands() -> Iterator[str]:
    """Every command, such as ``release show``."""
    context = click.Context(slipway)
    for noun in slipway.list_commands(context):
        command = slipway.get_command(context, noun)
        if isinstance(command, click.Group):
            yield from (f"{noun} {verb}" for verb in command.list_commands(context))
        else:
            yield noun


def constants(file: str, function: str, place: int | str) -> set[str]:
    """What literal texts a call is given as one of its arguments; of an f-string, its beginning."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] != function:
            continue
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        given: Any = node.args[place] if isinstance(place, int) else named.get(place)
        if isinstance(given, ast.JoinedStr):
            given = given.values[0]
        if isinstance(given, ast.Constant):
            found.add(str(given.value).strip())
    return found


def dotted(value: Any, at: str = "") -> set[str]:
    """Names of all that a document holds; each key of a table may also be one that the model chose."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = {at}
    for key, item in items:
        for name in (str(key), "<name>"):
            found |= dotted(item, f"{at}.{name}" if at else name)
    return found


class TestConfigurationPage:
    @pytest.mark.parametrize(
        ("name", "rule"),
        [
            *TOP.items(),
            *((f"{at}.{key}", rule) for at, rules in SECTIONS.items() for key, rule in rules.items()),
        ],
    )
    def test_setting_is_documented(self, name: str, rule: Any) -> None:
        """Every key of environments/*.toml has a row, which says what the validation expects."""
        rows = [line for line in page("configuration.md").splitlines() if line.startswith(f"| `{name}` |")]

        assert len(rows) == 1
        assert f"| {rule.expected} |" in rows[0]

    def test_no_other_setting_is_documented(self) -> None:
        """A key that is gone is gone from the page."""
        known = {*TOP, *(f"{at}.{key}" for at, rules in SECTIONS.items() for key in rules)}
        text = page("configuration.md").partition("## Manifest")[0]

        assert set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)) == known

    def test_manifest_keys_are_those_of_the_schema(self) -> None:
        """`python -m workbench.models.manifest_reference` writes them."""
        assert page("configuration.md") == written(page("configuration.md"))

    def test_examples_are_manifests_with_every_key(self) -> None:
        """The page's example is valid, also with each other [serving]; together they leave nothing out."""
        example, *others = (
            block.partition("```")[0] for block in page("configuration.md").split("```toml\n")[1:]
        )
        document = tomllib.loads(example)
        documents = [document]
        for other in others:
            sections = tomllib.loads(other)
            sections["serving"] = {"sample": document["serving"]["sample"]} | sections["serving"]
            documents.append(document | sections)
        for one in documents:
            Manifest.from_document(one, "docs/configuration.md")

        # each goes with another task, or not beside another key
        elsewhere = {"evaluation.threshold", "evaluation.k", "evaluation.stratify_by"}
        said = {name for one in documents for name in dotted(one)}
        assert {name.replace("[]", ".<name>") for name, _ in keys()} - elsewhere <= said


class TestCliPage:
    @pytest.mark.parametrize("command", list(commands()))
    def test_command_is_documented(self, command: str) -> None:
        """Every command has its section."""
        assert re.search(rf"^#+ slipway {command}$", page("cli.md"), re.MULTILINE)


class TestOperationsPage:
    def test_alarms_link_to_headings(self) -> None:
        """Each alarm's mail links to a heading that is there."""
        linked = constants("stacks/constructs/alarms.py", "add", "heading")

        assert len(linked) > 1
        assert linked <= anchors(page("operations.md"))

    @pytest.mark.parametrize("kind", sorted(constants("slipway/domain/refusals.py", "Refusal", 0)))
    def test_refusal_is_explained(self, kind: str) -> None:
        """Every reason to refuse a push has a row."""
        assert f"\n| {kind} |" in page("operations.md")

    @pytest.mark.parametrize("words", sorted({row.words for row in next_actions._ROWS if row.words}))
    def test_failure_is_explained(self, words: str) -> None:
        """Every error that has a next action is named in the table of failures."""
        failures = page("operations.md").partition("## Failures")[2].partition("\n## ")[0]

        for word in words.replace("\\", "").split("|"):
            assert f"`{word}`" in failures

    def test_functions_errors_are_explained(self) -> None:
        """Every error of the platform's own that a log may show is named."""
        own = [
            name for name, value in vars(errors).items() if isinstance(value, type) and name.endswith("Error")
        ]

        assert [
            name for name in own if name != "SlipwayError" and f"`{name}`" not in page("operations.md")
        ] == []


class TestPages:
    @pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
    def test_links_lead_somewhere(self, path: Path) -> None:
        """Every link to a file finds it, and every link to a heading too."""
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for file, anchor in LINK.findall(text):
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), file
            if anchor:
                assert anchor in anchors(target.read_text(encoding="utf-8")), f"{file}#{anchor}"

    @pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
    def test_named_commands_exist(self, path: Path) -> None:
        """Nobody is told to type a command that is not there."""
        known = set(commands())
        nouns = {command.split()[0] for command in known}
        for noun, verb in COMMAND.findall(path.read_text(encoding="utf-8")):
            assert noun in nouns, noun
            assert not verb or noun in known or f"{noun} {verb}" in known, f"{noun} {verb}"

    def test_index_names_every_page(self) -> None:
        """docs/README.md leads to all pages beside it."""
        index = page("README.md")

        assert [path.name for path in DOCS.glob("*.md") if f"]({path.name})" not in index] == ["README.md"]
