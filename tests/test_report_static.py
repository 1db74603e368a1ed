"""Still pictures of networks: what the script would draw, with arrows, as SVG that cannot be broken out of."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from analysis.report.static import draw_static


def make_node(number: int, label: str, x: int = 0, y: int = 0) -> dict[str, object]:
    return {"id": number, "label": label, "x": x, "y": y, "size": 10, "kind": "plain"}


def make_edge(kind: str = "plain", bend: float = 0.0, *, is_back: bool = False) -> dict[str, object]:
    return {"from": int(is_back), "to": int(not is_back), "width": 1, "kind": kind, "bend": bend}


PAIR = [make_node(0, "a"), make_node(1, "b", x=100)]


def test_no_nodes_are_no_picture() -> None:
    assert draw_static([], []) == ""


def test_a_node_is_a_disc_with_its_label() -> None:
    picture = ET.fromstring(draw_static([make_node(0, "shop")], []))
    assert [child.tag for child in picture] == ["circle", "text"]
    assert picture[1].text == "shop"


def test_an_edge_ends_with_an_arrow_at_the_border_of_its_node() -> None:
    line, arrow = ET.fromstring(draw_static(PAIR, [make_edge("cut")]))[0]
    assert line.get("d") == "M0,0Q50,0 90,0"
    assert (arrow.tag, (arrow.get("points") or "").split()[0]) == ("polygon", "90,0")


def test_edges_in_both_directions_have_two_arrows_or_are_two_lines() -> None:
    mutual = ET.fromstring(draw_static(PAIR, [make_edge("mutual")]))[0]
    assert [(part.get("points") or "").split()[0] for part in mutual[1:]] == ["90,0", "10,0"]
    there, back = ET.fromstring(draw_static(PAIR, [make_edge(bend=0.2), make_edge(bend=0.2, is_back=True)]))[:2]
    assert (there[0].get("d") or "").split("Q")[1].startswith("50,-20")
    assert (back[0].get("d") or "").split("Q")[1].startswith("50,20")


def test_two_nodes_in_one_place_are_no_error() -> None:
    assert "<path" in draw_static([make_node(0, "a"), make_node(1, "b")], [make_edge()])


def test_a_picture_has_words_where_it_is_given_some() -> None:
    picture = ET.fromstring(draw_static(PAIR, [], 'two "nodes"'))
    assert (picture.get("role"), picture.get("aria-label")) == ("img", 'two "nodes"')


def test_a_label_stays_text() -> None:
    label = '</text></svg><script>alert(1)</script>"'
    picture = ET.fromstring(draw_static([make_node(0, label)], []))
    assert picture[1].text == label
