"""The state of the last scan of a target: what each file was, and the tables, mapped into memory.

With it a scan of an unchanged tree costs one walk. A file counts as unchanged when its size, times and
inode are; one that was modified just before it was read is read again (the time stamps of file systems are coarse).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis import tables
from analysis.facts.discovery import Discovery, SourceFile
from analysis.facts.extract import EXTRACTOR_VERSION
from analysis.facts.read_files import FILE

if TYPE_CHECKING:
    from analysis.facts.scan import ScanOptions

#: Two changes within this time may carry one time stamp.
_COARSEST_CLOCK_NS = 2_000_000_000
_NAMES = ("files", "modules", *(table.name for table in tables.FACT_TABLES))


@dataclass(frozen=True, slots=True)
class ScanState:
    """Paths, stamps and tables of an earlier scan; ``stamps`` is a (files, 4) array of size, mtime, ctime, inode."""

    paths: list[str]
    stamps: np.ndarray
    taken_ns: int
    extensions: dict[str, bool]
    projects: list[str]
    tables: dict[str, pa.Table]

    def find_changed(self, files: Sequence[SourceFile]) -> list[int]:
        """Return the indices of the files that must be read: new, changed, or too young to trust."""
        if len(files) == len(self.paths) and all(
            file.path == path for file, path in zip(files, self.paths, strict=True)
        ):
            old = self.stamps
            known = np.ones(len(files), dtype=bool)
        else:
            index = {path: number for number, path in enumerate(self.paths)}
            rows = np.array([index.get(file.path, -1) for file in files])
            known = rows >= 0
            old = self.stamps[rows]
        now = stack_stamps(files)
        same = known & (now == old).all(axis=1) & (now[:, 1:3].max(axis=1) < self.taken_ns - _COARSEST_CLOCK_NS)
        same &= np.array([not file.problem for file in files], dtype=bool)
        return [int(index) for index in np.flatnonzero(~same)]

    def keep(self, files: Sequence[SourceFile], changed: Sequence[int]) -> dict[str, pa.Table]:
        """Return the earlier rows of the files that did not change, with their new index."""
        dropped = set(changed)
        index = {file.path: number for number, file in enumerate(files) if number not in dropped}
        renumbered = np.array([index.get(path, -1) for path in self.paths], dtype=np.int32)
        kept: dict[str, pa.Table] = {}
        for name, table in self.tables.items():
            if name == "modules":
                continue
            numbers = renumbered[table.column(FILE).to_numpy()]
            is_kept = numbers >= 0
            part = table if is_kept.all() else tables.take_rows(table, np.flatnonzero(is_kept))
            column = pa.array(numbers[is_kept], type=pa.int32())
            kept[name] = part.set_column(0, pa.field(FILE, pa.int32()), column)
        return kept


def stack_stamps(files: Sequence[SourceFile]) -> np.ndarray:
    """Return size, mtime, ctime and inode of the files as a (files, 4) array of int64."""
    return np.array([(file.size_bytes, *file.stamp) for file in files], dtype=np.int64).reshape(len(files), 4)


def _find_folder(cache: Path, root: Path, options: ScanOptions) -> Path:
    described = f"{root}|{options}|{EXTRACTOR_VERSION}|{sys.version_info[:2]}|{tables.FACT_TABLES}"
    return cache / "scans" / hashlib.sha256(described.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def read_state(cache: Path | None, root: Path, options: ScanOptions) -> ScanState | None:
    """Return the state of the last scan with the same options, or None when there is none that can be read."""
    if cache is None:
        return None
    folder = _find_folder(cache, root, options)
    try:
        latest = folder / (folder / "latest").read_text("ascii")
        described = json.loads((latest / "state.json").read_text("utf-8"))
        stamps = np.load(latest / "stamps.npy")
        found = {name: pa.ipc.open_file(pa.memory_map(str(latest / f"{name}.arrow"))).read_all() for name in _NAMES}
        return ScanState(
            described["paths"], stamps, described["taken_ns"], described["extensions"], described["projects"], found
        )
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return None


def write_state(
    cache: Path,
    root: Path,
    options: ScanOptions,
    found: Discovery,
    parts: dict[str, pa.Table],
    projects: Sequence[str],
    taken_ns: int,
) -> None:
    """Keep the state of this scan, begun at ``taken_ns``.

    A failure (full disk, no permission) only costs time on the next scan.
    """
    folder = _find_folder(cache, root, options)
    name = f"{time.time_ns():x}-{os.getpid()}"
    temporary = folder / f".{name}"
    try:
        temporary.mkdir(parents=True)
        described = {
            "paths": [file.path for file in found.files],
            "extensions": found.extensions,
            "projects": list(projects),
            "taken_ns": taken_ns,
            "root": os.fsencode(root).decode("utf-8", "backslashreplace"),
        }
        (temporary / "state.json").write_text(json.dumps(described), "utf-8")
        np.save(temporary / "stamps.npy", stack_stamps(found.files))
        for table_name in _NAMES:
            table = parts[table_name]
            with pa.ipc.new_file(str(temporary / f"{table_name}.arrow"), table.schema) as writer:
                writer.write_table(table.combine_chunks())
        temporary.rename(folder / name)
        pointer = folder / f".latest-{name}"
        pointer.write_text(name, "ascii")
        pointer.replace(folder / "latest")
        _drop_old(folder, name)
    except (OSError, pa.ArrowException):
        shutil.rmtree(temporary, ignore_errors=True)


def _drop_old(folder: Path, newest: str) -> None:
    """Remove the states that nobody reads any more: all but the newest two (a slow reader may hold the other)."""
    states = sorted(path for path in folder.iterdir() if path.is_dir() and path.name != newest)
    for path in states[:-1]:
        with contextlib.suppress(OSError):
            shutil.rmtree(path)
