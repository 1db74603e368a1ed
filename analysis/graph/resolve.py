"""From import statements to edges: in-tree modules, external modules, and modules that do not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.graph.meaning import Meaning, Resolver
from analysis.graph.missing import Doubts
from analysis.graph.modules import Module, Modules


class ImportFacts(Protocol):
    """The facts that the import graph is made of; ``root`` is the folder of the target."""

    @property
    def root(self) -> Path:
        """The folder of the target."""

    @property
    def files(self) -> pa.Table:
        """The files, for those without a syntax tree."""

    @property
    def modules(self) -> pa.Table:
        """The module names."""

    @property
    def imports(self) -> pa.Table:
        """The import statements."""

    @property
    def exports(self) -> pa.Table:
        """The names of ``__all__``: a star import of a package imports the submodules among them."""

    @property
    def hooks(self) -> pa.Table:
        """What modules register while they run."""


@dataclass(frozen=True, slots=True)
class ImportGraph:
    """Tables ``edges``, ``externals`` and ``phantoms`` of ``tables.py``, and the sorted names of all modules."""

    edges: pa.Table
    externals: pa.Table
    phantoms: pa.Table
    modules: tuple[str, ...]


@dataclass(slots=True)
class _Rows:
    """Rows to be: edges as columns (row of the import, importer, imported, is ancestor, via), and what is missing."""

    edges: tuple[list[int], list[int], list[int], list[bool], list[str]] = field(
        default_factory=lambda: ([], [], [], [], [])
    )
    missing: list[tuple[int, int, Meaning]] = field(default_factory=list)

    def add(self, row: int, importer: Module, meaning: Meaning) -> None:
        rows, importers, importeds, flags, vias = self.edges
        number = importer.number
        for imported in meaning.imported:
            if imported != number:
                rows.append(row)
                importers.append(number)
                importeds.append(imported)
                flags.append(False)
                vias.append(meaning.via)
        for ancestor in meaning.ancestors:
            if ancestor not in importer.own:
                rows.append(row)
                importers.append(number)
                importeds.append(ancestor)
                flags.append(True)
                vias.append(meaning.via)
        if meaning.missing:
            self.missing.append((row, number, meaning))


def build_import_graph(facts: ImportFacts) -> ImportGraph:
    """Resolve every import of a target; the rows are in the order of files, statements and names.

    A statement of a file with two module names makes its edges once for each. Files that Python never imports
    (shadowed twins) make none; the source of a compiled module speaks for it. Imports of a module by itself are left
    out. Linear in the number of rows.
    """
    modules = Modules(facts.modules)
    imports = facts.imports.combine_chunks()
    doubts = Doubts(modules, facts.root, files=facts.files, imports=imports, hooks=facts.hooks)
    resolver = Resolver(modules, doubts, _read_lists(facts.exports), _find_named(imports))
    rows = _Rows()
    for row, importer, meaning in _find_meanings(modules, resolver, imports):
        rows.add(row, importer, meaning)
    names = [module.name for module in modules.all]
    return ImportGraph(
        _build_edges(imports, rows, names),
        _build_externals(imports, rows, names),
        _build_phantoms(imports, rows, names),
        tuple(sorted(names)),
    )


def _find_meanings(modules: Modules, resolver: Resolver, imports: pa.Table) -> Iterator[tuple[int, Module, Meaning]]:
    """Yield row, importer and meaning; modules that see the same names share their answers."""
    absolute: dict[tuple[object, ...], dict[Any, Meaning]] = defaultdict(dict)
    relative: dict[tuple[object, ...], dict[Any, Meaning]] = defaultdict(dict)
    importers: dict[str, list[tuple[Module, dict[Any, Meaning], dict[Any, Meaning]]]] = {}
    columns = (tables.read_column(imports, name) for name in ("path", "level", "module", "name"))
    for row, (path, level, module, name) in enumerate(zip(*columns, strict=True)):
        seen = importers.get(path)
        if seen is None:
            seen = importers[path] = [
                (found, absolute[resolver.find_view(found, 0)], relative[resolver.find_view(found, 1)])
                for found in modules.find_file(path)
            ]
        for importer, by_name, by_level in seen:
            answers, key = (by_level, (level, module, name)) if level else (by_name, (module, name))
            meaning = answers.get(key)
            if meaning is None:
                meaning = answers[key] = resolver.resolve(importer, level, module, name)
            if meaning.via == "script-folder" and importer.number in meaning.imported:
                meaning = resolver.resolve_elsewhere(importer, module, name)
            yield row, importer, meaning


def _read_lists(exports: pa.Table) -> dict[str, list[str]]:
    """Return the literal names of ``__all__`` by file."""
    found: dict[str, list[str]] = defaultdict(list)
    columns = (tables.read_column(exports, name) for name in ("path", "name", "operation"))
    for path, name, operation in zip(*columns, strict=True):
        if path.endswith("__init__.py") and operation in {"assign", "add"} and name not in found[path]:
            found[path].append(name)
    return found


def _find_named(imports: pa.Table) -> frozenset[str]:
    """Return the dotted names that absolute imports say, and the packages above them."""
    found: set[str] = set()
    absolute = imports.filter(pc.equal(imports.column("level"), 0))
    for name in pc.unique(absolute.column("module")).to_pylist():
        above = name
        while above and above not in found:
            found.add(above)
            above = above.rpartition(".")[0]
    return frozenset(found)


def _build_edges(imports: pa.Table, rows: _Rows, names: Sequence[str]) -> pa.Table:
    numbers, importers, importeds, flags, vias = rows.edges
    dictionary = pa.array(names, type=pa.string())
    taken = _take(imports, numbers, ("path", "line", "kind", "name", "scope", "guard", "caught"))
    columns = {
        "importer": dictionary.take(pa.array(importers, type=pa.int32())),
        "imported": dictionary.take(pa.array(importeds, type=pa.int32())),
        "is_ancestor": pa.array(flags, type=pa.bool_()),
        "via": pa.array(vias, type=pa.string()),
        **taken,
    }
    return _assemble(tables.EDGES, columns)


def _build_externals(imports: pa.Table, rows: _Rows, names: Sequence[str]) -> pa.Table:
    found = [entry for entry in rows.missing if not entry[2].reason]
    missing = [meaning.missing for _, _, meaning in found]
    origins = {origin: code for code, origin in enumerate(tables.ORIGINS)}
    codes = pa.array([origins[meaning.origin] for _, _, meaning in found], type=pa.int8())
    columns = {
        "importer": pa.array([names[number] for _, number, _ in found], type=pa.string()),
        "module": pa.array(missing, type=pa.string()),
        "package": pa.array([module.partition(".")[0] for module in missing], type=pa.string()),
        "origin": pa.DictionaryArray.from_arrays(codes, pa.array(tables.ORIGINS, type=pa.string())),
        **_take(imports, [row for row, _, _ in found], ("path", "line", "name", "scope", "guard")),
    }
    return _assemble(tables.EXTERNALS, columns)


def _build_phantoms(imports: pa.Table, rows: _Rows, names: Sequence[str]) -> pa.Table:
    found = [entry for entry in rows.missing if entry[2].reason]
    columns = {
        "importer": pa.array([names[number] for _, number, _ in found], type=pa.string()),
        **{
            name: pa.array([getattr(meaning, attribute) for _, _, meaning in found], type=pa.string())
            for name, attribute in (("module", "missing"), ("nearest", "nearest"), ("reason", "reason"))
        },
        **_take(imports, [row for row, _, _ in found], ("path", "line", "name", "scope", "guard", "caught")),
    }
    return _assemble(tables.PHANTOMS, columns)


def _take(imports: pa.Table, rows: Sequence[int], names: Sequence[str]) -> dict[str, pa.Array]:
    chosen = imports.select(names).take(pa.array(rows, type=pa.int64()))
    return {name: chosen.column(name) for name in names}


def _assemble(table: tables.Table, columns: dict[str, Any]) -> pa.Table:
    arrays = [
        column if column.type == expected.type else column.cast(expected.type)
        for column, expected in ((columns[wanted.name], wanted) for wanted in table.columns)
    ]
    return pa.Table.from_arrays(arrays, schema=table.schema)
