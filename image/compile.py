"""Compile the packages of an environment and leave out what only people read of them: sources and docstrings.

The root of a container is read-only, so that nothing would be compiled there, and every start would do it again. A
traceback through a package names file, line and function, without the line's text. Assertions stay, but for a
package that asserts what its docstrings say: of such both go, as with `python -OO`. The product keeps its sources.
"""

from __future__ import annotations

import ast
import importlib.util
import marshal
import sys
from pathlib import Path

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
ASSERTING = ("numpy", "sqlalchemy")
"""Packages that assert what stands in their docstrings, unless they run without both."""

HEADER = importlib.util.MAGIC_NUMBER + bytes(12)
"""Of a program that has no source it could be older than."""


def compiled(source: Path, *, asserting: bool) -> bytes:
    """A module's program without docstrings, `asserting` or without assertions; SyntaxError."""
    tree = ast.parse(source.read_bytes(), str(source))
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.copy_location(ast.Pass(), node.body[0])]
    program = compile(tree, str(source), "exec", dont_inherit=True, optimize=0 if asserting else 1)
    return HEADER + marshal.dumps(program)


def main(packages: Path) -> None:
    """Put a compiled program in each module's place."""
    for source in packages.rglob("*.py"):
        try:
            program = compiled(source, asserting=source.relative_to(packages).parts[0] not in ASSERTING)
        except SyntaxError:
            continue  # a template, or written for another Python: nobody can import it as it is
        source.with_suffix(".pyc").write_bytes(program)
        source.unlink()


if __name__ == "__main__":
    [folder] = Path(sys.argv[1], "lib").glob("python3.*/site-packages")
    main(folder)
