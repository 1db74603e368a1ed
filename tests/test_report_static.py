"""Still pictures of networks: what the script would draw, as SVG that cannot be broken out of."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from analysis.report.static import draw_static

COLOUR = {"background": "#fff", "border": "#000"}


def make_node(number: int, label: str, x: int = 0, y: int = 0) -> dict[str, object]:
    return {"id": number, "label": label, "x": x, "y": y, "size": 10, "color": COLOUR}


def test_no_nodes_are_no_picture() -> None:
    assert draw_static([], []) == ""


def test_a_node_is_a_disc_with_its_label() -> None:
    picture = ET.fromstring(draw_static([make_node(0, "shop")], []))
    assert [child.tag for child in picture] == ["circle", "text"]
    assert picture[1].text == "shop"


def test_an_edge_ends_at_the_border_of_its_node() -> None:
    nodes = [make_node(0, "a"), make_node(1, "b", x=100)]
    edge = {"from": 0, "to": 1, "color": "#000", "width": 1, "dashes": True}
    line = ET.fromstring(draw_static(nodes, [edge]))[0]
    assert (line.get("x1"), line.get("x2")) == ("0", "90")
    assert line.get("stroke-dasharray")


def test_two_nodes_in_one_place_are_no_error() -> None:
    edge = {"from": 0, "to": 1, "color": "#000", "width": 1}
    assert "<line" in draw_static([make_node(0, "a"), make_node(1, "b")], [edge])


def test_a_label_stays_text() -> None:
    label = '</text></svg><script>alert(1)</script>"'
    picture = ET.fromstring(draw_static([make_node(0, label)], []))
    assert picture[1].text == label
