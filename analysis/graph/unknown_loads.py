"""Statements that may give some file a second name, of which it is not known which: what they name is computed."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from analysis import tables
from analysis.facts.path_values import HERE, WORKING
from analysis.facts.test_files import is_test_file

_COMPUTED = {
    "by-path": "the path of the file is computed",
    "run-by-name": "the module is computed",
    "unregister": "the name that is taken out of sys.modules is computed",
    "reload": "the module is computed",
}
#: The metric that counts them.
LOADS_NOT_KNOWN = "loads-not-known"
_FOLDER = "the folder is computed"


def find_unknown_loads(loads: pa.Table, marks: pa.Table) -> Iterator[tuple[str, int, str, str, bool]]:
    """Yield rows of ``tables.UNKNOWN_LOADS``; both tables are of the facts."""
    for path, line, kind, name, value in tables.read_rows(loads, "path", "line", "kind", "name", "value"):
        if kind in _COMPUTED and _is_unknown(kind, name if kind == "unregister" else value):
            yield path, line, kind, _COMPUTED[kind], is_test_file(path)
    for path, line, kind, base in tables.read_rows(marks, "path", "line", "kind", "base"):
        if kind in {"sys-path", "site-folder"} and base == "unknown":
            yield path, line, kind, _FOLDER, is_test_file(path)


def _is_unknown(kind: str, value: str) -> bool:
    """Return whether nothing is known of what a call loads: a path with a known folder is looked through."""
    if kind != "by-path":
        return value.lstrip("=") in {"", "*"}
    folder = value.rpartition("/")[0]
    return "*" in folder or (value.strip("*") == "" and value not in {HERE, WORKING})


def build_unknown_loads_table(loads: pa.Table, marks: pa.Table) -> pa.Table:
    """Return the Arrow table ``unknown_loads``, sorted."""
    return tables.UNKNOWN_LOADS.from_rows(sorted(set(find_unknown_loads(loads, marks))))
