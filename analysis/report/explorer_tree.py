"""The packages and modules of a target as one tree, in the order in which pictures of them are drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from analysis.graph import order_nodes

#: The parent of a top-level name.
NO_PARENT = -1
#: Packages and modules in the first view.
MOST_IN_FIRST_VIEW = 40
FEWEST_IN_FIRST_VIEW = 16


@dataclass(frozen=True)
class PackageTree:
    """Every module and every package above one, sorted by name; each is known by its place in ``names``.

    ``parents`` are the places of the packages above (-1 for a top-level name), ``modules`` those places that Python can
    import. A package that has an ``__init__`` is both a package and a module.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    modules: frozenset[int]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each name."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def inner(self) -> Mapping[int, Sequence[int]]:
        """The places directly below each package, and below ``NO_PARENT``."""
        found: dict[int, list[int]] = defaultdict(list)
        for place, parent in enumerate(self.parents):
            found[parent].append(place)
        return found

    @cached_property
    def sizes(self) -> Sequence[int]:
        """The number of modules at and below each place."""
        sizes = [int(place in self.modules) for place in range(len(self.names))]
        for place in range(len(self.names) - 1, -1, -1):  # a name stands behind those of its packages
            if self.parents[place] != NO_PARENT:
                sizes[self.parents[place]] += sizes[place]
        return sizes


def build_tree(modules: Collection[str]) -> PackageTree:
    """Return the tree of some dotted module names.

    >>> tree = build_tree(["a.b", "c"])
    >>> tree.names, tree.parents, sorted(tree.modules)
    (('a', 'a.b', 'c'), (-1, 0, -1), [1, 2])
    """
    names = set(modules)
    for module in modules:
        package = module.rpartition(".")[0]
        while package and package not in names:
            names.add(package)
            package = package.rpartition(".")[0]
    ordered = tuple(sorted(names))
    places = {name: place for place, name in enumerate(ordered)}
    parents = tuple(places.get(name.rpartition(".")[0], NO_PARENT) for name in ordered)
    return PackageTree(ordered, parents, frozenset(places[module] for module in modules))


def order_tree(tree: PackageTree, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return the rank of each place: importers before what they import, as far as there are no cycles.

    The modules of a package follow one another, so that the order holds for any choice of packages that are open.
    ``pairs`` are the places of importer and imported, each pair once.
    """
    costs: dict[int, dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
    for importer, imported in pairs:
        package, first, second = _find_siblings(tree, importer, imported)
        costs[package][first, second] += 1
    ranks = [0] * len(tree.names)
    stack, rank = [(NO_PARENT, False)], 0
    while stack:
        place, is_single = stack.pop()
        if is_single or place not in tree.inner:
            ranks[place], rank = rank, rank + 1
            continue
        group = [*tree.inner[place], *([place] if place != NO_PARENT else [])]
        ordered = order_nodes(costs[place])
        ordered += sorted(set(group) - set(ordered))
        stack.extend((each, each == place) for each in reversed(ordered))
    return ranks


def _find_siblings(tree: PackageTree, first: int, second: int) -> tuple[int, int, int]:
    """Return the innermost package of two modules, and its parts that contain them: itself for its ``__init__``."""
    ways = [_find_way(tree, first), _find_way(tree, second)]
    depth = 0
    while depth < min(map(len, ways)) and ways[0][depth] == ways[1][depth]:
        depth += 1
    package = ways[0][depth - 1] if depth else NO_PARENT
    parts = [way[depth] if depth < len(way) else package for way in ways]
    return package, parts[0], parts[1]


def _find_way(tree: PackageTree, place: int) -> list[int]:
    """Return the places from the top-level package down to a place."""
    way = []
    while place != NO_PARENT:
        way.append(place)
        place = tree.parents[place]
    return way[::-1]


def open_packages(tree: PackageTree, most: int = MOST_IN_FIRST_VIEW) -> list[tuple[int, bool]]:
    """Return the packages that are open in the first view, and of each whether its single modules are shown too.

    A small target is shown module by module. Of a larger one the packages with most modules are opened, each into its
    packages and one node for its other modules, as long as few enough nodes are shown. If these are hardly any,
    packages without packages inside are opened too.

    >>> open_packages(build_tree(["a", "a.b", "a.c.x", "a.c.y", "d.e"]), most=4)
    [(0, False), (5, True)]
    """
    packages = [place for place in tree.inner if place != NO_PARENT]
    if len(tree.names) <= most:
        return [(place, True) for place in sorted(packages)]
    opened: dict[int, bool] = {}
    shown = len(tree.inner[NO_PARENT])
    queue = {place for place in tree.inner[NO_PARENT] if place in tree.inner}
    while queue:
        largest = max(queue, key=lambda place: (tree.sizes[place], -place))
        queue.discard(largest)
        inside = [part for part in tree.inner[largest] if part in tree.inner]
        is_whole = not inside
        more = len(tree.inner[largest]) if is_whole else len(inside)
        limit = min(FEWEST_IN_FIRST_VIEW, most) if is_whole else most
        if more and shown + more <= limit:
            opened[largest] = is_whole
            shown += more
            queue.update(inside)
    return sorted(opened.items())
