"""Resolved names, cached from one run to the next.

Which names there are depends on the structure of the files (see ``facts.structure``), on the modules and on the policy,
not on lines. Where these are what they were, the tables of an earlier run hold, with the lines of today in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.cache import build_key, pack_tables, read_entry, unpack_table, write_entry
from analysis.resolve import Supported, TargetFacts, TargetResolver
from analysis.resolve.evidence import FactTables
from analysis.resolve.namespace_parts import describe_parts
from analysis.steps import find_bindings_in, read_binding, read_others, write_others

#: What decides which names there are: when its source changes, what was cached before is never read.
PROGRAM = ("names", "graph", "resolve", "facts", "policy", "tables", "tree_state", "steps")
#: What is cached: tables that depend on structure and lines alone.
NAMES = ("paths", "violations", "phantom_names", "conflicts", "bases")
_KIND = "names"
_LINES = "lines"
_LINES_SCHEMA = pa.schema([("line", pa.int32())])
_LINED = ("imports", "bindings", "definitions")
#: Line by line in each file: old lines and those of today.
_Moves = Mapping[str, Mapping[int, int]]
#: Where more files moved, it is quicker to resolve again.
_MOST_MOVED_FILES = 60
#: Where that many moved, their lines of today are cached.
_MANY_MOVED_FILES = 20


class MovedError(Exception):
    """The lines of today cannot be texts from those of an earlier run."""


class CachedNames:
    """The names of targets by structure, in a folder that several processes may use; without one nothing is cached."""

    def __init__(self, folder: Path | None, target: TargetResolver, stated: frozenset[str]) -> None:
        self._facts, self._folder = target.facts, folder
        self._key = _find_key(target.facts, target.supported, stated) if folder is not None else ""

    def read(self) -> dict[str, pa.Table] | None:
        """Return the tables with the lines of today; None when they are not there, or cannot be texts."""
        cached = read_entry(self._folder, _KIND, self._key)
        if cached is None:
            return None
        found = {name: unpack_table(cached[name], tables.TABLES[name].schema) for name in NAMES}
        try:
            moves = _find_moves(self._facts, unpack_table(cached[_LINES], _LINES_SCHEMA))
            moved = {name: _move(table, moves) for name, table in found.items()}
        except (ValueError, KeyError, TypeError, pa.ArrowException, MovedError):
            return None
        if len(moves) >= _MANY_MOVED_FILES:
            self.write(moved)
        return moved

    def write(self, found: Mapping[str, pa.Table]) -> None:
        """Keep tables, all or none; a failure only costs time on the next run."""
        if self._folder is not None:
            cached = {**{name: found[name] for name in NAMES}, _LINES: _list_lines(self._facts)}
            write_entry(self._folder, _KIND, self._key, pack_tables(cached))


def _find_key(facts: TargetFacts, supported: Supported, stated: frozenset[str]) -> str:
    """Return a key of all that names depend on."""
    is_served = pc.equal(facts.hooks["kind"].cast(tables.TEXT), "module_getattr")  # stubs are no files of the table
    columns = [
        (facts.files, ("path", "status", "structure")),
        (facts.modules, facts.modules.column_names),
        (facts.hooks.filter(is_served), ("path", "name", "value")),
    ]
    read = [[tables.read_column(table, name) for name in names] for table, names in columns]
    return build_key(PROGRAM, stated, supported, read, describe_parts(facts.modules, facts.tree))


def _list_lines(facts: FactTables) -> pa.Table:
    """Return the lines of all statements, one table after the other."""
    lines = [getattr(facts, name).column("line").cast(pa.int32()) for name in _LINED]
    return pa.table({"line": pa.chunked_array([chunk for column in lines for chunk in column.chunks], pa.int32())})


def _find_moves(facts: FactTables, cached: pa.Table) -> _Moves:
    """Return where the lines of each changed file went. Raises ``MovedError`` where one line became two, or two one."""
    old, start = tables.read_numbers(cached, "line"), 0
    found: dict[str, dict[int, int]] = {}
    changed: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], list[str]]] = []
    for name in _LINED:
        table = getattr(facts, name)
        new = tables.read_numbers(table, "line")
        was = old[start : start + len(new)]
        start += len(new)
        if len(was) != len(new):
            raise MovedError
        files, paths = tables.read_codes(table, "path")
        changed.append((files, was, new, paths))
        for code in np.unique(files[was != new]).tolist():
            found.setdefault(paths[code], {})
    if start != len(old) or len(found) > _MOST_MOVED_FILES:
        raise MovedError
    for files, was, new, paths in changed:
        codes = {path: code for code, path in enumerate(paths)}
        for path in found.keys() & codes.keys():
            rows = np.flatnonzero(files == codes[path])
            for before, now in zip(was[rows].tolist(), new[rows].tolist(), strict=True):
                if found[path].setdefault(before, now) != now:
                    raise MovedError
    if any(len(set(moved.values())) < len(moved) for moved in found.values()):
        raise MovedError
    return found


def _move(table: pa.Table, moves: _Moves) -> pa.Table:
    """Return a table with the lines of today."""
    if not moves:
        return table
    for path, line in (("path", "line"), ("definition_path", "definition_line")):
        if line in table.column_names:
            table = _move_lines(table, path, line, moves)
    if "chain" in table.column_names:
        table = _move_chains(table, moves)
    if "reason" in table.column_names and "definition_path" in table.column_names:
        table = _move_reasons(table, moves)
    return table


def _move_lines(table: pa.Table, path: str, line: str, moves: _Moves) -> pa.Table:
    files, paths = tables.read_codes(table, path)
    lines = tables.read_numbers(table, line)
    for code, name in enumerate(paths):
        if name in moves:
            rows = np.flatnonzero((files == code) & (lines > 0))
            lines[rows] = [_find_line(moves[name], old) for old in lines[rows].tolist()]
    place = table.column_names.index(line)
    return table.set_column(place, table.schema.field(place), pa.array(lines, pa.int32()))


def _find_line(moved: Mapping[int, int], old: int) -> int:
    if old not in moved:
        raise MovedError
    return moved[old]


def _move_chains(table: pa.Table, moves: _Moves) -> pa.Table:
    chains = table["chain"].combine_chunks()
    steps = chains.flatten()
    is_moved = pa.array(np.zeros(len(steps), bool))
    for path in sorted(moves):
        is_moved = pc.or_(is_moved, find_bindings_in(steps, path))
    rows = np.flatnonzero(is_moved.to_numpy(zero_copy_only=False))
    texts = steps.take(pa.array(rows)).to_pylist()
    moved = pc.replace_with_mask(steps, is_moved, pa.array([_move_step(text, moves) for text in texts], tables.TEXT))
    offsets = np.concatenate(([0], np.cumsum(chains.value_lengths().to_numpy()))).astype(np.int32)
    place = table.column_names.index("chain")
    return table.set_column(place, table.schema.field(place), pa.ListArray.from_arrays(pa.array(offsets), moved))


def _move_reasons(table: pa.Table, moves: _Moves) -> pa.Table:
    """Candidates of one name in one file are told apart by their lines: ``otherwise a:B line 3, a:B line 9``."""
    is_moved = pc.and_(
        pc.is_in(table["definition_path"].cast(tables.TEXT), pa.array(sorted(moves))),
        pc.match_substring(table["reason"], " line "),
    ).combine_chunks()
    moved_rows = table.select(["reason", "definition_path"]).filter(is_moved)
    rows = tables.read_rows(moved_rows, *moved_rows.column_names)
    moved = [_move_reason(reason, moves[path]) for reason, path in rows]
    place = table.column_names.index("reason")
    reasons = pc.replace_with_mask(table["reason"].combine_chunks(), is_moved, pa.array(moved, tables.TEXT))
    return table.set_column(place, table.schema.field(place), reasons)


def _move_reason(reason: str, moved: Mapping[int, int]) -> str:
    others = read_others(reason)
    if not others:
        raise MovedError
    return write_others(other._replace(line=_find_line(moved, other.line)) if other.line else other for other in others)


def _move_step(text: str, moves: _Moves) -> str:
    """Return a step of a chain with the line of today."""
    step = read_binding(text)
    if step.path not in moves or not step.line:
        return text
    return str(step._replace(line=_find_line(moves[step.path], step.line)))
