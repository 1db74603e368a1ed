"""The import graph for other programs: Mermaid (bounded, as a page draws it), DOT and GraphML (whole)."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import networkx as nx

from analysis.report.escaping import plain
from analysis.report.graph_choice import GraphLink, GraphPart
from analysis.report.packages import shorten
from analysis.wording import format_count

#: More than this no page draws so that it can be read; Mermaid itself refuses more than 500 links.
MOST_NODES = 60
MOST_LINKS = 200
_LATER = ("function", "type_checking")
#: What means something inside of a quoted label.
_ENTITIES = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\\": "#92;"}


def write_mermaid(part: GraphPart) -> str:
    """Return a flow chart: solid arrows for imports that run on import, dotted ones for others.

    Of a larger graph it has the nodes with most imports, and says in a node of its own what is not there.
    """
    return "\n".join(_write_mermaid(part)) + "\n"


def _write_mermaid(part: GraphPart) -> Iterator[str]:
    shown, note = cut(part)
    numbers = {node.name: f"n{number}" for number, node in enumerate(shown.nodes)}
    labels = shorten([node.name for node in shown.nodes])
    yield f"%% {plain(part.title)}"
    if note:
        yield f"%% {note}"
    yield "flowchart LR"
    for node in shown.nodes:
        size = f" ({node.modules:,})" if node.modules > 1 else ""
        mark = ":::cycle" if node.cycle else ""
        yield f'  {numbers[node.name]}["{_label(labels[node.name] + size)}"]{mark}'
    for link in shown.links:
        arrow = "-.->" if link.scope in _LATER else "-->"
        count = f"|{link.imports:,}|" if link.imports > 1 else ""
        yield f"  {numbers[link.importer]} {arrow}{count} {numbers[link.imported]}"
    if note:
        yield f'  cut["{_label(note)}"]:::note'
        yield "  classDef note fill:none,stroke-dasharray:4 3"
    if any(node.cycle for node in shown.nodes):
        yield "  classDef cycle stroke:#c0392b,stroke-width:2px"


def cut(part: GraphPart, most_nodes: int = MOST_NODES, most_links: int = MOST_LINKS) -> tuple[GraphPart, str]:
    """Return the nodes with most imports, the links among them with most, and what was left out; empty if nothing."""
    weights: Counter[str] = Counter()
    for link in part.links:
        weights[link.importer] += link.imports
        weights[link.imported] += link.imports
    ranked = sorted(part.nodes, key=lambda node: (-weights[node.name], node.name))[:most_nodes]
    kept = {node.name for node in ranked}
    inside = [link for link in part.links if link.importer in kept and link.imported in kept]
    links = sorted(inside, key=lambda link: (-link.imports, link))[:most_links]
    shown = replace(part, nodes=tuple(sorted(ranked)), links=tuple(sorted(links)))
    left_nodes, left_links = len(part.nodes) - len(shown.nodes), len(part.links) - len(shown.links)
    if not left_nodes and not left_links:
        return shown, ""
    missing = [format_count(left_nodes, f"more {part.noun}")] if left_nodes else []
    missing += [format_count(left_links, "more link")] if left_links else []
    return shown, f"Not shown: {' and '.join(missing)}, those with the fewest imports"


def _label(text: str) -> str:
    return "".join(_ENTITIES.get(each, each) for each in plain(text))


def write_dot(part: GraphPart) -> str:
    """Return the graph in the language of Graphviz; dashed lines are imports that do not run on import."""
    return "\n".join(_write_dot(part)) + "\n"


def _write_dot(part: GraphPart) -> Iterator[str]:
    yield f"digraph {_quote(part.title)} {{"
    yield "  rankdir=LR; node [shape=box, fontname=sans-serif];"
    for node in part.nodes:
        color = ", color=red" if node.cycle else ""
        size = rf"\n{format_count(node.modules, 'module')}" if part.noun == "package" else ""
        yield f'  {_quote(node.name)} [label={_quote(node.name)[:-1]}{size}"{color}, tooltip={_quote(node.path)}];'
    for link in part.links:
        style = ", style=dashed" if link.scope in _LATER else ""
        yield f"  {_quote(link.importer)} -> {_quote(link.imported)} [weight={link.imports}{_show_count(link)}{style}];"
    yield "}"


def _show_count(link: GraphLink) -> str:
    return f', label="{link.imports}"' if link.imports > 1 else ""


def _quote(text: str) -> str:
    r"""Return text as a quoted name of Graphviz.

    >>> _quote('a"b\\')
    '"a\\"b\\\\"'
    """
    escaped = plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def write_graphml(part: GraphPart) -> str:
    """Return the graph as GraphML: nodes with modules, path and cycle, links with imports and scope."""
    graph: nx.DiGraph[str] = nx.DiGraph(name=plain(part.title))
    for node in part.nodes:
        graph.add_node(plain(node.name), modules=node.modules, path=plain(node.path), cycle=plain(node.cycle))
    for link in part.links:
        graph.add_edge(plain(link.importer), plain(link.imported), imports=link.imports, scope=link.scope)
    written = io.BytesIO()
    nx.write_graphml(graph, written, named_key_ids=True)
    return written.getvalue().decode("utf-8") + "\n"


FORMATS: Mapping[str, Callable[[GraphPart], str]] = {
    "mermaid": write_mermaid, "dot": write_dot, "graphml": write_graphml,
}  # fmt: skip
