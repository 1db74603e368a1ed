"""The figures of any tree: ``python -m benchmarks --target PATH``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import networkx as nx
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts import Facts, scan
from analysis.graph import build_import_graph, find_component_sizes
from analysis.names import build_identity, find_duplicate_names
from analysis.policy import Policy
from benchmarks.measure import Result


def measure_target(root: Path) -> list[Result]:
    """Return modules, unparsable files, edges by scope, component sizes, repeated names, phantoms and twins."""
    facts = scan(root)
    graph = build_import_graph(facts)
    statuses = Counter(tables.read_column(facts.files, "status"))
    unparsed = facts.files.num_rows - statuses["ok"]
    shadowed = {row["path"] for row in facts.modules.to_pylist() if row["shadowed_by"] and row["path"].endswith(".py")}
    found = [
        Result("files", facts.files.num_rows, "files"),
        Result("files not parsed", unparsed, "files"),
        Result("files left out", pc.sum(facts.left_out.column("files")).as_py() or 0, "files"),
        Result(
            "modules", len(graph.modules), "names", note=str(dict(Counter(tables.read_column(facts.modules, "kind"))))
        ),
    ]
    direct = graph.edges.filter(pc.invert(graph.edges.column("is_ancestor")))
    pairs: dict[str, set[tuple[str, str]]] = {}
    for importer, imported, scope in zip(
        *(tables.read_column(direct, name) for name in ("importer", "imported", "scope")), strict=True
    ):
        pairs.setdefault(scope, set()).add((importer, imported))
    found.append(Result("edges", len(set().union(*pairs.values())), "pairs"))
    found += [Result(f"edges, scope {scope}", len(pairs.get(scope, ())), "pairs") for scope in tables.SCOPES]
    for kind in tables.CYCLE_KINDS:
        for with_ancestors in (False, True):
            sizes = find_component_sizes(graph, kind, with_ancestors=with_ancestors)
            suffix = ", ancestor edges" if with_ancestors else ""
            note = f"sizes {sizes[:10]}"
            found.append(Result(f"{kind} cycles{suffix}", len(sizes), "components", note=note))
    found.append(_count_all_ancestors(direct))
    phantoms = {(row["path"], row["line"], row["module"]) for row in graph.phantoms.to_pylist()}
    found += [
        Result("class definitions", facts.definitions.num_rows, "classes"),
        Result("class names defined more than once", len(find_duplicate_names(facts)), "names"),
        Result(
            "phantom imports", len(phantoms), "statements", note=f"{len({module for *_, module in phantoms})} modules"
        ),
        Result("shadowed files", len(shadowed), "files"),
    ]
    return found + _measure_names(facts)


def _count_all_ancestors(direct: pa.Table) -> Result:
    """Import-time components when the packages around the importer itself count too, by networkx."""
    columns = (tables.read_column(direct, name) for name in ("importer", "imported", "scope"))
    graph = nx.DiGraph()
    for importer, imported, scope in zip(*columns, strict=True):
        if scope in {"module", "class"}:
            parts = imported.split(".")
            names = {".".join(parts[:length]) for length in range(1, len(parts) + 1)} - {importer}
            graph.add_edges_from((importer, name) for name in names)
    sizes = sorted((len(part) for part in nx.strongly_connected_components(graph) if len(part) > 1), reverse=True)
    name = "import-time cycles, ancestor edges, own packages included"
    return Result(name, len(sizes), "components", note=f"sizes {sizes[:10]} (not what the kit reports)")


def _measure_names(facts: Facts) -> list[Result]:
    identity = build_identity(facts, Policy())
    violations = identity.violations
    places = Counter()
    columns = (tables.read_column(violations, name) for name in ("path", "line", "route"))
    for _, _, route in set(zip(*columns, strict=True)):
        places[route] += 1
    files = len(set(tables.read_column(violations, "path")))
    conflicts = Counter(tables.read_column(identity.conflicts, "kind"))
    names = {(row["module"], row["name"]) for row in identity.phantom_names.to_pylist()}
    statements = len({(row["path"], row["line"]) for row in violations.to_pylist()})
    return [
        Result("phantom names", identity.phantom_names.num_rows, "imports", note=f"{len(names):,} names"),
        Result("import violations", statements, "statements", note=f"{files:,} files; {dict(sorted(places.items()))}"),
        Result(
            "names with different objects", sum(conflicts.values()), "names", note=str(dict(sorted(conflicts.items())))
        ),
        Result("near duplicates", identity.duplicates.num_rows, "pairs"),
    ]
