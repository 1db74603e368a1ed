"""The networks of an investigation: packages, each cycle, and the neighbours of one module."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis import tables
from analysis.errors import UnknownNameError
from analysis.report.explorer_links import name_cycle_view, name_module_view, name_package_view
from analysis.report.layout import LARGEST_RING
from analysis.report.networks import Gallery, Link, Network, Node, format_hidden, merge_mutual
from analysis.report.packages import count_imports, group_modules, shorten
from analysis.steps import read_cut, read_loop_step
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

MOST_PACKAGES = 40
MOST_LINKS = 160
MOST_CYCLES = 12
MOST_MEMBERS = 150
MOST_NEIGHBOURS = 40


def draw_packages(inv: Investigation, most_packages: int = MOST_PACKAGES, most_links: int = MOST_LINKS) -> Network:
    """Return the packages and the imports between them; pairs that import each other are red."""
    groups = group_modules([str(name) for name in inv.graph.modules], most_packages)
    counted = count_imports(inv.edges, groups)
    pairs = merge_mutual(counted.itertuples(index=False, name=None))
    shown = pairs[:most_links]
    sizes = Counter(groups.values())
    tied = {name for importer, imported, *_ in pairs for name in (importer, imported)}
    tied = tied if len(sizes) > LARGEST_RING else set(sizes)
    labels = shorten(tied)
    nodes = tuple(
        Node(name, labels[name], f"{name}\n{format_count(sizes[name], 'module')}", 6 + 3 * math.log2(sizes[name] + 1))
        for name in sorted(tied)
    )
    links = tuple(_link(*pair) for pair in shown)
    mutual = sum(1 for *_, back in pairs if back)
    hidden = (
        "A red line joins two packages that import each other.",
        format_hidden(
            "pair of packages", len(pairs) - len(shown), "those with the fewest imports", "pairs of packages"
        ),
        format_hidden("package", len(sizes) - len(tied), "those without imports from or to others"),
    )
    joined = format_count(len(pairs), "pair")
    alt = f"{format_count(len(nodes), 'package')}, {joined} with imports between them, {mutual:,} in both directions"
    return Network(
        "Packages and the imports between them",
        nodes,
        links,
        alt,
        " ".join(filter(None, hidden)),
        620,
        name_package_view(),
    )


def _link(importer: str, imported: str, weight: int, back: int) -> Link:
    text = f"{importer} → {imported}: {format_count(weight, 'import')}"
    if back:
        text += f"\n{imported} → {importer}: {format_count(back, 'import')}"
    return Link(importer, imported, text, 0.5 + 0.5 * math.log2(weight + back), "mutual" if back else "plain")


def draw_cycles(inv: Investigation, kind: str = "import-time", most_cycles: int = MOST_CYCLES) -> Gallery:
    """Return one network per cycle of a kind, the largest first: its modules, imports, a loop and the cheapest cut."""
    cycles = inv.cycles(kind)
    shown = cycles.head(most_cycles).to_dict("records")
    networks = tuple(_draw_cycle(inv, row, number) for number, row in enumerate(shown, 1))
    hidden = format_hidden("cycle", len(cycles) - len(shown), "the smallest ones; the table lists all")
    return Gallery(networks, hidden)


def _draw_cycle(inv: Investigation, row: Mapping[Any, Any], number: int) -> Network:
    ring = [read_loop_step(str(step)).importer for step in row["loop"]]
    members = [*ring, *(str(name) for name in row["modules"] if name not in set(ring))]
    shown = members[:MOST_MEMBERS]
    pairs = _find_pairs(inv.edges, shown, str(row["kind"]))
    cuts = {read_cut(str(pair)) for pair in row["cut"]}
    loop = set(zip(ring, [*ring[1:], *ring[:1]], strict=True))
    labels = shorten(shown)
    nodes = tuple(Node(name, labels[name], name, 13, "focus" if name in ring else "plain") for name in shown)
    links = tuple(
        Link(importer, imported, f"{importer} → {imported}\n{places}", 2.2 if (importer, imported) in loop else 1.0,
             "cut" if (importer, imported) in cuts else "loop" if (importer, imported) in loop else "plain")
        for importer, imported, places in pairs
    )  # fmt: skip
    legend = "Blue lines are one short loop"
    legend += ", dashed red lines the cheapest imports to remove." if cuts else "."
    return Network(
        f"Cycle {number}: {format_count(row['size'], 'module')}",
        nodes, links,
        f"Cycle {number}, {row['kind']}: {format_count(row['size'], 'module')}, "
        f"{format_count(row['edge_count'], 'pair')}, {len(cuts):,} to cut",
        " ".join(filter(None, (legend, format_hidden("module", len(members) - len(shown), "the last ones by name")))),
        height=_find_height(len(shown)), view=name_cycle_view(str(row["cycle"])),
    )  # fmt: skip


def _find_height(count: int) -> int:
    """Return the height of a cycle's picture in pixels: two modules fit side by side, a ring needs more room."""
    return 170 if count == 2 else min(300 + 20 * count, 560)


