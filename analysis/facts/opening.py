"""Which tree has the files of a target: the working tree, or that of a commit; with those beside it, or without."""

from __future__ import annotations

import os
from pathlib import Path

from analysis.facts.git_folders import GitRefusedError, find_history, find_repository
from analysis.facts.revision_tree import RevisionTree
from analysis.facts.source_tree import RepositoryTree, SourceTree, WorkingTree


def open_tree(root: Path, commit: str = "", top: Path | None = None) -> SourceTree:
    """Return the files of a folder, at a commit if one is given; with ``top`` those beside it too, as ``../x.py``."""
    own: SourceTree = RevisionTree(root, commit) if commit else WorkingTree(root)
    return own if top is None else RepositoryTree(own, open_tree(top, commit))


def find_commit(tree: SourceTree) -> str:
    """Return the commit of a tree; empty for the working tree."""
    return tree.commit if isinstance(tree, RevisionTree) else ""


def find_top(root: Path, commit: str = "") -> Path | None:
    """Return the top of the repository around a target; None where the target is the top, or git would refuse it."""
    try:
        found = find_history(root) if commit else find_repository(root)
    except GitRefusedError:
        return None
    top = Path(found.top) if found else None
    return None if top is None or top == Path(os.path.realpath(root)) else top


def list_packages_above(root: Path, commit: str = "") -> list[str]:
    """Return the names of the folders right above a target that are packages, the outermost first."""
    found: list[str] = []
    folder = root.parent
    top = find_top(root, commit) if commit else None
    whole = open_tree(top, commit) if top is not None else None
    while _is_package(folder, whole) if commit else (folder / "__init__.py").is_file():
        found.insert(0, folder.name)
        folder = folder.parent
    return found


def _is_package(folder: Path, whole: SourceTree | None) -> bool:
    if whole is None or not folder.is_relative_to(whole.root):
        return False
    return whole.has_file((folder / "__init__.py").relative_to(whole.root).as_posix())
