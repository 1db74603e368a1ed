"""What git knows about a folder: its commit, its place, revisions. ``git_command`` says how git is started."""

from __future__ import annotations

import os
from pathlib import Path

from analysis.facts.git_command import Git
from analysis.facts.git_folders import GitRefusedError, find_repository
from analysis.facts.git_ignored import is_itself_ignored
from analysis.facts.git_stand_in import has_alternates, open_git
from analysis.targets import SHORT


def read_revision(folder: Path) -> str:
    """Return the short commit of the work tree that a folder belongs to, or ``no-git``.

    A folder that git ignores (a virtual environment, a generated tree) has no revision of its own.
    """
    try:
        with open_git(folder) as git:
            revision = git.run("rev-parse", "--verify", "--quiet", "HEAD") if git else None
            if not git or not revision or is_itself_ignored(git):
                return "no-git"
            return revision.decode("ascii", "replace").strip()[:SHORT]
    except GitRefusedError:
        return "no-git"


def find_refusal(folder: Path) -> str:
    """Return why the repository around a folder is not asked; empty when it is, or when there is none."""
    try:
        with open_git(folder):
            return ""
    except GitRefusedError as error:
        return str(error)


def read_prefix(folder: Path) -> str:
    """Return where a folder lies in the repository around it, with a slash at the end; empty at its top."""
    try:
        found = find_repository(folder)
    except GitRefusedError:
        return ""
    relative = os.path.relpath(os.path.realpath(folder), found.top) if found else "."
    return "" if relative == "." else f"{relative}/"


def find_commit(git: Git, revision: str) -> str:
    """Return the full commit that a revision means; empty when there is none.

    Raises ``GitRefusedError`` when it may lie in another repository, whose objects are not read.
    """
    if not revision or revision.startswith("-"):
        return ""
    found = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not found and has_alternates(git.repository):
        raise GitRefusedError("it keeps objects in another repository (objects/info/alternates)")
    return found.decode("ascii", "replace").strip() if found else ""


def find_merge_base(git: Git, commit: str, other: str = "HEAD") -> str:
    """Return the commit at which the histories of a commit and another one parted; itself when never."""
    found = git.run("merge-base", other, commit)
    return found.decode("ascii", "replace").strip() if found else commit
