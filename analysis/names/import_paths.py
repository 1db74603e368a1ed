"""Which import path of an object should I use, and who uses which? Answered from the tables, without a frame."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.errors import UnknownNameError

PATH_COLUMNS = (
    "definition", "import_path", "route", "is_canonical", "statements", "files", "violations", "kind", "certainty",
    "path", "line", "chain",
)  # fmt: skip
_NEAREST = 3


def find_path_rows(paths: pa.Table, violations: pa.Table, asked: str) -> list[dict[str, Any]]:
    """Return every import path of what a name, an import path or a definition means: which one should I use?

    ``asked`` is a bare name (``Engine``: everything of that name), an import path (``pkg.mod.Engine``) or a
    definition (``pkg.mod:Engine``). Keys: definition, import_path, route, is_canonical, statements and files
    (that import by this path), violations (statements that should not), kind, certainty, path and line (of the
    statement that binds the name), chain. Sorted by definition, the canonical path first, then by use.
    Raises ``UnknownNameError`` with the nearest names.
    """
    definitions = _find_definitions(paths, asked)
    if not definitions:
        raise UnknownNameError(f"no class or function {asked!r}", remedy=_suggest(paths, asked))
    wanted = paths.filter(pc.is_in(paths["definition"], pa.array(sorted(definitions), type=pa.string())))
    counts = Counter(tables.read_column(violations, "import_path"))
    rows = [{**row, "violations": counts[row["import_path"]]} for row in wanted.to_pylist()]
    rows.sort(key=lambda row: (row["definition"], not row["is_canonical"], -row["statements"], row["import_path"]))
    return [{name: row[name] for name in PATH_COLUMNS} for row in rows]


def _find_definitions(paths: pa.Table, asked: str) -> set[str]:
    """Return the definitions in the tree that are meant."""
    column = "definition" if ":" in asked else "import_path" if "." in asked else "name"
    found = paths.filter(
        pc.and_(pc.equal(paths[column], asked), pc.not_equal(paths["route"].cast(pa.string()), "none"))
    )
    return set(found["definition"].to_pylist()) - {""}


def _suggest(paths: pa.Table, asked: str) -> str:
    last = asked.replace(":", ".").rpartition(".")[2]
    kinds = pa.array([*tables.CLASS_KINDS, "function", "instance"])
    known = paths.filter(pc.is_in(paths["kind"].cast(pa.string()), kinds))
    names = pc.unique(known["name"]).to_pylist()
    lowered = {name.lower(): name for name in sorted(names, reverse=True)}
    close = [lowered[name] for name in get_close_matches(last.lower(), lowered, n=_NEAREST, cutoff=0.6)]
    if not close:
        return "Ask for a class name, pkg.mod.Name or pkg.mod:Name"
    best = known.filter(pc.and_(pc.is_in(known["name"], pa.array(close)), known["is_canonical"]))
    shown = sorted(best["import_path"].to_pylist(), key=lambda path: (path.rpartition(".")[2] != close[0], path))
    return f"Did you mean {', '.join(shown[:_NEAREST] or close)}?"
