"""The tables of the import graph, keyed by module name."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.tables.columns import CAUGHT, GUARD, LINE, LIVENESS_OF_STATEMENT, POSITION, SCOPE, SCOPES
from analysis.tables.facts import IMPORT_KINDS
from analysis.tables.table import Table, count, flag, later, one_of, text, texts

ORIGINS = ("stdlib", "external", "unknown")
#: The scopes whose imports make the cycles of each kind.
CYCLE_SCOPES: Mapping[str, tuple[str, ...]] = {
    "import-time": ("module", "class"),
    "deferred": ("module", "class", "function"),
    "typing": SCOPES,
}
CYCLE_KINDS = tuple(CYCLE_SCOPES)
CUT_METHODS = ("exact", "heuristic")
EDGES = Table("edges", "one in-tree import edge made by one statement", (
    text("importer", "module that imports"),
    text("imported", "module that is imported"),
    text("path", "file of the importer"),
    LINE,
    later(POSITION),
    one_of("kind", IMPORT_KINDS, "as in imports"),
    later(count("level", "number of leading dots")),
    later(text("module", "module as written, without the dots")),
    text("name", "name taken; empty for import a"),
    later(text("bound_as", "name that the statement binds")),
    SCOPE, GUARD, CAUGHT,
    LIVENESS_OF_STATEMENT,
    flag("is_ancestor", "true when the statement names a module below the imported package, whose __init__ also runs"),
    text("via", "plain, or the rule that found the module: second-root, script-folder, run (the path that %run of a notebook names), search-path"),
))  # fmt: skip

EXTERNALS = Table("externals", "one import of a module that is not in the tree", (
    text("importer", "module that imports"),
    text("module", "dotted module as named by the statement"),
    text("package", "first component"),
    one_of("origin", ORIGINS, "stdlib, external (a third-party package) or unknown"),
    text("path", "file of the importer"),
    LINE,
    text("name", "name taken; empty for import a"),
    SCOPE, GUARD, LIVENESS_OF_STATEMENT,
    later(text("in_tree", "file or folder of the target with the name of the package, which no folder that the importer searches has; empty without one")),
))  # fmt: skip

PHANTOMS = Table("phantoms", "one import of an in-tree module that does not exist", (
    text("importer", "module that imports"),
    text("module", "dotted module that does not exist"),
    text("nearest", "closest existing module name; empty without a similar one"),
    text("path", "file of the importer"),
    LINE,
    text("name", "name taken; empty for import a"),
    SCOPE, GUARD, CAUGHT, LIVENESS_OF_STATEMENT,
    text("reason", "no-such-module, or why it may exist at run time after all: in-unparsable-package, registered-at-run-time, path-extended, source-of-extension, left-out (on disk but not in the scan), another-part (of a namespace package, which may lie elsewhere), made-by-build, ignored-by-git; expected: a test expects the import to fail; stub-only: there is a stub for type checkers and no module; beyond-top: the dots lead beyond the top-level package, module is as written; not-on-path: it lies beside the importer, inside a package, and no folder of the search path has the bare name"),
))  # fmt: skip

CYCLES = Table("cycles", "one strongly connected component of the import graph with more than one module", (
    text("cycle", "stable identifier: kind, first module, hash of the members"),
    one_of("kind", CYCLE_KINDS, "import-time; deferred needs a function-level import; typing needs a TYPE_CHECKING import"),
    flag("with_ancestors", "whether the edges to ancestor packages count"),
    count("size", "number of modules"),
    count("edge_count", "number of importer and imported pairs inside the component"),
    texts("modules", "members, sorted"),
    texts("loop", "a short loop through the component: importer path:line imported, one text per step"),
    flag("is_loop_shortest", "true when no shorter loop exists; false when the search was limited"),
    texts("cut", "cheapest set of imports to remove: importer -> imported"),
    count("cut_cost", "cost of the cut: see docs/cycles.md"),
    one_of("cut_method", CUT_METHODS, "exact or heuristic"),
))  # fmt: skip
