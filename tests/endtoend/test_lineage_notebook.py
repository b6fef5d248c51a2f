"""
The notebook is run whole, on the platform of these tests, and what is committed is what it says.

After a change of it, with an embedded AWS up: ``jupyter execute --inplace docs/notebooks/lineage.ipynb``.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient

from workbench.synthesis import repository_root

FOLDER = repository_root() / "docs" / "notebooks"
PATH = FOLDER / "lineage.ipynb"
CELL_SECONDS = 240
KERNEL_SECONDS = 60
MACHINE = re.compile(
    r"(?:^|[\s\"'(])/(?:home|root|tmp|work|Users|var|opt)/|127\.0\.0\.1|localhost|site-packages"
)


def read() -> Any:
    return nbformat.read(PATH, as_version=4)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def said(cell: Any) -> str:
    """What it printed and ended with, as text."""
    parts = (one.get("text") or one.get("data", {}).get("text/plain", "") for one in cell.outputs)
    return "\n".join(parts)


def commands(notebook: Any) -> list[str]:
    lines = "\n".join(map(said, code(notebook))).splitlines()
    return [line for line in lines if line.startswith("$ slipway")]


def figures(notebook: Any) -> list[Any]:
    return [one for cell in code(notebook) for one in cell.outputs if "image/png" in one.get("data", {})]


@pytest.fixture(scope="module")
def executed(laptop) -> Any:
    """The notebook, run in a kernel of its own."""
    notebook = read()
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        startup_timeout=KERNEL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIPWAY_HOME", str(laptop.aws.home))
        patch.setenv("PYTHONPATH", str(repository_root()))
        try:
            client.execute()
        except NoSuchKernel as error:
            pytest.fail(f"{sys.prefix} has no kernel python3 ({error}): install requirements/dev.txt")
    return notebook


@pytest.mark.embedded
@pytest.mark.endtoend
class TestRunning:
    def test_blame_finds_both_models_and_both_endpoints_and_nothing_more(self, executed):
        told = "".join(map(said, code(executed)))
        assert "It reached 2 model versions and 2 live endpoints" in told
        assert "none of which serves: no endpoint is affected" in told

    def test_the_endpoint_answers_as_the_version_before_after_the_rollback(self, executed):
        answers = re.findall(
            r"'(\d\.\d\.\d)', 'hotel-rates:(\d\.\d\.\d)'", "".join(map(said, code(executed)))
        )
        assert answers == [("1.1.0", "1.1.0"), ("1.0.0", "1.0.0")]

    def test_what_is_committed_came_of_these_very_commands(self, executed):
        assert commands(read()) == commands(executed)
        assert len(commands(executed)) > 15

    def test_both_figures_are_drawn(self, executed):
        assert len(figures(executed)) == 2


class TestCommitted:
    def test_it_is_read_with_its_outputs_and_figures(self):
        cells = code(read())
        assert all(cell.execution_count == place for place, cell in enumerate(cells, 1)), "run it as a whole"
        assert len(figures(read())) == 2
        assert not [one for cell in cells for one in cell.outputs if one.output_type == "error"]

    def test_no_output_names_the_machine_that_it_ran_on(self):
        for cell in code(read()):
            for one in cell.outputs:
                texts = [
                    one.get("text", ""),
                    *(v for k, v in one.get("data", {}).items() if k != "image/png"),
                ]
                assert not MACHINE.search("\n".join(map(str, texts)))

    def test_cells_are_short(self):
        assert max(len(cell.source.splitlines()) for cell in code(read())) <= 12

    def test_the_check_for_paths_finds_one(self):
        assert MACHINE.search("wrote /tmp/x")
        assert MACHINE.search("http://127.0.0.1:4566")
        assert not MACHINE.search("s3://data/tmp/x and …/tmp/x")
