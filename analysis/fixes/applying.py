"""Fixes are written into the target all or none, and taken back: whatever ends a run, the next one finishes that."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from analysis.errors import BusyError, FixError
from analysis.facts.overlaid_tree import Changes
from analysis.fixes.journal import (
    Journal,
    JournalEntry,
    State,
    find_folder,
    find_hash,
    forget_old,
    list_journals,
    start_journal,
)
from analysis.fixes.target_files import (
    FoundFile,
    list_missing_folders,
    put_in_place,
    read_file,
    remove_empty_folder,
    remove_file,
    write_beside,
)

_LOCK = ".lock"


def apply_changes(root: Path, before: Changes, after: Changes, data: Path) -> Journal:
    """Write files of a target, all or none; ``before`` is what they must hold now.

    First everything is stored in a journal of ``data``, then each file is written beside its place and renamed. When
    anything fails, or a signal ends the run, the files are put back as they were; where the process cannot even do
    that, the next call of ``recover`` does. Raises ``FixError`` where a file is not as it was, is a link or lies behind
    one, and then nothing was written.
    """
    folder = find_folder(data, root)
    with _hold(folder):
        _recover(root, folder)
        found = {path: _read_expected(root, path, before[path]) for path in sorted(after)}
        entries = tuple(_build_entry(path, found[path], after[path]) for path in sorted(after))
        made = {
            each for path, content in after.items() if content is not None for each in list_missing_folders(root, path)
        }
        folders = tuple(sorted(made, key=lambda each: (-each.count("/"), each)))
        contents = [*(each.content for each in found.values() if each), *after.values()]
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
        journal = start_journal(folder, name, entries, folders, contents)
        try:
            _move_over(root, journal)
        except BaseException:
            _take_back(root, journal, leaves_changed=True)  # what somebody changed meanwhile was not renamed over
            raise
        forget_old(folder)
        return journal.enter("applied")


def undo(root: Path, data: Path, *, is_dry: bool = False, leaves_changed: bool = False) -> list[str]:
    """Take the last application back and return its files; ``FixError`` where there is none, or a file has changed.

    What an earlier run did not finish is the last one. With ``is_dry`` only the files are returned; with
    ``leaves_changed`` a file that has changed since stays as it is, and the others are put back.
    """
    folder = find_folder(data, root)
    with _hold(folder):
        journals = list(list_journals(folder))
        journal = next((each for each in journals if each.state != "undone"), None)
        if journal is None:
            raise FixError(f"no fixes were applied to {root}", remedy="Apply them with: ssot fix TARGET --apply")
        if not is_dry:
            _take_back(root, journal, leaves_changed=leaves_changed)
        return [entry.path for entry in journal.entries]


def recover(root: Path, data: Path) -> list[str]:
    """Take back what an earlier run began and did not finish; return its files, none where there is nothing to do."""
    folder = find_folder(data, root)
    if not folder.is_dir():
        return []
    with _hold(folder):
        return _recover(root, folder)


def _recover(root: Path, folder: Path) -> list[str]:
    begun: frozenset[State] = frozenset({"applying", "undoing"})
    taken: list[str] = []
    for journal in list_journals(folder):
        if journal.state in begun:
            _take_back(root, journal)
            taken += [entry.path for entry in journal.entries]
    return taken


def _move_over(root: Path, journal: Journal) -> None:
    """Write all files beside their places, then rename them one right after the other."""
    names = _name_temporaries(journal)
    for entry in journal.entries:
        if entry.after:
            write_beside(root, entry.path, names[entry.path], journal.read(entry, "after"))
    for entry in journal.entries:
        _check(root, entry.path, {entry.before})
        if entry.after:
            put_in_place(root, entry.path, names[entry.path])
        else:
            remove_file(root, entry.path)


def _take_back(root: Path, journal: Journal, *, leaves_changed: bool = False) -> None:
    """Put the files back as they were; before anything is written each must be as it was, or as it became."""
    for entry in journal.entries if not leaves_changed else ():
        _check(root, entry.path, {entry.before, entry.after})
    journal = journal.enter("undoing")
    names = _name_temporaries(journal)
    for entry in journal.entries:
        with contextlib.suppress(OSError):
            remove_file(root, f"{_find_folder(entry.path)}{names[entry.path]}")
        if _find_hash_now(root, entry.path) != entry.after:
            continue
        if entry.before:
            write_beside(root, entry.path, names[entry.path], journal.read(entry, "before"))
            put_in_place(root, entry.path, names[entry.path])
        else:
            remove_file(root, entry.path)
    for folder in journal.folders:
        remove_empty_folder(root, folder)
    journal.enter("undone")


def _name_temporaries(journal: Journal) -> Mapping[str, str]:
    return {entry.path: f"{journal.temporary}-{number}" for number, entry in enumerate(journal.entries)}


def _find_folder(path: str) -> str:
    folder = path.rpartition("/")[0]
    return f"{folder}/" if folder else ""


def _build_entry(path: str, found: FoundFile | None, after: bytes | None) -> JournalEntry:
    known = found or FoundFile(b"")
    before = find_hash(found.content if found else None)
    return JournalEntry(path, before, find_hash(after), known.mode, known.user, known.group)


def _read_expected(root: Path, path: str, before: bytes | None) -> FoundFile | None:
    _check(root, path, {find_hash(before)})
    found = read_file(root, path)
    if found is not None and not os.access(root / path, os.W_OK):
        raise FixError(f"{path} may not be written to", remedy="Nothing was changed")
    return found


def _check(root: Path, path: str, wanted: set[str]) -> None:
    """Raise ``FixError`` where a file is none of what it should be."""
    try:
        found = read_file(root, path)
    except OSError as error:
        raise FixError(f"{path} is not written to: {error.strerror}", remedy="Only regular files are fixed") from None
    if find_hash(found.content if found else None) not in wanted:
        raise FixError(f"{path} has changed meanwhile", remedy="Restore it, or leave it as it is with --force")


def _find_hash_now(root: Path, path: str) -> str:
    """Return the hash of a file; of one that cannot be read something that no file has."""
    try:
        found = read_file(root, path)
    except OSError:
        return "unreadable"
    return find_hash(found.content if found else None)


@contextlib.contextmanager
def _hold(folder: Path) -> Iterator[None]:
    """Hold the lock of a target's journals; ``BusyError`` while another run has it."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"fixes are being applied by another run ({folder / _LOCK} is locked)") from None
        yield
    finally:
        os.close(handle)
