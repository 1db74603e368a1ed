"""The edits by hand: a patch that lies beside the bundled case, applied to changed files in a copy of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from analysis import children
from analysis.errors import FixError
from analysis.facts.git_command import Git
from analysis.facts.git_folders import Repository
from analysis.facts.overlaid_tree import Changes
from analysis.fixes.trial_runs import copy_target

NAME = "hand_edits.patch"
_REMEDY = "Make these edits anew on what `ssot fix` makes of the case: see data/cases/agent_platform/README.md"


class EditedFile(NamedTuple):
    """A file that a patch changes, by its path below the target, and how many lines it adds and removes."""

    path: str
    added: int
    removed: int


def apply_patch(root: Path, changes: Changes, patch: Path) -> tuple[Changes, list[EditedFile]]:
    """Return what a patch makes of the changed files of a target, and the files that it changes, sorted by path.

    The target stays as it is. Raises ``FixError`` where git does not take the patch.
    """
    with copy_target(root, changes) as copy:
        files = edit_copy(copy, patch)
        contents = {each.path: (copy / each.path) for each in files}
        after = {path: place.read_bytes() if place.exists() else None for path, place in contents.items()}
    return {**changes, **after}, files


def edit_copy(copy: Path, patch: Path) -> list[EditedFile]:
    """Apply a patch to a folder that is in no repository; return the files that it changes, sorted by path."""
    content = patch.read_bytes()
    with _open_git(copy) as git:
        listed = git.run("apply", "--numstat", "-z", "-", stdin=content)
        if listed is None or git.run("apply", "--check", "-", stdin=content) is None:
            raise FixError(f"git does not apply {patch.name} to the fixed case", remedy=_REMEDY)
        if git.run("apply", "-", stdin=content) is None:
            raise FixError(f"git stopped while it applied {patch.name}", remedy=_REMEDY)
    rows = (entry.split("\t") for entry in os.fsdecode(listed).split("\0") if entry)
    return sorted(EditedFile(path, int(added), int(removed)) for added, removed, path in rows)


@contextmanager
def _open_git(top: Path) -> Iterator[Git]:
    """Yield git as the kit runs it, with an empty git folder that lies elsewhere."""
    with children.scratch_folder("ssot-demo-") as place:
        for name in ("objects", "refs"):
            (place / name).mkdir()
        (place / "HEAD").write_text("ref: refs/heads/main\n", "ascii")
        folder, work_tree = os.path.realpath(place), os.path.realpath(top)
        yield Git(work_tree, Repository(work_tree, folder, folder), folder)
