"""Faults put into copies of real packages, one per statement, where a package has none: used by ``fixes``.

Every seed changes one plain ``from module import Class`` at the top of a file. What a fix should make of it is known:
the file as it was.
"""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from analysis import tables
from analysis.facts.source_tree import WorkingTree
from analysis.fixes.moved_imports import Move, move_names, write_module
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import UnplacedError, read_source
from analysis.fixes.statements import Statement, find_imports, replace_statement
from analysis.investigation import Investigation

SEED = 18


@dataclass(frozen=True, slots=True)
class TakenImport:
    """One statement that takes one class from where it is defined, alone."""

    importer: str
    module: str
    name: str
    statement: Statement
    package: str


def find_seeds(case: Investigation, tree: WorkingTree, kind: str, most: int) -> dict[str, list[Edit]]:
    """Return the edits of at most some seeds of one kind of fault, each in a file of its own, by file."""
    taken = list(_find_taken(case, tree))
    random.Random(SEED).shuffle(taken)
    found: dict[str, list[Edit]] = {}
    make = _MAKERS[kind](case)
    for each in taken:
        path = each.statement.source.path
        edits = make(each) if path not in found else []
        if edits and len(found) < most:
            found[path] = edits
    return found


def _find_taken(case: Investigation, tree: WorkingTree) -> Iterator[TakenImport]:
    paths = tables.read_rows(case.table("paths"), "import_path", "kind", "route", "certainty", "is_canonical")
    plain = {
        path for path, kind, route, certainty, is_canonical in paths
        if kind == "class" and (route, certainty, is_canonical) == ("definition", "certain", True)
    }  # fmt: skip
    columns = ("path", "line", "importer", "imported", "name", "kind", "scope", "guard", "is_ancestor")
    by_path: dict[str, list[tuple[int, str, str, str]]] = defaultdict(list)
    for path, line, importer, imported, name, kind, scope, guard, is_ancestor in tables.read_rows(
        case.table("edges"), *columns
    ):
        is_plain = (kind, scope, guard, is_ancestor) == ("from", "module", "none", False)
        if is_plain and f"{imported}.{name}" in plain and path.endswith(".py"):
            by_path[path].append((line, importer, imported, name))
    names = NamesInTree(case.table)
    for path, rows in sorted(by_path.items()):
        try:
            statements = {each.line: each for each in find_imports(read_source(tree, path))}
        except UnplacedError:
            continue
        for line, importer, imported, name in rows:
            statement = statements.get(line)
            if statement and statement.is_alone and _is_single(statement.node):
                yield TakenImport(importer, imported, name, statement, names.packages.get(path, ""))


def _is_single(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and len(node.names) == 1 and node.names[0].asname is None


def _move(each: TakenImport, module: str) -> list[Edit]:
    node = each.statement.node
    assert isinstance(node, ast.ImportFrom)
    return move_names(each.statement, [Move(node.names[0], write_module(each.package, node.level, module), each.name)])


def _detour(case: Investigation) -> Callable[[TakenImport], list[Edit]]:
    """Take the class from a module that happens to import it, and that the importer imports before already."""
    accidental: dict[str, list[str]] = defaultdict(list)
    rows = tables.read_rows(case.table("paths"), "module", "name", "definition", "route", "certainty")
    for module, name, definition, route, certainty in rows:
        if (route, certainty) == ("accidental", "certain"):
            accidental[f"{definition.replace(':', '.')} as {name}"].append(module)
    edges = tables.read_rows(case.table("edges"), "importer", "imported", "line", "scope", "guard")
    before: Mapping[tuple[str, str], int] = {
        (importer, imported): line
        for importer, imported, line, scope, guard in sorted(edges, reverse=True)
        if (scope, guard) == ("module", "none")
    }

    def make(each: TakenImport) -> list[Edit]:
        for module in sorted(accidental.get(f"{each.module}.{each.name} as {each.name}", ())):
            if before.get((each.importer, module), each.statement.line) < each.statement.line:
                return _move(each, module)
        return []

    return make


def _guard(_: Investigation) -> Callable[[TakenImport], list[Edit]]:
    """Put the import into a try that swallows its failure."""

    def make(each: TakenImport) -> list[Edit]:
        text = each.statement.text.decode(each.statement.source.encoding).replace("\n", "\n    ")
        guarded = f"try:\n    {text}\nexcept ImportError:\n    {each.name} = None"
        return [] if each.statement.comment or "\n" in text else [replace_statement(each.statement, guarded)]

    return make


def _lose(case: Investigation) -> Callable[[TakenImport], list[Edit]]:
    """Take the class from a module that does not exist: its package, and a name that the package has not."""
    modules = set(tables.read_column(case.table("modules"), "module"))

    def make(each: TakenImport) -> list[Edit]:
        package, _, last = each.module.rpartition(".")
        wrong = f"{package}.{last}_moved"
        return _move(each, wrong) if package and wrong not in modules else []

    return make


_MAKERS = {"canonical-imports": _detour, "explicit-import": _guard, "missing-names": _lose}
#: The kinds of faults that are seeded, by the kind of fix for them.
SEEDED = frozenset(_MAKERS)
