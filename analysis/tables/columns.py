"""Columns that many tables have: where a statement is."""

from __future__ import annotations

import pyarrow as pa

from analysis.tables.table import Column, count, later, one_of, text

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
CONDITION = text(
    "condition",
    "tests of all enclosing guards as one expression, each cut at 120 characters; matches(subject), handles(exceptions), succeeds() and loops() stand for guards without a test; empty where none has one",
)
CAUGHT = text(
    "caught",
    "exceptions that enclosing try blocks (or suppress) swallow, comma separated, * for a bare except; raises:X: a test expects X, and fails without it; for guard except: what this handler names",
)

#: Whether a statement can run on the supported versions and platforms.
LIVENESS = ("always", "sometimes", "never")
LIVENESS_OF_STATEMENT = later(
    one_of(
        "liveness",
        LIVENESS,
        "whether the statement can run: always, sometimes (it depends on a condition), never (dead on every supported version and platform; such statements make no edge)",
    )
)
