"""What texts name by a dotted name, in configuration, commands and calls: whether the tree has it."""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.object_texts import LOADED, MODEL, PATCH, SETTING, TASK
from analysis.facts.starting.layout import Folders
from analysis.resolve.class_members import ClassMembers, SettingFacts
from analysis.resolve.every_module import has_anyhow
from analysis.resolve.missing import find_close
from analysis.resolve.modules import NAMESPACE, Module
from analysis.resolve.target import TargetResolver

#: A patch makes these by itself where a module has them not.
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
_ABSENT = "no-such-module"


@dataclass(frozen=True, slots=True)
class MissingObject:
    """What a dotted name comes to: ``module`` has no ``name``, neither as a submodule nor as an attribute.

    ``is_module``: only a submodule will do. ``nearest`` is the name that may have been meant; empty without any.
    """

    module: str
    name: str
    is_module: bool
    nearest: str


@dataclass(frozen=True, slots=True, order=True)
class NamedStart:
    """A line that starts something by its name, and what is missing; without it, the file ``written`` is not there."""

    path: str
    line: int
    written: str
    lack: MissingObject | None = None


def find_lack(target: TargetResolver, top: Module, parts: Sequence[str], *, modules: int = 0) -> MissingObject | None:
    """Return what is missing on the way from a module through the parts of a name below it.

    The first ``modules`` parts must be submodules; what follows the first attribute is not looked at. None where all is
    there, and where that cannot be known.
    """
    module = top
    for place, part in enumerate(parts):
        child = target.index.find_submodule(module, part)
        if child is None:
            return _judge(target, module, part, is_module=place < modules)
        module = child
    return None


def _judge(target: TargetResolver, module: Module, name: str, *, is_module: bool) -> MissingObject | None:
    nearest = ""
    if not is_module and has_anyhow(name, is_package=module.is_package):
        return None
    if module.is_package:
        answer = target.imports.resolve(module, 1, name, "")
        if answer.reason != _ABSENT:
            return None
        nearest = answer.nearest
    names: list[str] = []
    if not is_module and module.kind != NAMESPACE:
        if not target.is_nowhere(module, name):
            return None
        asked = target.index.modules[module.primary]
        names = [each for each in target.names.find_bound(asked) if not each.startswith("__")]
    close = find_close(name, tuple(sorted(names)), 0.7)
    return MissingObject(module.plain, name, is_module, f"{module.plain}.{close}" if close else nearest)


#: A keyword ``name`` that is no constant, as ``facts.program`` writes it.
_COMPUTED_NAME = r'\["name",\["(?:[^k"]|k[^"])'


def find_wrong_starts(target: TargetResolver) -> Iterator[NamedStart]:
    """Yield the lines of commands and configuration that start what the tree has not, sorted."""
    layout = Folders(target.index.paths)
    rows = tables.read_rows(target.facts.start_evidence, *tables.START_EVIDENCE.names)
    for path, line, source, folder, written in sorted(rows):
        if source not in tables.NAMED_SOURCES:
            continue
        if source == "named-file":
            if not target.facts.tree.has_file(written):
                yield NamedStart(path, line, written)
            continue
        module, _, attribute = written.partition(":")
        first, *rest = module.split(".")
        top = target.index.find_file(layout.has_module("" if folder == "." else folder, first))
        if top is None:
            continue
        is_sure = source == "named-module" or bool(attribute)
        lack = find_lack(
            target,
            top,
            [*rest, *([attribute.partition(".")[0]] if attribute else [])],
            modules=len(rest) if is_sure else 0,
        )
        if lack is not None:
            yield NamedStart(path, line, written, lack)


class NamedText(NamedTuple):
    """A text of a Python file that names what is not there; ``kind`` and ``value`` as in ``tables.OBJECT_TEXTS``."""

    path: str
    line: int
    value: str
    kind: str
    lack: MissingObject


def find_wrong_texts(target: TargetResolver, facts: SettingFacts) -> Iterator[NamedText]:
    """Yield the texts in settings and patches whose first part is in the tree and whose rest is not, sorted.

    ``facts`` are all tables of facts.
    """
    members = ClassMembers(target, facts)
    told: set[tuple[str, int, str, str]] = set()
    for path, line, value, kind in sorted(tables.read_rows(facts.object_texts, "path", "line", "value", "kind")):
        lack = _find_model_lack(target, facts.programs, value) if kind == MODEL else None
        lack = _find_text_lack(target, members, (path, value, kind)) if kind != MODEL else lack
        lack = None if lack and kind == TASK and _is_named_task(target, facts.programs, value, lack) else lack
        place = lack and (path, line, lack.module, lack.name)  # a patch of several names of one module says it once
        if lack is not None and place and place not in told:
            told.add(place)
            yield NamedText(path, line, value, kind, lack)


def _is_named_task(target: TargetResolver, programs: pa.Table, value: str, lack: MissingObject) -> bool:
    """Return whether some task of the tree has a name of its own, and that name; or its module computes one."""
    own = pc.match_substring(programs["program"], f'["name",["k",{json.dumps(value)}')
    paths = [module.path for module in target.index.modules if module.plain == lack.module]
    there = programs.filter(pc.is_in(programs["path"].cast(pa.string()), pa.array(paths, pa.string())))
    computed = pc.match_substring_regex(there["program"], _COMPUTED_NAME)
    return bool(pc.any(own).as_py()) or bool(pc.any(computed).as_py())


def _find_text_lack(target: TargetResolver, members: ClassMembers, text: tuple[str, str, str]) -> MissingObject | None:
    """Return what is missing of a dotted name in a file: path, name, and what it is for."""
    path, value, kind = text
    importer = target.index.find_importer(path)
    first, *rest = value.split(".")
    top = target.imports.find_top(importer, first) if importer is not None else None
    if importer is None or top is None or target.imports.is_standard(importer, first):
        return None
    lack = find_lack(target, top, rest)
    if lack is None and kind not in {SETTING, TASK, LOADED}:
        lack = _find_member_lack(target, members, top, rest)
    is_builtin = lack is not None and kind == PATCH and lack.name in _BUILTINS and not lack.is_module
    return None if is_builtin else lack


def _find_member_lack(
    target: TargetResolver, members: ClassMembers, top: Module, parts: Sequence[str]
) -> MissingObject | None:
    """Return what a class lacks, where a dotted name goes on from a class of a module."""
    module, rest = top, list(parts)
    while rest and (child := target.index.find_submodule(module, rest[0])) is not None:
        module, rest = child, rest[1:]
    if len(rest) != 2 or not target.index.is_importable(module) or not members.lacks(module, *rest):
        return None
    return MissingObject(f"{module.plain}.{rest[0]}", rest[1], False, "")


def _find_model_lack(target: TargetResolver, programs: pa.Table, value: str) -> MissingObject | None:
    """Return what is missing of a model that is named by the label of its application: its last name, as is usual.

    None where no application of the tree, or more than one, has the label, and where labels are set in the tree.
    """
    label, _, name = value.partition(".")
    models = [
        child
        for module in target.index.modules
        if module.is_package and module.plain.rpartition(".")[2] == label and module.primary == module.number
        for child in [target.index.find_submodule(module, "models")]
        if child is not None
    ]
    is_labelled = pc.any(pc.match_substring(programs["program"], '[["n","label"]]')).as_py()
    if len(models) != 1 or is_labelled or not target.is_nowhere(models[0], name):
        return None
    return _judge(target, models[0], name, is_module=False)
