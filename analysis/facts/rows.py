"""The rows that one file yields, table by table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from analysis import tables

Row = tuple[Any, ...]
#: No folder is that deep, so that nothing has a longer name; whoever looks at a name looks at the names around it too.
MOST_PARTS = 300
CUT = "…"
#: The columns that hold dotted names, by their place in the rows of a file, which have no path.
_DOTTED = {
    table.name: tuple(table.names.index(name) - 1 for name in names)
    for table, names in (
        (tables.IMPORTS, ("module", "name")), (tables.BINDINGS, ("value",)), (tables.EXPORTS, ("name",)),
        (tables.HOOKS, ("name", "value")), (tables.LOADS, ("name", "value")), (tables.OBJECT_TEXTS, ("value",)),
    )
}  # fmt: skip


def cut_name(name: str) -> str:
    """Return a dotted name, or ``module:name``, with its module cut after ``MOST_PARTS`` parts, and marked as cut.

    >>> cut_name("a.b:C"), len(cut_name("a." * 1000 + "a")), cut_name("." * 1000 + ":b")[-3:]
    ('a.b:C', 601, '…:b')
    """
    if name.count(".") < MOST_PARTS:
        return name
    module, colon, rest = name.partition(":")
    return ".".join([*module.split(".", MOST_PARTS)[:MOST_PARTS], CUT]) + colon + rest


def _cut_names(rows: list[Row], columns: tuple[int, ...]) -> list[Row]:
    for column in columns:
        for number, row in enumerate(rows):
            if row[column].count(".") >= MOST_PARTS:
                rows[number] = (*row[:column], cut_name(row[column]), *row[column + 1 :])
    return rows


@dataclass(slots=True)
class Rows:
    """Rows of the facts tables of one file, without the ``path`` column, in the order of ``tables``."""

    imports: list[Row] = field(default_factory=list)
    loads: list[Row] = field(default_factory=list)
    object_texts: list[Row] = field(default_factory=list)
    definitions: list[Row] = field(default_factory=list)
    methods: list[Row] = field(default_factory=list)
    bindings: list[Row] = field(default_factory=list)
    exports: list[Row] = field(default_factory=list)
    hooks: list[Row] = field(default_factory=list)
    markers: list[Row] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)
    stores: list[Row] = field(default_factory=list)
    returned: list[Row] = field(default_factory=list)
    start_marks: list[Row] = field(default_factory=list)
    programs: list[Row] = field(default_factory=list)
    not_analysed: list[Row] = field(default_factory=list)

    def as_tuple(self) -> tuple[list[Row], ...]:
        """Return one list of rows per table, in the order of ``tables.FACT_TABLES``; names of too many parts cut."""
        return tuple(_cut_names(getattr(self, table.name), _DOTTED.get(table.name, ())) for table in tables.FACT_TABLES)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Everything one file says: its row of ``files`` (path and size apart) and its rows of the facts tables."""

    status: str
    reason: str
    error_line: int
    encoding: str
    lines: int
    structure: str
    rows: tuple[list[Row], ...]
    since: str = ""
