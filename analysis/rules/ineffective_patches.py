"""Patches in tests of a name that the product has taken by its own imports before: it keeps the real one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.object_texts import PATCH, SETTER
from analysis.facts.source_tree import read_if_any
from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext

_CHANGING_TABLES = b".dict("
_OWN = frozenset({"function", "class", "instance", "literal", "constant", "none", "expression"})


class IneffectivePatch(NamedTuple):
    """A patch of ``module.name`` at a line of a test; ``taker`` has the name by its import at ``taken``."""

    path: str
    line: int
    module: str
    name: str
    taker: str
    bound_as: str
    taken: tuple[str, int]


class _Import(NamedTuple):
    importer: str
    path: str
    line: int
    name: str
    bound_as: str
    scope: str
    kind: str


def find_ineffective_patches(case: RuleContext) -> Iterator[IneffectivePatch]:
    """Yield the patches of names that nobody looks up in their module when the patched test runs.

    Certain is it only where the module itself does not use the name, all of the product takes it by ``from`` imports of
    whole modules, and the test imports such a module before it patches.
    """
    homes = case.files_by_module
    patches = [each for each in _read_patches(case) if each[2] in homes]
    if not patches:
        return
    imports = _read_imports(case, {module for _, _, module, _ in patches})
    own = _read_bindings(case, {(homes[module], name) for _, _, module, name in patches})
    before = _read_before(case, {path for path, _, _, _ in patches})
    texts = _Texts(case)
    patched: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path, _, module, name in patches:
        patched[path, name].add(module)
    for path, line, module, name in patches:
        users = [each for each in imports[module] if not is_test_file(each.path)]
        taking = [each for each in users if each.name == name]
        is_whole = bool(taking) and all(each.kind == "from" and each.scope == "module" for each in taking)
        is_own = (homes[module], name) in own and texts.count(homes[module], name) == 1
        is_only = len(patched[path, name]) == 1 and _CHANGING_TABLES not in texts.find_line(path, line)
        if not (is_whole and is_own and is_only):
            continue
        first = next((each for each in sorted(taking) if each.importer in before.get(path, ())), None)
        looking = {each.path for each in (*users, *imports.get(module.rpartition(".")[0], ()))} | {path}
        if first is not None and not any(texts.looks_up(each, name) for each in sorted(looking)):
            taken = first.path, first.line
            yield IneffectivePatch(path, line, module, name, first.importer, first.bound_as, taken)


def _read_patches(case: RuleContext) -> list[tuple[str, int, str, str]]:
    """Return path, line, module and name of what tests patch."""
    rows = tables.read_rows(case.facts.object_texts, "path", "line", "value", "kind")
    split = ((path, line, *value.rpartition(".")) for path, line, value, kind in rows if kind in {PATCH, SETTER})
    return sorted({(path, line, module, name) for path, line, module, _, name in split if is_test_file(path)})


def _read_imports(case: RuleContext, modules: set[str]) -> Mapping[str, list[_Import]]:
    """Return the imports of some modules and of the packages right around them, by module."""
    asked = modules | {module.rpartition(".")[0] for module in modules} - {""}
    edges = case.graph.edges
    edges = edges.filter(pc.is_in(edges["imported"].cast(pa.string()), pa.array(sorted(asked), pa.string())))
    found: dict[str, list[_Import]] = defaultdict(list)
    columns = ("imported", "importer", "path", "line", "name", "bound_as", "scope", "kind")
    for imported, *row in tables.read_rows(edges, *columns):
        found[imported].append(_Import(*row))
    return found


def _read_bindings(case: RuleContext, asked: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which names of files these bind themselves, each by its path and name."""
    bindings = case.facts.bindings
    names = pa.array(sorted({name for _, name in asked}), pa.string())
    bindings = bindings.filter(pc.is_in(bindings["name"].cast(pa.string()), names))
    rows = tables.read_rows(bindings, "path", "name", "kind")
    return {(path, name) for path, name, kind in rows if kind in _OWN and (path, name) in asked}


def _read_before(case: RuleContext, paths: set[str]) -> Mapping[str, set[str]]:
    """Return the modules that some tests import when they are imported themselves, by file."""
    edges = case.graph.edges
    edges = edges.filter(pc.is_in(edges["path"].cast(pa.string()), pa.array(sorted(paths), pa.string())))
    found: dict[str, set[str]] = defaultdict(set)
    for path, imported, scope in tables.read_rows(edges, "path", "imported", "scope"):
        if scope == "module":
            found[path].add(imported)
    return found


class _Texts:
    """Answers what the texts of files say of a name."""

    def __init__(self, case: RuleContext) -> None:
        self._case = case
        self._known: dict[str, bytes] = {}

    def _read(self, path: str) -> bytes:
        if path not in self._known:
            self._known[path] = read_if_any(self._case.facts.tree, path)
        return self._known[path]

    def count(self, path: str, name: str) -> int:
        """Return how often a name stands in a file, apart from texts that are the name."""
        return len(re.findall(rb"(?<![\w\"'])%s(?![\w\"'])" % re.escape(name.encode()), self._read(path)))

    def find_line(self, path: str, line: int) -> bytes:
        lines = self._read(path).split(b"\n")
        return lines[line - 1] if 0 < line <= len(lines) else b""

    def looks_up(self, path: str, name: str) -> bool:
        """Return whether a file may ask a module for a name when it runs: by a dot, or with a reload of modules."""
        source = self._read(path)
        asked = rb"(?<![\w\"'.])[\w.]+\.%s\b(?![\"'])" % re.escape(name.encode())
        return re.search(asked, source) is not None or b"reload(" in source or b"sys.modules" in source
