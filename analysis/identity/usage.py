"""Who takes which name from which module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis import tables
from analysis.identity.statements import Statements

#: Import statements that take one name from a module.
_TAKING = frozenset({"from", "recovered"})
#: What a statement may take instead of a name; a star is known by its kind, but for recovered statements.
_NO_NAME = frozenset({"", "*"})
#: Module number and name.
Taken = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Usage:
    """Rows of the import statements by the module and name that they take."""

    rows: dict[Taken, list[int]]
    statements: Statements

    def count(self, taken: Taken) -> tuple[int, int]:
        """Return how many statements take a name from a module, and in how many files."""
        rows = self.rows.get(taken)
        if rows is None:
            return 0, 0
        return len(rows), len({self.statements.path[row] for row in rows})

    def __iter__(self) -> Iterator[tuple[Taken, list[int]]]:
        return iter(sorted(self.rows.items()))


def find_usage(statements: Statements) -> Usage:
    """Return the use of every name that is taken from a module of the tree."""
    kinds, words = tables.read_codes(statements.table, "kind")
    names, texts = tables.read_codes(statements.table, "name")
    is_taking = np.array([word in _TAKING for word in words], bool)
    is_name = np.array([text not in _NO_NAME for text in texts], bool)
    rows: dict[Taken, list[int]] = {}
    if texts:
        taken = np.flatnonzero((statements.targets >= 0) & is_taking[kinds] & is_name[names] & statements.is_live)
        key = statements.targets[taken] * len(texts) + names[taken]
        order = np.argsort(key, kind="stable")
        keys, firsts = np.unique(key[order], return_index=True)
        ordered = taken[order].tolist()
        ends = [*firsts[1:].tolist(), len(ordered)]
        for number, first, end in zip(keys.tolist(), firsts.tolist(), ends, strict=False):
            target, name = divmod(number, len(texts))
            rows[target, texts[name]] = ordered[first:end]
    return Usage(rows, statements)
