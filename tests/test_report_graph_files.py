"""The exported graph says what the edges say, in each format, and of a large graph what is not there."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import networkx as nx
import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, investigate

from analysis.errors import UnknownNameError
from analysis.investigation import Investigation
from analysis.report.graph_choice import (
    GraphLink,
    GraphNode,
    GraphPart,
    choose_modules,
    choose_neighbours,
    choose_packages,
)
from analysis.report.graph_files import MOST_LINKS, MOST_NODES, cut, write_dot, write_graphml, write_mermaid


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


def list_pairs(inv: Investigation) -> set[tuple[str, str]]:
    rows = inv.table("edges").to_pylist()
    return {
        (row["importer"], row["imported"])
        for row in rows
        if not row["is_ancestor"] and row["importer"] != row["imported"]
    }


def test_the_modules_and_their_imports_are_all_there(shop: Investigation) -> None:
    part = choose_modules(shop)
    assert [node.name for node in part.nodes] == list(shop.graph.modules)
    assert {(link.importer, link.imported) for link in part.links} == list_pairs(shop)
    graph = nx.read_graphml(io.BytesIO(write_graphml(part).encode()))
    assert set(graph.edges) == list_pairs(shop)
    assert set(graph.nodes) == set(shop.graph.modules)
    assert graph.nodes["shop.core.basket"]["cycle"].startswith("import-time")
    assert graph.edges["shop.core.tax", "shop.api.views"]["scope"] == "type_checking"


def test_mermaid_has_an_arrow_for_each_link(shop: Investigation) -> None:
    text = write_mermaid(choose_modules(shop))
    names = dict(re.findall(r'^  (n\d+)\["([^"]*)"\]', text, re.MULTILINE))
    arrows = re.findall(r"^  (n\d+) (-->|-\.->)(?:\|[\d,]+\|)? (n\d+)$", text, re.MULTILINE)
    assert len(names) == len(shop.graph.modules)
    assert {(f"shop.{names[a]}", f"shop.{names[b]}") for a, _, b in arrows} == list_pairs(shop)
    assert "Not shown" not in text


def test_a_part_is_the_package_or_the_neighbours(shop: Investigation) -> None:
    core = choose_modules(shop, "shop.core")
    assert {node.name.rpartition(".")[0] for node in core.nodes if node.name != "shop.core"} == {"shop.core"}
    assert {(link.importer, link.imported) for link in core.links} <= list_pairs(shop)
    near = choose_neighbours(shop, "shop.core.basket")
    assert {node.name for node in near.nodes} == {"shop.core.basket", "shop.core.price", "shop.api.views"}
    assert all("shop.core.basket" in {link.importer, link.imported} for link in near.links)
    packages = choose_packages(shop)
    assert sum(node.modules for node in packages.nodes) == len(shop.graph.modules)
    for choose, name in ((choose_modules, "shop.cor"), (choose_neighbours, "shop.core.baskets")):
        with pytest.raises(UnknownNameError, match="Did you mean"):
            choose(shop, name)


def test_a_large_graph_is_cut_where_a_page_draws_it_and_says_so() -> None:
    nodes = tuple(GraphNode(f"m{number:03}", 1) for number in range(100))
    links = tuple(GraphLink(f"m{a:03}", f"m{b:03}", a, "module") for a in range(100) for b in range(a))
    part = GraphPart("large", "module", nodes, links)
    shown, note = cut(part)
    assert (len(shown.nodes), len(shown.links)) == (MOST_NODES, MOST_LINKS)
    assert (
        note == f"Not shown: 40 more modules and {len(links) - MOST_LINKS:,} more links, those with the fewest imports"
    )
    text = write_mermaid(part)
    assert f'cut["{note}"]:::note' in text
    assert f"%% {note}" in text
    assert write_dot(part).count(" -> ") == len(links)


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    inv = investigate(tmp_path, HOSTILE, HOSTILE_POLICY)
    part = choose_modules(inv)
    mermaid = write_mermaid(part)
    for line in mermaid.splitlines():
        assert re.fullmatch(
            r'%% .*|flowchart LR|  n\d+\["[^"<>]*"\](:::cycle)?|  n\d+ \S+ n\d+|  classDef .*|  cut\[.*', line
        )
    assert len(nx.read_graphml(io.BytesIO(write_graphml(part).encode()))) == len(part.nodes)
    dot = write_dot(part)
    without = re.sub(r'"(?:\\.|[^"\\])*"', '""', dot)
    assert without.count('"') == dot.count('"') - len(re.findall(r'\\"', dot))
    assert not re.search(r"[<>`|*]", without.replace("->", ""))
    if program := shutil.which("dot"):
        subprocess.run([program, "-Tplain"], input=dot, text=True, check=True, capture_output=True)
