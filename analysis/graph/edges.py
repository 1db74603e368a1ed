"""From import statements to edges: in-tree modules, external modules, and modules that do not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analysis import tables
from analysis.facts.context import expects_import_error
from analysis.gaps import Gaps, NoGaps
from analysis.graph.import_graph import ImportGraph
from analysis.resolve import ImportAnswer, ImportAnswers, Module, ModuleIndex, TargetFacts, TargetResolver

#: The reason of a phantom whose absence a test asserts.
EXPECTED = "expected"
Numbers = npt.NDArray[np.int64]
#: Row of the import, importer and what is missing.
_Missing = tuple[int, int, ImportAnswer]
#: What an edge keeps of its statement.
_OF_STATEMENT = ("path", "line", "position", "kind", "level", "module", "name", "bound_as", "scope", "guard", "caught")


def build_import_graph(
    facts: TargetFacts, gaps: Gaps | None = None, *, resolver: TargetResolver | None = None
) -> ImportGraph:
    """Return the edges of every import of a target, in the order of files, statements and names.

    A statement of a file with two module names makes its edges once for each. Files that Python never imports
    (shadowed twins) make none; the source of a compiled module stands for it. Left out are imports of a module by
    itself, and those that run on no supported version and platform. Linear in the number of rows. ``gaps`` takes what
    fails inside the kit; without it such a failure is raised.
    """
    gaps = gaps or NoGaps()
    resolver = resolver or TargetResolver(facts)
    imports, index = resolver.imports.statements, resolver.imports.index
    asked = resolver.answers
    names = [module.name for module in index.all]
    missing = _find_missing(asked)
    liveness = resolver.liveness
    externals = [entry for entry in missing if not entry[2].reason]
    phantoms = [entry for entry in missing if entry[2].reason]
    return ImportGraph(
        gaps.attempt("graph", "edges", lambda: _build_edges(imports, asked, index, liveness), tables.EDGES.empty),
        gaps.attempt(
            "graph", "externals", lambda: _build_externals(imports, externals, names, liveness), tables.EXTERNALS.empty
        ),
        gaps.attempt(
            "graph",
            "phantoms",
            lambda: _build_phantoms(imports, _check_nearest(phantoms, imports, resolver), names, liveness),
            tables.PHANTOMS.empty,
        ),
        tuple(sorted(names)),
    )


def build_empty_graph(facts: TargetFacts) -> ImportGraph:
    """Return the modules without any edge: what is left where the imports could not be resolved."""
    names = tuple(sorted(set(tables.read_column(facts.modules, "module"))))
    return ImportGraph(tables.EDGES.empty(), tables.EXTERNALS.empty(), tables.PHANTOMS.empty(), names)


def _find_missing(asked: ImportAnswers) -> list[_Missing]:
    """Return row, importer and answer of the imports of what is not in the tree."""
    is_missing = np.array([bool(answer.missing) for answer in asked.answers], bool)[asked.which]
    return [
        (row, importer, asked.answers[answer])
        for row, importer, answer in zip(
            *(column[is_missing].tolist() for column in (asked.rows, asked.importers, asked.which)), strict=True
        )
    ]


def _build_edges(imports: pa.Table, asked: ImportAnswers, index: ModuleIndex, liveness: Numbers) -> pa.Table:
    """Return the edges: what each statement imports, then the packages that run on the way."""
    counts = np.array([len(answer.imported) + len(answer.ancestors) for answer in asked.answers], np.int64)
    ends = np.array([end for answer in asked.answers for end in (*answer.imported, *answer.ancestors)], np.int64)
    kinds = [flag for answer in asked.answers for flag in _flag(answer)]
    firsts, times = np.cumsum(counts) - counts, counts[asked.which]
    place = np.repeat(np.arange(len(times)), times)
    end = np.repeat(firsts[asked.which], times) + np.arange(len(place)) - np.repeat(np.cumsum(times) - times, times)
    importers, importeds, is_ancestor = asked.importers[place], ends[end], np.array(kinds, bool)[end]
    size = len(index.all)
    own = np.array([module.number * size + number for module in index.all for number in module.own], np.int64)
    is_dead = liveness[asked.rows[place]] == tables.LIVENESS.index("never")
    is_own = np.where(is_ancestor, np.isin(importers * size + importeds, own), importers == importeds)
    place, importers, importeds, is_ancestor = (
        column[~is_own & ~is_dead] for column in (place, importers, importeds, is_ancestor)
    )
    dictionary = pa.array([module.name for module in index.all], type=pa.string())
    vias = pa.array([answer.via for answer in asked.answers], type=pa.string())
    columns = {
        "importer": dictionary.take(pa.array(importers)),
        "imported": dictionary.take(pa.array(importeds)),
        "is_ancestor": pa.array(is_ancestor),
        "via": vias.take(pa.array(asked.which[place])),
        "liveness": _name_liveness(liveness[asked.rows[place]]),
        **_take(imports, asked.rows[place], _OF_STATEMENT),
    }
    return _assemble(tables.EDGES, columns)


def _name_liveness(codes: Numbers) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), pa.array(tables.LIVENESS, pa.string()))


def _flag(answer: ImportAnswer) -> list[bool]:
    """Return whether each module that an import means is a package that runs on the way."""
    return [False] * len(answer.imported) + [True] * len(answer.ancestors)


def _build_externals(imports: pa.Table, found: Sequence[_Missing], names: Sequence[str], liveness: Numbers) -> pa.Table:
    missing = [meaning.missing for _, _, meaning in found]
    origins = {origin: code for code, origin in enumerate(tables.ORIGINS)}
    codes = pa.array([origins[meaning.origin] for _, _, meaning in found], type=pa.int8())
    columns = {
        "importer": pa.array([names[number] for _, number, _ in found], type=pa.string()),
        "module": pa.array(missing, type=pa.string()),
        "package": pa.array([module.partition(".")[0] for module in missing], type=pa.string()),
        "origin": pa.DictionaryArray.from_arrays(codes, pa.array(tables.ORIGINS, type=pa.string())),
        "in_tree": pa.array([meaning.in_tree for _, _, meaning in found], type=pa.string()),
        "liveness": _name_liveness(liveness[[row for row, _, _ in found]]),
        **_take(imports, [row for row, _, _ in found], ("path", "line", "name", "scope", "guard")),
    }
    return _assemble(tables.EXTERNALS, columns)


def _build_phantoms(imports: pa.Table, found: Sequence[_Missing], names: Sequence[str], liveness: Numbers) -> pa.Table:
    taken = _take(imports, [row for row, _, _ in found], ("path", "line", "name", "scope", "guard", "caught"))
    expected = map(expects_import_error, taken["caught"].cast(pa.string()).to_pylist())
    reasons = [EXPECTED if known else answer.reason for known, (_, _, answer) in zip(expected, found, strict=True)]
    columns = {
        "importer": pa.array([names[number] for _, number, _ in found], type=pa.string()),
        "module": pa.array([answer.missing for _, _, answer in found], type=pa.string()),
        "nearest": pa.array([answer.nearest for _, _, answer in found], type=pa.string()),
        "reason": pa.array(reasons, type=pa.string()),
        "liveness": _name_liveness(liveness[[row for row, _, _ in found]]),
        **taken,
    }
    return _assemble(tables.PHANTOMS, columns)


def _check_nearest(found: list[_Missing], imports: pa.Table, resolver: TargetResolver) -> list[_Missing]:
    """Return what is missing; a nearest module is named only where it has what is asked of the missing one."""
    names = tables.read_column(imports, "name") if any(answer.nearest for _, _, answer in found) else []
    asked: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row, _, answer in found:
        if answer.nearest and answer.absolute == answer.missing:
            asked[answer.missing, answer.nearest].add(names[row])
    modules = {module.plain: module for module in resolver.index.modules} if asked else {}
    lacking = {
        (missing, nearest)
        for (missing, nearest), taken in asked.items()
        if any(not _has(resolver, modules.get(nearest), name) for name in taken - {"", "*"})
    }
    return [
        (row, importer, replace(answer, nearest="") if (answer.missing, answer.nearest) in lacking else answer)
        for row, importer, answer in found
    ]


def _has(resolver: TargetResolver, module: Module | None, name: str) -> bool:
    if module is None:
        return False
    return resolver.index.find_child(module, name) is not None or bool(resolver.names.resolve(module, name))


def _take(imports: pa.Table, rows: Sequence[int] | Numbers, names: Sequence[str]) -> dict[str, pa.Array]:
    chosen = imports.select(names).take(pa.array(rows, type=pa.int64()))
    return {name: chosen.column(name) for name in names}


def _assemble(table: tables.Table, columns: dict[str, Any]) -> pa.Table:
    arrays = [
        column if column.type == expected.type else column.cast(expected.type)
        for column, expected in ((columns[wanted.name], wanted) for wanted in table.columns)
    ]
    return pa.Table.from_arrays(arrays, schema=table.schema)
