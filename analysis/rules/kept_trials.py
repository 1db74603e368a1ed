"""Trials of cuts kept from an earlier run, by what they came to: those of unchanged modules hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from analysis import tables
from analysis.cache import Value, build_key, pack_table, read_entry, unpack_table, write_entry
from analysis.resolve import TargetFacts, TargetResolver
from analysis.simulation import Environment
from analysis.simulation.kept import (
    FILES,
    TOPS,
    Tops,
    build_tops,
    find_changed,
    list_files,
)

#: What is wrong with a first import: ``("outcome", which)``, ``("lost", path, line)`` or ``("again", module)``.
Problem: TypeAlias = tuple[str | int, ...]
Problems: TypeAlias = Mapping[str, frozenset[Problem]]
#: What decides the problems of a trial: when its source changes, what was kept before is never read.
PROGRAM = ("simulation", "resolve", "facts", "policy", "tables", "steps", "rules/cut_trials", "rules/registrations")
_KIND = "trials"


class KeptTrials:
    """What first imports came to without some statements, in a folder that several processes may use.

    A trial holds while none of the modules that its first imports came to has another file, or other imports.
    """

    def __init__(
        self, cache: Path | None, facts: TargetFacts, resolver: TargetResolver, environment: Environment | None
    ) -> None:  # fmt: skip
        self._cache, self._files = cache, list_files(facts)
        modules = [tables.read_column(facts.modules, name) for name in facts.modules.column_names]
        self._key = build_key(PROGRAM, modules, environment, resolver.supported) if cache is not None else ""
        self._fresh: dict[str, tuple[int, Problems]] = {}
        self._asked: dict[str, tuple[int, Problems]] = {}
        self._known: dict[str, tuple[int, Problems]] = {}
        self._tops: pa.Table = TOPS.empty_table()
        kept = read_entry(cache, _KIND, self._key)
        if kept is not None:
            self._tops = unpack_table(kept["tops"], TOPS)
            changed = find_changed(unpack_table(kept["files"], FILES), self._tops, self._files, resolver.imports)
            found = {name: (int(needs, 16), problems) for name, needs, problems in json.loads(bytes(kept["trials"]))}
            self._known = {
                name: (needs, {entry: frozenset(map(tuple, each)) for entry, each in problems.items()})
                for name, (needs, problems) in found.items()
                if not needs & changed
            }

    def find(self, statements: Sequence[tuple[str, int]], entries: Sequence[str]) -> Problems | None:
        """Return the problems of first imports without some statements, if they were found out before."""
        name = _name(statements, entries)
        if name in self._known:
            self._asked[name] = self._known[name]
        return self._known[name][1] if name in self._known else None

    def add(
        self, statements: Sequence[tuple[str, int]], entries: Sequence[str], problems: Problems, needs: int
    ) -> None:  # fmt: skip
        """Note what was found out, and the modules that it depends on: a bit for each."""
        self._fresh[_name(statements, entries)] = needs, problems

    def write(self, tops: Tops) -> None:
        """Keep what was asked for in this run; nothing where nothing is new."""
        if self._fresh:
            write_entry(self._cache, _KIND, self._key, self._pack(tops))

    def _pack(self, tops: Tops) -> Iterator[tuple[str, Value]]:
        trials = [
            (name, f"{needs:x}", {entry: sorted(each, key=repr) for entry, each in problems.items()})
            for name, (needs, problems) in sorted({**self._asked, **self._fresh}.items())
        ]
        yield "trials", json.dumps(trials).encode("ascii")
        yield "tops", pack_table(build_tops(self._tops, tops))
        yield "files", pack_table(self._files)


def _name(statements: Sequence[tuple[str, int]], entries: Sequence[str]) -> str:
    return build_key((), list(statements), list(entries))
