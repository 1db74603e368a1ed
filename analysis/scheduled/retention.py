"""Which runs and snapshots are kept: the newest, those that are pinned, and what these need."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from analysis.errors import StorageError
from analysis.report.runs import PINNED, ReportRun, is_failed, read_run

_RUN = re.compile(r"\d{8}T\d{6}-.+")


def pin(folder: Path) -> None:
    """Keep a run or a snapshot whatever its age; ``StorageError`` when nothing can be written there."""
    try:
        (folder / PINNED).touch()
    except OSError as error:
        raise StorageError(f"cannot write {folder / PINNED}: {error.strerror}") from None


def unpin(folder: Path) -> None:
    """Let a run or a snapshot go when it is old enough."""
    (folder / PINNED).unlink(missing_ok=True)


def remove_old(reports: Path, snapshots: Path, keep: int) -> list[Path]:
    """Remove what is older than the newest ``keep`` runs of a target, and return it, sorted.

    ``reports`` and ``snapshots`` are the target's own folders. Kept too are the newest complete run, the newest one
    that passed its gate, what is pinned, the newest snapshot, and the snapshot of each run that is kept. Failed runs
    count by their age alone.
    """
    found = _list_runs(reports)
    runs = [read_run(folder) for folder in found if not is_failed(folder)]
    kept = _choose_runs(runs, keep)
    oldest = min((run.folder.name for run in kept), default="")
    gone = [folder for folder in found if _is_old(folder, kept, oldest)]
    needed = {Path(run.snapshot).name for run in kept if run.snapshot and Path(run.snapshot).parent == snapshots}
    stored = _list_runs(snapshots)
    newest = {folder.name for folder in stored[-max(keep, 1) :]}
    gone += [folder for folder in stored if folder.name not in needed | newest and not _is_pinned(folder)]
    for folder in gone:
        _remove(folder)
    return sorted(gone)


def _choose_runs(runs: list[ReportRun], keep: int) -> list[ReportRun]:
    """Return the complete runs that are kept; ``runs`` are in the order of time."""
    good = [run for run in runs if run.passed][-1:]
    chosen = {run.folder for run in [*runs[-max(keep, 1) :], *good]}
    return [run for run in runs if run.folder in chosen or _is_pinned(run.folder)]


def _is_old(folder: Path, kept: Iterable[ReportRun], oldest: str) -> bool:
    if is_failed(folder):
        return folder.name < oldest and not _is_pinned(folder)
    return folder not in {run.folder for run in kept}


def _is_pinned(folder: Path) -> bool:
    return (folder / PINNED).exists()


def _list_runs(parent: Path) -> list[Path]:
    """Return the folders of runs or snapshots, the oldest first; never a link, such as ``latest``."""
    return sorted(folder for folder in _list_folders(parent) if _RUN.fullmatch(folder.name))


def _list_folders(parent: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        for folder in parent.iterdir():
            if folder.is_dir() and not folder.is_symlink():
                yield folder


def _remove(folder: Path) -> None:
    """Remove a folder so that it vanishes at once: what a killed process leaves of it is removed by the next run."""
    hidden = folder.with_name(f".writing-{os.getpid()}-{folder.name}")
    try:
        folder.rename(hidden)
    except OSError as error:
        raise StorageError(f"cannot remove {folder}: {error.strerror}", remedy="Check who may write there") from None
    shutil.rmtree(hidden, ignore_errors=True)
