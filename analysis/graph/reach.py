"""Which modules a start loads: those that its imports lead to, and those that only calls of functions lead to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc

from analysis import tables
from analysis.resolve import Module, TargetResolver

MAIN = "__main__"
#: Modules that are visited for all questions together: beyond, nothing is reached.
_MOST_VISITS = 3_000_000
Following = Mapping[int, set[int]]


class _Edges(NamedTuple):
    """What each module imports when it is imported, what it may import at all, and what only as the main program."""

    on_import: Following
    at_all: Following
    as_main: Following


class Reach:
    """Answers which modules a module loads when it is run as the main program."""

    def __init__(self, resolver: TargetResolver) -> None:
        self._resolver = resolver
        self._visits = 0

    def find_on_import(self, start: Module, wanted: Collection[int]) -> set[int]:
        """Return which of some modules are loaded before any function is called, but for what their twin would load."""
        return self._walk(start, wanted, self._edges.on_import)

    def find_at_all(self, start: Module, wanted: Collection[int]) -> set[int]:
        """Return which of some modules are loaded if every function is called."""
        return self._walk(start, wanted, self._edges.at_all)

    def _walk(self, start: Module, wanted: Collection[int], following: Following) -> set[int]:
        number = start.number
        packages = start.own - {number} if "." in start.plain else set()
        queue = sorted({*packages, *following.get(number, ()), *self._edges.as_main.get(number, ())} - {number})
        seen, chosen = set(queue), set(wanted)
        found = seen & chosen
        while queue and self._visits < _MOST_VISITS and len(found) < len(chosen):
            self._visits += 1
            new = following.get(queue.pop(), set()) - seen - {number}
            seen |= new
            found |= new & chosen
            queue.extend(new)
        return found

    @cached_property
    def _edges(self) -> _Edges:
        resolver, asked = self._resolver, self._resolver.answers
        statements = resolver.imports.statements
        scopes, texts = tables.read_codes(statements, "scope")
        is_scope = {scope: scopes == texts.index(scope) if scope in texts else scopes < 0 for scope in tables.SCOPES}
        is_main = pc.match_substring(statements.column("condition"), MAIN).to_numpy(zero_copy_only=False).astype(bool)
        is_main &= is_scope["function"] & pc.equal(statements.column("owner"), "").to_numpy(zero_copy_only=False)
        is_live = (resolver.liveness != tables.LIVENESS.index("never")) | is_main
        is_live &= ~is_scope["type_checking"]
        chosen = (is_live & ~is_scope["function"], is_live & ~is_main, is_main)
        return _Edges(*(self._collect(each[asked.rows]) for each in chosen))

    def _collect(self, chosen: np.ndarray) -> Following:
        asked = self._resolver.answers
        size = len(asked.answers)
        pairs = np.unique(asked.importers[chosen] * size + asked.which[chosen])
        found: dict[int, set[int]] = defaultdict(set)
        for importer, which in zip((pairs // size).tolist(), (pairs % size).tolist(), strict=True):
            answer = asked.answers[which]
            found[importer].update(answer.imported, answer.ancestors)
        return found
