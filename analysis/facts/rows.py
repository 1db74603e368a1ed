"""The rows that one file yields, table by table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from analysis import tables

Row = tuple[Any, ...]


@dataclass(slots=True)
class Rows:
    """Rows of the facts tables of one file, without the ``path`` column, in the order of ``tables.py``."""

    imports: list[Row] = field(default_factory=list)
    definitions: list[Row] = field(default_factory=list)
    methods: list[Row] = field(default_factory=list)
    bindings: list[Row] = field(default_factory=list)
    exports: list[Row] = field(default_factory=list)
    hooks: list[Row] = field(default_factory=list)
    markers: list[Row] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)
    programs: list[Row] = field(default_factory=list)
    not_analysed: list[Row] = field(default_factory=list)

    def as_tuple(self) -> tuple[list[Row], ...]:
        """Return one list of rows per table, in the order of ``tables.FACT_TABLES``."""
        return tuple(getattr(self, table.name) for table in tables.FACT_TABLES)


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
