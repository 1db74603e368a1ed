"""Names that a package serves by the stub beside its ``__init__`` (``lazy_loader.attach_stub``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.extract import extract
from analysis.facts.lazy_tables import STUB
from analysis.facts.source import LARGEST_FILE_BYTES
from analysis.facts.source_tree import SourceTree

_IMPORTS, _BINDINGS = (tables.FACT_TABLES.index(table) for table in (tables.IMPORTS, tables.BINDINGS))


def add_stub_names(hooks: pa.Table, tree: SourceTree) -> pa.Table:
    """Return the hooks with a row for each name that a stub imports, in place of the row that refers to the stub.

    A stub that cannot be read leaves the row without a value: any name may be served.
    """
    is_stub = pc.fill_null(pc.equal(hooks["value"].cast(tables.TEXT), STUB), False)
    if not pc.any(is_stub).as_py():
        return hooks
    rows: list[tuple[Any, ...]] = []
    for row in tables.read_rows(hooks, *hooks.column_names):
        path, *place, name, value = row
        served = (list(_read_stub(path, tree)) or [(name, "")]) if value == STUB else [(name, value)]
        rows.extend((path, *place, *each) for each in served)
    return tables.HOOKS.from_rows(rows)


def _read_stub(path: str, tree: SourceTree) -> Iterator[tuple[str, str]]:
    try:
        source = tree.read_bytes(str(PurePosixPath(path).with_suffix(".pyi")), most_bytes=LARGEST_FILE_BYTES)
    except OSError:
        return
    found = extract(source) if source else None
    if found is None or found.status != "ok":
        return
    for _, _, name, kind, value, *_ in found.rows[_BINDINGS]:
        if kind == "import":
            yield name, value
