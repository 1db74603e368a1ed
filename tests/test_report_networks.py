"""Networks: positions given, physics off, one copy of the library, no request to anywhere, nothing becomes markup."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.report.displays import PAGE, read_asset
from analysis.report.networks import Gallery, Link, Network, Node, build_scripts, dump_json, format_hidden, merge_mutual

CLOSING = "</script><script>alert(1)</script><!-- ]]>"
EXTERNAL = re.compile(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|@import|url\(\s*["']?(?:https?:)?//""", re.IGNORECASE)


def make_network(*names: str, title: str = "Packages", hidden: str = "") -> Network:
    nodes = tuple(Node(name, name, name) for name in names)
    links = tuple(Link(a, b, f"{a} → {b}") for a, b in pairwise(names))
    return Network(title, nodes, links, f"{len(names)} packages", hidden)


def read_data(network: Network) -> dict[str, object]:
    found = re.search(r'<script type="application/json">(.*?)</script>', network.page, re.DOTALL)
    assert found
    data: dict[str, object] = json.loads(found.group(1))
    return data


def test_a_network_without_nodes_is_drawn_as_nothing() -> None:
    assert read_data(make_network())["nodes"] == []


def test_a_gallery_without_networks_says_none() -> None:
    shown = Gallery(())._repr_mimebundle_()
    assert "None." in shown[PAGE]
    assert "None." in shown["text/html"]


def test_every_node_has_its_place_and_physics_is_off() -> None:
    data = read_data(make_network("a", "b", "c"))
    assert all({"x", "y"} <= set(node) for node in data["nodes"])  # type: ignore[attr-defined]
    assert data["options"]["physics"]["enabled"] is False  # type: ignore[index]
    assert data["options"]["edges"]["smooth"] is False  # type: ignore[index]


def test_a_network_is_the_same_every_time() -> None:
    names = [f"m{number}" for number in range(30)]
    assert make_network(*names).page == make_network(*names).page


def test_a_page_names_the_picture_in_words_and_says_what_is_hidden() -> None:
    page = make_network("a", "b", hidden="Not drawn: 7 imports.").page
    assert 'role="img"' in page
    assert 'aria-label="2 packages"' in page
    assert "Not drawn: 7 imports." in page


def test_the_library_is_in_the_lab_frame_once_and_in_no_page() -> None:
    gallery = Gallery((make_network("a", "b"), make_network("c", "d")))
    shown = gallery._repr_mimebundle_()
    assert len(shown[PAGE]) < 10_000
    assert shown["text/html"].count("vis-network") < 20
    assert len(shown["text/html"]) < 1_000_000


def test_nothing_is_loaded_from_anywhere() -> None:
    for text in (build_scripts(), make_network("a", "b")._repr_mimebundle_()["text/html"]):
        assert len(text) > 500
        assert not EXTERNAL.search(text)
        assert "bootstrap" not in text.lower()
        assert "sourceMappingURL" not in text


@pytest.mark.parametrize("place", ["node", "title", "hidden"])
def test_nothing_of_the_target_becomes_markup(place: str) -> None:
    network = {
        "node": make_network(CLOSING, "b"),
        "title": make_network("a", "b", title=CLOSING),
        "hidden": make_network("a", "b", hidden=CLOSING),
    }[place]
    page = network.page
    assert page.count("<script") == page.count("</script>") == 1
    assert "<!--" not in page
    frame = network._repr_mimebundle_()["text/html"]
    own = f"<script>{read_asset('frames.js')}</script>"
    assert "<script" not in frame.removesuffix(own)  # the whole document is an attribute


def test_a_name_in_odd_letters_is_one_node() -> None:
    data = read_data(make_network("a\ud800\n\u202eb", "c"))
    assert len(data["nodes"]) == 2  # type: ignore[arg-type]


def test_names_that_look_the_same_after_cleaning_stay_two_nodes() -> None:
    data = read_data(make_network("a\x01", "a\x02"))
    assert len(data["nodes"]) == 2  # type: ignore[arg-type]


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_in_a_script_cannot_end_it_and_reads_back(value: object) -> None:
    text = dump_json(value)
    assert not set(text) & set("<>&")
    assert json.loads(text) == value


def test_pairs_in_both_directions_become_one() -> None:
    assert merge_mutual([("a", "b", 3), ("b", "a", 2), ("a", "c", 9), ("a", "a", 5)]) == [
        ("a", "c", 9, 0),
        ("a", "b", 3, 2),
    ]


def test_nothing_hidden_is_not_told() -> None:
    assert format_hidden("import", 0, "the weakest") == ""


def test_in_a_notebook_that_is_not_trusted_the_picture_still_shows() -> None:
    """JupyterLab removes frames, scripts and style sheets there; an image with its own colours stays."""
    network = Network("A", (Node("a", "a & b", "a"), Node("b", "b", "b")), (Link("a", "b", "a to b"),), "two modules")
    shown = re.sub(r"<(iframe|script|style)\b.*?</\1>", "", network._repr_mimebundle_()["text/html"], flags=re.DOTALL)
    match = re.search(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="two modules"', shown)
    assert match is not None
    drawn = ET.fromstring(b64decode(match[1]))
    texts = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    style = next(drawn.iter("{http://www.w3.org/2000/svg}style")).text or ""
    assert texts == ["a & b", "b"]
    assert set(re.findall(r"var\((--[\w-]+)\)", style)) <= set(re.findall(r"(--[\w-]+):", style))
