"""Rows of import paths for names that no statement shows, from what the import simulation says."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.names.paths import PathRows, sort_rows
from analysis.names.routes import Routes
from analysis.names.usage import find_usage
from analysis.resolve import TargetResolver
from analysis.resolve.liveness import MAYBE
from analysis.resolve.values import Candidate, Value


def add_simulated(paths: pa.Table, found: pa.Table, resolver: TargetResolver) -> pa.Table:
    """Return ``tables.PATHS`` with the names of ``tables.SIMULATED_NAMES`` that have no row, or an unknown one.

    None of them is certain: what a program makes up may depend on what the simulation does not know.
    """
    is_unknown = pc.equal(paths["certainty"].cast(tables.TEXT), "unknown")
    known = set(tables.read_column(paths.filter(pc.invert(is_unknown)), "import_path"))
    rows = [
        row for row in tables.read_rows(found, *tables.SIMULATED_NAMES.names) if f"{row[0]}.{row[1]}" not in known
    ]  # fmt: skip
    if not rows:
        return paths
    added = _build(rows, resolver)
    is_replaced = pc.is_in(paths["import_path"], added["import_path"].combine_chunks())
    classes = pc.equal(paths["is_canonical"], True)
    canonical = set(tables.read_column(paths.filter(classes), "definition"))
    is_canonical = [
        kind in tables.CLASS_KINDS and route == "definition" and definition not in canonical
        for kind, route, definition in tables.read_rows(added, "kind", "route", "definition")
    ]
    field = tables.PATHS.schema.field("is_canonical")
    return sort_rows(paths.filter(pc.invert(is_replaced)), added.append_column(field, pa.array(is_canonical)))


def _build(rows: list[tuple[str, ...]], resolver: TargetResolver) -> pa.Table:
    spaces, statements, names = resolver.spaces, resolver.statements, resolver.names
    routes = Routes(spaces, names.stars, statements, resolver.facts.markers)
    made = PathRows(spaces, names, routes, find_usage(statements))
    modules = {module.name: module for module in spaces.index.modules}
    homes = {module.source: module.number for module in spaces.index.modules if module.source}
    wanted = []
    for module, name, definition, path, line, kind, made_by in rows:
        if module in modules:
            value = Value(kind, definition, homes.get(path, -1), int(line), made_by=made_by)
            wanted.append((modules[module], name, (Candidate(value, MAYBE),)))
    return made.build(wanted)
