"""How risky a step is: who imports what it touches, what is reached by other names, and whether tests see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pyarrow as pa

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.remedy.step import Risk
from analysis.rules.edits import ReadTable
from analysis.wording import choose_form, format_count

#: More importers than this make a change risky, or very risky.
MANY_IMPORTERS, VERY_MANY_IMPORTERS = 10, 50
_REGISTRY = "class-registry"
_ON_DEMAND = frozenset({"module_getattr", "sys_modules", "path_extended", "computed_binding"})


@dataclass(frozen=True)
class StepSurroundings:
    """What surrounds the files of a target.

    ``importers`` are the files that import each file, ``renamed`` those that Python loads under two names,
    ``registries`` those with a class that others register in, ``computed`` those that give names on demand.
    """

    importers: dict[str, set[str]]
    renamed: frozenset[str]
    registries: frozenset[str]
    computed: frozenset[str]

    def judge(self, files: Collection[str]) -> Risk:
        """Return the risk of changing some files."""
        own = set(files)
        around = set[str]().union(*(self.importers.get(path, ()) for path in files)) - own
        outside = {path for path in around if not is_test_file(path)}
        product = {path for path in own if not is_test_file(path)}
        tested = {path for path in product if any(map(is_test_file, self.importers.get(path, ())))}
        odd = list(self._name_odd(own))
        points = (len(outside) > MANY_IMPORTERS) + (len(outside) > VERY_MANY_IMPORTERS) + bool(odd)
        points += bool(product and outside) and not tested
        imports = choose_form(len(outside), "imports", "import")
        reasons = [f"{format_count(len(outside), 'other file')} {imports} what it touches", *odd, _say(product, tested)]
        level = "high" if points > 1 else "medium" if points else "low"
        return Risk(level, "; ".join(filter(None, reasons)))

    def _name_odd(self, files: set[str]) -> Iterator[str]:
        for found, words in (
            (self.renamed, "loaded under two names"), (self.registries, "with a registry"),
            (self.computed, "with names that are given on demand"),
        ):  # fmt: skip
            if count := len(found & files):
                yield f"{format_count(count, 'file')} {words}"


def _say(product: Collection[str], tested: Collection[str]) -> str:
    if not product:
        return "only tests change"
    if not tested:
        return "no test imports it directly"
    return f"tests import {len(tested):,} of {format_count(len(product), 'file')} directly"


def read_surroundings(read_table: ReadTable) -> StepSurroundings:
    """Return what surrounds the files of a target."""
    modules = read_table("modules")
    homes = dict(tables.read_rows(modules, "module", "path"))
    importers: dict[str, set[str]] = defaultdict(set)
    for imported, path in _read_pairs(read_table("edges")):
        if homes.get(imported, path) != path:
            importers[homes[imported]].add(path)
    renamed = frozenset(tables.read_column(read_table("second_names"), "path"))
    states = tables.read_rows(read_table("states"), "path", "kind")
    registries = frozenset(path for path, kind in states if kind == _REGISTRY)
    hooks = tables.read_rows(read_table("hooks"), "path", "kind")
    computed = frozenset(path for path, kind in hooks if kind in _ON_DEMAND)
    return StepSurroundings(dict(importers), renamed, registries, computed)


def _read_pairs(edges: pa.Table) -> set[tuple[str, str]]:
    return set(tables.read_rows(edges, "imported", "path"))
