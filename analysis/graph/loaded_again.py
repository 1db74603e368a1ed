"""Files that a loader gives a second name: by their path, past the import system and its ``sys.modules``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

import pyarrow as pa

from analysis import tables
from analysis.facts.loads import EXECUTED
from analysis.facts.test_files import is_test_file
from analysis.graph.reach import Reach
from analysis.resolve import TargetResolver
from analysis.resolve.loaded_files import Loaded, list_loaded
from analysis.resolve.second_names import SecondName
from analysis.resolve.uses import Use, find_uses

_MOST_ROWS = 3


def find_loaded_again(resolver: TargetResolver, loads: pa.Table, reach: Reach) -> Iterator[SecondName]:
    """Yield the files that a loader loads by their path, or runs by their name, while statements import them.

    ``loads`` is the table of the facts. What is computed says nothing. Loader and importer must meet: a script that
    nobody imports, as a set-up script, counts only where its own imports, or those of
    what it runs, lead to the importer.
    """
    found = list_loaded(resolver.imports, loads)
    if any(each.name == EXECUTED for each in found):  # of a file of constants, as a version, it matters to nobody
        rows = tables.read_rows(resolver.facts.definitions, "path", "scope")
        with_classes = {path for path, scope in rows if scope == "module"}
        found = [each for each in found if each.name != EXECUTED or each.path in with_classes]
    index = resolver.index
    names = {each.path: [home for home in index.find_names(each.path) if index.is_importable(home)] for each in found}
    loaders = {each.loader: index.find_importer(each.loader) for each in found}
    wanted = {module.number for modules in names.values() for module in modules}
    wanted |= {module.number for module in loaders.values() if module is not None}
    uses = find_uses(resolver, wanted)
    for each in found:
        if not each.is_run and each.name in {module.plain for module in names[each.path]}:
            continue  # it stands for the module of that name
        module = loaders[each.loader]
        for home in names[each.path]:
            users: Sequence[Use] = [use for use in uses.get(home.number, ()) if use.path != each.path]
            if module is not None and (each.is_run or not uses.get(module.number)):
                importers = {use.importer for use in users}
                met = reach.find_at_all(module, importers - {module.number}) | {module.number}
                met |= reach.find_at_all(home, importers) if each.is_run else set()
                users = [use for use in users if use.importer in met]
            for use in users[:_MOST_ROWS]:
                yield _build(each, home.name, use)


def _build(each: Loaded, first: str, use: Use) -> SecondName:
    second = each.name
    if "*" in second:
        second = second.replace("*", posixpath.basename(each.path).removesuffix(".py"))
    return SecondName(
        each.path, "loader", first, second, use.path, use.line, each.loader, each.line, each.loader, each.line,
        "runpy" if each.is_run else "", use.name, each.is_deferred or use.is_deferred,
        use.is_test or is_test_file(each.loader),
    )  # fmt: skip
