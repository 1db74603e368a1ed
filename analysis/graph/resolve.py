"""From import statements to edges: in-tree modules, external modules, and modules that do not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.gaps import Gaps, NoGaps
from analysis.graph.meaning import Meaning, Resolver
from analysis.graph.missing import Doubts
from analysis.graph.modules import Module, Modules

Numbers = npt.NDArray[np.int64]
#: Row of the import, importer and what is missing.
_Missing = tuple[int, int, Meaning]


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


@dataclass(frozen=True, slots=True)
class _Asked:
    """What files ask for, in the order of files and statements: row of the import, importer, and the answer.

    ``answers`` are the different ones; ``which`` says which of them holds.
    """

    rows: Numbers
    importers: Numbers
    which: Numbers
    answers: Sequence[Meaning]


def build_import_graph(facts: ImportFacts, gaps: Gaps | None = None) -> ImportGraph:
    """Resolve every import of a target; the rows are in the order of files, statements and names.

    A statement of a file with two module names makes its edges once for each. Files that Python never imports
    (shadowed twins) make none; the source of a compiled module speaks for it. Imports of a module by itself are left
    out. Linear in the number of rows. ``gaps`` takes what fails inside the kit; without it such a failure is raised.
    """
    gaps = gaps or NoGaps()
    modules = Modules(facts.modules)
    imports = facts.imports.combine_chunks()
    doubts = Doubts(modules, facts.root, files=facts.files, imports=imports, hooks=facts.hooks)
    resolver = Resolver(modules, doubts, _read_lists(facts.exports), _find_named(imports))
    asked = _find_meanings(modules, resolver, imports)
    names = [module.name for module in modules.all]
    missing = _find_missing(asked)
    externals = [entry for entry in missing if not entry[2].reason]
    phantoms = [entry for entry in missing if entry[2].reason]
    return ImportGraph(
        gaps.attempt("graph", "edges", lambda: _build_edges(imports, asked, modules), tables.EDGES.empty),
        gaps.attempt("graph", "externals", lambda: _build_externals(imports, externals, names), tables.EXTERNALS.empty),
        gaps.attempt("graph", "phantoms", lambda: _build_phantoms(imports, phantoms, names), tables.PHANTOMS.empty),
        tuple(sorted(names)),
    )


def build_empty_graph(facts: ImportFacts) -> ImportGraph:
    """Return the modules without any edge: what is left where the imports could not be resolved."""
    names = tuple(sorted(set(tables.read_column(facts.modules, "module"))))
    return ImportGraph(tables.EDGES.empty(), tables.EXTERNALS.empty(), tables.PHANTOMS.empty(), names)


def _find_meanings(modules: Modules, resolver: Resolver, imports: pa.Table) -> _Asked:
    """Answer each wording once for all modules that see the same names."""
    files, paths = tables.read_codes(imports, "path")
    words, texts = tables.read_codes(imports, "module")
    names, name_texts = tables.read_codes(imports, "name")
    levels = tables.read_numbers(imports, "level")
    rows, importers = _list_importers([modules.find_file(path) for path in paths], files)
    views = _number_views(modules, resolver, importers, levels[rows] > 0)
    asked = np.stack((views, levels[rows], words[rows], names[rows]))
    which, answers = _answer(modules, resolver, importers, asked, (texts, name_texts))
    for place in np.flatnonzero(np.array([answer.via == "script-folder" for answer in answers], bool)[which]).tolist():
        if importers[place] in answers[which[place]].imported:  # a script does not mean itself
            importer, (_, _, word, name) = modules.all[importers[place]], asked[:, place].tolist()
            answers.append(resolver.resolve_elsewhere(importer, texts[word], name_texts[name]))
            which[place] = len(answers) - 1
    return _Asked(rows, importers, which, answers)


def _answer(
    modules: Modules, resolver: Resolver, importers: Numbers, asked: Numbers, texts: tuple[list[str], list[str]]
) -> tuple[Numbers, list[Meaning]]:
    """Return which answer holds for each question, and the answers.

    Names that no module has as its last part are taken for one: what they mean is a name in the module before them.
    """
    last = {module.plain.rpartition(".")[2] for module in modules.all} | {"", "*"}
    is_module = np.array([text in last for text in texts[1]], bool)[asked[3]] if len(texts[1]) else asked[3] > 0
    alike = asked.copy()
    alike[3] = np.where(is_module, asked[3] + 1, 0)
    _, first, which = np.unique(_pack(alike), return_index=True, return_inverse=True)
    questions = list(zip(importers[first].tolist(), asked[:, first].T.tolist(), strict=True))
    answers = [
        resolver.resolve(modules.all[importer], level, texts[0][word], texts[1][name])
        for importer, (_, level, word, name) in questions
    ]
    speaks_of_name = np.array(
        [
            answer.missing.endswith(f".{texts[1][name]}")
            for answer, (_, (*_, name)) in zip(answers, questions, strict=True)
        ],
        bool,
    )
    for place in np.flatnonzero(speaks_of_name[which] & ~is_module).tolist():
        importer, (_, level, word, name) = modules.all[importers[place]], asked[:, place].tolist()
        answers.append(resolver.resolve(importer, level, texts[0][word], texts[1][name]))
        which[place] = len(answers) - 1
    return which, answers


def _list_importers(found: Sequence[Sequence[Module]], files: Numbers) -> tuple[Numbers, Numbers]:
    """Return row of the import and number of the importer, for every module that a file is."""
    counts = np.array([len(modules) for modules in found], np.int64)
    firsts = np.cumsum(counts) - counts
    numbers = np.array([module.number for modules in found for module in modules], np.int64)
    if not len(files):
        return files, files
    times = counts[files]
    rows = np.repeat(np.arange(len(files)), times)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
    return rows, numbers[firsts[files[rows]] + within]


def _number_views(modules: Modules, resolver: Resolver, importers: Numbers, is_relative: np.ndarray) -> Numbers:
    """Return a number for what the answers to each question depend on, but for its words."""
    views: dict[tuple[object, ...], int] = {}
    numbers = np.zeros((2, len(modules.all)), np.int64)
    for number in np.unique(importers).tolist():
        for level in (0, 1):
            view = (level, *resolver.find_view(modules.all[number], level))
            numbers[level, number] = views.setdefault(view, len(views))
    return numbers[is_relative.astype(np.int64), importers]


def _pack(columns: Numbers) -> Numbers:
    """Return one number for each combination of some numbers."""
    packed = np.zeros(columns.shape[1], np.int64)
    for column in columns:
        packed = packed * (int(column.max(initial=0)) + 1) + column
    return packed


def _find_missing(asked: _Asked) -> list[_Missing]:
    """Return row, importer and answer of the imports of what is not in the tree."""
    is_missing = np.array([bool(answer.missing) for answer in asked.answers], bool)[asked.which]
    return [
        (row, importer, asked.answers[answer])
        for row, importer, answer in zip(
            *(column[is_missing].tolist() for column in (asked.rows, asked.importers, asked.which)), strict=True
        )
    ]


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


def _build_edges(imports: pa.Table, asked: _Asked, modules: Modules) -> pa.Table:
    """Return the edges: what each statement imports, then the packages that run on the way."""
    counts = np.array([len(answer.imported) + len(answer.ancestors) for answer in asked.answers], np.int64)
    ends = np.array([end for answer in asked.answers for end in (*answer.imported, *answer.ancestors)], np.int64)
    kinds = [flag for answer in asked.answers for flag in _flag(answer)]
    firsts, times = np.cumsum(counts) - counts, counts[asked.which]
    place = np.repeat(np.arange(len(times)), times)
    end = np.repeat(firsts[asked.which], times) + np.arange(len(place)) - np.repeat(np.cumsum(times) - times, times)
    importers, importeds, is_ancestor = asked.importers[place], ends[end], np.array(kinds, bool)[end]
    size = len(modules.all)
    own = np.array([module.number * size + number for module in modules.all for number in module.own], np.int64)
    is_own = np.where(is_ancestor, np.isin(importers * size + importeds, own), importers == importeds)
    place, importers, importeds, is_ancestor = (
        column[~is_own] for column in (place, importers, importeds, is_ancestor)
    )
    dictionary = pa.array([module.name for module in modules.all], type=pa.string())
    vias = pa.array([answer.via for answer in asked.answers], type=pa.string())
    columns = {
        "importer": dictionary.take(pa.array(importers)),
        "imported": dictionary.take(pa.array(importeds)),
        "is_ancestor": pa.array(is_ancestor),
        "via": vias.take(pa.array(asked.which[place])),
        **_take(imports, asked.rows[place], ("path", "line", "kind", "name", "scope", "guard", "caught")),
    }
    return _assemble(tables.EDGES, columns)


def _flag(answer: Meaning) -> list[bool]:
    """Return whether each module that an import means is a package that runs on the way."""
    return [False] * len(answer.imported) + [True] * len(answer.ancestors)


def _build_externals(imports: pa.Table, found: Sequence[_Missing], names: Sequence[str]) -> pa.Table:
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


def _build_phantoms(imports: pa.Table, found: Sequence[_Missing], names: Sequence[str]) -> pa.Table:
    columns = {
        "importer": pa.array([names[number] for _, number, _ in found], type=pa.string()),
        **{
            name: pa.array([getattr(meaning, attribute) for _, _, meaning in found], type=pa.string())
            for name, attribute in (("module", "missing"), ("nearest", "nearest"), ("reason", "reason"))
        },
        **_take(imports, [row for row, _, _ in found], ("path", "line", "name", "scope", "guard", "caught")),
    }
    return _assemble(tables.PHANTOMS, columns)


def _take(imports: pa.Table, rows: Sequence[int] | Numbers, names: Sequence[str]) -> dict[str, pa.Array]:
    chosen = imports.select(names).take(pa.array(rows, type=pa.int64()))
    return {name: chosen.column(name) for name in names}


def _assemble(table: tables.Table, columns: dict[str, Any]) -> pa.Table:
    arrays = [
        column if column.type == expected.type else column.cast(expected.type)
        for column, expected in ((columns[wanted.name], wanted) for wanted in table.columns)
    ]
    return pa.Table.from_arrays(arrays, schema=table.schema)
