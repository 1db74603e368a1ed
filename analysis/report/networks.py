"""Interactive networks, drawn by vis-network as pyvis ships it: computed layout, physics off.

The data says what nodes and edges are; the colours of the page say how that looks, in light and in dark.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from analysis.report.colours import LIGHT, build_colour_style
from analysis.report.displays import PAGE, read_asset
from analysis.report.escaping import html, plain
from analysis.report.explorer_links import link_to_view
from analysis.report.frames import build_frame
from analysis.report.layout import LARGEST_RING, lay_out
from analysis.report.static import draw_static
from analysis.wording import format_count

OPTIONS: Mapping[str, Any] = {
    "physics": {"enabled": False},
    "interaction": {"hover": True, "tooltipDelay": 120, "zoomView": True, "dragNodes": True},
    "nodes": {
        "shape": "dot",
        "borderWidth": 1.5,
        "font": {"size": 15, "face": "system-ui, sans-serif", "strokeWidth": 4},
    },
    "edges": {"smooth": False, "selectionWidth": 1, "hoverWidth": 0.5},
}
#: How far edges of a ring are bent, where there and back would cover each other; in larger networks they are straight.
BEND = 0.16


@dataclass(frozen=True, slots=True)
class Node:
    """A node: its identifier, label, tooltip, size (8 to 40) and kind (plain, focus, other)."""

    name: str
    label: str
    title: str
    size: float = 12.0
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Link:
    """An edge with its tooltip, width and kind (plain, mutual, cut, loop); mutual ones have two arrows."""

    importer: str
    imported: str
    title: str
    width: float = 1.0
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Network:
    """A network with its alternative text; ``hidden`` states what its size limits left out.

    ``view`` is the address of the view of the explorer that goes on from it.
    """

    title: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    alt: str
    hidden: str = ""
    height: int = field(default=560)
    view: str = ""

    def list_nodes(self) -> list[dict[str, Any]]:
        """Return the nodes as the script draws them: id, label, title, size, kind and their places."""
        places = lay_out([node.name for node in self.nodes], [(link.importer, link.imported) for link in self.links])
        return [
            {"id": number, "label": plain(node.label), "title": node.title, "size": round(node.size, 1),
             "kind": node.kind, "x": places[node.name][0], "y": places[node.name][1]}
            for number, node in enumerate(self.nodes)
        ]  # fmt: skip

    def list_edges(self) -> list[dict[str, Any]]:
        """Return the edges as the script draws them: from, to, title, width, kind and how far they are bent."""
        number = {node.name: index for index, node in enumerate(self.nodes)}
        bend = BEND if len(self.nodes) <= LARGEST_RING else 0.0
        return [
            {"from": number[link.importer], "to": number[link.imported], "title": link.title,
             "width": round(link.width, 1), "kind": link.kind, "bend": bend}
            for link in self.links
        ]  # fmt: skip

    @property
    def page(self) -> str:
        """The network for a page: its data, drawn by the script that the page contains once."""
        nodes, edges = self.list_nodes(), self.list_edges()
        data = {"nodes": nodes, "edges": edges, "options": dict(OPTIONS)}
        more = f' <a href="{html(link_to_view(self.view))}">Open in the explorer</a>' if self.view else ""
        return (
            f'<figure class="network"><div class="canvas" '
            f'style="--height:{self.height}px">{draw_static(nodes, edges, self.alt)}</div>'
            f'<script type="application/json">{dump_json(data)}</script>'
            f"<figcaption><strong>{html(self.title)}.</strong> {html(self.hidden)}{more}</figcaption></figure>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        return {"text/plain": plain(self.alt), "text/html": _frame([self]), PAGE: self.page}


@dataclass(frozen=True, slots=True)
class Gallery:
    """Several networks in a column, with one copy of the drawing library."""

    networks: tuple[Network, ...]
    hidden: str = ""

    @property
    def page(self) -> str:
        """The networks for a page."""
        note = f'<p class="hidden-rows">{html(self.hidden)}</p>' if self.hidden else ""
        return "".join(network.page for network in self.networks) + note

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        text = "; ".join(network.alt for network in self.networks) or "no network"
        if not self.networks:
            return {"text/plain": text, "text/html": "<p>None.</p>", PAGE: '<p class="nothing">None.</p>'}
        return {"text/plain": plain(text), "text/html": _frame(self.networks), PAGE: self.page}


def _frame(networks: Sequence[Network]) -> str:
    """Return networks in a frame for JupyterLab, with their pictures behind it."""
    body = "".join(network.page for network in networks)
    style = f"{build_colour_style()}{read_asset('page.css')}{read_asset('networks.css')}body{{font-size:14px}}"
    head = f'<meta charset="utf-8"><style>{style}</style>'
    document = f"<!doctype html><html><head>{head}</head><body>{body}{build_scripts()}</body></html>"
    height = min(sum(network.height + 90 for network in networks), 1400)
    behind = "".join(map(_draw_image, networks))
    return build_frame(document, behind=behind, title=networks[0].title, height=height)


def _draw_image(network: Network) -> str:
    """Return the static picture of a network as an image, which needs no style sheet of a page."""
    svg = draw_static(network.list_nodes(), network.list_edges())
    if not svg:
        return ""
    colours = "".join(f"--{name}:{value};" for name, value in LIGHT.items())
    style = f"<style>:root{{{colours}background:#fff}}{read_asset('networks.css')}</style>"
    alone = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">", f">{style}", 1)
    data = b64encode(alone.encode()).decode("ascii")
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{html(network.alt)}" style="width:100%">'


@cache
def build_scripts() -> str:
    """Return the scripts that draw every network of a page: vis-network, as pyvis ships it, and our own."""
    library = distribution("pyvis").locate_file("pyvis/templates/lib/vis-9.1.2/vis-network.min.js")
    source = Path(str(library)).read_text("utf-8").rpartition("//# sourceMappingURL=")
    return f"<script>{source[0] or source[2]}</script><script>{read_asset('networks.js')}</script>"


def dump_json(value: Any) -> str:
    """Return JSON for a script element: nothing in it can close the element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def format_hidden(noun: str, hidden: int, why: str, plural: str = "") -> str:
    """Return a sentence on what a limit left out, or an empty text.

    >>> format_hidden("import", 1200, "the weakest"), format_hidden("import", 1, "the weakest")
    ('Not drawn: 1,200 imports (the weakest).', 'Not drawn: 1 import (the weakest).')
    """
    return f"Not drawn: {format_count(hidden, noun, plural)} ({why})." if hidden else ""


def merge_mutual(pairs: Iterable[tuple[str, str, int]]) -> list[tuple[str, str, int, int]]:
    """Return one row per pair in either direction: a, b, weight of a → b, weight of b → a (0: one way)."""
    weights = {(importer, imported): weight for importer, imported, weight in pairs if importer != imported}
    merged = []
    for (importer, imported), weight in weights.items():
        back = weights.get((imported, importer), 0)
        if not back or importer < imported:
            merged.append((importer, imported, weight, back))
    return sorted(merged, key=lambda row: (-(row[2] + row[3]), row[0], row[1]))
