"""Classes that a file reads as attributes of a module that happens to import them: ``b.Order`` after ``import b``."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from analysis import tables
from analysis.facts.expressions import find_dotted
from analysis.facts.source_tree import SourceTree
from analysis.fixes.findings import ReadTable
from analysis.fixes.moved_imports import find_taken_module, write_module
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.offers import Edit, Offer, Refusal
from analysis.fixes.source_text import SourceText, UnplacedError, read_source
from analysis.fixes.statements import Statement, find_imports, insert_after
from analysis.names.canonical import is_private
from analysis.wording import choose_form, format_count, format_some

KIND = "canonical-imports"
_CLASSES = frozenset(tables.CLASS_KINDS)
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)


class _Detour(NamedTuple):
    """A class that a module happens to import: its name there, and its canonical module and name."""

    name: str
    home: str
    right_name: str


@dataclass(frozen=True, slots=True)
class _Bound:
    """A name, dotted after ``import a.b``, under which a file has a module."""

    prefix: str
    module: str
    statement: Statement
    is_dotted: bool


def find_attribute_paths(read_table: ReadTable, tree: SourceTree) -> Iterator[Offer | Refusal]:
    """Yield an offer for each module of which files read classes that it happens to import, and what is refused."""
    detours = _find_detours(read_table)
    names = NamesInTree(read_table)
    offered: dict[str, list[Edit]] = defaultdict(list)
    refused: list[Refusal] = []
    for path, modules in sorted(_find_importers(read_table, detours).items()):
        try:
            source = read_source(tree, path)
            bound = list(_find_bound(source, names.packages.get(path, ""), modules))
        except UnplacedError:
            continue  # what is not read takes nothing for sure
        for each in bound:
            uses = list(_find_uses(source, each, detours[each.module]))
            if not uses:
                continue
            try:
                edits = _rewrite(source, each, uses, names, path)
                offered[each.module] += edits
            except UnplacedError as error:
                refused.append(Refusal(KIND, each.module, path, uses[0][0].lineno, str(error)))
    yield from (_build_offer(module, edits) for module, edits in sorted(offered.items()))
    yield from refused


def _find_detours(read_table: ReadTable) -> dict[str, dict[str, _Detour]]:
    """Return by module the classes that it happens to import, where their canonical path is for everybody."""
    columns = ("module", "name", "definition", "kind", "route", "certainty", "is_canonical")
    rows = list(tables.read_rows(read_table("paths"), *columns))
    right = {definition: (module, name) for module, name, definition, *_, is_canonical in rows if is_canonical}
    found: dict[str, dict[str, _Detour]] = defaultdict(dict)
    for module, name, definition, kind, route, certainty, _ in rows:
        home = right.get(definition)
        is_detour = kind in _CLASSES and route == "accidental" and certainty == "certain"
        if is_detour and home is not None and not is_private(".".join(home)):
            found[module][name] = _Detour(name, *home)
    return found


def _find_importers(read_table: ReadTable, detours: Mapping[str, object]) -> dict[str, set[str]]:
    """Return by file the modules with such classes that it imports as modules."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, imported, name, kind in tables.read_rows(read_table("edges"), "path", "imported", "name", "kind"):
        as_module = kind == "import" or (kind == "from" and imported.rpartition(".")[2] == name)
        if as_module and imported in detours:
            found[path].add(imported)
    return found


def _find_bound(source: SourceText, package: str, modules: Iterable[str]) -> Iterator[_Bound]:
    """Yield the names that surely mean one of some modules: bound by imports at the top of the file alone."""
    wanted = set(modules)
    imports = find_imports(source)
    others = _list_other_bindings(source.tree)
    seen: dict[str, set[str]] = defaultdict(set)
    found: list[_Bound] = []
    for statement in imports:
        node = statement.node
        for alias in getattr(node, "names", ()):
            if isinstance(node, ast.ImportFrom):
                parent = find_taken_module(statement, package)
                meant, prefix, is_dotted = f"{parent}.{alias.name}", alias.asname or alias.name, False
            else:
                meant, prefix = alias.name, alias.asname or alias.name
                is_dotted = not alias.asname and "." in alias.name
            seen[prefix].add(meant if not statement.indent else "")
            if meant in wanted:
                found.append(_Bound(prefix, meant, statement, is_dotted))
    for each in found:
        root = each.prefix.partition(".")[0]
        others_of_root = seen[root] - {root} if each.is_dotted else seen[each.prefix] - {each.module}
        if root not in others and not others_of_root:
            yield each


