"""Which tree has the files of a target: the working tree, or that of a commit; with those beside it, or without."""

from __future__ import annotations

import os
from pathlib import Path

from analysis.facts.git_folders import GitRefusedError, find_history, find_repository
from analysis.facts.overlaid_tree import Changes, OverlaidTree, move_changes
from analysis.facts.revision_tree import RevisionTree
from analysis.facts.source_tree import RepositoryTree, SourceTree, WorkingTree


def open_tree(root: Path, commit: str = "", top: Path | None = None, changes: Changes | None = None) -> SourceTree:
    """Return the files of a folder, at a commit if one is given; with ``top`` those beside it too, as ``../x.py``.

    ``changes`` are laid over them: files of the folder that hold something else, or are gone.
    """
    below: SourceTree = RevisionTree(root, commit) if commit else WorkingTree(root)
    own = OverlaidTree(below, changes) if changes else below
    if top is None:
        return own
    way = Path(os.path.realpath(root)).relative_to(os.path.realpath(top)).as_posix()
    return RepositoryTree(own, open_tree(top, commit, changes=move_changes(changes or {}, way)))


def find_below(tree: SourceTree) -> SourceTree:
    """Return a tree without the changes that are laid over it."""
    return tree.below_tree if isinstance(tree, OverlaidTree) else tree


def find_changes(tree: SourceTree) -> Changes:
    """Return what is laid over a tree; nothing for one as it is."""
    return tree.changes if isinstance(tree, OverlaidTree) else {}


def find_commit(tree: SourceTree) -> str:
    """Return the commit of a tree; empty for the working tree."""
    below = find_below(tree)
    return below.commit if isinstance(below, RevisionTree) else ""


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
