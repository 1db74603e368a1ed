"""What a file binds, imports and defines, without the lines at which it does so, as one hash.

Two versions of a file with one hash mean the same names and classes: they differ in comments, layout, and what stands
in the bodies of functions.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter

from analysis import tables
from analysis.facts.rows import Row

#: What decides which names a file has; the order of statements counts, their positions and lines do not.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "imports": (
        "kind", "level", "module", "name", "bound_as", "scope", "guard", "condition", "caught", "owner", "is_reexport",
    ),
    "definitions": ("name", "qualname", "scope", "guard", "condition", "caught", "bases", "marks"),
    "bindings": ("name", "kind", "value", "arguments", "scope", "guard", "condition", "caught", "owner"),
    "exports": ("name", "operation", "guard"),
    "hooks": ("kind", "name", "value"),
    "markers": ("kind",),
    "start_marks": ("kind", "place", "base", "folder", "value", "scope"),
}  # fmt: skip
_HASH_DIGITS = 24


def find_structure(rows: Sequence[Sequence[Row]]) -> str:
    """Return 24 hex digits for the rows of one file, given in the order of ``tables.FACT_TABLES``."""
    chosen = [(rows[place], pick, has_position) for place, pick, has_position in _PICKS]
    order = sorted({row[0] for found, _, has_position in chosen if has_position for row in found})
    ranks = dict(zip(order, range(len(order)), strict=True))
    kept = [
        [(ranks[row[0]] if has_position else -1, *pick(row)) for row in found] for found, pick, has_position in chosen
    ]
    return hashlib.sha256(marshal.dumps(kept, 0)).hexdigest()[:_HASH_DIGITS]


def _make_pick(place: int, table: tables.Table) -> tuple[int, Callable[[Row], tuple[object, ...]], bool]:
    """Return the place of a table, what gives the columns of a row as a tuple, and whether the rows have positions."""
    inner = table.names[1:]  # the rows of one file have no path
    places = [inner.index(name) for name in _COLUMNS[table.name]]
    pick = itemgetter(*places) if len(places) > 1 else (lambda row: (row[places[0]],))
    return place, pick, "position" in inner


_PICKS = tuple(_make_pick(place, table) for place, table in enumerate(tables.FACT_TABLES) if table.name in _COLUMNS)
