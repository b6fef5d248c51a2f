"""Templates are made anew only when something that they are made from changed."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from workbench.synthesis import Assembly, SynthesisError, find_node, synthesize

if TYPE_CHECKING:
    from pathlib import Path

APP = """
import os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir(parents=True)
settings = ("CDK_CONTEXT_JSON", "CDK_VALIDATION", "CDK_DEFAULT_ACCOUNT", "CDK_DEFAULT_REGION")
(out / "manifest.json").write_text(repr({name: os.environ.get(name) for name in settings}))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose app writes down how it was called."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "one.py").write_text("")
    return tmp_path


class TestSynthesize:
    def test_app_is_told_environment_account_and_region(self, root: Path) -> None:
        """
        The app runs in a process of its own, without validation unless it is asked for.
        """
        assembly = synthesize(root, "dev", account="1", region="r")

        told = eval((assembly.path / "manifest.json").read_text())  # noqa: S307 - written by the app above
        assert told == {
            "CDK_CONTEXT_JSON": '{"env": "dev"}',
            "CDK_VALIDATION": "false",
            "CDK_DEFAULT_ACCOUNT": "1",
            "CDK_DEFAULT_REGION": "r",
        }

    def test_other_settings_have_templates_of_their_own(self, root: Path, tmp_path: Path) -> None:
        """
        Another directory of settings is an input too, and its templates leave the usual ones alone.
        """
        usual = synthesize(root, "dev")
        settings = tmp_path / "settings"
        settings.mkdir()
        (settings / "dev.toml").write_text("a = 1")

        def other() -> Assembly:
            return synthesize(root, "dev", environments=settings, target=tmp_path / "out" / "dev")

        assert other().fresh
        told = eval((tmp_path / "out" / "dev" / "manifest.json").read_text())  # noqa: S307 - as above
        assert json.loads(told["CDK_CONTEXT_JSON"]) == {"env": "dev", "environments": str(settings)}
        assert not other().fresh
        (settings / "dev.toml").write_text("a = 2")
        assert other().fresh
        assert (usual.path / "manifest.json").exists()
        assert not synthesize(root, "dev").fresh

    def test_nothing_is_done_until_an_input_changes(self, root: Path) -> None:
        """
        A change in the stacks is an input, a file beside them is none.
        """
        assert synthesize(root, "dev").fresh
        (root / "notes.txt").write_text("x")
        assert not synthesize(root, "dev").fresh
        (root / "stacks" / "one.py").write_text("x = 1")
        assert synthesize(root, "dev").fresh

    def test_two_at_once_make_them_once(self, root: Path) -> None:
        """
        Who comes second waits and takes what is there: templates are never away while somebody reads them.
        """
        (root / "app.py").write_text(f"import time\ntime.sleep(0.2)\n{APP}")
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda _: synthesize(root, "dev"), range(4)))

        assert sorted(assembly.fresh for assembly in made) == [False, False, False, True]

    def test_each_environment_and_account_has_templates_of_its_own(self, root: Path) -> None:
        """
        Templates for one account are never taken for another's.
        """
        synthesize(root, "dev", account="1")

        assert synthesize(root, "prod", account="1").fresh
        assert synthesize(root, "dev", account="2").fresh

    def test_failure_is_told_and_leaves_the_last_templates(self, root: Path) -> None:
        """
        What app.py printed is in the error; what was synthesized before stays.
        """
        before = synthesize(root, "dev")
        (root / "app.py").write_text("raise SystemExit('approvers are missing')")
        with pytest.raises(SynthesisError, match="approvers are missing"):
            synthesize(root, "dev")

        assert (before.path / "manifest.json").exists()
        assert [path.name for path in before.path.parent.iterdir() if path.is_dir()] == ["dev"]


class TestFindNode:
    def test_node_is_one_that_jsii_supports(self) -> None:
        """
        The one that comes with the virtual environment is found without a PATH.
        """
        told = subprocess.run([find_node(), "--version"], capture_output=True, text=True, check=True)

        assert told.stdout.startswith(("v22.", "v24."))
