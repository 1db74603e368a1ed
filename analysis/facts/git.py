"""What git knows about a folder. Commands of the target's own git configuration are never run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from analysis import children

#: A repository's configuration may name programs (fsmonitor, hooks); these settings switch them off.
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false")
_TIMEOUT_SECONDS = 60


def run_git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes | None:
    """Return what a git command prints, or None when there is no git, no repository, or the command fails."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = children.run(
            ["git", *_SAFE, "-C", str(folder), *arguments], stdin=stdin, timeout=_TIMEOUT_SECONDS, env=environment
        )
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


def read_prefix(folder: Path) -> str:
    """Return where a folder lies in the repository around it, with a slash at the end; empty at its top."""
    prefix = run_git(folder, "rev-parse", "--show-prefix")
    return os.fsdecode(prefix).removesuffix("\n") if prefix else ""


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


def find_commit(folder: Path, revision: str) -> str:
    """Return the full commit that a revision means in the repository around a folder; empty when there is none."""
    if not revision or revision.startswith("-"):
        return ""
    found = run_git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return found.decode("ascii", "replace").strip() if found else ""


def find_merge_base(folder: Path, commit: str) -> str:
    """Return the commit at which the history of a commit and that of the work tree parted; itself when never."""
    found = run_git(folder, "merge-base", "HEAD", commit)
    return found.decode("ascii", "replace").strip() if found else commit


def export_files(folder: Path, commit: str, place: Path, is_wanted: Callable[[str], bool]) -> int:
    """Write the files that a folder had at a commit below ``place``; return their number.

    Regular files as git keeps them, without the filters of the repository, and links as links; what the commit has as
    a submodule is taken from the work tree. Raises ``OSError`` when git fails.
    """
    listed = run_git(folder, "ls-tree", "-r", "-z", commit)
    if listed is None:
        raise OSError(0, "git cannot list the files", str(folder))
    wanted: list[tuple[str, str]] = []
    links: list[tuple[str, str]] = []
    for entry in filter(None, listed.split(b"\0")):
        about, _, name = entry.partition(b"\t")
        mode, kind, blob = about.decode("ascii").split()[:3]
        path = os.fsdecode(name)
        if ".." in Path(path).parts:
            continue
        if kind == "commit":
            _copy_files(folder / path, place / path, is_wanted)
        elif kind == "blob" and is_wanted(path):
            (links if mode == "120000" else wanted).append((blob, path))
    blobs = _read_blobs(folder, [blob for blob, _ in [*wanted, *links]])
    for number, ((_, path), content) in enumerate(zip([*wanted, *links], blobs, strict=True)):
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if number < len(wanted):
            target.write_bytes(content)
        else:
            target.symlink_to(os.fsdecode(content))
    return len(wanted) + len(links)


def _copy_files(folder: Path, place: Path, is_wanted: Callable[[str], bool]) -> None:
    """Copy the regular files of a submodule that is checked out."""
    for inner, _, names in os.walk(folder):
        for name in names:
            source = Path(inner) / name
            if is_wanted(name) and source.is_file() and not source.is_symlink():
                target = place / source.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read_bytes())


def _read_blobs(folder: Path, blobs: list[str]) -> Iterator[bytes]:
    """Yield the contents of some objects, in order, from one process."""
    printed = run_git(folder, "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs).encode())
    if printed is None:
        raise OSError(0, "git cannot read the files", str(folder))
    start = 0
    for _ in blobs:
        end = printed.index(b"\n", start)
        size = int(printed[start:end].split()[2])
        yield printed[end + 1 : end + 1 + size]
        start = end + 2 + size
