from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.images.ignore import Ignore

if TYPE_CHECKING:
    from pathlib import Path


class TestIgnore:
    @pytest.mark.parametrize(
        ("lines", "out", "stays"),
        [
            (["*.csv"], ["a.csv", "b/c.csv"], ["a.csvx", "a.py"]),
            (["/a.csv"], ["a.csv"], ["b/a.csv"]),
            (["b/*.csv"], ["b/a.csv"], ["b/c/a.csv", "a.csv"]),
            (["**/c.txt"], ["c.txt", "a/b/c.txt"], ["d.txt"]),
            (["a/**"], ["a/b", "a/b/c"], ["a"]),
            (["a?c"], ["abc"], ["ac", "a/c"]),
            (["*.csv", "!keep.csv"], ["a.csv"], ["keep.csv"]),
            (["# a", "", "  b  "], ["b"], ["# a"]),
            (["a+(b).txt"], ["a+(b).txt"], ["aab.txt"]),
        ],
    )
    def test_pattern_leaves_out_what_it_says(
        self, lines: list[str], out: list[str], stays: list[str]
    ) -> None:
        """
        Patterns read as those of .gitignore do.
        """
        ignore = Ignore.of(lines)

        assert [path for path in out if not ignore.excludes(path)] == []
        assert [path for path in stays if ignore.excludes(path)] == []

    def test_slash_at_the_end_means_folders(self) -> None:
        """
        A pattern for folders leaves files of that name alone.
        """
        ignore = Ignore.of(["build/"])

        assert ignore.excludes("a/build", folder=True)
        assert not ignore.excludes("a/build")

    def test_data_tests_and_rubbish_stay_out_of_images(self, tmp_path: Path) -> None:
        """
        What is no part of an image is left out without being named; the model's own file adds to it.
        """
        for path in (
            "train", "data/train/a.csv", "tests/test_a.py", "pkg/__pycache__/a.pyc", ".git/HEAD",
            "pkg/data/x", ".slipway/trial/x", "notes.md",
        ):  # fmt: skip
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        (tmp_path / ".slipwayignore").write_text("*.md\n")

        files = [path for path, _ in Ignore.in_directory(tmp_path).files(tmp_path)]

        assert sorted(files) == ["pkg/data/x", "train"]
