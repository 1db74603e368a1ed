"""Layers that a package keeps today: read off the imports between its children."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import NamedTuple

from analysis.contracts.judging import judge_contract
from analysis.contracts.module_imports import ModuleImports
from analysis.contracts.terms import Contract, Layers, parse_layers
from analysis.graph.components import find_strong_components
from analysis.graph.cuts import find_cut

#: Layers are only worth stating for so many children; and they may be bent by so many pairs of modules.
_LEAST_CHILDREN, _MOST_EXCEPTIONS = 3, 10


class Layering(NamedTuple):
    """Layers of a package from the highest to the lowest, and the imports that go up today."""

    package: str
    layers: tuple[str, ...]
    exceptions: tuple[str, ...]


def find_layers(imports: ModuleImports, package: str) -> Layering | None:
    """Return the layers of a package's children, so that today's imports keep them.

    Children that import each other in a cycle share a layer, unless a few imports make the cycle: these are exceptions.
    None for a package with too few children, where most are in one cycle, or none imports another. Of a package with a
    single child it is the child.
    """
    package = _enter(imports, package)
    children = imports.find_children(package)
    if len(children) < _LEAST_CHILDREN:
        return None
    exceptions = _find_exceptions(imports, [package, *children])
    left = imports.leave_out(exceptions)[0]
    layers = _sort(package, {child: _list_reached(left, child, children) for child in children})
    largest = max(layer.count(":") + 1 for layer in layers)
    found = Layering(package, layers, exceptions)
    return found if len(layers) > 1 and largest <= len(children) // 2 and _holds(found, imports) else None


def _enter(imports: ModuleImports, package: str) -> str:
    """Return a package, or what it holds where that is a single package."""
    while True:
        children = imports.find_children(package)
        if len(children) != 1:
            return package
        package = children[0]


def _find_exceptions(imports: ModuleImports, children: list[str]) -> tuple[str, ...]:
    """Return the few pairs of modules whose imports close all cycles between children; none where they are many."""
    between = _list_pairs(imports, children)
    following: dict[str, list[str]] = defaultdict(list)
    for importer, imported in sorted(between):
        following[importer].append(imported)
    dropped: list[tuple[str, str]] = []
    for group in sorted(find_strong_components(following)):
        inside = {pair: len(modules) for pair, modules in between.items() if pair[0] in group and pair[1] in group}
        dropped += [modules for pair in find_cut(inside).pairs for modules in between[pair]]
        if len(dropped) > _MOST_EXCEPTIONS:
            return ()
    return tuple(f"{importer} -> {imported}" for importer, imported in sorted(dropped))


def _list_pairs(imports: ModuleImports, children: list[str]) -> Mapping[tuple[str, str], list[tuple[str, str]]]:
    """Return the pairs of modules that import directly from one child to another."""
    homes = {name: child for child in sorted(children) for name in imports.find_below(child)}
    found: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for importer, home in homes.items():
        for imported in imports.following.get(importer, ()):
            if homes.get(imported, home) != home:
                found[home, homes[imported]].append((importer, imported))
    return found


def _list_reached(imports: ModuleImports, child: str, children: list[str]) -> list[str]:
    """Return the children that one imports, directly or through modules of none."""
    own = set(imports.find_below(child))
    homes = {name: other for other in children for name in imports.find_below(other)}
    ways = imports.find_ways(own, homes.keys() - own)
    return sorted({homes[name] for name in ways if name in homes and name not in own})


def _sort(package: str, reached: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return layers, the highest first: each child above all that it reaches; a cycle is a layer of its own."""
    groups: dict[str, tuple[str, ...]] = {child: (child,) for child in reached}
    for found in find_strong_components(reached):
        groups.update(dict.fromkeys(found, tuple(found)))
    below = {group: {groups[other] for child in group for other in reached[child]} - {group}
             for group in groups.values()}  # fmt: skip
    heights: dict[tuple[str, ...], int] = {}
    levels: dict[int, list[list[str]]] = defaultdict(list)
    for group in TopologicalSorter(below).static_order():
        heights[group] = 1 + max((heights[other] for other in below[group]), default=-1)
        levels[heights[group]].append(sorted(name[len(package) + 1 :] for name in group))
    return tuple(text for height in sorted(levels, reverse=True) for text in _write_level(sorted(levels[height])))


def _write_level(groups: list[list[str]]) -> Iterator[str]:
    alone = [group[0] for group in groups if len(group) == 1]
    yield from (" : ".join(group) for group in groups if len(group) > 1)
    if alone:
        yield " | ".join(alone)


def _holds(found: Layering, imports: ModuleImports) -> bool:
    terms = Layers(parse_layers(found.layers), (found.package,))
    return not judge_contract(Contract(found.package, "", 0, terms, ignores=found.exceptions), imports)
