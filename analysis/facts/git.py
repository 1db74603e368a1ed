"""What git knows about a folder. Commands of the target's own git configuration are never run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

#: A repository's configuration may name programs (fsmonitor, hooks); these settings switch them off.
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false")
_TIMEOUT_SECONDS = 60


def run_git(folder: Path, *arguments: str) -> bytes | None:
    """Return what a git command prints, or None when there is no git, no repository, or the command fails."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *_SAFE, "-C", str(folder), *arguments],
            capture_output=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_SECONDS, env=environment, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def read_revision(folder: Path) -> str:
    """Return the short commit of the work tree that a folder belongs to, or ``no-git``.

    A folder that git ignores (a virtual environment, a generated tree) has no revision of its own.
    """
    revision = run_git(folder, "rev-parse", "--short=9", "HEAD")
    if not revision or is_ignored(folder):
        return "no-git"
    return revision.decode("ascii", "replace").strip()


def is_ignored(folder: Path) -> bool:
    """Return whether the repository around a folder ignores it."""
    return run_git(folder, "check-ignore", "-q", ".") is not None


def read_ignored(folder: Path) -> tuple[set[str], set[str]] | None:
    """Return the folders and the files below a folder that git ignores, relative to it; None without git.

    A folder that is itself ignored is meant when somebody names it: nothing in it is then ignored.
    """
    listed = run_git(folder, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    if listed is None:
        return None
    paths = [os.fsdecode(path) for path in listed.split(b"\0") if path]
    if "./" in paths or (paths and is_ignored(folder)):
        return set(), set()
    folders = {path.rstrip("/") for path in paths if path.endswith("/")}
    return folders, {path for path in paths if not path.endswith("/")}
