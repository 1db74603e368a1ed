"""The list of all findings in a real browser: facets, search, order, links, the keyboard, and no scripts at all."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, investigate
from test_browser import CHROMIUM, PALE, STICKING_OUT, leave, visit

import analysis
from analysis.investigation import Investigation
from analysis.report.executive import build_executive
from analysis.report.findings_csv import build_findings_csv
from analysis.report.findings_page import build_findings_view
from analysis.report.run_report import describe_report
from analysis.report.single_file import build_single_file
from analysis.report.templating import render

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH: the pages were not opened in a browser"),
]
CARDS = "document.querySelectorAll('.card').length"


def write_pages(inv: Investigation, folder: Path) -> Path:
    """Write the page, the single file and the sheet of an investigation; return the page."""
    report, view = describe_report(build_executive(inv), []), build_findings_view(inv)
    page = folder / "findings.html"
    page.write_text(render("findings.html.j2", report=report, view=view, has_networks=False), "utf-8")
    (folder / "report.html").write_text(build_single_file(report, [], view), "utf-8")
    (folder / "findings.csv").write_text(build_findings_csv(view), "utf-8")
    return page


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Investigation, Path]:
    folder = tmp_path_factory.mktemp("shop")
    policy = '[target]\nsource_url = "https://code.example/{revision}/{path}#L{line}"\n'
    inv = investigate(folder, {**SHOP, "tests/test_a.py": "import shop.nothing\n"}, policy)
    return inv, write_pages(inv, folder)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Investigation, Path]:
    folder = tmp_path_factory.mktemp("hostile")
    inv = investigate(folder, HOSTILE, HOSTILE_POLICY)
    return inv, write_pages(inv, folder)


def list_cards(page: Any) -> list[str]:
    found = page.evaluate("[...document.querySelectorAll('.card')].map(card => card.id.slice(2))")
    return [str(each) for each in found]


def choose(page: Any, facet: str, value: str) -> None:
    """Tick one value of a facet, as a reader does."""
    page.locator(f'details[data-facet="{facet}"] > summary').click()
    page.locator(f'details[data-facet="{facet}"] input[value="{value}"]').check()


def test_every_finding_is_there_grouped_by_cause_and_rule(browser: Any, shop: tuple[Investigation, Path]) -> None:
    inv, path = shop
    seen = visit(browser, path)
    rows = inv.table("findings").to_pylist()
    assert sorted(list_cards(seen.page)) == sorted(row["fingerprint"] for row in rows)
    titles = seen.page.locator(".list h3").all_inner_texts()
    assert len(titles) == len(set(titles)) == len({row["rule"] for row in rows})
    assert seen.troubles == []
    leave(seen)


def test_facets_and_search_show_what_fits_and_count_it(browser: Any, shop: tuple[Investigation, Path]) -> None:
    inv, path = shop
    rows = inv.table("findings").to_pylist()
    seen = visit(browser, path)
    choose(seen.page, "severity", "P1")
    wanted = {row["fingerprint"] for row in rows if row["severity"] == "P1"}
    assert set(list_cards(seen.page)) == wanted
    seen.page.keyboard.press("Escape")
    choose(seen.page, "rule", "phantom-import")
    both = {row["fingerprint"] for row in rows if row["severity"] == "P1" and row["rule"] == "phantom-import"}
    assert set(list_cards(seen.page)) == both
    box = seen.page.locator('input[value="phantom-import"]')
    number = seen.page.locator('details[data-facet="rule"] label', has=box)
    assert number.locator(".n").inner_text() == str(len(both))
    seen.page.keyboard.press("Escape")
    seen.page.get_by_role("button", name="Clear filters").click()
    assert len(list_cards(seen.page)) == len(rows)
    seen.page.get_by_label("Search").fill("shop.core.vat PHANTOM")
    seen.page.wait_for_timeout(200)
    hits = {row["fingerprint"] for row in rows if row["rule"] == "phantom-import" and "shop.core.vat" in row["message"]}
    assert hits
    assert set(list_cards(seen.page)) == hits
    assert "Shown: 1 finding." in seen.page.locator(".hits").inner_text()
    choose_order(seen.page, "severity")
    leave(seen)


def choose_order(page: Any, order: str) -> None:
    page.get_by_label("Order by").select_option(order)


def test_orders_sort(browser: Any, shop: tuple[Investigation, Path]) -> None:
    inv, path = shop
    rows = {row["fingerprint"]: row for row in inv.table("findings").to_pylist()}
    seen = visit(browser, path)
    choose_order(seen.page, "severity")
    severities = [rows[each]["severity"] for each in list_cards(seen.page)]
    assert severities == sorted(severities)
    choose_order(seen.page, "places")
    places = [rows[each]["places"] for each in list_cards(seen.page)]
    assert places == sorted(places, reverse=True)
    leave(seen)


def test_a_permanent_link_opens_its_finding_with_the_line_marked(
    browser: Any, shop: tuple[Investigation, Path]
) -> None:
    inv, path = shop
    row = next(row for row in inv.table("findings").to_pylist() if row["rule"] == "phantom-import")
    for document in (path, path.with_name("report.html")):
        seen = visit(browser, document)
        seen.page.evaluate(f"location.hash = '#f-{row['fingerprint']}'")
        seen.page.wait_for_timeout(300)
        card = seen.page.locator(f"#f-{row['fingerprint']}")
        assert card.get_attribute("open") is not None
        place = row["evidence"][0]
        hit = card.locator(".excerpt .hit").first.inner_text()
        assert place["source"].strip() in hit
        assert str(place["line"]) in hit
        assert f"ssot accept {row['fingerprint']} --in . --because" in card.inner_text()
        assert seen.page.evaluate("document.activeElement.parentElement.id") == f"f-{row['fingerprint']}"
        assert seen.troubles == []
        leave(seen)


def test_a_filter_can_be_linked_to(browser: Any, shop: tuple[Investigation, Path]) -> None:
    inv, path = shop
    seen = visit(browser, path)
    seen.page.evaluate("location.hash = '#rule=import-cycle'")
    seen.page.wait_for_timeout(200)
    rows = inv.table("findings").to_pylist()
    assert set(list_cards(seen.page)) == {row["fingerprint"] for row in rows if row["rule"] == "import-cycle"}
    leave(seen)


def test_a_place_opens_where_the_reader_wants_and_that_is_remembered(
    browser: Any, shop: tuple[Investigation, Path]
) -> None:
    inv, path = shop
    row = next(row for row in inv.table("findings").to_pylist() if row["rule"] == "phantom-import")
    place = row["evidence"][0]
    seen = visit(browser, path)
    seen.page.evaluate(f"location.hash = '#f-{row['fingerprint']}'")
    link = seen.page.locator(f"#f-{row['fingerprint']} .place a").first
    assert link.get_attribute("href") == f"https://code.example/no-git/{place['path']}#L{place['line']}"
    seen.page.get_by_label("A place opens in").select_option("vscode")
    assert link.get_attribute("href") == f"vscode://file{inv.manifest.root}/{place['path']}:{place['line']}"
    seen.page.reload()
    seen.page.wait_for_timeout(200)
    seen.page.get_by_label("A place opens in").select_option("pycharm")
    assert str(link.get_attribute("href")).endswith(f"&line={place['line']}")
    seen.page.get_by_label("A place opens in").select_option("copy")
    seen.page.locator(f"#f-{row['fingerprint']} .place button").first.click()
    seen.page.wait_for_timeout(200)
    assert seen.page.locator(".said").inner_text() == f"Copied: {place['path']}:{place['line']}"
    leave(seen)


def test_the_keyboard_alone_is_enough(browser: Any, shop: tuple[Investigation, Path]) -> None:
    seen = visit(browser, shop[1])
    page = seen.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = list_cards(page)[1]
    assert page.evaluate("document.activeElement.parentElement.id") == f"f-{second}"
    page.keyboard.press("Enter")
    assert page.locator(f"#f-{second}").get_attribute("open") is not None
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.parentElement.id") == f"f-{list_cards(page)[0]}"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.type("cycle")
    page.wait_for_timeout(200)
    assert page.locator(".card").count() < len(shop[0].table("findings"))
    for _ in range(40):  # every control is reached by Tab, and each facet opens by Enter
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.facet') !== null"):
            break
    page.keyboard.press("Enter")
    assert page.locator(".facet[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".facet[open]").count() == 0
    leave(seen)


def test_without_scripts_there_is_the_full_table(browser: Any, shop: tuple[Investigation, Path]) -> None:
    inv, path = shop
    rows = inv.table("findings").to_pylist()
    for document in (path, path.with_name("report.html")):
        seen = visit(browser, document, java_script_enabled=False)
        for closed in seen.page.locator("#all-findings > summary").all():
            closed.click()
        for row in rows:
            text = seen.page.locator(f"tr#f-{row['fingerprint']}").inner_text()
            assert row["message"] in text
            assert all(f"{place['path']}:{place['line']}" in text for place in row["evidence"])
        leave(seen)


def test_hostile_names_and_lines_do_nothing(browser: Any, hostile: tuple[Investigation, Path]) -> None:
    inv, path = hostile
    seen = visit(browser, path)
    seen.page.evaluate("document.querySelectorAll('.card').forEach(card => { card.open = true; })")
    seen.page.wait_for_timeout(300)
    assert len(list_cards(seen.page)) == inv.table("findings").num_rows
    assert seen.troubles == []
    assert [url for url in seen.requests if not url.startswith(("file:", "data:"))] == []
    leave(seen)
    assert not re.search(r"(?i)</noscript", path.read_text().split("<noscript>")[1].split("</noscript>")[0])
    with path.with_name("findings.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["fingerprint"] for line in lines if line["fingerprint"]]
    assert len(lines) == inv.table("findings").num_rows
    assert not any(value.startswith(("=", "+", "-", "@")) for line in lines for value in line.values())


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_and_all_text_can_be_read(
    browser: Any, shop: tuple[Investigation, Path], width: int, scheme: str
) -> None:
    seen = visit(browser, shop[1], width=width, color_scheme=scheme)
    seen.page.locator(".card > summary").first.click()
    seen.page.locator(".facet > summary").first.click()
    assert seen.page.evaluate(STICKING_OUT) == []
    assert seen.page.evaluate(PALE) == []
    leave(seen)


def test_only_what_is_near_is_built(browser: Any, tmp_path: Path) -> None:
    files = {f"shop/m{number}.py": f"import shop.gone{number}\n" for number in range(300)}
    root = tmp_path / "tree"
    for name, source in {"shop/__init__.py": "", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source)
    inv = analysis.investigate(root, data=tmp_path / "data")
    seen = visit(browser, write_pages(inv, tmp_path))
    total = inv.table("findings").num_rows
    assert total >= 300
    assert seen.page.evaluate(CARDS) < 150
    rows = inv.table("findings").to_pylist()
    last = max((row["subject"], row["fingerprint"]) for row in rows)[1]
    seen.page.evaluate(f"location.hash = '#f-{last}'")
    seen.page.wait_for_timeout(300)
    assert seen.page.locator(f"#f-{last}").is_visible()
    leave(seen)
