"""The state of the last scan of a target: what each file was, and the tables.

With it a scan of an unchanged tree costs one walk. A file counts as unchanged when its size, times and
inode are, at a revision its blob; one that was modified just before it was read is read again (the time stamps of file
systems are coarse).
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analysis import tables
from analysis.cache import Value, build_key, pack_tables, read_entry, unpack_table, write_entry
from analysis.facts.cache import PROGRAM
from analysis.facts.discovery import Discovery
from analysis.facts.links import SourceFile
from analysis.facts.opening import find_commit
from analysis.facts.read_files import FILE, scan_table
from analysis.facts.source_tree import SourceTree

if TYPE_CHECKING:
    from analysis.facts.scan import ScanOptions

#: Two changes within this time may carry one time stamp.
_COARSEST_CLOCK_NS = 2_000_000_000
_KIND = "scans"
#: Inside a scan a row names its file by its index; modules have no file.
_SCHEMAS = {
    "modules": tables.MODULES.schema,
    "start_evidence": tables.START_EVIDENCE.schema,
    **{table.name: scan_table(table).schema for table in (tables.FILES, *tables.FACT_TABLES)},
}


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
            if FILE not in table.column_names:
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


def _find_key(tree: SourceTree, options: ScanOptions) -> str:
    """Return the key of the state: one for the working tree, and one for all revisions, which differ in few files."""
    return build_key(PROGRAM, tree.root, options, bool(find_commit(tree)))


def read_state(cache: Path | None, tree: SourceTree, options: ScanOptions) -> ScanState | None:
    """Return the state of the last scan with the same options, or None when there is none that can be read."""
    kept = read_entry(cache, _KIND, _find_key(tree, options)) if cache is not None else None
    if kept is None:
        return None
    described = json.loads(bytes(kept["state"]))
    return ScanState(
        described["paths"],
        np.load(io.BytesIO(kept["stamps"])),
        described["taken_ns"],
        described["extensions"],
        described["projects"],
        {name: unpack_table(kept[name], schema) for name, schema in _SCHEMAS.items()},
    )


def write_state(
    cache: Path,
    tree: SourceTree,
    options: ScanOptions,
    found: Discovery,
    parts: dict[str, pa.Table],
    projects: Sequence[str],
    taken_ns: int,
) -> None:
    """Keep the state of this scan, begun at ``taken_ns``.

    A failure (full disk, no permission) only costs time on the next scan.
    """
    described = {
        "paths": [file.path for file in found.files],
        "extensions": found.extensions,
        "projects": list(projects),
        "taken_ns": taken_ns,
        "root": os.fsencode(tree.root).decode("utf-8", "backslashreplace"),
    }
    write_entry(cache, _KIND, _find_key(tree, options), _pack(described, stack_stamps(found.files), parts))


def _pack(described: dict[str, Any], stamps: np.ndarray, parts: dict[str, pa.Table]) -> Iterator[tuple[str, Value]]:
    file = io.BytesIO()
    np.save(file, stamps)
    yield "state", json.dumps(described).encode()
    yield "stamps", file.getvalue()
    yield from pack_tables({name: parts[name] for name in _SCHEMAS})
