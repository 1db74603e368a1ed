"""The numbers that the report shows: each computed in this run, with its unit and one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.rules.broken_imports import find_swallowed
from analysis.rules.case_file import CaseFile
from analysis.rules.files import COMPILED, find_second_names, find_shadowed
from analysis.rules.finding import Finding
from analysis.rules.names import find_definitions

Metric = tuple[str, float, str, str]


def measure(case: CaseFile, findings: Sequence[Finding]) -> list[Metric]:
    """Return rows of ``tables.METRICS``: metric, value, unit, meaning."""
    rows = [
        *_measure_files(case), *_measure_imports(case), *_measure_cycles(case), *_measure_classes(case),
        *_measure_names(case),
    ]  # fmt: skip
    counts = Counter(finding.severity for finding in findings)
    rows.extend(
        (f"findings-{severity.lower()}", counts[severity], "findings", f"Findings of severity {severity}.")
        for severity in tables.SEVERITIES
    )
    return [(name, float(value), unit, meaning) for name, value, unit, meaning in rows]


def _measure_files(case: CaseFile) -> Iterator[Metric]:
    files = case.facts.files
    ok = pc.sum(pc.equal(files.column("status").cast(pa.string()), "ok")).as_py() or 0
    left_out = sum(case.facts.left_out.column("files").to_pylist())
    modules = case.facts.modules
    is_live = pc.and_(modules.column("is_primary"), pc.equal(modules.column("shadowed_by"), ""))
    kinds = Counter(tables.read_column(modules.filter(is_live), "kind"))
    yield "files", files.num_rows, "files", "Python files that were read."
    yield (
        "files-not-parsed",
        files.num_rows - ok,
        "files",
        "Files without a syntax tree; their imports are recovered line by line.",
    )
    yield (
        "files-left-out",
        left_out,
        "files",
        "Python files in backup copies, environments, caches and what git ignores.",
    )
    yield "lines", pc.sum(files.column("lines")).as_py() or 0, "lines", "Lines in all files."
    yield (
        "modules",
        kinds["module"] + kinds["package"] + kinds["extension"],
        "modules",
        "Modules that Python can import.",
    )
    yield "packages", kinds["package"], "modules", "Packages with an __init__ file."
    dead = sum(not shadowed.winner.endswith(COMPILED) for shadowed in find_shadowed(case))
    yield "shadowed-modules", dead, "files", "Files that Python never imports because a twin has their name."
    yield "files-with-two-names", len(find_second_names(case)), "files", "Files that are imported under several names."


def _measure_imports(case: CaseFile) -> Iterator[Metric]:
    graph = case.graph
    edges = graph.edges.filter(pc.invert(graph.edges.column("is_ancestor")))
    scopes: dict[str, set[tuple[str, str]]] = {scope: set() for scope in tables.SCOPES}
    columns = (tables.read_column(edges, name) for name in ("importer", "imported", "scope"))
    for importer, imported, scope in zip(*columns, strict=True):
        scopes[scope].add((importer, imported))
    statements = len(
        set(zip(*(tables.read_column(case.facts.imports, name) for name in ("path", "line")), strict=True))
    )
    yield "import-statements", statements, "statements", "Import statements in all files."
    yield "edges", len(set().union(*scopes.values())), "edges", "Pairs of modules of which one imports the other."
    yield (
        "edges-import-time",
        len(scopes["module"] | scopes["class"]),
        "edges",
        "Pairs with an import that runs on import.",
    )
    yield "edges-deferred", len(scopes["function"]), "edges", "Pairs with an import inside a function."
    yield "edges-typing", len(scopes["type_checking"]), "edges", "Pairs with an import for type checkers only."
    origins = tables.read_column(graph.externals, "origin")
    packages = {
        package
        for package, origin in zip(tables.read_column(graph.externals, "package"), origins, strict=True)
        if origin == "external"
    }
    yield "external-packages", len(packages), "packages", "Packages of others that are imported."
    phantoms = {
        (row["path"], row["line"], row["module"])
        for row in graph.phantoms.to_pylist()
        if row["reason"] == "no-such-module"
    }
    yield "phantom-imports", len(phantoms), "statements", "Imports of in-tree modules that do not exist."
    yield (
        "phantom-modules",
        len({module for _, _, module in phantoms}),
        "modules",
        "In-tree modules that are imported but do not exist.",
    )
    for suffix, with_ancestors in (("", False), ("-with-packages", True)):
        swallowed = find_swallowed(case, with_ancestors=with_ancestors)
        count = len({(edge.path, edge.line) for edges in swallowed.values() for edge in edges})
        told = " that counts the packages that run on the way" if with_ancestors else ""
        meaning = f"Guarded imports that lie on an import-time cycle{told}."
        yield f"swallowed-import-suspects{suffix}", count, "statements", meaning


def _measure_cycles(case: CaseFile) -> Iterator[Metric]:
    for with_ancestors in (False, True):
        suffix = "-with-packages" if with_ancestors else ""
        told = ", edges to ancestor packages included" if with_ancestors else ""
        for kind in tables.CYCLE_KINDS:
            sizes = [
                cycle.size for cycle in case.cycles if cycle.kind == kind and cycle.with_ancestors == with_ancestors
            ]
            name = f"{kind}-cycles{suffix}"
            yield name, len(sizes), "cycles", f"Groups of modules that import each other ({kind}{told})."
            yield f"modules-in-{name}", sum(sizes), "modules", f"Modules in these groups ({kind}{told})."
            yield f"largest-of-{name}", max(sizes, default=0), "modules", f"Modules in the largest one ({kind}{told})."


def _measure_classes(case: CaseFile) -> Iterator[Metric]:
    yield "class-definitions", case.facts.definitions.num_rows, "classes", "Class statements."
    names = len(case.multiplicity)
    yield "class-names-defined-more-than-once", names, "names", "Class names with several definitions."
    yield (
        "duplicate-class-definitions",
        sum(item.definitions for item in case.multiplicity),
        "classes",
        "Definitions that share their name.",
    )
    for concept in case.concepts:
        if concept.is_policy:
            meaning = f"Implementations of the concept {concept.name}."
            yield f"concept:{concept.name}", concept.classes, "classes", meaning


def _measure_names(case: CaseFile) -> Iterator[Metric]:
    violations = case.identity.violations
    statements = set(zip(*(tables.read_column(violations, name) for name in ("path", "line")), strict=True))
    files = {path for path, _ in statements}
    taken = set(tables.read_column(violations, "definition"))
    phantoms = {(row["module"], row["name"]) for row in case.identity.phantom_names.to_pylist()}
    conflicts = case.identity.conflicts
    kinds = Counter(tables.read_column(conflicts, "kind"))
    told = "Import statements that take a class from a module that neither defines it nor is a package around it."
    yield "import-violations", len(statements), "statements", told
    yield "files-with-import-violations", len(files), "files", "Files with such a statement."
    yield "classes-taken-from-elsewhere", len(taken), "classes", "Classes that such statements take."
    yield "phantom-names", len(phantoms), "names", "Names that are imported from a module of the tree that has none."
    yield (
        "names-with-different-objects",
        kinds["same-name"] + kinds["renamed"] + kinds["instance"],
        "names",
        ("Names under which different modules have different objects."),
    )
    for redirect in case.policy.redirect:
        name = redirect.paths[0].rpartition(".")[2]
        found = find_definitions(case, redirect.paths)
        yield (
            f"identities:{name}",
            len(found),
            "objects",
            f"Different objects behind the {len(redirect.paths)} paths of {name}.",
        )
    for concept in case.concepts:
        if concept.is_policy and concept.canonical:
            name = concept.canonical.replace(":", ".").rpartition(".")[2]
            count = sum(member.name == name for member in concept.members)
            yield f"class-ids:{name}", count, "classes", f"Classes of the name {name} in the concept {concept.name}."
