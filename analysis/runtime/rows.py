"""From the child's rows to tables."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.facts import Facts
from analysis.resolve import TargetResolver
from analysis.runtime.plan import Entry

Row = Mapping[str, Any]


def build_probe_tables(facts: Facts, entries: Sequence[Entry], rows: Mapping[str, Row]) -> dict[str, pa.Table]:
    """Return ``tables.PROBE_TABLES``, the agreement apart, sorted."""
    places = _Places(facts)
    answered = [(entry, rows[entry.module]) for entry in entries if entry.module in rows]
    homes = {entry.path: entry.module for entry in entries}
    return {
        "probed": tables.PROBED.from_rows(_build_probed(entry, row) for entry, row in answered),
        "swallowed": tables.SWALLOWED.from_rows(
            sorted((entry.module, *_cut(note)) for entry, row in answered for note in row.get("swallowed", ()))
        ),
        "executions": tables.EXECUTIONS.from_rows(
            (entry.module, homes.get(path, names[0]), path, times, names)
            for entry, row in answered
            for path, times, names in row.get("runs", ())
            if times > 1
        ),
        "import_costs": tables.IMPORT_COSTS.from_rows(
            (entry.module, position, depth, module, float(seconds))
            for entry, row in answered
            for position, (module, depth, seconds) in enumerate(row.get("costs", ()))
        ),
        "live_bindings": tables.LIVE_BINDINGS.from_rows(
            bound for entry, row in answered for bound in _build_bindings(entry, row, places)
        ),
        "live_twins": tables.LIVE_TWINS.from_rows(
            (entry.module, qualname, places.find(path, line, qualname), objects, holders)
            for entry, row in answered
            for path, line, qualname, objects, holders in row.get("twins", ())
        ),
        "order_dependent": tables.ORDER_DEPENDENT.from_rows(_find_order_dependent(answered, places)),
    }


def settle_missing(table: pa.Table, resolver: TargetResolver) -> pa.Table:
    """Return ``probed`` or ``swallowed`` with names that are nowhere called missing: to CPython they look circular."""
    rows = table.to_pylist()
    module, name = ("failed_module", "failed_name") if "failed_module" in table.column_names else ("module", "name")
    for row in rows:
        if row["outcome"] == "circular" and row[name]:
            found = resolver.index.find(row[module], "")
            if found is not None and resolver.is_nowhere(found, row[name]):
                row["outcome"] = "missing-name" if row["exception"] == "ImportError" else "other"
    return pa.Table.from_pylist(rows, table.schema)


def _build_probed(entry: Entry, row: Row) -> tuple[Any, ...]:
    path, line, module, name = row.get("failed", ("", 0, "", ""))
    return (
        entry.module, entry.path, row["outcome"], row.get("exception", ""), row.get("message", ""), path, line,
        module or "", name or "", row.get("chain", []), float(row.get("seconds", 0.0)), int(row.get("memory", 0)),
        sum(times for _, times, _ in row.get("runs", ())), row.get("output", ""),
    )  # fmt: skip


def _cut(note: Sequence[Any]) -> tuple[Any, ...]:
    outcome, kind, text, path, line, module, name, caught_path, caught_line = note
    return outcome, kind, text, path, line, module or "", name or "", caught_path, caught_line


def _build_bindings(entry: Entry, row: Row, places: _Places) -> Iterator[tuple[Any, ...]]:
    if row["outcome"] == "ok":
        for name, kind, path, line, qualname, defined_in in row.get("bindings", ()):
            definition = places.find(path, line, qualname, kind)
            label = definition if definition and kind in {"class", "function"} else f"{entry.module}.{name}"
            yield entry.module, name, kind, definition, qualname, defined_in, label


class _Places:
    """Where class statements stand: what the interpreter keeps of a class is the line of a method."""

    def __init__(self, facts: Facts) -> None:
        self._lines: dict[tuple[str, str], list[int]] = defaultdict(list)
        for path, qualname, line in tables.read_rows(facts.definitions, "path", "qualname", "line"):
            self._lines[path, qualname].append(line)
        for lines in self._lines.values():
            lines.sort()

    def find(self, path: str, line: int, qualname: str, kind: str = "class") -> str:
        """Return ``path:line`` of the statement that made a class or function; empty when it is not known.

        ``line`` is that of a method, or negative that of the first decorator, or 0.
        """
        if not path:
            return ""
        if kind == "function":
            return f"{path}:{line}"
        lines = self._lines.get((path, qualname), [])
        if line > 0:
            at = bisect_right(lines, line) - 1
        elif line < 0:
            at = bisect_left(lines, -line)
        else:
            at = 0 if len(lines) == 1 else -1
        return f"{path}:{lines[at]}" if 0 <= at < len(lines) else ""


def _find_order_dependent(answered: Iterable[tuple[Entry, Row]], places: _Places) -> list[tuple[Any, ...]]:
    """Return the names that are something else after another first import, each compared with the usual result."""
    contents: dict[str, Sequence[Any]] = {}
    entries: dict[str, dict[str, str]] = defaultdict(dict)
    for entry, row in answered:
        contents.update(row.get("contents", {}))
        if row["outcome"] == "ok":
            for module, digest in row.get("digests", {}).items():
                entries[module][entry.module] = digest
    found = []
    for module, by_entry in sorted(entries.items()):
        counts = Counter(by_entry.values())
        if len(counts) > 1:
            usual = min(counts, key=lambda digest: (-counts[digest], digest))
            for digest in sorted(counts.keys() - {usual}):
                firsts = [min(entry for entry in by_entry if by_entry[entry] == each) for each in (usual, digest)]
                for name, first, second in _compare(contents.get(usual, ()), contents.get(digest, ()), places):
                    found.append((module, name, firsts[0], first, firsts[1], second, len(by_entry)))
    unique = {row[:2]: row for row in reversed(found)}
    return sorted(unique.values())


def _compare(usual: Sequence[Any], other: Sequence[Any], places: _Places) -> Iterator[tuple[str, str, str]]:
    first, second = ({row[0]: _tell(row, places) for row in rows} for rows in (usual, other))
    for name in sorted(first.keys() | second.keys()):
        if first.get(name) != second.get(name):
            yield name, first.get(name, "absent"), second.get(name, "absent")


def _tell(row: Sequence[Any], places: _Places) -> str:
    _, kind, path, line, qualname = row
    return " ".join(filter(None, (kind, qualname, places.find(path, line, qualname, kind))))
