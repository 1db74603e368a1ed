"""``from package import name``: the attribute where the package has one when the statement runs, else the submodule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from analysis import tables
from analysis.resolve.answers import ImportAnswers
from analysis.resolve.imports import ImportAnswer, ImportResolver
from analysis.resolve.modules import Module, ModuleIndex
from analysis.resolve.name_resolver import NameResolver
from analysis.resolve.namespaces import Namespaces
from analysis.resolve.values import choose

#: All statements of the package have run.
_AT_END = -1


class Resolved(Protocol):
    """What is asked of the resolver of a target."""

    @property
    def imports(self) -> ImportResolver: ...
    @property
    def index(self) -> ModuleIndex: ...
    @property
    def spaces(self) -> Namespaces: ...
    @property
    def names(self) -> NameResolver: ...


def settle_attributes(answers: ImportAnswers, target: Resolved) -> ImportAnswers:
    """Return the answers, those of submodules replaced where the package has an attribute of that name instead.

    Only packages that bind the name of one of their submodules are asked; most have none.
    """
    which, settled = answers.which.copy(), list(answers.answers)
    doubtful = {
        number: child for number, answer in enumerate(answers.answers) for child in _find_hidden(answer, target)
    }
    if not doubtful:
        return answers
    known: dict[tuple[int, int], int] = {}
    names = tables.read_column(target.imports.statements, "name")
    scopes = tables.read_column(target.imports.statements, "scope")
    for place in np.flatnonzero(np.isin(which, list(doubtful))).tolist():
        number, row = int(which[place]), int(answers.rows[place])
        package = target.index.all[settled[number].base]
        importer = target.index.all[int(answers.importers[place])]
        moment = _find_moment(target, package, importer) if scopes[row] in {"module", "class"} else _AT_END
        if (number, moment) not in known:
            known[number, moment] = number
            if not _is_submodule(target, package, names[row], moment, doubtful[number]):
                known[number, moment] = len(settled)
                settled.append(_take_attribute(settled[number], target))
        which[place] = known[number, moment]
    return ImportAnswers(answers.rows, answers.importers, which, settled)


def _find_hidden(answer: ImportAnswer, target: Resolved) -> Iterator[int]:
    """Yield the submodule that an answer names and the package may hide, if any."""
    if answer.base < 0 or answer.imported[:1] in {(), (answer.base,)}:
        return
    package, child = (target.index.all[number] for number in (answer.base, answer.imported[0]))
    name = child.plain.rpartition(".")[2]
    if package.kind != "package":
        return
    stands = target.index.all[package.primary]
    if name in target.spaces.space(stands).names or (
        stands.number in target.names.starred and name in target.names.stars.has(stands)
    ):
        yield child.number


def _find_moment(target: Resolved, package: Module, importer: Module) -> int:
    """Return how far the package has run when the importer's own statements run, as a position of its statements.

    A module that the package's file makes Python import, and the package itself, run before it is done.
    """
    if not target.index.is_importable(importer):
        return _AT_END
    reached = target.names.submodules.find_reached(package.primary)
    return reached.get(importer.primary, _AT_END)


def _is_submodule(target: Resolved, package: Module, name: str, moment: int, child: int) -> bool:
    outcome = target.names.resolve_at(target.index.all[package.primary], name, moment)
    if not outcome:
        return True  # nothing is bound yet, so that the submodule is imported
    value = choose(outcome).value
    return value.kind == "module" and value.module == target.index.all[child].primary


def _take_attribute(answer: ImportAnswer, target: Resolved) -> ImportAnswer:
    """Return the answer of a statement that takes an attribute: the package runs, the submodule does not."""
    around = target.index.find_around(target.index.all[answer.base])
    return replace(answer, imported=(answer.base,), ancestors=tuple(package.number for package in around))
