"""Modules that code of the tree loads by their names to take a class of one name from whichever it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from analysis import tables
from analysis.facts.object_texts import LOADED, SETTING
from analysis.facts.source_tree import read_if_any
from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext, ask_once

_INIT = "/__init__.py"


def are_plugins(case: RuleContext, modules: Sequence[str], name: str) -> bool:
    """Return whether the tree loads each of some modules by its name, and takes the class ``name`` from it.

    Either tables name them (``"p.backends.mem.Backend"``), or a name is put together: ``f"p.backends.{kind}"``.
    """
    named, patterns = _read_texts(case)
    if all(f"{module}.{name}" in named for module in modules):
        return True
    return any(
        all(fnmatchcase(module, pattern) for module in modules) and _takes(case, path, name)
        for path, pattern in patterns
    )


@ask_once
def _read_texts(case: RuleContext) -> tuple[frozenset[str], list[tuple[str, str]]]:
    """Return the dotted names that are loaded, and for each file with a computed import its pattern."""
    rows = tables.read_rows(case.facts.object_texts, "kind", "value")
    return frozenset(value for kind, value in rows if kind in {LOADED, SETTING}), sorted(set(_list_patterns(case)))


def _list_patterns(case: RuleContext) -> Iterator[tuple[str, str]]:
    for path, kind, name in tables.read_rows(case.facts.hooks, "path", "kind", "name"):
        if kind != "computed_import" or path not in case.homes or is_test_file(path):
            continue
        own = case.homes[path]
        package = own if path.endswith(_INIT) else own.rpartition(".")[0]
        pattern = f"{package}{name}" if name.startswith(".") and not name.startswith("..") else name
        if pattern[:1].isidentifier():
            yield path, pattern


def _takes(case: RuleContext, path: str, name: str) -> bool:
    """Return whether a file takes an attribute of a name from something, by a dot or by a text."""
    source = read_if_any(case.facts.tree, path)
    return re.search(rb"[.\"']%s\b" % re.escape(name.encode()), source) is not None
