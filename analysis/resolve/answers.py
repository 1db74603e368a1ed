"""The answers to all import statements of a target, each wording asked once for all modules that see the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis import tables
from analysis.resolve.imports import ImportAnswer, ImportResolver
from analysis.resolve.modules import Module

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ImportAnswers:
    """The answer to each statement, in the order of files and statements: row of ``imports``, importer, and answer.

    A statement of a file with two module names is answered once for each; one of a file that Python never imports not
    at all. ``answers`` are the different answers; ``which`` says which of them holds.
    """

    rows: Numbers
    importers: Numbers
    which: Numbers
    answers: Sequence[ImportAnswer]


def answer_imports(resolver: ImportResolver) -> ImportAnswers:
    """Answer every import statement; linear in their number."""
    imports = resolver.statements
    files, paths = tables.read_codes(imports, "path")
    written, texts = tables.read_codes(imports, "module")
    names, name_texts = tables.read_codes(imports, "name")
    levels = tables.read_numbers(imports, "level")
    rows, importers = _list_importers([resolver.index.find_names(path) for path in paths], files)
    views = _number_views(resolver, importers, levels[rows] > 0)
    asked = np.stack(
        (views, levels[rows], written[rows], names[rows], _find_beside(resolver, importers, written[rows], texts))
    )
    which, answers = _answer(resolver, importers, asked, (texts, name_texts))
    return ImportAnswers(rows, importers, which, answers)


def _answer(
    resolver: ImportResolver, importers: Numbers, asked: Numbers, texts: tuple[list[str], list[str]]
) -> tuple[Numbers, list[ImportAnswer]]:
    """Return which answer holds for each question, and the answers.

    Names that no module has as its last part are taken for one: what they mean is a name in the module before them.
    """
    last = {module.plain.rpartition(".")[2] for module in resolver.index.all} | {"", "*"}
    is_module = np.array([text in last for text in texts[1]], bool)[asked[3]] if len(texts[1]) else asked[3] > 0
    alike = asked.copy()
    alike[3] = np.where(is_module, asked[3] + 1, 0)
    _, first, which = np.unique(_pack(alike), return_index=True, return_inverse=True)
    questions = list(zip(importers[first].tolist(), asked[:4, first].T.tolist(), strict=True))
    answers = [
        resolver.resolve(resolver.index.all[importer], level, texts[0][word], texts[1][name])
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
        importer, (_, level, word, name) = resolver.index.all[importers[place]], asked[:4, place].tolist()
        answers.append(resolver.resolve(importer, level, texts[0][word], texts[1][name]))
        which[place] = len(answers) - 1
    return which, answers


def _find_beside(resolver: ImportResolver, importers: Numbers, words: Numbers, texts: Sequence[str]) -> Numbers:
    """Return 1 for a statement that names its own file as a neighbour would; a script does not mean itself.

    What lies in the tree although the path does not have it depends on the importer: another number for each.
    """
    numbers = {text: number for number, text in enumerate(texts)}
    own = np.array([numbers.get(module.plain.rpartition(".")[2], -1) for module in resolver.index.all], np.int64)
    firsts = [text.partition(".")[0] for text in texts]
    names = resolver.neighbours.names
    is_elsewhere = np.array([first in names and first not in resolver.index.tops for first in firsts], bool)
    if not len(words):
        return words
    found: Numbers = np.where(is_elsewhere[words], importers + 2, (own[importers] == words).astype(np.int64))
    return found


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


def _number_views(resolver: ImportResolver, importers: Numbers, is_relative: np.ndarray) -> Numbers:
    """Return a number for what the answers to each question depend on, but for what they ask."""
    views: dict[tuple[object, ...], int] = {}
    numbers = np.zeros((2, len(resolver.index.all)), np.int64)
    for number in np.unique(importers).tolist():
        for level in (0, 1):
            view = (level, *resolver.find_view(resolver.index.all[number], level))
            numbers[level, number] = views.setdefault(view, len(views))
    return numbers[is_relative.astype(np.int64), importers]


def _pack(columns: Numbers) -> Numbers:
    """Return one number for each combination of some numbers."""
    packed = np.zeros(columns.shape[1], np.int64)
    for column in columns:
        packed = packed * (int(column.max(initial=0)) + 1) + column
    return packed