def _list_other_bindings(tree: ast.Module) -> set[str]:
    """Return the names that anything but an import binds, anywhere in a file."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        else:
            name = getattr(node, "name", None) if isinstance(node, _NAMED) else None
            found.update([name] if name else [])
    return found


def _find_uses(source: SourceText, bound: _Bound, detours: Mapping[str, _Detour]) -> Iterator[tuple[ast.expr, _Detour]]:
    """Yield the expressions, and the texts of annotations, that read such a class."""
    if not any(f"{bound.prefix}.{name}".encode() in source.content for name in detours):
        return
    texts = {id(each) for each in _list_annotation_texts(source.tree)}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in detours:
            if find_dotted(node) == f"{bound.prefix}.{node.attr}":
                yield node, detours[node.attr]
        elif isinstance(node, ast.Constant) and id(node) in texts:
            for name, detour in detours.items():
                if re.search(rf"(?<![\w.]){re.escape(bound.prefix)}\.{name}\b", str(node.value)):
                    yield node, detour


def _list_annotation_texts(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        notes = (getattr(node, "annotation", None), getattr(node, "returns", None))
        for note in notes:
            for part in ast.walk(note) if isinstance(note, ast.expr) else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part


def _rewrite(
    source: SourceText, bound: _Bound, uses: Sequence[tuple[ast.expr, _Detour]], names: NamesInTree, path: str
) -> list[Edit]:
    """Return the edits that read the classes from their own modules; raises ``UnplacedError``."""
    package = names.packages.get(path, "")
    edits: list[Edit] = []
    for home in sorted({detour.home for _, detour in uses}):
        if names.kinds.get(home) not in {"module", "package"} or names.files.get(home) == path:
            raise UnplacedError(f"{home} cannot be imported there")
        prefix, line = _choose_prefix(source, bound, home, package)
        if line:
            edits.append(insert_after(bound.statement, line))
        for node, detour in uses:
            if detour.home == home:
                edits.append(_replace(source, node, f"{bound.prefix}.{detour.name}", f"{prefix}.{detour.right_name}"))
    return edits


def _choose_prefix(source: SourceText, bound: _Bound, home: str, package: str) -> tuple[str, str]:
    """Return how a file names a module, and the import that it still needs for that; empty where it has it."""
    parent, _, last = home.rpartition(".")
    node = bound.statement.node
    if bound.is_dotted and home.partition(".")[0] == bound.prefix.partition(".")[0]:
        has_it = any(
            isinstance(each.node, ast.Import) and not each.indent and home in {alias.name for alias in each.node.names}
            for each in find_imports(source)
        )
        return home, "" if has_it or home == bound.prefix.partition(".")[0] else f"import {home}"
    for known in _find_bound(source, package, [home]):
        if not known.statement.indent:
            return known.prefix, ""
    aliases = (each for each in ast.walk(source.tree) if isinstance(each, ast.alias))
    taken = {each.id for each in ast.walk(source.tree) if isinstance(each, ast.Name)}
    taken |= _list_other_bindings(source.tree) | {alias.asname or alias.name.partition(".")[0] for alias in aliases}
    if last in taken:
        raise UnplacedError(f"the name {last} means something else there")
    level = node.level if isinstance(node, ast.ImportFrom) else 0
    return last, f"from {write_module(package, level, parent)} import {last}" if parent else f"import {last}"


def _replace(source: SourceText, node: ast.expr, former: str, new: str) -> Edit:
    """Return the edit of one use; raises ``UnplacedError`` where its text is not as the tree says."""
    start, end = source.find_span(node)
    text = source.content[start:end]
    pattern = re.compile(rb"(?<![\w.])" + re.escape(former.encode()) + rb"\b")
    if isinstance(node, ast.Attribute) and text != former.encode():
        raise UnplacedError(f"{source.path}:{node.lineno}: {former} is not written in one piece")
    if not pattern.search(text):
        raise UnplacedError(f"{source.path}:{node.lineno}: {former} is not found in the text")
    return Edit(source.path, start, end, pattern.sub(new.encode(), text))


def _build_offer(module: str, edits: Sequence[Edit]) -> Offer:
    files = sorted({edit.path for edit in edits})
    reason = (
        f"{format_count(len(files), 'file')} {choose_form(len(files), 'reads', 'read')} classes as attributes of "
        f"{module}, which only happens to import them: {format_some(files)}."
    )
    return Offer(KIND, module, f"Read classes from where they are defined, not from {module}", reason, (), tuple(edits))
