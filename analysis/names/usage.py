"""Who takes which name from which module."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis import tables
from analysis.resolve.statements import Statements

#: Import statements that take one name from a module.
_TAKING = frozenset({"from", "recovered"})
#: What a statement may take instead of a name; a star is known by its kind, but for recovered statements.
_NO_NAME = frozenset({"", "*"})
#: Module number and name.
Taken = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Usage:
    """Rows of the import statements by the module and name that they take, and their counts in the same order.

    ``counts`` are pairs: how many statements take the name, and in how many files.
    """

    rows: dict[Taken, list[int]]
    counts: list[tuple[int, int]]
    places: dict[Taken, int]

    def count(self, taken: Taken) -> tuple[int, int]:
        """Return how many statements take a name from a module, and in how many files."""
        place = self.places.get(taken)
        return (0, 0) if place is None else self.counts[place]


def find_usage(statements: Statements) -> Usage:
    """Return the use of every name that is taken from a module of the tree."""
    kinds, values = tables.read_codes(statements.table, "kind")
    names, texts = tables.read_codes(statements.table, "name")
    files, _ = tables.read_codes(statements.table, "path")
    if not texts:
        return Usage({}, [], {})
    is_taking = np.array([word in _TAKING for word in values], bool)
    is_name = np.array([text not in _NO_NAME for text in texts], bool)
    taken = np.flatnonzero((statements.targets >= 0) & is_taking[kinds] & is_name[names] & statements.is_live)
    key = statements.targets[taken] * len(texts) + names[taken]
    order = np.argsort(key, kind="stable")
    key, taken = key[order], taken[order]
    is_first = np.diff(key, prepend=-1) != 0
    is_other_file = is_first | (np.diff(files[taken], prepend=-1) != 0)  # the statements of one file stand together
    firsts = np.flatnonzero(is_first)
    in_files = np.add.reduceat(is_other_file.astype(np.int64), firsts) if len(firsts) else firsts
    ends = [*firsts[1:].tolist(), len(taken)]
    keys = [(number // len(texts), texts[number % len(texts)]) for number in key[firsts].tolist()]
    ordered = taken.tolist()
    groups = [ordered[first:end] for first, end in zip(firsts.tolist(), ends, strict=False)]
    counts = list(zip(map(len, groups), in_files.tolist(), strict=True))
    return Usage(dict(zip(keys, groups, strict=True)), counts, {each: place for place, each in enumerate(keys)})
