"""Columns that many tables have: where a statement stands."""

from __future__ import annotations

import pyarrow as pa

from analysis.tables.table import Column, count, one_of, text

#: Where in a file a statement stands. ``type_checking`` wins over the others; ``function`` is deferred.
SCOPES = ("module", "class", "function", "type_checking")
#: The innermost block that decides whether a statement runs.
GUARDS = ("none", "try", "except", "if", "else", "with", "loop", "match")
#: Every facts table names its file in this way: an index into the sorted paths of the scan.
PATH = Column("path", pa.dictionary(pa.int32(), pa.string()), "file, POSIX path relative to the target")
LINE = count("line", "first line of the statement, from 1")
POSITION = count("position", "order of the statement within its file, from 0, shared by all facts of the file")
SCOPE = one_of(
    "scope",
    SCOPES,
    "where the statement stands; function means deferred: it does not run on import (also lazy imports and if __name__ == '__main__')",
)
GUARD = one_of("guard", GUARDS, "innermost block that decides whether the statement runs")
CONDITION = text("condition", "source of the test of an if/else/match guard, cut at 120 characters; empty otherwise")
CAUGHT = text(
    "caught",
    "exceptions that enclosing try blocks (or suppress) swallow, comma separated, * for a bare except; for guard except: what this handler names",
)
