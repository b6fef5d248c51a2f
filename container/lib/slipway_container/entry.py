"""The image's entry point: ``entry train | evaluate | serve [arguments]`` runs the manifest's program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from . import installed, paths, program, runtime_manifest

PROGRAM_VARIABLE = "SLIPWAY_PROGRAM"
"""The directory of the model's code, where it is not ``program`` beside this runtime's directory."""

WRONG_USAGE = 2
MAX_REASON_CHARACTERS = 1024


def main(arguments: list[str], root: Path = runtime_manifest.ROOT) -> int:
    """Run the program that the first argument names, with the rest of them; its exit code."""
    manifest = runtime_manifest.read(root)
    verb = arguments[0] if arguments else ""
    command = manifest.programs.get(verb)
    if command is None:
        print(f"usage: entry {'|'.join(sorted(manifest.programs))} [arguments]", file=sys.stderr)
        return WRONG_USAGE
    folder = Path(os.environ.get(PROGRAM_VARIABLE) or root.parent / "program")
    variables = program.environment(root, folder)
    command = [*command, *arguments[1:]]
    if verb == "serve" and manifest.identity == runtime_manifest.PROXY:
        from . import front  # noqa: PLC0415 - jobs start without asyncio

        return front.main(command, variables, folder)
    if verb == "train":
        installed.announce(root, variables)
    code = _run(verb, command, variables, folder)
    if verb == "evaluate" and not code:
        code = _convert(variables)
    if verb == "evaluate" and not code and manifest.sample and manifest.serving_requests:
        from . import serving_trial  # noqa: PLC0415 - only evaluations need it

        serving_trial.measure(root, manifest)
    return code


def _run(verb: str, command: list[str], variables: dict[str, str], folder: Path) -> int:
    try:
        child = program.Program(program.find(command, variables, folder), variables, folder)
    except OSError as error:
        code = program.NOT_FOUND if isinstance(error, FileNotFoundError) else program.NOT_EXECUTABLE
        reason = f"{command[0]} cannot be started in {folder}: {error.strerror}"
        print(reason, file=sys.stderr)
    else:
        code = child.wait()
        reason = f"{command[0]} ended with exit code {code}"
        if child.last_words:
            reason = f"{reason}: {child.last_words[-(MAX_REASON_CHARACTERS - len(reason) - 2) :]}"
    if code:
        _say_why(verb, reason)
    return code


def _convert(variables: dict[str, str]) -> int:
    """Predictions in Parquet become CSV, in a process that finds the model's packages."""
    from . import parquet  # noqa: PLC0415 - only evaluations need it

    output = paths.evaluation_output()
    if not parquet.is_wanted(output):
        return 0
    done = subprocess.run(
        [sys.executable, "-m", parquet.__name__, str(output)],
        env=variables,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        _say_why("evaluate", done.stderr.strip()[-MAX_REASON_CHARACTERS:])
    return done.returncode


def _say_why(verb: str, reason: str) -> None:
    """Leave the reason where SageMaker looks for it, unless the program has left one."""
    files = {"train": paths.failure(), "evaluate": paths.output() / "message"}
    file = files.get(verb)
    if file is None or (file.exists() and file.stat().st_size):
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(reason, encoding="utf-8")
    except OSError as error:
        print(f"the reason could not be written to {file}: {error}", file=sys.stderr)
