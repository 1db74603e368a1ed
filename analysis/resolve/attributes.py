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
from analysis.resolve.values import ALL_RUN, choose


class Resolved(Protocol):
    """What is asked of the resolver of a target."""

    @property
    def imports(self) -> ImportResolver: ...
    @property
    def index(self) -> ModuleIndex: ...
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
    statements = target.imports.statements
    names, scopes, positions = (tables.read_column(statements, name) for name in ("name", "scope", "position"))
    for place in np.flatnonzero(np.isin(which, list(doubtful))).tolist():
        number, row = int(which[place]), int(answers.rows[place])
        package = _stand_for(target, settled[number].base)
        importer = _stand_for(target, int(answers.importers[place]))
        runs_now = scopes[row] in {"module", "class"} and target.index.is_importable(importer)
        position = positions[row] if runs_now else ALL_RUN
        moment = target.names.find_moment(importer, package, names[row], position) if runs_now else ALL_RUN
        if (number, moment) not in known:
            known[number, moment] = number
            if not _is_submodule(target, package, names[row], moment, doubtful[number]):
                known[number, moment] = len(settled)
                settled.append(_take_attribute(settled[number], target))
        which[place] = known[number, moment]
    return ImportAnswers(answers.rows, answers.importers, which, settled)


def _stand_for(target: Resolved, number: int) -> Module:
    """Return the module that stands for the file of a module."""
    return target.index.all[target.index.all[number].primary]


def _find_hidden(answer: ImportAnswer, target: Resolved) -> Iterator[int]:
    """Yield the submodule that an answer names and the package may hide, if any."""
    if answer.base >= 0 and answer.imported[:1] not in {(), (answer.base,)}:
        name = target.index.all[answer.imported[0]].plain.rpartition(".")[2]
        if target.names.is_hidden(_stand_for(target, answer.base), name):
            yield answer.imported[0]


def _is_submodule(target: Resolved, package: Module, name: str, moment: int, child: int) -> bool:
    value = choose(target.names.take_at(package, name, moment)).value
    return value.kind == "module" and value.module == target.index.all[child].primary


def _take_attribute(answer: ImportAnswer, target: Resolved) -> ImportAnswer:
    """Return the answer of a statement that takes an attribute: the package runs, the submodule does not."""
    around = target.index.find_around(target.index.all[answer.base])
    return replace(answer, imported=(answer.base,), ancestors=tuple(package.number for package in around))
