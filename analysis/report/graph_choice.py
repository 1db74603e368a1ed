"""Which part of the import graph is exported: packages, the modules of a package, or one module and its neighbours."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis import tables
from analysis.errors import explain_unknown_module
from analysis.report.packages import group_modules

if TYPE_CHECKING:
    from analysis.investigation import Investigation

MOST_PACKAGES = 60
_SCOPES = ("module", "class", "function", "type_checking")


@dataclass(frozen=True, slots=True, order=True)
class GraphNode:
    """One package or module; ``modules`` are how many it stands for, ``cycle`` the import-time cycle that it is on."""

    name: str
    modules: int
    path: str = ""
    cycle: str = ""


@dataclass(frozen=True, slots=True, order=True)
class GraphLink:
    """The imports of one node by another; ``scope`` is that of the least deferred one."""

    importer: str
    imported: str
    imports: int
    scope: str


@dataclass(frozen=True, slots=True)
class GraphPart:
    """Nodes and links, each sorted by name; ``noun`` says what a node is."""

    title: str
    noun: str
    nodes: tuple[GraphNode, ...]
    links: tuple[GraphLink, ...]


def choose_packages(inv: Investigation) -> GraphPart:
    """Return the packages with the imports between them: those that are large enough, at most sixty."""
    groups = group_modules([str(name) for name in inv.graph.modules], MOST_PACKAGES)
    sizes = Counter(groups.values())
    nodes = tuple(GraphNode(name, sizes[name]) for name in sorted(sizes))
    return GraphPart(f"Packages of {inv.name}", "package", nodes, _count(inv, groups))


def choose_modules(inv: Investigation, package: str = "") -> GraphPart:
    """Return all modules, or those of a package, with the imports among them.

    Raises ``UnknownNameError`` with the nearest names when the target has no such package.
    """
    names = [name for name in inv.graph.modules if not package or f"{name}.".startswith(f"{package}.")]
    if not names:
        raise explain_unknown_module(package, inv.graph.modules)
    return _build(inv, f"Modules of {package or inv.name}", names, _count(inv, {name: name for name in names}))


def choose_neighbours(inv: Investigation, module: str) -> GraphPart:
    """Return one module, what it imports and what imports it, with the imports to and from it.

    Raises ``UnknownNameError`` with the nearest names when the target has no such module.
    """
    if module not in inv.graph.modules:
        raise explain_unknown_module(module, inv.graph.modules)
    links = [
        link
        for link in _count(inv, {name: name for name in inv.graph.modules})
        if module in {link.importer, link.imported}
    ]
    names = {module, *(name for link in links for name in (link.importer, link.imported))}
    return _build(inv, f"Imports of and by {module}", names, tuple(links))


def _build(inv: Investigation, title: str, names: Iterable[str], links: tuple[GraphLink, ...]) -> GraphPart:
    paths: dict[str, str] = {}
    for name, path, shadowed in tables.read_rows(inv.table("modules"), "module", "path", "shadowed_by"):
        if not shadowed:
            paths.setdefault(name, path)
    columns = ("cycle", "kind", "with_ancestors", "modules")
    cycles: dict[str, str] = {}
    for cycle, kind, with_ancestors, members in tables.read_rows(inv.table("cycles"), *columns):
        if kind == "import-time" and not with_ancestors:
            cycles |= dict.fromkeys(members, cycle)
    nodes = tuple(GraphNode(name, 1, paths.get(name, ""), cycles.get(name, "")) for name in sorted(names))
    return GraphPart(title, "module", nodes, links)


def _count(inv: Investigation, groups: Mapping[str, str]) -> tuple[GraphLink, ...]:
    """Return the imports from one group to another: each statement once, those of ancestor packages not at all."""
    found: dict[tuple[str, str], set[tuple[str, int]]] = defaultdict(set)
    scopes: dict[tuple[str, str], str] = {}
    columns = ("importer", "imported", "path", "line", "scope", "is_ancestor")
    for importer, imported, path, line, scope, is_ancestor in tables.read_rows(inv.table("edges"), *columns):
        pair = (groups.get(importer, ""), groups.get(imported, ""))
        if is_ancestor or "" in pair or pair[0] == pair[1]:
            continue
        found[pair].add((path, line))
        scopes[pair] = min(scope, scopes.get(pair, scope), key=_SCOPES.index)
    return tuple(GraphLink(*pair, len(places), scopes[pair]) for pair, places in sorted(found.items()))
