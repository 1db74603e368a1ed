"""The explorer as a page, in a notebook and without scripts; and the addresses that other pages use."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, Markup, investigate

import analysis
from analysis.errors import UnknownNameError
from analysis.investigation import Investigation
from analysis.report.displays import PAGE
from analysis.report.explorer import Explorer, build_explorer, read_names
from analysis.report.explorer_findings import ViewFinder
from analysis.report.explorer_links import (
    link_to_view,
    name_class_view,
    name_cycle_view,
    name_module_view,
    name_path_view,
)
from analysis.report.packages import count_imports, group_modules
from analysis.report.pictures import draw_matrix
from analysis.report.single_file import link_inside
from analysis.report.views import draw_neighbours, draw_packages


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Explorer:
    return build_explorer(investigate(tmp_path_factory.mktemp("hostile"), HOSTILE, HOSTILE_POLICY))


def render_page(explorer: Explorer) -> str:
    return explorer.build_page({"target": explorer.data["target"], "pages": []})


def test_an_investigation_explores_itself(shop: Investigation) -> None:
    opened = analysis.open_snapshot(str(shop.path))
    explorer = opened.explore("shop.core.tax")
    assert explorer.start == "module=shop.core.tax"
    assert opened.explore("shop.core").start == "module=shop.core"
    assert opened.explore().start == ""


def test_a_module_that_is_not_there_is_told_with_the_nearest(shop: Investigation) -> None:
    with pytest.raises(UnknownNameError) as caught:
        build_explorer(shop, "shop.core.taxx")
    assert "shop.core.tax" in str(caught.value.remedy)


def test_a_notebook_gets_a_frame_a_text_and_for_its_page_a_link(shop: Investigation) -> None:
    forms = build_explorer(shop, "shop.core.tax")._repr_mimebundle_()
    assert forms[PAGE] == '<p><a href="explorer.html#module=shop.core.tax">Open the explorer</a></p>'
    assert forms["text/plain"].startswith("Explorer of shop: 11 modules\n  shop: 11 modules")
    frame = Markup(forms["text/html"])
    (attributes,) = [attributes for tag, attributes in frame.elements if tag == "iframe"]
    assert attributes["sandbox"] == "allow-scripts allow-downloads"
    assert 'data-start="module=shop.core.tax"' in unescape(attributes["srcdoc"])


def test_the_page_has_a_table_of_the_packages_for_readers_without_scripts(shop: Investigation) -> None:
    page = Markup(render_page(build_explorer(shop)))
    assert {"table", "caption", "th"} <= page.tags
    for text in ("shop.api", "shop.core", "imported by"):
        assert text in page.text


def test_nothing_of_a_hostile_target_becomes_markup(hostile: Explorer) -> None:
    page = Markup(render_page(hostile))
    assert not page.handlers
    assert [tag for tag, _ in page.elements if tag == "img"] == []
    assert [attributes for tag, attributes in page.elements if tag == "script" and "src" in attributes] == []
    assert "<" not in hostile.json
    assert json.loads(hostile.json) == hostile.data


def test_no_page_loads_or_links_to_anything_outside(hostile: Explorer) -> None:
    assert [each for each in Markup(render_page(hostile)).addresses if "//" in each] == []


def test_addresses_of_views_are_quoted_and_readable() -> None:
    assert name_path_view("a.b", "c.d") == "path=a.b..c.d"
    assert name_class_view("pkg.mod:Outer.Inner") == "class=pkg.mod:Outer.Inner"
    assert name_cycle_view("import-time+ancestors:a.b:00ff") == "cycle=import-time%2Bancestors:a.b:00ff"
    assert link_to_view(name_module_view("a&b#c%\u202e")) == "explorer.html#module=a%26b%23c%25%EF%BF%BD"


def test_a_finding_leads_to_the_view_that_shows_it(shop: Investigation) -> None:
    explorer, views = build_explorer(shop), ViewFinder(shop)
    modules = set(read_names(explorer.data))
    cycles = {each["cycle"]: each["message"] for each in explorer.data["cycles"]}
    rows = shop.frame("findings").to_dict("records")
    assert rows
    for row in rows:
        kind, _, name = views.find(row).partition("=")
        if kind == "cycle":
            assert cycles[unquote(name)] == row["message"]
        else:
            assert unquote(name).partition(":")[0] in modules, row["rule"]


def test_a_cell_of_the_matrix_leads_to_the_statements_that_it_counts(tmp_path: Path) -> None:
    files = {
        "a/__init__.py": "", "a/x/__init__.py": "", "a/x/m.py": "from b import one\nimport a.y.n\n",
        "a/y/__init__.py": "", "a/y/n.py": "import b.one\nfrom b.one import f, g\n", "a/z.py": "import a.x.m\n",
        "b/__init__.py": "", "b/one.py": "def f(): ...\ndef g(): ...\n", "b/two.py": "import a.z\n",
    }  # fmt: skip
    inv = investigate(tmp_path, files, name="tree")
    data = build_explorer(inv).data
    names = read_names(data)
    pairs = list(zip(data["imports"]["importer"], data["imports"]["imported"], strict=True))
    groups = group_modules(inv.graph.modules, 4)
    counted = count_imports(inv.edges, groups).itertuples(index=False, name=None)
    counts = {(a, b): imports for a, b, imports in counted if a != b}
    links = [unquote(each).partition("=")[2].split("..") for each in Markup(draw_matrix(inv, 4).page).addresses]
    assert ["a.x", "b"] in links and ["a.y", "b"] in links, "whole packages"
    assert not any("a" in link for link in links), "the rest of a package has no view of its own"
    for a, b in links:
        inside = [(names[one], names[two]) for one, two in pairs]
        assert counts[a, b] == sum(
            f"{one}.".startswith(f"{a}.") and f"{two}.".startswith(f"{b}.") for one, two in inside
        )


def test_a_network_on_a_page_leads_to_its_view_and_inside_one_file_to_its_chapter(shop: Investigation) -> None:
    page = draw_packages(shop).page
    assert Markup(page).addresses == ["explorer.html#packages="]
    assert Markup(link_inside(page)).addresses == ["#packages="]
    assert Markup(draw_neighbours(shop, "shop.core.tax").page).addresses == ["explorer.html#module=shop.core.tax"]
