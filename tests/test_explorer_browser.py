"""The explorer in a real browser, from a disk, with the network off: views, paths, search, keyboard, lists, files."""

from __future__ import annotations

import ast
import random
import re
from importlib import resources
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, investigate
from test_browser import CHROMIUM, PALE, STICKING_OUT, Visit, find_barriers, leave, visit

import analysis
from analysis.bundled_case import build_bundled_case
from analysis.investigation import Investigation
from analysis.report.explorer import build_explorer, read_names
from analysis.report.explorer_links import (
    name_class_view,
    name_concept_view,
    name_cycle_view,
    name_dependents_view,
    name_module_view,
    name_package_view,
    name_pair_view,
    name_path_view,
)
from analysis.report.views import draw_packages

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH: the explorer was not opened in a browser"),
]
BASE = "netra_backend.app.agents.base_agent"
#: The nodes and links of the picture, and those of the lists.
SHOWN = """() => {
  const view = document.querySelector("section.explorer").explorer.view;
  const names = new Map(view.nodes.map(node => [node.key, node.name]));
  const keys = (selector, name) => [...document.querySelectorAll(selector)].map(each => each.dataset[name]);
  return {
    drawn: keys(".x-svg [data-node]", "node").map(key => names.get(key)).sort(),
    nodes: [...names.values()].sort(), links: view.links.map(link => link.key).sort(),
    lines: keys(".x-svg [data-link]", "link").sort(),
  };
}"""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    tree = build_bundled_case()
    policy = tree.parent / "ssot.toml"
    data = tmp_path_factory.mktemp("case")
    return analysis.investigate(tree, policy=policy if policy.is_file() else None, data=data)


def write_page(inv: Investigation, folder: Path) -> Path:
    page = folder / "explorer.html"
    page.write_text(build_explorer(inv).build_page({"target": inv.name, "pages": []}), "utf-8")
    return page


