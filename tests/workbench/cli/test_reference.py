from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from workbench.cli.__main__ import slipway
from workbench.cli.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


class TestReference:
    def test_page_is_what_the_commands_say(self) -> None:
        """docs/cli.md is up to date: `python -m workbench.cli.reference > docs/cli.md` writes it."""
        assert PAGE.read_text(encoding="utf-8") == reference()

    def test_is_the_same_after_a_command_has_run(self) -> None:
        """The page does not depend on what ran before in the same process."""
        before = reference()
        CliRunner().invoke(slipway, ["model", "show", "--help"])

        assert reference() == before
        assert "-h, --help" in before

    def test_every_command_has_a_line_of_help(self) -> None:
        """No command is without a word on what it does."""
        for section in reference().split("\n## ", 1)[1].split("\n### ")[1:]:
            usage, _, rest = section.partition("Usage: ")[2].partition("\n\n")
            assert rest.strip(), usage
            assert not rest.strip().startswith("Options:"), usage
