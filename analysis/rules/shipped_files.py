"""Files that a distribution installs for others: users import them, whether or not the tree does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable

from analysis.facts.source_tree import SourceTree, read_if_any

_PROJECT, _SETUP, _SETTINGS, _PACKAGE = "pyproject.toml", "setup.py", "setup.cfg", "__init__.py"
_MOST_BYTES = 4_000_000
#: A setup.cfg without them holds settings of tools.
_DESCRIBES = re.compile(rb"^\[(?:metadata|options)\]", re.MULTILINE)


def find_shipped(tree: SourceTree, paths: Iterable[str]) -> set[str]:
    """Return which of some files others may import: by the nearest project file above, or as parts of a package.

    A target that is itself a package is part of something whose project file is not seen.
    """
    known: dict[str, bool | None] = {}
    is_part = tree.has_file(_PACKAGE)
    return {path for path in paths if _is_shipped(tree, path.rpartition("/")[0], known, is_part=is_part)}


def _is_shipped(tree: SourceTree, folder: str, known: dict[str, bool | None], *, is_part: bool) -> bool:
    while True:
        if folder not in known:
            known[folder] = _ask(tree, f"{folder}/" if folder else "")
        answer = known[folder]
        if answer is not None or not folder:
            return is_part if answer is None else answer
        folder = folder.rpartition("/")[0]


def _ask(tree: SourceTree, prefix: str) -> bool | None:
    """Return whether the project of a folder is built into a distribution; None where the folder has no project."""
    if tree.has_file(prefix + _SETUP) or _DESCRIBES.search(_read(tree, prefix + _SETTINGS)):
        return True
    if not tree.has_file(prefix + _PROJECT):
        return None
    try:
        document = tomllib.loads(_read(tree, prefix + _PROJECT).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return True
    return "build-system" in document or None


def _read(tree: SourceTree, path: str) -> bytes:
    return read_if_any(tree, path, most_bytes=_MOST_BYTES) if tree.has_file(path) else b""