def _find_pairs(edges: pd.DataFrame, modules: Iterable[str], kind: str) -> list[tuple[str, str, str]]:
    """Return importer, imported and the first place of each pair inside a set of modules."""
    known = set(modules)
    inside = edges[
        ~edges["is_ancestor"]
        & edges["scope"].isin(tables.CYCLE_SCOPES[kind])
        & edges["importer"].isin(known)
        & edges["imported"].isin(known)
    ]
    first = inside.drop_duplicates(["importer", "imported"])
    columns = (first[name].astype(str) for name in ("importer", "imported", "path", "line"))
    return sorted((a, b, f"{path}:{line}") for a, b, path, line in zip(*columns, strict=True) if a != b)


def draw_neighbours(inv: Investigation, module: str = "", most: int = MOST_NEIGHBOURS) -> Network:
    """Return one module with those that it imports and those that import it; by default the most imported one.

    Raises ``UnknownNameError`` with the nearest name when the target has no such module.
    """
    modules = inv.graph.modules
    module = module or find_busiest(inv)
    if module not in modules:
        near = get_close_matches(module, modules, n=1)
        raise UnknownNameError(f"no module {module!r}", remedy=f"Did you mean {near[0]}?" if near else "")
    edges = inv.edges[~inv.edges["is_ancestor"]]
    near_edges = edges[(edges["importer"] == module) | (edges["imported"] == module)]
    counts = Counter(map(str, [*near_edges["importer"], *near_edges["imported"]]))
    counts.pop(module, None)
    others = [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    shown = [module, *others[:most]]
    labels = shorten(shown)
    pairs = [pair for pair in _find_pairs(near_edges, shown, "typing") if module in pair[:2]]
    nodes = tuple(
        Node(name, labels[name], name, 24 if name == module else 10, "focus" if name == module else "plain")
        for name in shown
    )
    links = tuple(Link(importer, imported, f"{importer} → {imported}\n{place}") for importer, imported, place in pairs)
    hidden = format_hidden("module", len(others) - len(shown) + 1, "those with the fewest imports")
    alt = f"{module} and {format_count(len(others), 'module')} that it imports or that import it"
    return Network(f"Neighbours of {module}", nodes, links, alt, hidden, view=name_module_view(module))


def find_busiest(inv: Investigation) -> str:
    """Return the most imported module of the target, in a tie the first by name; empty for a target without edges."""
    edges = inv.edges[~inv.edges["is_ancestor"]].drop_duplicates(["importer", "imported"])
    own = frozenset(inv.graph.modules)  # code beside the target is imported too
    counts = Counter(name for name in edges["imported"].astype(str) if name in own)
    best = min(counts.items(), key=lambda item: (-item[1], item[0]), default=None)
    return best[0] if best else next(iter(inv.graph.modules), "")
