"""Modules of a program that nothing imports, no start runs, and no file of the tree names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from analysis.facts.test_files import is_test_file
from analysis.resolve.modules import Module
from analysis.resolve.starts import Start
from analysis.rules.context import RuleContext
from analysis.rules.found_by_place import is_found_by_place, is_side_folder, is_told_by_source
from analysis.rules.named_in_files import find_named
from analysis.rules.shipped_files import find_shipped
from analysis.tables import read_rows

#: Objects that a server, a worker or a framework loads by the name of their module.
_ENTRIES = frozenset({
    "FastAPI", "Flask", "Celery", "Starlette", "Sanic", "Quart", "Litestar", "Typer", "Dash", "Bottle", "Application",
    "get_wsgi_application", "get_asgi_application", "FastMCP", "DAG", "Huey",
})  # fmt: skip
#: A package that does one of these hands out modules that no statement names.
_HANDING_OUT = frozenset({"module_getattr", "sys_modules", "path_extended"})


@dataclass(frozen=True, slots=True)
class UnusedModules:
    """The modules that nothing uses, sorted by name, and the number of ``starts`` of which none runs them."""

    modules: tuple[Module, ...] = ()
    starts: int = 0


def find_unused(case: RuleContext) -> UnusedModules:
    """Return the modules that nothing imports, starts or names; none in a tree without a program of its own."""
    resolver = case.target_resolver
    starts = {each.path for each in resolver.starts if _is_of_product(each)}
    programs = _find_programs(case, starts)
    used = _find_used_files(case) | {each.path for each in resolver.starts} | _find_entries(case)
    lone = [
        each
        for each in resolver.index.modules
        if each.path not in used and _is_judged(each) and _find_program(each) in programs
    ]
    if lone:
        lone = _leave_out_written(case, _leave_out_handed_out(case, lone))
        left = {each.path: each.plain for each in lone} if lone else {}
        left = {path: name for path, name in left.items() if not is_told_by_source(case.facts.tree, path)}
        left = {path: left[path] for path in left.keys() - find_shipped(case.facts.tree, left)}
        named = find_named(case.facts, left)
        lone = [each for each in lone if each.path in left and each.path not in named]
    return UnusedModules(tuple(sorted(lone, key=lambda each: (each.plain, each.path))), len(starts))


def _is_of_product(start: Start) -> bool:
    return bool(start.path) and not is_test_file(start.path) and not is_side_folder(start.path)


def _is_judged(module: Module) -> bool:
    """Return whether a module is source of the target that only an import or a start can run."""
    path = module.path
    is_own = module.kind == "module" and path.endswith(".py") and not path.startswith("../")
    return is_own and not is_test_file(path) and not is_found_by_place(path)


def _find_used_files(case: RuleContext) -> set[str]:
    """Return the files that some other file imports, in whatever scope and under whatever name."""
    paths: dict[str, set[str]] = defaultdict(set)
    for name, path in read_rows(case.facts.modules, "module", "path"):
        paths[name].add(path)
    edges = set(read_rows(case.graph.edges, "imported", "path"))
    return {path for name, importer in edges for path in paths[name] if path != importer}


def _find_entries(case: RuleContext) -> set[str]:
    """Return the files that make an application, or whose body ends a process or runs a function of its own."""
    rows = read_rows(case.facts.bindings, "path", "kind", "value")
    return {path for path, kind, value in rows if kind == "instance" and value.rpartition(".")[2] in _ENTRIES}


def _find_program(module: Module) -> str:
    """Return the folder of the outermost package of a module; of one outside of packages its own."""
    folder = module.folder
    for _ in range(module.plain.count(".") - 1):
        folder = folder.rpartition("/")[0]
    return folder


def _find_programs(case: RuleContext, starts: Iterable[str]) -> set[str]:
    """Return the folders of the outermost packages in which some module is run by a start."""
    index = case.target_resolver.index
    following: dict[str, set[str]] = defaultdict(set)
    for importer, imported in set(read_rows(case.graph.edges, "importer", "imported")):
        following[importer].add(imported)
    waiting = sorted({each.name for path in starts for each in index.find_names(path)})
    seen = set(waiting)
    while waiting:
        new = following[waiting.pop()] - seen
        seen |= new
        waiting += new
    return {_find_program(module) for module in index.all if module.name in seen}


def _leave_out_written(case: RuleContext, lone: list[Module]) -> list[Module]:
    """Leave out what some statement may mean, though the kit found another file, or none, for it."""
    written: set[str] = set()
    for level, module, name in set(read_rows(case.facts.imports, "level", "module", "name")):
        if not level or module:
            whole = f"{module}.{name}" if name else module
            written.update((".".join(module.split(".")[-2:]), ".".join(whole.split(".")[-2:])))
    return [each for each in lone if ".".join(each.plain.split(".")[-2:]) not in written]


def _leave_out_handed_out(case: RuleContext, lone: list[Module]) -> list[Module]:
    """Leave out what lies where modules are handed out, loaded by computed names or paths, or compiled."""
    folders = {each.folder for each in case.target_resolver.index.all if each.kind == "extension"}
    patterns: set[str] = set()
    for path, kind, name in read_rows(case.facts.hooks, "path", "kind", "name"):
        if kind in _HANDING_OUT or kind == "computed_import":
            folders.add(path.rpartition("/")[0])
        if kind == "computed_import" and name.strip("*."):
            patterns.add(name)
    folders |= {path.rpartition("/")[0] for path, kind in read_rows(case.facts.loads, "path", "kind") if kind == "by-path"}
    packages = {each.folder for each in case.target_resolver.index.all if each.kind == "package"}
    return [each for each in lone if not _is_within(each, folders, packages) and not _is_meant(each, patterns)]


def _is_within(module: Module, folders: set[str], packages: set[str]) -> bool:
    """Return whether a module lies in one of some folders, or below one that is a package."""
    if module.folder in folders:
        return True
    above = list(_list_above(module.folder))
    return any(folder in folders and folder in packages for folder in above)


def _list_above(folder: str) -> Iterator[str]:
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _is_meant(module: Module, patterns: set[str]) -> bool:
    return any(fnmatchcase(module.plain, pattern) or fnmatchcase(module.plain, f"*.{pattern.lstrip('.')}") for pattern in patterns)
