from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws
    from tests.workbench.cli.conftest import Slipway


@pytest.fixture
def rates(slipway: Slipway) -> Path:
    """A small data set in the working directory."""
    folder = Path("rates")
    folder.mkdir()
    (folder / "2026-01.csv").write_text("n,rate\n1,80.5\n2,90\n")
    return folder


class TestWithoutPlatform:
    def test_project_must_be_known(self, slipway: Slipway, rates: Path) -> None:
        """
        Without --project and without a manifest here, the command ends with 2.
        """
        answer = slipway("data", "put", "rates:1.0.0", rates)

        assert answer.exit_code == 2
        assert "--project" in answer.stderr

    @pytest.mark.parametrize("name", ["rates", "rates:1.x", "Rates:1.0.0", "rates:1.0.0+b"])
    def test_only_one_version_can_be_put(self, slipway: Slipway, rates: Path, name: str) -> None:
        """
        A name without a version, a range, and a name that is none end with 5.
        """
        assert slipway("data", "put", name, rates, "--project", "pricing").exit_code == 5


@pytest.mark.embedded
class TestData:
    def test_version_is_put_listed_shown_and_fetched(
        self, slipway: Slipway, rates: Path, platform: EmbeddedAws
    ) -> None:
        """
        What was put comes back under its digest, by name and range.
        """
        put = slipway("data", "put", "rates:1.2.0", rates, "--project", "one", "-m", "January", "--json")

        assert put.exit_code == 0
        assert (put.json["outcome"], put.json["rows"]) == ("stored", 2)
        listed = slipway("data", "list", "rates", "--project", "one", "--json").json
        assert [(one["version"], one["message"], one["files"]) for one in listed] == [("1.2.0", "January", 1)]
        shown = slipway("data", "show", "rates:1.x", "--project", "one", "--json").json
        assert shown["schema"] == [{"name": "n", "type": "integer"}, {"name": "rate", "type": "number"}]
        got = slipway("data", "get", "rates:^1.0", "--project", "one", "--json").json
        assert (got["digest"], got["directory"]) == (put.json["digest"], "data/rates/1.2.0")
        assert Path("data/rates/1.2.0/2026-01.csv").read_bytes() == (rates / "2026-01.csv").read_bytes()

    def test_project_comes_from_the_manifest_here(
        self, slipway: Slipway, rates: Path, platform: EmbeddedAws
    ) -> None:
        """
        In a model's directory --project need not be said.
        """
        Path("slipway.toml").write_text('[model]\nproject = "two"\n')

        assert slipway("data", "put", "rates:1.0.0", rates, "--json").json["project"] == "two"

    def test_same_content_is_there_and_other_content_is_refused(
        self, slipway: Slipway, rates: Path, platform: EmbeddedAws
    ) -> None:
        """
        The first ends with 0, the second with 1.
        """
        put = ("data", "put", "rates:1.0.0", rates, "--project", "three")
        slipway(*put)

        assert slipway(*put, "--json").json["outcome"] == "already there"
        (rates / "2026-01.csv").write_text("n,rate\n1,1\n")
        refused = slipway(*put)
        assert refused.exit_code == 1
        assert "versions never change" in refused.stderr

    def test_unknown_version_is_not_found(self, slipway: Slipway, rates: Path, platform: EmbeddedAws) -> None:
        """
        The versions that there are are named, and the command ends with 3.
        """
        slipway("data", "put", "rates:1.0.0", rates, "--project", "four")

        answer = slipway("data", "show", "rates:2.x", "--project", "four")

        assert answer.exit_code == 3
        assert "versions there: 1.0.0" in answer.stderr

    def test_versions_are_not_mixed_in_one_directory(
        self, slipway: Slipway, rates: Path, platform: EmbeddedAws
    ) -> None:
        """
        Files of something else in the target end the command with 5.
        """
        slipway("data", "put", "rates:1.0.0", rates, "--project", "five")
        Path("out").mkdir()
        Path("out/old.csv").touch()

        answer = slipway("data", "get", "rates:1.0.0", "out", "--project", "five")

        assert answer.exit_code == 5
        assert "old.csv" in answer.stderr

    def test_tables_are_for_people(self, slipway: Slipway, rates: Path, platform: EmbeddedAws) -> None:
        """
        Without --json there is a table on standard output.
        """
        slipway("data", "put", "rates:1.0.0", rates, "--project", "six")

        assert "rates" in slipway("data", "list", "--project", "six").stdout
        assert "2026-01.csv" in slipway("data", "show", "rates:*", "--project", "six").stdout
        assert "no data set versions" in slipway("data", "list", "--project", "seven").stdout
