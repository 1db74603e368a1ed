"""The networks of an investigation: what they show, what they leave out, and that they say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_trees import HOSTILE, SHOP, investigate, write_tree

import analysis
from analysis.errors import UnknownNameError
from analysis.investigation import Investigation
from analysis.report.views import draw_cycles, draw_neighbours, draw_packages, find_busiest


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("hostile"), HOSTILE)


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("lonely"), {"one.py": "x = 1\n"})


def test_a_single_module_without_imports_is_one_node(lonely: Investigation) -> None:
    network = draw_packages(lonely)
    assert [node.name for node in network.nodes] == ["one"]
    assert network.links == ()
    assert draw_cycles(lonely).networks == ()
    assert find_busiest(lonely) == "one"
    assert [node.name for node in draw_neighbours(lonely).nodes] == ["one"]


def test_the_busiest_module_is_one_of_the_target_not_of_the_code_beside_it(tmp_path: Path) -> None:
    files = {
        ".git/HEAD": "ref: refs/heads/main\n", ".git/objects/a": "", ".git/refs/a": "",
        "app/__init__.py": "", "app/a.py": "import app.b\nimport shared.db\n", "app/b.py": "import shared.db\n",
        "shared/__init__.py": "", "shared/db.py": "",
    }  # fmt: skip
    root = write_tree(tmp_path / "tree", files)
    inv = analysis.investigate(root / "app", data=tmp_path / "data", jobs=1)
    assert inv.frame("siblings")["module"].tolist() == ["shared", "shared.db"]
    assert find_busiest(inv) == "app.b"
    assert draw_neighbours(inv).nodes[0].name == "app.b"


def test_packages_show_who_imports_whom_and_mark_both_ways(shop: Investigation) -> None:
    network = draw_packages(shop, most_packages=3)
    assert {node.name for node in network.nodes} == {"shop", "shop.api", "shop.core"}
    links = {(link.importer, link.imported): link.kind for link in network.links}
    assert links == {("shop.api", "shop.core"): "mutual"}
    assert "Not drawn" not in network.hidden


def test_links_beyond_the_limit_are_counted(shop: Investigation) -> None:
    network = draw_packages(shop, most_links=2)
    assert len(network.links) == 2
    assert "Not drawn:" in network.hidden


def test_each_cycle_is_a_network_with_its_loop_and_the_cheapest_cut(shop: Investigation) -> None:
    (network,) = draw_cycles(shop).networks
    assert {node.name for node in network.nodes} == {"shop.core.basket", "shop.core.price"}
    assert sorted(link.kind for link in network.links) == ["cut", "loop"]
    assert ["shop/core/" in link.title for link in network.links] == [True, True]


@pytest.mark.parametrize(("kind", "size"), [("deferred", 2), ("typing", 5)])
def test_cycles_of_other_kinds_have_their_own_imports(shop: Investigation, kind: str, size: int) -> None:
    (network,) = draw_cycles(shop, kind).networks
    assert len(network.nodes) == size
    assert len(network.links) >= size


def test_cycles_beyond_the_limit_are_counted(shop: Investigation) -> None:
    gallery = draw_cycles(shop, most_cycles=0)
    assert gallery.networks == ()
    assert "1 cycle (" in gallery.hidden


def test_neighbours_are_those_that_import_it_and_those_it_imports(shop: Investigation) -> None:
    network = draw_neighbours(shop, "shop.core.registry")
    assert {node.name for node in network.nodes} == {"shop.core.registry", "shop.api.routes"}
    assert [(link.importer, link.imported) for link in network.links] == [("shop.api.routes", "shop.core.registry")]


def test_neighbours_beyond_the_limit_are_counted(shop: Investigation) -> None:
    network = draw_neighbours(shop, "shop.api.views", most=1)
    assert len(network.nodes) == 2
    assert "Not drawn:" in network.hidden


def test_without_a_name_the_module_that_most_others_import_is_shown(shop: Investigation) -> None:
    assert find_busiest(shop) in {"shop.api.views", "shop.core.basket"}


def test_an_unknown_module_is_answered_with_the_nearest(shop: Investigation) -> None:
    with pytest.raises(UnknownNameError, match=r"shop\.core\.basket"):
        draw_neighbours(shop, "shop.core.basked")


def test_hostile_names_are_drawn_as_text(hostile: Investigation) -> None:
    pages = (draw_packages(hostile).page, draw_cycles(hostile).page, draw_neighbours(hostile).page)
    assert ["alert(" in page for page in pages] == [True, False, True]
    for page in pages:
        assert page.count("<script") == page.count('<script type="application/json">')
        assert "<img" not in page
        assert "<!--" not in page
