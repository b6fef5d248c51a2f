from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from workbench.cli.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


class TestReference:
    def test_page_is_what_the_commands_say(self) -> None:
        """docs/cli.md is up to date: `python -m workbench.cli.reference > docs/cli.md` writes it."""
        # a process of its own, as the page is written: a command keeps the help option that it first had
        said = subprocess.run(
            [sys.executable, "-m", "workbench.cli.reference"], check=True, capture_output=True, text=True
        )

        assert PAGE.read_text(encoding="utf-8") == said.stdout

    def test_every_command_has_a_line_of_help(self) -> None:
        """No command is without a word on what it does."""
        for section in reference().split("\n## ", 1)[1].split("\n### ")[1:]:
            usage, _, rest = section.partition("Usage: ")[2].partition("\n\n")
            assert rest.strip(), usage
            assert not rest.strip().startswith("Options:"), usage
