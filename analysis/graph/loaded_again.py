"""Files that a loader gives a second name: by their path, past the import system and its ``sys.modules``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

import pyarrow as pa

from analysis import tables
from analysis.facts.loads import HERE, WORKING
from analysis.facts.test_files import is_test_file
from analysis.graph.reach import Reach
from analysis.resolve import TargetResolver
from analysis.resolve.second_names import SecondName
from analysis.resolve.uses import Use, find_uses

#: A loader whose path fits more files than this loads what somebody else names: nothing is said about it.
_MOST_FILES = 30
_MOST_ROWS = 3


def find_loaded_again(resolver: TargetResolver, loads: pa.Table, reach: Reach) -> Iterator[SecondName]:
    """Yield the files that a loader loads by their path while statements import them by their names.

    ``loads`` is the table of the facts. Paths that cannot be computed say nothing. Loader and importer must meet: a
    script that nobody imports, as a set-up script, counts only where its own imports lead to the importer.
    """
    columns = ("path", "line", "kind", "name", "value", "owner")
    rows = [row for row in tables.read_rows(loads, *columns) if row[2] == "by-path"]
    found = [(row, path) for row in rows for path in _find_files(resolver, row[0], row[4]) if path != row[0]]
    index = resolver.index
    names = {path: [each for each in index.find_names(path) if index.is_importable(each)] for _, path in found}
    loaders = {row[0]: index.find_importer(row[0]) for row, _ in found}
    wanted = {module.number for modules in names.values() for module in modules}
    wanted |= {module.number for module in loaders.values() if module is not None}
    uses = find_uses(resolver, wanted)
    for (loader, line, _, name, value, owner), path in found:
        if name in {module.plain for module in names[path]}:
            continue  # it stands for the module of that name
        module = loaders[loader]
        for home in names[path]:
            users: Sequence[Use] = uses.get(home.number, ())
            if module is not None and not uses.get(module.number):
                met = reach.find_at_all(module, {use.importer for use in users} - {module.number}) | {module.number}
                users = [use for use in users if use.importer in met]
            second = name.replace("*", posixpath.basename(path).removesuffix(".py")) if "*" in name else name
            for use in users[:_MOST_ROWS]:
                yield SecondName(
                    path, "loader", home.name, second, use.path, use.line, loader, line, loader, line, "", use.name,
                    bool(owner) or use.is_deferred or "*" in value, use.is_test or is_test_file(loader),
                )  # fmt: skip


def _find_files(resolver: TargetResolver, loader: str, value: str) -> list[str]:
    """Return the files of the target that a path of a loader means; none for one that is not known well enough."""
    places: Mapping[str, str] = {HERE: posixpath.dirname(loader), WORKING: ""}
    first, _, rest = value.partition("/")
    if "\0" in value or value.startswith("/"):
        return []
    path = posixpath.normpath(posixpath.join(places[first], rest) if first in places else value)
    folder, _, last = path.rpartition("/")
    if "*" in folder or path.startswith("..") or (last.strip("*") == "" and first not in places):
        return []
    if "*" not in last:
        return [path] if path in resolver.index.paths else []
    found = [
        each
        for each in resolver.index.paths
        if posixpath.dirname(each) == folder and fnmatchcase(posixpath.basename(each), last) and each.endswith(".py")
    ]
    found = [each for each in found if not each.endswith("__init__.py")]
    return sorted(found) if len(found) <= _MOST_FILES else []
