"""The import statements that a change of files takes away and brings, as CPython can run them one by one."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator


def find_changed_imports(before: bytes, after: bytes) -> tuple[list[str], list[str]]:
    """Return the import statements that a file has only before, and only after, each name in one of its own, sorted."""
    was, now = Counter(_list_imports(before)), Counter(_list_imports(after))
    return sorted((was - now).elements()), sorted((now - was).elements())


def _list_imports(content: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            yield from (ast.unparse(ast.Import([alias])) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            yield from (ast.unparse(ast.ImportFrom(node.module, [alias], node.level)) for alias in node.names)
