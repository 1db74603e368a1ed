"""Scripts whose own folder, the first of their search path, holds a file named like a standard library module."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from analysis import tables
from analysis.facts.context import swallows_import_errors
from analysis.facts.test_files import is_test_file
from analysis.resolve.library_imports import find_on_the_way
from analysis.resolve.modules import NAMESPACE, Module
from analysis.resolve.standard_library import ALWAYS_FIRST, STANDARD
from analysis.resolve.target import TargetResolver

#: Module, name and line of an import, and whether it runs whatever happens.
_Import = tuple[str, str, int, bool]
_RUN_BY_TOOLS = frozenset({"setup.py", "noxfile.py", "fabfile.py", "conf.py", "dodo.py"})
#: Names that any module may serve or take over from another one.
_ANY = frozenset({"*", "__getattr__"})


@dataclass(frozen=True, slots=True, order=True)
class HiddenLibrary:
    """An import that means the standard library and takes a neighbour when ``script`` is started.

    ``missing`` are the names that the importer takes and the neighbour has not; without any it is not known what is
    meant. ``through`` is the module of the standard library that imports it, if it is not the script itself, and
    ``through_line`` the line there. ``is_later``: that module takes them in a function or branch only. ``is_guess``:
    nothing says that the script is one.
    """

    neighbour: str
    name: str
    script: str
    path: str
    line: int
    missing: tuple[str, ...]
    through: str = ""
    through_line: int = 0
    is_later: bool = False
    is_guess: bool = False


def find_hidden_libraries(resolver: TargetResolver) -> list[HiddenLibrary]:
    """Return what scripts, and the files beside them that they import by a bare name, take from the wrong module.

    Left out is an import that takes only what the neighbour has: that is meant.
    """
    hiding = _list_hiding(resolver)
    scripts = {start.path for start in resolver.starts if start.kind == "script"}
    loose = _list_loose(resolver, hiding.keys()) if hiding else set[str]()
    known, scripts = scripts | {path for path in loose if "/" not in path}, (scripts | loose) - _list_relative(resolver)
    imports = _list_imports(resolver, {path.rpartition("/")[0] for path in scripts} & hiding.keys())
    found: set[HiddenLibrary] = set()
    for script in sorted(scripts):
        folder = script.rpartition("/")[0]
        beside = {
            script,
            *(f"{folder}/{each[0]}.py" if folder else f"{each[0]}.py" for each in imports.get(script, ())),
        }
        for path in sorted(beside) if folder in hiding else ():
            rows = [*_judge(resolver, script, path, imports.get(path, ()), hiding[folder])]
            rows += _judge_library(resolver, script, path, imports.get(path, ()), hiding[folder])
            found.update(replace(row, is_guess=script not in known) for row in rows)
    return sorted(found)


def _list_relative(resolver: TargetResolver) -> set[str]:
    """Return the files that always take something relative to their package: none of them can be run as a script."""
    columns = ("path", "level", "scope", "guard", "caught")
    rows = tables.read_rows(resolver.imports.statements, *columns)
    return {
        path
        for path, level, scope, guard, caught in rows
        if level and scope == "module" and guard == "none" and not swallows_import_errors(caught)
    }


def _list_loose(resolver: TargetResolver, folders: Collection[str]) -> set[str]:
    """Return the files in some folders that nobody imports and that are in no package: whoever runs one has it first.

    Left out are those that a tool runs, by its own name for them.
    """
    imported = {each for answer in resolver.answers.answers for each in answer.imported}
    return {
        module.path
        for module in resolver.index.modules
        if module.kind == "module"
        and module.folder in folders
        and (not module.folder or resolver.imports.find_run_folder(module))
        and module.number not in imported
        and module.path not in _RUN_BY_TOOLS
        and not is_test_file(module.path)
    }


def _list_hiding(resolver: TargetResolver) -> Mapping[str, Mapping[str, Module]]:
    """Return by folder the modules in it that are named like one of the standard library."""
    found: dict[str, dict[str, Module]] = defaultdict(dict)
    for module in resolver.index.modules:
        last = module.plain.rpartition(".")[2]
        if last in STANDARD and last not in ALWAYS_FIRST and module.kind != NAMESPACE:
            folder = module.folder.rpartition("/")[0] if module.is_package else module.folder
            found[folder][last] = module
    return found


def _list_imports(resolver: TargetResolver, folders: set[str]) -> Mapping[str, list[_Import]]:
    """Return by file the absolute imports of the files in some folders."""
    found: dict[str, list[_Import]] = defaultdict(list)
    columns = ("path", "level", "module", "name", "line", "scope", "guard")
    for path, level, module, name, line, scope, guard in tables.read_rows(resolver.imports.statements, *columns):
        if not level and scope != "type_checking" and path.rpartition("/")[0] in folders:
            found[path].append((module, name, line, scope != "function" and guard == "none"))
    return found


def _judge(
    resolver: TargetResolver, script: str, path: str, imports: Sequence[_Import],
    hiding: Mapping[str, Module],
) -> Iterator[HiddenLibrary]:  # fmt: skip
    """Yield the imports of one file that take a neighbour for the standard library."""
    neighbours = resolver.imports.neighbours
    for module, name, line, _ in imports:
        first, _, rest = module.partition(".")
        beside = hiding.get(first)
        if beside is None or beside.path == path:
            continue
        has = neighbours.list_names(beside)
        taken = {rest.partition(".")[0]} if rest else {name} - {"", "*"} or neighbours.find_used(path, first)
        missing = tuple(sorted(taken - has)) if not has & _ANY else ()
        if missing or not taken:
            yield HiddenLibrary(beside.path, first, script, path, line, missing)


def _judge_library(
    resolver: TargetResolver, script: str, path: str, imports: Sequence[_Import], hiding: Mapping[str, Module]
) -> Iterator[HiddenLibrary]:
    """Yield what modules of the library that one file imports take from a neighbour, where it has not got that."""
    known, hidden = set[str](), frozenset(hiding)
    for module, _, line, is_run in imports:
        if not is_run or module.partition(".")[0] not in STANDARD or module in known:
            continue
        known.add(module)
        for taken in find_on_the_way(module, hidden):
            first, _, rest = taken.imported.partition(".")
            has = resolver.imports.neighbours.list_names(hiding[first])
            names = {rest.partition(".")[0]} if rest else taken.names
            missing = tuple(sorted(names - has)) if not has & _ANY else ()
            later = tuple(sorted(taken.later - has)) if not (rest or missing or has & _ANY) else ()
            if missing or later:
                yield HiddenLibrary(
                    hiding[first].path, first, script, path, line, missing or later, taken.module, taken.line,
                    is_later=not missing,
                )  # fmt: skip
