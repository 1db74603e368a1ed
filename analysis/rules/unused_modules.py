"""Modules of a program that nothing uses: no start, no import in any scope, no text; or the tests alone."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from analysis.facts.test_files import is_test_file
from analysis.resolve.modules import Module
from analysis.resolve.starts import Start
from analysis.rules.context import RuleContext
from analysis.rules.found_by_place import is_found_by_place, is_side_folder, is_told_by_source
from analysis.rules.handed_out import find_handed_out, list_extended
from analysis.rules.named_in_files import list_texts
from analysis.rules.reached_files import Uses, find_reached, read_uses
from analysis.rules.shipped_files import find_shipped
from analysis.tables import read_rows

#: Objects that a server, a worker or a framework loads by the name of their module.
_ENTRIES = frozenset({
    "FastAPI", "Flask", "Celery", "Starlette", "Sanic", "Quart", "Litestar", "Typer", "Dash", "Bottle", "Application",
    "get_wsgi_application", "get_asgi_application", "FastMCP", "DAG", "Huey",
})  # fmt: skip
#: A package of which a server or Django is told to run a module is deployed, whatever else is built of it.
_DEPLOYED = frozenset({"server", "django"})
#: So many modules of a folder that only texts name are no accident.
_SEVERAL = 2
_SUPPORTS_TESTS = re.compile(
    r"(?:^|[._])(?:tests?|testing|fakes?|mocks?|mocking|stubs?|dummy|factories|fixtures?)(?:[._]|$)"
)


@dataclass(frozen=True, slots=True)
class UnusedModules:
    """The modules that nothing uses and those that only tests use, sorted by name, and the number of ``starts``."""

    modules: tuple[Module, ...] = ()
    tested: tuple[Module, ...] = ()
    starts: int = 0


def find_unused(case: RuleContext) -> UnusedModules:
    """Return the modules that nothing uses; of code that others may import only what its names call private."""
    starts = {each for each in case.target_resolver.starts if _is_of_product(each)}
    uses = read_uses(case)
    judged = {each.path: each for each in _find_judged(case, starts, uses)}
    names = {path: each.plain for path, each in judged.items()}
    others = {path for path, status in read_rows(case.facts.files, "path", "status") if status == "ok"} - judged.keys()
    others |= {each.path for each in case.target_resolver.index.all} - judged.keys()
    tests = {path for path in others if is_test_file(path)}
    quick = find_reached(case, uses, others - tests, {}, [])
    tree = case.facts.tree
    told = {path for path in judged.keys() - quick if is_told_by_source(tree, path, names[path])}
    count = len({each.path for each in starts})
    if judged.keys() <= quick | told:
        return UnusedModules(starts=count)
    reached = named = find_reached(case, uses, others - tests | told, names, list_texts(case.facts))
    folders = _find_named_folders(judged.values(), reached, uses)
    reached = find_reached(
        case, uses, reached | {path for path, each in judged.items() if each.folder in folders}, {}, []
    )
    rest = {path: name for path, name in names.items() if path not in reached}
    by_tests = find_reached(case, uses, tests, rest, [], searched=named)
    unused = [each for path, each in judged.items() if path in rest and path not in by_tests]
    tested = [each for path, each in judged.items() if path in rest and path in by_tests]
    return UnusedModules(_sort(unused), _sort(tested), count)


def _find_named_folders(judged: Iterable[Module], reached: set[str], uses: Uses) -> set[str]:
    """Return the folders of which several modules are used by naming alone: something loads what lies there."""
    imported = {path for importer in reached for path in uses.files.get(importer, ())}
    counts = Counter(each.folder for each in judged if each.path in reached - imported and each.kind == "module")
    return {folder for folder, count in counts.items() if count >= _SEVERAL}


def _sort(modules: Iterable[Module]) -> tuple[Module, ...]:
    """Return the modules that are neither packages, whose modules are asked instead, nor there to help tests."""
    chosen = (each for each in modules if each.kind == "module" and not _SUPPORTS_TESTS.search(each.plain))
    return tuple(sorted(chosen, key=lambda each: (each.plain, each.path)))


def _is_of_product(start: Start) -> bool:
    return bool(start.path) and _is_main(start.path)


def _find_judged(case: RuleContext, starts: Iterable[Start], uses: Uses) -> list[Module]:
    """Return the modules and packages that only an import, a start or a text can bring into use."""
    resolver = case.target_resolver
    entries = _find_entries(case)
    started = {each.path for each in resolver.starts}
    likely = [each for each in resolver.index.modules if each.path not in started | entries and _is_judged(each)]
    handed_out, compiled = find_handed_out(case), list_extended(resolver.index.all)
    shipped = find_shipped(case.facts.tree, [each.path for each in likely])
    makers = entries | _find_makers(case)
    deployed = {each.path for each in starts if each.kind in _DEPLOYED} | {path for path in makers if _is_main(path)}
    deployed_folders = _find_folders(case, deployed)
    run = _find_folders(case, find_reached(case, uses, [each.path for each in starts], {}, []))
    return [
        each for each in likely
        if not handed_out.has(each)
        and (
            ((each.path not in shipped or _find_program(each) in deployed_folders) and _find_program(each) in run)
            or (_is_private(each) and each.plain.partition(".")[0] not in compiled)
        )
    ]  # fmt: skip


def _is_main(path: str) -> bool:
    return not is_test_file(path) and not is_side_folder(path)


def _is_judged(module: Module) -> bool:
    path = module.path
    is_own = module.kind in {"module", "package"} and path.endswith(".py") and not path.startswith("../")
    return is_own and not is_test_file(path) and (module.kind == "package" or not is_found_by_place(path))


def _is_private(module: Module) -> bool:
    """Return whether a module lies in a package, and its name or that of a package above it begins with one dash."""
    return any(part.startswith("_") and not part.startswith("__") for part in module.plain.split(".")[1:])


def _find_entries(case: RuleContext) -> set[str]:
    """Return the files that make an application."""
    rows = read_rows(case.facts.bindings, "path", "kind", "value")
    return {path for path, kind, value in rows if kind == "instance" and value.rpartition(".")[2] in _ENTRIES}


def _find_makers(case: RuleContext) -> set[str]:
    """Return the files with a function that makes an application and gives it back."""
    rows = read_rows(case.facts.returned, "path", "value")
    return {path for path, value in rows if value.rpartition(".")[2] in _ENTRIES - {"Application", "DAG"}}


def _find_program(module: Module) -> str:
    """Return the folder of the outermost package of a module; of one outside of packages its own."""
    folder = module.folder
    for _ in range(module.package.count(".") if module.kind == "package" else module.plain.count(".") - 1):
        folder = folder.rpartition("/")[0]
    return folder


def _find_folders(case: RuleContext, paths: Iterable[str]) -> set[str]:
    """Return the folders of the outermost packages of some files."""
    by_path: dict[str, set[str]] = defaultdict(set)
    for module in case.target_resolver.index.all:
        by_path[module.path].add(_find_program(module))
    return {folder for path in paths for folder in by_path[path]}
