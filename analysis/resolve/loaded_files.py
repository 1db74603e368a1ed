"""Which files of the target calls load past the import statement: by their path, or by the name of their module."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

import pyarrow as pa

from analysis import tables
from analysis.facts.loads import EXECUTED, RUN_PATH
from analysis.facts.path_values import HERE, WORKING
from analysis.resolve.imports import ImportResolver

MAIN = "__main__"
#: A loader whose path fits more files than this loads what somebody else names: nothing is said about it.
_MOST_FILES = 30


class Loaded(NamedTuple):
    """A file of the target that a call loads: the file and line of the call, and the name that the module gets."""

    path: str
    loader: str
    line: int
    name: str
    is_run: bool
    is_deferred: bool


def list_loaded(imports: ImportResolver, loads: pa.Table) -> list[Loaded]:
    """Return the files that calls load by their path, or run by the name of their module; not their own one."""
    columns = ("path", "line", "kind", "name", "value", "owner")
    found = []
    for loader, line, kind, name, value, owner in tables.read_rows(loads, *columns):
        is_run = kind == "run-by-name" or (kind == "by-path" and name in {RUN_PATH, MAIN, EXECUTED})
        paths = _find_run(imports, loader, value) if kind == "run-by-name" else []
        paths = _find_files(imports, loader, value) if kind == "by-path" else paths
        is_deferred = bool(owner) or "*" in value
        found += [Loaded(path, loader, line, name, is_run, is_deferred) for path in paths if path != loader]
    return found


def _find_run(imports: ImportResolver, loader: str, name: str) -> list[str]:
    """Return the file of the module that ``run_module`` runs: of a package its ``__main__``."""
    importer = imports.index.find_importer(loader)
    found = imports.find_module(importer, name) if importer is not None else None
    module = None if found is None else found.module
    if module is not None and module.is_package:
        module = imports.index.find_child(module, MAIN)
    return [] if module is None else [module.path]


def _find_files(imports: ImportResolver, loader: str, value: str) -> list[str]:
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
        return [path] if path in imports.index.paths else []
    found = [
        each
        for each in imports.index.paths
        if posixpath.dirname(each) == folder and fnmatchcase(posixpath.basename(each), last) and each.endswith(".py")
    ]
    found = [each for each in found if not each.endswith("__init__.py")]
    return sorted(found) if len(found) <= _MOST_FILES else []
