"""
Compiles Python sources: ``bytecode.py TREE ROOT`` reads relative paths from standard input.

Runs as a program of its own with no imports but the standard library's: see ``packages.py``.
"""

from __future__ import annotations

import importlib.util
import marshal
import sys
from pathlib import Path

UNCHECKED_HASH = 0b01


def compile_file(tree: Path, relative: str, root: str) -> None:
    """Write the bytecode of one source beside it; a source that does not compile has none."""
    source = (tree / relative).read_bytes()
    try:
        code = compile(source, f"{root}/{relative}", "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError):
        return  # templates and code for other Pythons
    header = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little")
    target = Path(importlib.util.cache_from_source(str(tree / relative)))
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(header + importlib.util.source_hash(source) + marshal.dumps(code))


def main() -> None:
    """Compile what standard input lists."""
    tree, root = Path(sys.argv[1]), sys.argv[2]
    for line in sys.stdin.read().splitlines():
        compile_file(tree, line, root)


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # of other people's sources
    main()
