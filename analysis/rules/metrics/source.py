"""What the source and the import graph amount to: files, imports, what is missing, cycles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow.compute as pc

from analysis import tables
from analysis.graph.unknown_loads import LOADS_NOT_KNOWN, find_unknown_loads
from analysis.rules.context import RuleContext
from analysis.rules.families.broken_imports import find_swallowed
from analysis.rules.families.files import COMPILED, find_shadowed
from analysis.rules.families.second_names import find_second_names
from analysis.rules.metrics.metric import Metric
from analysis.rules.metrics.runtime import find_simulated_swallowed


def measure_files(case: RuleContext, *, whole: RuleContext) -> Iterator[Metric]:
    files, modules = case.facts.files, case.facts.modules
    statuses = Counter(tables.read_column(files, "status"))
    unread = files.num_rows - statuses["ok"] - statuses["notebook-not-read"] - statuses["linked"]
    left_out = sum(case.facts.left_out.column("files").to_pylist())
    is_live = pc.and_(modules.column("is_primary"), pc.equal(modules.column("shadowed_by"), ""))
    kinds = Counter(tables.read_column(modules.filter(is_live), "kind"))
    importable = kinds["module"] + kinds["package"] + kinds["extension"]
    dead = sum(not shadowed.winner.endswith(COMPILED) for shadowed in find_shadowed(case))
    several = sum(map(whole.is_chosen, find_second_names(whole)))
    meaning = "Files without a syntax tree; their imports are recovered line by line."
    yield Metric("files", files.num_rows, "files", "Python files and notebooks that were read.")
    yield Metric("files-not-parsed", unread, "files", meaning)
    yield Metric("notebooks", kinds["notebook"], "files", "Notebooks among them: their code cells import modules.")
    meaning = "Python files in backup copies, environments, caches and what git ignores."
    yield Metric("files-left-out", left_out, "files", meaning)
    yield Metric("lines", pc.sum(files.column("lines")).as_py() or 0, "lines", "Lines in all files.")
    yield Metric("modules", importable, "modules", "Modules that Python can import.")
    yield Metric("packages", kinds["package"], "modules", "Packages with an __init__ file.")
    meaning = "Files that Python never imports because another file or folder has their name."
    yield Metric("shadowed-modules", dead, "files", meaning)
    yield Metric("files-with-two-names", several, "files", "Files that are imported under several names.")


def measure_imports(case: RuleContext) -> Iterator[Metric]:
    edges = case.graph.edges.filter(pc.invert(case.graph.edges.column("is_ancestor")))
    pairs: dict[str, set[tuple[str, str]]] = {scope: set() for scope in tables.SCOPES}
    for importer, imported, scope in tables.read_rows(edges, "importer", "imported", "scope"):
        pairs[scope].add((importer, imported))
    externals = {
        package
        for package, origin in tables.read_rows(case.graph.externals, "package", "origin")
        if origin == "external"
    }
    statements = len(set(tables.read_rows(case.facts.imports, "path", "line")))
    yield Metric("import-statements", statements, "statements", "Import statements in all files.")
    meaning = "Pairs of modules of which one imports the other."
    yield Metric("edges", len(set().union(*pairs.values())), "edges", meaning)
    on_import = len(pairs["module"] | pairs["class"])
    yield Metric("edges-import-time", on_import, "edges", "Pairs with an import that runs on import.")
    yield Metric("edges-deferred", len(pairs["function"]), "edges", "Pairs with an import inside a function.")
    meaning = "Pairs with an import for type checkers only."
    yield Metric("edges-typing", len(pairs["type_checking"]), "edges", meaning)
    yield Metric("external-packages", len(externals), "packages", "Third-party packages that are imported.")


def measure_missing(case: RuleContext) -> Iterator[Metric]:
    phantoms = {
        (path, line, module)
        for path, line, module, reason, liveness in tables.read_rows(
            case.graph.phantoms, "path", "line", "module", "reason", "liveness"
        )
        if reason == "no-such-module" and liveness != "never"
    }
    unknown = sum(not row[-1] for row in set(find_unknown_loads(case.facts.loads, case.facts.start_marks)))
    meaning = "Statements outside tests that load a computed file, or put a computed folder on the search path."
    yield Metric(LOADS_NOT_KNOWN, unknown, "statements", meaning)
    modules = len({module for _, _, module in phantoms})
    yield Metric("phantom-imports", len(phantoms), "statements", "Imports of in-tree modules that do not exist.")
    yield Metric("phantom-modules", modules, "modules", "In-tree modules that are imported but do not exist.")
    for suffix, with_ancestors in (("", False), ("-with-packages", True)):
        swallowed = find_swallowed(case, with_ancestors=with_ancestors)
        count = len({(edge.path, edge.line) for edges in swallowed.values() for edge in edges})
        meaning = f"Guarded imports that lie on an import-time cycle{_format_packages(with_ancestors=with_ancestors)}."
        yield Metric(f"swallowed-import-suspects{suffix}", count, "statements", meaning)
    suspects = {(edge.path, edge.line) for edges in swallowed.values() for edge in edges}
    silent = len(suspects | find_simulated_swallowed(case))
    meaning = "Imports on a cycle in a try that swallows the failure, and those of which the simulation shows it."
    yield Metric("imports-that-can-fail-silently", silent, "statements", meaning)


def measure_cycles(case: RuleContext) -> Iterator[Metric]:
    for with_ancestors in (False, True):
        suffix = "-with-packages" if with_ancestors else ""
        packages = _format_packages(with_ancestors=with_ancestors)
        for kind in tables.CYCLE_KINDS:
            chosen = [item for item in case.cycles if item.kind == kind and item.with_ancestors == with_ancestors]
            sizes = [cycle.size for cycle in chosen]
            name = f"{kind}-cycles{suffix}"
            yield Metric(name, len(sizes), "cycles", f"Groups of modules that import each other ({kind}{packages}).")
            yield Metric(f"modules-in-{name}", sum(sizes), "modules", f"Modules in these groups ({kind}{packages}).")
            largest = max(sizes, default=0)
            yield Metric(f"largest-of-{name}", largest, "modules", f"Modules in the largest one ({kind}{packages}).")
            cut = sum(len(cycle.cut) for cycle in chosen)
            yield Metric(f"cut-of-{name}", cut, "edges", f"Imports in their cheapest known cuts ({kind}{packages}).")
    plain = [cycle for cycle in case.cycles if cycle.kind == "import-time" and not cycle.with_ancestors]
    dead = sum(cycle.size for cycle in plain if case.cycle_outcomes[cycle.cycle].is_dead)
    meaning = "Modules in cycles no module of which can be imported first, by the simulation."
    yield Metric("modules-in-dead-cycles", dead, "modules", meaning)


def _format_packages(*, with_ancestors: bool) -> str:
    return ", the packages that run on the way included" if with_ancestors else ""
