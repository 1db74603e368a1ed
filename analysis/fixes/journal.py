"""What is known of an application of fixes while it is under way, and afterwards: enough to take it back.

A journal is a folder of the kit's data: a description, and of each file what it held before and what it becomes. It is
stored before the first file of the target changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from analysis.fixes.target_files import NEW_MODE, FoundFile
from analysis.targets import find_target

#: ``applying`` and ``undoing``: something ended that run, and it must be taken back.
State = Literal["applying", "applied", "undoing", "undone"]
_FORMAT = 1
_NAME = "journal.json"
_MOST_KEPT = 20


@dataclass(frozen=True)
class JournalEntry:
    """One file: hashes of what it held and becomes (empty: there is none), and how it is stored."""

    path: str
    before: str
    after: str
    mode: int = NEW_MODE
    user: int = -1
    group: int = -1


@dataclass(frozen=True)
class Journal:
    """One application: its folder, its state, its files, and folders that it made, the innermost first."""

    place: Path
    state: State
    entries: tuple[JournalEntry, ...]
    folders: tuple[str, ...] = ()

    @property
    def temporary(self) -> str:
        """The name of a file while it is written, without its number."""
        return f".ssot-fix-{hashlib.sha256(os.fsencode(self.place)).hexdigest()[:12]}"

    def read(self, entry: JournalEntry, side: Literal["before", "after"]) -> FoundFile:
        """Return what a file held or becomes; ``OSError`` where the journal was damaged."""
        wanted = getattr(entry, side)
        content = (self.place / wanted).read_bytes()
        if find_hash(content) != wanted:
            raise OSError(0, "a stored file is damaged", str(self.place / wanted))
        return FoundFile(content, entry.mode, entry.user, entry.group)

    def enter(self, state: State) -> Journal:
        """Store another state and return the journal with it."""
        entered = replace(self, state=state)
        _write(self.place / _NAME, json.dumps(entered.describe(), indent=1).encode())
        return entered

    def describe(self) -> dict[str, Any]:
        """Return the journal as the values of a JSON document."""
        names = ("path", "before", "after", "mode", "user", "group")
        entries = [{name: getattr(entry, name) for name in names} for entry in self.entries]
        return {"format": _FORMAT, "state": self.state, "entries": entries, "folders": list(self.folders)}


def find_folder(data: Path, root: Path) -> Path:
    """Return where the journals of a target lie."""
    return data / "fixes" / find_target(root).place


def find_hash(content: bytes | None) -> str:
    """Return the hash of what a file holds; empty where there is none."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def start_journal(
    folder: Path, name: str, entries: tuple[JournalEntry, ...], folders: tuple[str, ...], contents: list[bytes | None]
) -> Journal:
    """Store what is needed to make an application, and to take it back, before anything is changed."""
    place = folder / name
    number = 1
    while place.exists():
        number += 1
        place = folder / f"{name}.{number}"
    place.mkdir(parents=True)
    for content in contents:
        if content is not None:
            _write(place / find_hash(content), content)
    return Journal(place, "applying", entries, folders).enter("applying")


def list_journals(folder: Path) -> Iterator[Journal]:
    """Yield the journals of a target, the newest first; those that were never begun are none."""
    places = [place for place in folder.iterdir() if (place / _NAME).is_file()] if folder.is_dir() else []
    for place in sorted(places, key=_rank, reverse=True):
        document = json.loads((place / _NAME).read_text("utf-8"))
        entries = tuple(JournalEntry(**entry) for entry in document["entries"])
        yield Journal(place, document["state"], entries, tuple(document["folders"]))


def forget_old(folder: Path) -> None:
    """Remove the oldest journals of a target, and what was stored for one that was never begun."""
    kept = [journal.place for journal in list_journals(folder)][:_MOST_KEPT]
    for place in folder.iterdir():
        if place.is_dir() and place not in kept:
            shutil.rmtree(place, ignore_errors=True)


def _rank(place: Path) -> tuple[str, int]:
    name, _, number = place.name.partition(".")
    return name, int(number or 1)


def _write(path: Path, content: bytes) -> None:
    """Store a file whole, and wait until it and its name are on the disk."""
    temporary = path.with_name(f".{path.name}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