@pytest.fixture(scope="module")
def page(case: Investigation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(case, tmp_path_factory.mktemp("page"))


def open_view(browser: Any, page: Path, view: str = "", **options: Any) -> Visit:
    """Open a view of the explorer, as a link from another page does."""
    seen = visit(browser, page, **options)
    if view:
        seen.page.evaluate("view => { location.hash = view; }", view)
        seen.page.wait_for_timeout(100)
    return seen


def ask(seen: Visit, question: str) -> Any:
    """Return what a piece of JavaScript says of the explorer, which it calls ``page``."""
    return seen.page.locator("section.explorer").evaluate(
        f"section => {{ const page = section.explorer; return {question}; }}"
    )


def read_title(seen: Visit) -> str:
    return str(seen.page.locator(".x-title").inner_text())


def finish(seen: Visit, page: Path) -> None:
    """Check that nothing went wrong on the page, and that it asked for nothing."""
    assert seen.troubles == []
    outside = [url for url in seen.requests if not url.startswith((page.as_uri(), "data:", "blob:"))]
    assert outside == []
    leave(seen)


def build_graph(case: Investigation) -> nx.DiGraph:
    edges = case.edges[~case.edges["is_ancestor"]]
    return nx.DiGraph(zip(edges["importer"].astype(str), edges["imported"].astype(str), strict=True))


def find_far_pair(case: Investigation) -> tuple[str, str]:
    """Return a module and one that it imports through as many others as possible."""
    lengths = dict(nx.all_pairs_shortest_path_length(build_graph(case)))
    return max(
        ((a, b) for a in sorted(lengths) for b in sorted(lengths[a])), key=lambda pair: lengths[pair[0]][pair[1]]
    )


def name_views(case: Investigation) -> list[str]:
    cycles = case.frame("cycles")["cycle"].tolist()
    definition = case.classes().iloc[0]["definition"]
    return [
        name_package_view(), name_package_view("netra_backend.app"), name_module_view(BASE), name_dependents_view(BASE),
        f"depends={BASE}", name_path_view(*find_far_pair(case)),
        name_pair_view("netra_backend.app.agents", "netra_backend.app.core"), name_class_view(definition),
        *(name_concept_view(concept.name) for concept in case.find_concepts() if concept.is_policy),
        *(name_cycle_view(cycle) for cycle in cycles if "+ancestors" not in cycle),
    ]  # fmt: skip


def test_every_view_is_drawn_and_listed_and_asks_for_nothing(browser: Any, page: Path, case: Investigation) -> None:
    for view in name_views(case):
        seen = open_view(browser, page, view)
        assert "There is no" not in read_title(seen), view
        shown = seen.page.evaluate(SHOWN)
        assert shown["drawn"], view
        assert len(shown["drawn"]) <= 300
        assert set(shown["drawn"]) <= set(shown["nodes"])
        assert set(shown["lines"]) <= set(shown["links"])
        assert seen.page.locator(".x-lists details").count() >= 1
        finish(seen, page)


def test_the_list_of_a_view_has_every_node_and_every_statement(browser: Any, page: Path) -> None:
    seen = open_view(browser, page, name_package_view("netra_backend.app"))
    seen.page.evaluate(
        "() => { document.querySelectorAll('.x-lists details').forEach(each => { each.open = true; }); }"
    )
    for _ in range(3):  # each list may have more lists inside
        seen.page.wait_for_timeout(100)
        seen.page.evaluate("""() => {
          document.querySelectorAll('.x-lists .x-more:not([hidden])').forEach(each => each.click());
          document.querySelectorAll('.x-lists details').forEach(each => { each.open = true; });
        }""")
    shown = seen.page.evaluate(SHOWN)
    rows = seen.page.evaluate("() => [...document.querySelectorAll('.x-lists tr[data-row]')].length")
    entries = seen.page.evaluate(
        "() => [...document.querySelectorAll('.x-entry')].map(each => each.dataset.link).sort()"
    )
    statements = seen.page.evaluate("() => document.querySelectorAll('.x-entry .x-statement').length")
    sizes = ask(seen, "page.view.links.map(link => link.rows.length)")
    assert (rows, entries, statements) == (len(shown["nodes"]), shown["links"], sum(sizes))
    finish(seen, page)


def test_statements_are_those_of_the_source(browser: Any, page: Path, case: Investigation) -> None:
    seen = open_view(browser, page)
    every = "page.model.data.imports.importer.map((_, row) => "
    places = ask(seen, f"{every}ssotExplorer.findPlace(page.model, row))")
    texts = ask(seen, f"{every}ssotExplorer.writeStatement(page.model, row))")
    root = Path(build_bundled_case())
    assert len(texts) > 500
    parsed: dict[str, dict[int, ast.ImportFrom]] = {}
    for place, text in zip(places, texts, strict=True):
        path = place["path"]
        if path not in parsed:
            nodes = ast.walk(ast.parse((root / path).read_text("utf-8")))
            parsed[path] = {node.lineno: node for node in nodes if isinstance(node, ast.ImportFrom)}
        (shown,) = ast.parse(text).body
        written = parsed[path][place["line"]]
        assert isinstance(shown, ast.ImportFrom)
        assert (shown.module, shown.level) == (written.module, written.level)
        names = {(alias.name, alias.asname) for alias in written.names}
        assert {(alias.name, alias.asname) for alias in shown.names} <= names
    finish(seen, page)


def test_chains_are_those_that_the_command_explains(browser: Any, page: Path, case: Investigation) -> None:
    seen = open_view(browser, page)
    graph, chance = build_graph(case), random.Random(7)
    starts = chance.sample(sorted(graph), 80)
    pairs = [(start, chance.choice(sorted(nx.descendants(graph, start) or graph))) for start in starts]
    pairs += [(chance.choice(sorted(graph)), chance.choice(sorted(graph))) for _ in range(20)]
    pairs += [(start, start) for start in starts[:20]]
    found = seen.page.evaluate(
        """pairs => {
          const page = document.querySelector("section.explorer").explorer, model = page.model;
          const graph = page.graph(ssotExplorer.NO_FILTER), place = name => model.places.get(name);
          const find = (a, b) => ssotExplorer.findPaths(model, graph, place(a), place(b), 5).ways;
          return pairs.map(([a, b]) => find(a, b).map(way => way.map(at => model.names[at])));
        }""",
        [list(pair) for pair in pairs],
    )
    expected = [
        [[chain.steps[0].importer, *(step.imported for step in chain.steps)] for chain in case.explain(a, b).chains]
        for a, b in pairs
    ]
    assert sum(map(bool, expected)) > 50
    assert found == expected
    finish(seen, page)


def test_a_path_is_found_by_its_form_with_a_place_for_each_step(browser: Any, page: Path, case: Investigation) -> None:
    seen = open_view(browser, page)
    start, goal = find_far_pair(case)
    fields = seen.page.locator(".x-path input")
    fields.nth(0).fill(start)
    fields.nth(0).press("Enter")
    fields.nth(1).fill(goal)
    fields.nth(1).press("Enter")
    (chain, *_) = case.explain(start, goal).chains
    assert read_title(seen) == f"Why does {start} import {goal}?"
    places = seen.page.locator(".x-way").first.locator(".x-place").all_inner_texts()
    assert places == [f"{step.path}:{step.line}" for step in chain.steps]
    finish(seen, page)


def test_search_finds_by_the_last_part_first_and_goes_there_by_keyboard(browser: Any, page: Path) -> None:
    seen = open_view(browser, page)
    box = seen.page.get_by_label("Search", exact=True)
    box.press_sequentially("base_agent")
    hits = seen.page.locator(".x-search").first.locator("[role=option]")
    assert hits.first.get_attribute("data-name") == BASE
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    box.press("ArrowUp")
    box.press("Enter")
    for _ in range(100):  # the view is drawn when the browser has time
        if read_title(seen) == BASE:
            break
        seen.page.wait_for_timeout(50)
    assert read_title(seen) == BASE
    box.fill("no such thing anywhere")
    assert "Nothing has this name" in seen.page.locator(".x-search").first.inner_text()
    finish(seen, page)


def test_a_package_is_opened_and_closed_and_back_undoes_it(browser: Any, page: Path) -> None:
    seen = open_view(browser, page, name_package_view("netra_backend"))
    before = seen.page.evaluate(SHOWN)["nodes"]
    seen.page.locator(".x-svg .x-package:not(.x-outside)").first.dblclick()
    seen.page.wait_for_timeout(100)
    opened = seen.page.evaluate(SHOWN)["nodes"]
    assert len(opened) > len(before)
    seen.page.get_by_role("button", name="Collapse all").click()
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate(SHOWN)["nodes"] == before
    seen.page.go_back()
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate(SHOWN)["nodes"] == opened
    finish(seen, page)


def test_the_picture_can_be_used_by_keyboard_alone(browser: Any, page: Path) -> None:
    seen = open_view(browser, page)
    assert seen.page.locator(".x-svg [data-node][tabindex='0']").count() == 1
    seen.page.locator(".x-svg [data-node][tabindex='0']").focus()
    first = seen.page.evaluate("document.activeElement.dataset.node")
    seen.page.keyboard.press("ArrowDown")
    second = seen.page.evaluate("document.activeElement.dataset.node")
    assert second and second != first
    seen.page.keyboard.press("Space")
    assert seen.page.locator(".x-selected h3").count() == 1
    seen.page.keyboard.press("Escape")
    assert seen.page.locator(".x-selected h3").count() == 0
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_timeout(100)
    assert "open=" in seen.page.evaluate("location.hash") or "module=" in seen.page.evaluate("location.hash")
    finish(seen, page)


FILTERS = {
    "scope=function": lambda row: row["scope"] == "function",
    "scope=type_checking": lambda row: row["scope"] == "type_checking",
    "scope=import": lambda row: row["scope"] in {"module", "class"},
    "only=wrong": lambda row: row["wrong"],
    "tests=without": lambda row: "tests" not in row["path"] and "tests" not in row["imported"],
}


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_filters_leave_the_imports_that_they_name(browser: Any, page: Path, case: Investigation, name: str) -> None:
    seen = open_view(browser, page, f"packages=&{name}")
    kept = ask(seen, "page.graph(page.state.filter).kept")
    edges = case.edges[~case.edges["is_ancestor"]]
    wrong = {(row["path"], row["line"], row["name"]) for row in case.violations.to_dict("records")}
    rows = {}
    for row in edges.to_dict("records"):
        key = (row["importer"], row["imported"], row["path"], row["line"])
        is_wrong = (row["path"], row["line"], row["name"]) in wrong
        rows[key] = {**row, "wrong": is_wrong or (key in rows and rows[key]["wrong"])}
    assert kept == sum(bool(FILTERS[name](row)) for row in rows.values())
    assert 0 < kept < len(rows)
    key, value = name.split("=")
    assert seen.page.locator(f"[data-filter={key}]").input_value() == value
    finish(seen, page)


def test_dependents_are_all_that_reach_a_module_with_their_distance(
    browser: Any, page: Path, case: Investigation
) -> None:
    seen = open_view(browser, page, name_dependents_view(BASE))
    layers = ask(seen, "page.view.layers.map(layer => layer.map(place => page.model.names[place]))")
    graph = build_graph(case).reverse()
    distances = nx.single_source_shortest_path_length(graph, BASE)
    expected: dict[int, list[str]] = {}
    for name, distance in distances.items():
        expected.setdefault(distance, []).append(name)
    assert layers == [sorted(expected[distance]) for distance in range(1, max(expected) + 1)]
    finish(seen, page)


def test_a_cycle_that_fails_is_red_with_its_cut_dashed(browser: Any, page: Path, case: Investigation) -> None:
    data = build_explorer(case).data
    (cycle,) = (each for each in data["cycles"] if each["effect"] == "fails" and not each["ancestors"])
    seen = open_view(browser, page, name_cycle_view(cycle["cycle"]))
    lines = seen.page.locator(".x-svg .x-link.x-fails")
    assert lines.count() >= len(cycle["modules"])
    cuts = seen.page.locator(".x-svg .x-link.x-cut")
    assert cuts.count() == len(cycle["cut"])
    assert cuts.first.evaluate("line => getComputedStyle(line).strokeDasharray") != "none"
    assert seen.page.locator(".x-text").inner_text() == f"{cycle['message'].rstrip('.')}."
    finish(seen, page)


def test_several_definitions_of_a_concept_stand_apart_as_several_objects(
    browser: Any, page: Path, case: Investigation
) -> None:
    concept = next(each for each in case.find_concepts() if each.is_policy)
    seen = open_view(browser, page, name_concept_view(concept.name))
    frames = seen.page.locator(".x-group").evaluate_all(
        "all => all.map(each => each.getBBox()).map(box => [box.x, box.y, box.x + box.width, box.y + box.height])"
    )
    assert len(frames) == len(concept.members)
    apart = [a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for a in frames for b in frames if a is not b]
    assert all(apart)
    finish(seen, page)


def test_a_class_of_a_file_with_a_second_name_is_shown_as_two_objects(browser: Any, tmp_path: Path) -> None:
    tool = 'class Tool: ...\nif __name__ == "__main__":\n    Tool()\n'
    inv = investigate(tmp_path, {"p/__init__.py": "from p.tool import Tool\n", "p/tool.py": tool})
    page = write_page(inv, tmp_path)
    seen = open_view(browser, page, name_class_view("p.tool:Tool"))
    titles = seen.page.locator(".x-group-title").evaluate_all("all => all.map(each => each.firstChild.data)")
    assert titles == ["Object 1: p.tool:Tool", "Object 2: __main__:Tool"]
    assert "lives more than once" in seen.page.locator(".x-text").inner_text()
    assert "p/tool.py" in seen.page.locator(".x-lists").inner_text()
    finish(seen, page)


def test_pictures_are_saved_as_svg_and_png_that_need_nothing_else(browser: Any, page: Path, tmp_path: Path) -> None:
    seen = open_view(browser, page, name_module_view(BASE))
    for kind, begin in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with seen.page.expect_download() as download:
            seen.page.get_by_role("button", name=f"Save the picture as {kind}").click()
        place = tmp_path / download.value.suggested_filename
        download.value.save_as(place)
        content = place.read_bytes()
        assert content.startswith(begin)
        assert len(content) > 2000
        if kind == "SVG":
            text = content.decode()
            assert BASE.rpartition(".")[2] in text
            assert "var(" not in text
            assert "class=" not in text
            picture = visit(browser, place)
            assert picture.page.evaluate("document.querySelectorAll('text').length") > 3
            assert picture.troubles == []
            leave(picture)
    finish(seen, page)


def test_a_name_that_is_not_there_is_told_with_what_is(browser: Any, page: Path) -> None:
    seen = open_view(browser, page, "module=netra_backend.app.agents.no_base_agent")
    assert "There is no netra_backend.app.agents.no_base_agent here" in read_title(seen)
    finish(seen, page)


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_sticks_out_and_every_text_can_be_read(
    browser: Any, page: Path, case: Investigation, width: int
) -> None:
    for view in name_views(case):
        for scheme in ("light", "dark"):
            seen = open_view(browser, page, view, width=width, color_scheme=scheme)
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, view
            assert seen.page.evaluate(STICKING_OUT) == [], view
            pale = PALE.replace("document.body", "document.querySelector('.explorer')")
            assert seen.page.evaluate(pale) == [], view
            leave(seen)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_has_a_serious_barrier(browser: Any, page: Path, case: Investigation, scheme: str) -> None:
    source = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    for view in name_views(case):
        seen = open_view(browser, page, view, color_scheme=scheme)
        seen.page.evaluate(
            "() => document.querySelectorAll('.explorer details').forEach(each => { each.open = true; })"
        )
        seen.page.evaluate(source)
        assert find_barriers(seen) == [], view
        leave(seen)


def test_the_packages_are_a_table_without_scripts(browser: Any, page: Path) -> None:
    seen = visit(browser, page, java_script_enabled=False)
    assert seen.page.locator(".x-static table").is_visible()
    assert "netra_backend.app.agents" in seen.page.locator(".x-static table").inner_text().replace("\u200b", "")
    leave(seen)


def test_a_frame_in_a_notebook_works_alone(browser: Any, case: Investigation, tmp_path: Path) -> None:
    place = tmp_path / "lab.html"
    place.write_text(f'<!doctype html><meta charset="utf-8">{build_explorer(case, BASE).frame}', "utf-8")
    seen = visit(browser, place)
    frame = seen.page.frame_locator("iframe")
    frame.locator(".x-title", has_text=BASE).wait_for(timeout=10_000)
    frame.get_by_role("button", name="What depends on this?").first.click()
    frame.locator(".x-title", has_text=f"What depends on {BASE}?").wait_for(timeout=10_000)
    with seen.page.expect_download() as download:
        frame.get_by_role("button", name="Save the picture as PNG").click()
    assert download.value.suggested_filename.endswith(".png")
    assert seen.troubles == []
    leave(seen)


@pytest.mark.parametrize("kind", ["explorer", "network"])
def test_a_frame_has_the_colours_of_the_notebook_around_it_and_follows_a_change(
    browser: Any, case: Investigation, tmp_path: Path, kind: str
) -> None:
    part = build_explorer(case) if kind == "explorer" else draw_packages(case)
    shown = part._repr_mimebundle_()["text/html"]
    place = tmp_path / "lab.html"
    mark = '<body data-jp-theme-light="false">'
    page = f'<!doctype html><html><head><meta charset="utf-8"></head>{mark}{shown}{shown}</body></html>'
    place.write_text(page, "utf-8")
    seen = visit(browser, place, color_scheme="light")
    grounds = [seen.page.frame_locator("iframe").nth(number).locator("body") for number in (0, 1)]
    read = "body => getComputedStyle(body).backgroundColor"
    for light, colour in (("false", "rgb(17, 23, 29)"), ("true", "rgb(255, 255, 255)"), ("false", "rgb(17, 23, 29)")):
        seen.page.evaluate("light => { document.body.dataset.jpThemeLight = light; }", light)
        seen.page.wait_for_timeout(300)
        assert [ground.evaluate(read) for ground in grounds] == [colour, colour]
    assert seen.troubles == []
    leave(seen)


def test_behind_the_frame_are_the_packages_as_text(case: Investigation) -> None:
    shown = re.sub(r"<(iframe|script|style)\b.*?</\1>", "", build_explorer(case).frame, flags=re.DOTALL)
    assert "netra_backend.app.agents: " in shown
    assert "imported by" in shown


def test_a_hostile_target_is_shown_as_text(browser: Any, tmp_path: Path) -> None:
    inv = investigate(tmp_path, HOSTILE, HOSTILE_POLICY)
    page = write_page(inv, tmp_path)
    data = build_explorer(inv).data
    views = [name_package_view(), *(name_module_view(name) for name in read_names(data))]
    views += [name_cycle_view(each["cycle"]) for each in data["cycles"]]
    views += [name_class_view(each["definition"]) for each in data["classes"]]
    seen = open_view(browser, page)
    for view in views:
        seen.page.evaluate("view => { location.hash = view; }", view)
        seen.page.wait_for_timeout(30)
        assert "There is no" not in read_title(seen), view
        assert (
            seen.page.evaluate("document.querySelectorAll('.explorer img, .explorer script:not([type])').length") == 0
        )
    finish(seen, page)
