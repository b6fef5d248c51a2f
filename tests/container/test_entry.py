"""``entry train | evaluate | serve``: the image's programs as SageMaker runs them."""

from __future__ import annotations

import ast
import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.container.conftest import RUNTIME

if TYPE_CHECKING:
    from tests.container.conftest import Image


class TestPrograms:
    def test_program_runs_with_arguments_packages_and_runtime(self, image: Image) -> None:
        """
        A program gets the entry's further arguments, its own directory, the packages and the runtime.
        """
        packages = image.root / "opt" / "packages"
        packages.mkdir()
        (packages / "installed.py").write_text("NAME = 'installed'\n")
        (image.root / "opt" / "program" / "own.py").write_text("NAME = 'own'\n")
        image.program(
            "train",
            "import sys, os, own, installed\nfrom slipway_container import paths\n"
            "print(own.NAME, installed.NAME, paths.model(), sys.argv[1:], os.getcwd())\n",
        )

        assert image.run("train", "--fast", "2") == (
            0,
            f"own installed {image.ml / 'model'} ['--fast', '2'] {image.root / 'opt' / 'program'}\n",
            "",
        )

    def test_manifest_names_other_programs(self, image: Image) -> None:
        """
        The manifest's commands replace the default names; one on PATH will do.
        """
        image.manifest({"programs": {"evaluate": ["python3", "-c", "import sys; print(sys.executable)"]}})

        code, out, _ = image.run("evaluate")

        assert code == 0
        assert out.strip() == sys.executable or "python3" in out

    @pytest.mark.parametrize("arguments", [(), ("retrain",)])
    def test_unknown_verb_is_wrong_usage(self, image: Image, arguments: tuple[str, ...]) -> None:
        """
        Anything but the three verbs ends with usage and code 2.
        """
        code, _, error = image.run(*arguments)

        assert code == 2
        assert "entry evaluate|serve|train" in error

    def test_exit_code_is_kept(self, image: Image) -> None:
        """
        SageMaker judges a job by its exit code.
        """
        image.program("evaluate", "raise SystemExit(42)")

        assert image.run("evaluate")[0] == 42

    def test_death_by_signal_has_the_shells_code(self, image: Image) -> None:
        """
        A program that runs out of memory is killed: 128 + 9.
        """
        image.program("train", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")

        assert image.run("train")[0] == 137

    def test_signals_reach_the_program(self, image: Image) -> None:
        """
        SIGTERM, with which SageMaker stops a job, lets the program save its state and choose its exit code.
        """
        image.program(
            "train",
            "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
            "print('ready', flush=True)\ntime.sleep(30)",
        )
        process = image.start("train")
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 7

    def test_output_arrives_while_the_program_runs(self, image: Image) -> None:
        """
        Log lines are passed on at once, not at the end.
        """
        image.program(
            "train", "import sys, time\nprint('out')\nprint('error', file=sys.stderr)\ntime.sleep(30)"
        )
        process = image.start("train")
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"out\n"
        assert process.stderr.readline() == b"error\n"
        process.terminate()
        process.wait(10)


class TestFailure:
    def test_uncaught_failure_leaves_its_reason(self, image: Image) -> None:
        """
        Without a failure file from train, SageMaker shows the end of what it wrote to standard error.
        """
        image.program(
            "train", "import sys\nprint('x' * 5000, file=sys.stderr)\nraise ValueError('no rows in 2017-04')"
        )

        code, _, error = image.run("train")

        reason = (image.ml / "output" / "failure").read_text()
        assert code == 1
        assert reason.startswith("train ended with exit code 1: ")
        assert reason.endswith("ValueError: no rows in 2017-04")
        assert len(reason) <= 1024
        assert "x" * 5000 in error

    def test_programs_own_reason_stays(self, image: Image) -> None:
        """
        What train wrote itself is what SageMaker shows.
        """
        image.program(
            "train",
            "from slipway_container import paths\npaths.output().mkdir(parents=True)\n"
            "paths.failure().write_text('the holdout is in the training data')\nraise SystemExit(1)",
        )

        assert image.run("train")[0] == 1
        assert (image.ml / "output" / "failure").read_text() == "the holdout is in the training data"

    def test_success_leaves_no_reason(self, image: Image) -> None:
        """
        Words on standard error alone are no failure.
        """
        image.program("train", "import sys\nprint('a warning', file=sys.stderr)")

        assert image.run("train")[0] == 0
        assert not (image.ml / "output" / "failure").exists()

    def test_missing_program_says_so(self, image: Image) -> None:
        """
        An image without train fails with the name of what is missing.
        """
        code, _, error = image.run("train")

        assert code == 127
        assert "train cannot be started" in error
        assert "train cannot be started" in (image.ml / "output" / "failure").read_text()

    def test_evaluation_leaves_its_reason_as_the_exit_message(self, image: Image) -> None:
        """
        A processing job shows /opt/ml/output/message.
        """
        image.program("evaluate", "raise KeyError('holdout')")

        assert image.run("evaluate")[0] == 1
        assert "KeyError: 'holdout'" in (image.ml / "output" / "message").read_text()


class TestHyperparameters:
    def test_strings_become_numbers_and_booleans_again(self, image: Image) -> None:
        """
        SageMaker hands over strings; a program sees what the manifest said.
        """
        config = image.ml / "input" / "config"
        config.mkdir(parents=True)
        texts = {"rate": "0.1", "rounds": "128", "fast": "true", "name": "a b", "list": "[1]", "none": "null"}
        (config / "hyperparameters.json").write_text(json.dumps(texts))
        image.program("train", "from slipway_container import hyperparameters\nprint(hyperparameters.read())")

        _, out, _ = image.run("train")

        expected = {"rate": 0.1, "rounds": 128, "fast": True, "name": "a b", "list": "[1]", "none": "null"}
        assert out.strip() == repr(expected)

    def test_missing_channel_lists_those_that_are_there(self, image: Image) -> None:
        """
        A misspelt channel is told with the ones that the job has.
        """
        (image.ml / "input" / "data" / "training").mkdir(parents=True)
        image.program("train", "from slipway_container import paths\npaths.training_channel('train')")

        assert "channels of this job: training" in image.run("train")[2]


class TestRuntime:
    def test_every_module_is_valid_python_3_8(self) -> None:
        """
        A model's base image may be old: the runtime must at least compile on Python 3.8.
        """
        files = [RUNTIME / "bin" / "entry", *sorted((RUNTIME / "lib").rglob("*.py"))]
        assert len(files) > 15
        for file in files:
            ast.parse(file.read_text(), str(file), feature_version=(3, 8))

    def test_import_of_the_entry_point_is_fast(self) -> None:
        """
        Every job starts through it: no heavy module is imported on the way.
        """
        code = (
            "import sys; sys.path.insert(0, sys.argv[1]); import slipway_container.entry; "
            "print([m for m in ('numpy', 'asyncio', 'ssl', 'email') if m in sys.modules])"
        )
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, str(RUNTIME / "lib")], capture_output=True, text=True, check=True
        )

        assert done.stdout.strip() == "[]"
        assert time.perf_counter() - began < 5
