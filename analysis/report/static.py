"""A network as a static picture: for print, for mail without scripts, and until the script draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from analysis.report.escaping import html

_MARGIN = 60
_LABEL_SIZE = 15
_ARROW = 9


class _Point(NamedTuple):
    x: float
    y: float


def draw_static(nodes: Iterable[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]], alt: str = "") -> str:
    """Return an SVG picture of nodes (id, label, x, y, size, kind) and edges (from, to, width, kind, bend).

    Edges end with an arrow at the border of their node, mutual ones have two. Classes name what nodes and edges are;
    the style sheet of the page has their colours. Empty without nodes.
    """
    known = {node["id"]: node for node in nodes}
    if not known:
        return ""
    lines = "".join(_draw_edge(known[edge["from"]], known[edge["to"]], edge) for edge in edges)
    discs = "".join(_draw_node(node) for node in known.values())
    low_x, high_x = min(node["x"] for node in known.values()), max(node["x"] for node in known.values())
    low_y, high_y = min(node["y"] for node in known.values()), max(node["y"] for node in known.values())
    box = f"{low_x - 2 * _MARGIN} {low_y - _MARGIN} {high_x - low_x + 4 * _MARGIN} {high_y - low_y + 2 * _MARGIN}"
    words = f'role="img" aria-label="{html(alt)}"' if alt else 'aria-hidden="true"'
    return f'<svg class="net" viewBox="{box}" width="100%" height="100%" {words}>{lines}{discs}</svg>'


def _draw_edge(start: Mapping[str, Any], end: Mapping[str, Any], edge: Mapping[str, Any]) -> str:
    a, b = _Point(start["x"], start["y"]), _Point(end["x"], end["y"])
    via = _find_middle(a, b, edge["bend"])
    tip = _move(b, via, end["size"])
    arrows = _draw_arrow(tip, via)
    if edge["kind"] == "mutual":
        a = _move(a, via, start["size"])
        arrows += _draw_arrow(a, via)
    return (
        f'<g class="e-{edge["kind"]}"><path d="M{_write(a)}Q{_write(via)} {_write(tip)}" '
        f'stroke-width="{edge["width"]}"/>{arrows}</g>'
    )


def _find_middle(a: _Point, b: _Point, bend: float) -> _Point:
    """Return the point that pulls an edge aside, always to the same hand: there and back are two lines."""
    across, down = b.x - a.x, b.y - a.y
    return _Point((a.x + b.x) / 2 + down * bend, (a.y + b.y) / 2 - across * bend)


def _move(point: _Point, goal: _Point, steps: float) -> _Point:
    length = math.hypot(goal.x - point.x, goal.y - point.y)
    share = min(1.0, steps / length) if length else 0.0
    return _Point(point.x + (goal.x - point.x) * share, point.y + (goal.y - point.y) * share)


def _draw_arrow(tip: _Point, origin: _Point) -> str:
    """Return the head of an arrow that comes from a point; nothing where an edge has no length."""
    length = math.hypot(origin.x - tip.x, origin.y - tip.y)
    if not length:
        return ""
    x, y = (origin.x - tip.x) / length * _ARROW, (origin.y - tip.y) / length * _ARROW
    left, right = _Point(tip.x + x - y / 2, tip.y + y + x / 2), _Point(tip.x + x + y / 2, tip.y + y - x / 2)
    return f'<polygon points="{_write(tip)} {_write(left)} {_write(right)}"/>'


def _write(point: _Point) -> str:
    return f"{point.x:.0f},{point.y:.0f}"


def _draw_node(node: Mapping[str, Any]) -> str:
    return (
        f'<circle class="n-{node["kind"]}" cx="{node["x"]}" cy="{node["y"]}" r="{node["size"]}"/>'
        f'<text x="{node["x"]}" y="{node["y"] + node["size"] + _LABEL_SIZE:.0f}" font-size="{_LABEL_SIZE}">'
        f"{html(node['label'])}</text>"
    )
