"""One import on a way through the graph."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from analysis.steps import LoopStep


@dataclass(frozen=True, slots=True, order=True)
class ImportStep:
    """One import on a way through the graph, with the statement that makes it."""

    importer: str
    imported: str
    path: str
    line: int
    name: str
    scope: str

    def __str__(self) -> str:
        return str(LoopStep(self.importer, self.path, self.line, self.imported))


class ImportStepReader:
    """Reads rows of a table of edges as steps, one at a time."""

    def __init__(self, edges: pa.Table) -> None:
        self._columns = [edges.column(name) for name in ("importer", "imported", "path", "line", "name", "scope")]

    def read(self, row: int) -> ImportStep:
        """Return one row."""
        return ImportStep(*(column[row].as_py() for column in self._columns))
