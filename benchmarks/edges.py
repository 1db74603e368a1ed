"""Our import edges against grimp's, set for set; every difference is explained by a named rule."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import grimp

from analysis import tables
from analysis.facts import Facts, scan
from analysis.graph import ImportGraph, build_import_graph
from benchmarks.measure import Result, below
from benchmarks.targets import find_package

PACKAGES = ("django", "sqlalchemy", "networkx", "pandas")
Pair = tuple[str, str]

RULES = {
    "namespace": "grimp ignores folders without __init__.py",
    "shadowed": "grimp reads the file that Python never imports",
    "compiled": "grimp knows no compiled modules and takes the package around them",
    "dynamic": "grimp does not read import_module('literal')",
    "recovered": "grimp stops at a file that does not parse",
    "script": "grimp knows no file whose name is no identifier",
    "star": "grimp does not follow the __all__ of a star import to the submodules that it names",
    "guard": "grimp does not read imports in this place",
}


def read_grimp(package: str) -> tuple[set[Pair], float]:
    """Return grimp's edges and seconds."""
    started = time.perf_counter()
    graph = grimp.build_graph(package, cache_dir=None)
    seconds = time.perf_counter() - started
    edges = {
        (importer, imported)
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    }
    return edges, seconds


def explain(facts: Facts, graph: ImportGraph, theirs: set[Pair]) -> tuple[set[Pair], Counter[str]]:
    """Return our edges, and how many pairs only one side has, by rule; ``unexplained`` must be none."""
    ours: dict[Pair, set[str]] = {}
    names = ("importer", "imported", "kind", "is_ancestor")
    for importer, imported, kind, is_ancestor in zip(
        *(tables.read_column(graph.edges, name) for name in names), strict=True
    ):
        if not is_ancestor:
            ours.setdefault((importer, imported), set()).add(kind)
    kinds = {row["module"]: row["kind"] for row in facts.modules.to_pylist() if not row["shadowed_by"]}
    shadowed = {row["module"] for row in facts.modules.to_pylist() if row["shadowed_by"]}
    compiled = {
        (importer, imported.rpartition(".")[0]) for importer, imported in ours if kinds.get(imported) == "extension"
    }
    counts: Counter[str] = Counter()
    for pair in ours.keys() ^ theirs:
        found = [kinds.get(name, "") for name in pair]
        if "namespace" in found or _is_below_namespace(pair, kinds):
            rule = "namespace"
        elif "extension" in found or pair in compiled:
            rule = "compiled"
        elif "script" in found:
            rule = "script"
        elif set(pair) & shadowed:
            rule = "shadowed"
        elif pair in ours and ours[pair] == {"star"} and (pair[0], pair[1].rpartition(".")[0]) in ours:
            rule = "star"
        elif pair in ours and ours[pair] <= {"dynamic", "recovered"}:
            rule = min(ours[pair])
        else:
            rule = "unexplained"
        counts[rule] += 1
    return set(ours), counts


def _is_below_namespace(pair: Pair, kinds: dict[str, str]) -> bool:
    for name in pair:
        parts = name.split(".")
        if any(kinds.get(".".join(parts[:length])) == "namespace" for length in range(1, len(parts))):
            return True
    return False


def measure_edges(_: int) -> list[Result]:
    """Compare on real packages."""
    results = []
    for package in PACKAGES:
        root: Path = find_package(package)
        theirs, seconds = read_grimp(package)
        started = time.perf_counter()
        facts = scan(root)
        graph = build_import_graph(facts)
        own = time.perf_counter() - started
        ours, counts = explain(facts, graph, theirs)
        told = ", ".join(f"{count:,} {rule}" for rule, count in sorted(counts.items())) or "none"
        note = (
            f"{len(ours):,} of ours, {len(theirs):,} of grimp's; differences: {told}; "
            f"{own:.2f} s against {seconds:.2f} s"
        )
        results.append(below(f"unexplained edges, {package}", counts["unexplained"], 0, "edges", note))
    return results
