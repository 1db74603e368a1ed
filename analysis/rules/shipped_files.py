"""Files that a distribution installs for others: users import them, whether or not the tree does."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable

from analysis.facts.source_tree import SourceTree

_PROJECT, _SETUP = "pyproject.toml", ("setup.py", "setup.cfg")
_MOST_BYTES = 4_000_000


def find_shipped(tree: SourceTree, paths: Iterable[str]) -> set[str]:
    """Return which of some files belong to a distribution that can be built, by the nearest project file above."""
    known: dict[str, bool | None] = {}
    return {path for path in paths if _is_shipped(tree, path.rpartition("/")[0], known)}


def _is_shipped(tree: SourceTree, folder: str, known: dict[str, bool | None]) -> bool:
    while True:
        if folder not in known:
            known[folder] = _ask(tree, f"{folder}/" if folder else "")
        answer = known[folder]
        if answer is not None or not folder:
            return bool(answer)
        folder = folder.rpartition("/")[0]


def _ask(tree: SourceTree, prefix: str) -> bool | None:
    """Return whether the project of a folder is built into a distribution; None where the folder has no project."""
    if any(tree.has_file(prefix + name) for name in _SETUP):
        return True
    if not tree.has_file(prefix + _PROJECT):
        return None
    try:
        document = tomllib.loads(tree.read_bytes(prefix + _PROJECT, most_bytes=_MOST_BYTES).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return True
    return "build-system" in document or None
