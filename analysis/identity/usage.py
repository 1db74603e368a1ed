"""Who takes which name from which module."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

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
    rows: dict[Taken, list[int]] = defaultdict(list)
    for row, (target, kind, name) in enumerate(zip(statements.target, statements.kind, statements.name, strict=True)):
        if target >= 0 and name not in _NO_NAME and kind in _TAKING and statements.is_live[row]:
            rows[target, name].append(row)
    return Usage(dict(rows), statements)
