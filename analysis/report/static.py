"""A network as a static picture: for print, for mail without scripts, and until the script draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from analysis.report.escaping import html

_MARGIN = 60
_LABEL_SIZE = 15


def draw_static(nodes: Iterable[Mapping[str, Any]], edges: Iterable[Mapping[str, Any]]) -> str:
    """Return an SVG picture of nodes and edges as vis-network has them (id, label, x, y, size, color).

    Edges are straight and end at the border of their node; empty without nodes.
    """
    known = {node["id"]: node for node in nodes}
    if not known:
        return ""
    lines = "".join(_draw_edge(known[edge["from"]], known[edge["to"]], edge) for edge in edges)
    discs = "".join(_draw_node(node) for node in known.values())
    low_x, high_x = min(node["x"] for node in known.values()), max(node["x"] for node in known.values())
    low_y, high_y = min(node["y"] for node in known.values()), max(node["y"] for node in known.values())
    box = f"{low_x - 2 * _MARGIN} {low_y - _MARGIN} {high_x - low_x + 4 * _MARGIN} {high_y - low_y + 2 * _MARGIN}"
    return f'<svg viewBox="{box}" width="100%" height="100%" aria-hidden="true">{lines}{discs}</svg>'


def _draw_edge(start: Mapping[str, Any], end: Mapping[str, Any], edge: Mapping[str, Any]) -> str:
    across, down = end["x"] - start["x"], end["y"] - start["y"]
    length = math.hypot(across, down) or 1.0
    stop = max(0.0, 1 - end["size"] / length)
    x, y = start["x"] + across * stop, start["y"] + down * stop
    dashes = ' stroke-dasharray="6 5"' if edge.get("dashes") else ""
    return (
        f'<line x1="{start["x"]}" y1="{start["y"]}" x2="{x:.0f}" y2="{y:.0f}" stroke="{edge["color"]}" '
        f'stroke-width="{edge["width"]}"{dashes}/>'
    )


def _draw_node(node: Mapping[str, Any]) -> str:
    colour = node["color"]
    return (
        f'<circle cx="{node["x"]}" cy="{node["y"]}" r="{node["size"]}" fill="{colour["background"]}" '
        f'stroke="{colour["border"]}" stroke-width="1.5"/><text x="{node["x"]}" '
        f'y="{node["y"] + node["size"] + _LABEL_SIZE:.0f}" font-size="{_LABEL_SIZE}" text-anchor="middle" '
        f'fill="#1f2933" stroke="#fff" stroke-width="4" paint-order="stroke">{html(node["label"])}</text>'
    )
