"""Answers from the kept snapshot while nothing that it was made from has changed.

Beside the snapshots lies a record for each target: the state of its tree, and of its repository's, of what git says of
both, of the kit itself, and the day, as exceptions end on one. A record is written only for a complete run with the
target's own policy. Where there is none, or anything differs, the target is analysed again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import store
from analysis.errors import StorageError
from analysis.targets import Target, describe_place
from analysis.tree_state import TreeState, describe_status, describe_tree

_FORMAT = 1
#: A larger tree is looked through no faster than it is analysed.
_MOST_ENTRIES = 60_000
_MOST_REFERENCES = 5_000
#: Files of a git folder that say what is ignored, and at which commit the work tree is.
_GIT_FILES = ("HEAD", "index", "packed-refs", "shallow", "config", "info/exclude", "commondir", "gitdir")
#: As git writes it: a path on one line.
_LONGEST_POINTER_BYTES = 8192
#: A file may be written twice within one tick of the clock.
_TICK_NANOSECONDS = 50_000_000


@dataclass(frozen=True)
class Watch:
    """What a run is made from, as it was before the run began."""

    root: Path
    data: Path
    commit: str
    state: dict[str, Any]

    def keep(self, snapshot: Path) -> None:
        """Record that a snapshot answers for the target, if nothing changed while it was made."""
        after = _describe(self.root, self.data, self.state["top"], self.commit)
        if after is None or after["state"] != self.state["state"]:
            return
        if after["newest"] > time.time_ns() - _TICK_NANOSECONDS:
            return
        document = {"format": _FORMAT, "snapshot": str(snapshot), "top": after["top"], "state": after["state"]}
        with contextlib.suppress(StorageError):
            store.write_file(_find_record(self.root, self.data, self.commit), json.dumps(document, indent=1) + "\n")


def watch(root: Path, data: Path, top: Path, commit: str = "") -> Watch | None:
    """Return the state of a target before a run; None where its tree is too large to be looked through.

    ``top`` is the folder that holds all that a run reads: that of the repository, for code beside the target. Of a
    target at a commit no file can change.
    """
    state = _describe(root, data, str(top), commit)
    return Watch(root, data, commit, state) if state else None


def find_unchanged(root: Path, data: Path, commit: str = "") -> Path | None:
    """Return the snapshot that is still true of a target; None where there is none, or it cannot be said."""
    try:
        document = json.loads(_find_record(root, data, commit).read_text("utf-8"))
        snapshot, top = Path(document["snapshot"]), str(document["top"])
        if document["format"] != _FORMAT or not (snapshot / store.MANIFEST).is_file():
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    now = _describe(root, data, top, commit)
    return snapshot if now is not None and now["state"] == document["state"] else None


def _find_record(root: Path, data: Path, commit: str) -> Path:
    name, place = (describe_place(each, commit) for each in (root.name or "target", root))
    return data / "unchanged" / f"{Target(name, place).place}.json"


def _describe(root: Path, data: Path, top: str, commit: str) -> dict[str, Any] | None:
    """Return what answers depend on, as values of a JSON document, and the newest time of a file."""
    if commit:
        tree: TreeState | None = TreeState(commit, 0)
    else:
        tree = describe_tree(top, skipped=_find_own(data), most_entries=_MOST_ENTRIES)
    kit = describe_tree(str(Path(__file__).parent), most_entries=_MOST_ENTRIES)
    git = [] if commit else _describe_git(Path(top))
    if tree is None or kit is None or git is None:
        return None
    day = time.strftime("%Y-%m-%d", time.gmtime())  # as the rules count days
    state = {
        "tree": tree.digest, "kit": kit.digest, "git": git, "interpreter": _describe_interpreter(),
        "day": day, "golden": _describe_golden(data), "above": [] if commit else _describe_above(root),
    }  # fmt: skip
    return {"top": top, "state": state, "newest": tree.newest}


def _find_own(data: Path) -> list[str]:
    """Return the folders that the kit itself writes to."""
    return [os.path.realpath(folder) for folder in (data, store.find_reports_folder())]


def _describe_git(top: Path) -> list[str] | None:
    """Return the state of the files of a git folder that answers depend on; None when it has too many references."""
    pointer = top / ".git"
    folders = [pointer]
    if pointer.is_file():  # a linked work tree, or a submodule: nothing is read there, only asked whether it changed
        with pointer.open("rb") as file:
            named = os.fsdecode(file.read(_LONGEST_POINTER_BYTES)).removeprefix("gitdir:").strip("\0 \r\n")
        folders += [top / named, top / named / ".." / ".."]
    found = [_describe_file(pointer)] if pointer.is_file() else []
    for folder in folders:
        found += [_describe_file(folder / name) for name in _GIT_FILES]
        if (folder / "refs").is_dir():
            state = describe_tree(str(folder / "refs"), most_entries=_MOST_REFERENCES)
            if state is None:
                return None
            found.append(state.digest)
    return found


def _describe_file(path: Path) -> str:
    try:
        return describe_status(path.lstat())
    except OSError:
        return ""


def _describe_above(root: Path) -> list[bool]:
    """Return whether each folder above the target is the top of a repository."""
    return [os.path.lexists(folder / ".git") for folder in (root, *root.parents)]


def _describe_interpreter() -> list[str]:
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    return [sys.version, sys.prefix, *map(_describe_folder, libraries), shutil.which("git") or ""]


def _describe_folder(path: str) -> str:
    """Return the time at which a library was last put into a folder, or removed from it."""
    try:
        return f"{path} {Path(path).stat().st_mtime_ns}"
    except OSError:
        return path


def _describe_golden(data: Path) -> list[str]:
    """Return the names of the measurements of golden paths; a policy may name the target, so those of all."""
    found = sorted((data / "golden").glob("[!.]*/[!.]*"))
    return [f"{entry.parent.name}/{entry.name}" for entry in found]
