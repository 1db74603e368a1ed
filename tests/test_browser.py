"""The pages of a report in a real browser, from a disk, with the network off."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, investigate

import analysis
from analysis.bundled_case import build_bundled_case
from analysis.report import write_report
from analysis.report.displays import Fragment
from analysis.report.executive import build_executive
from analysis.report.run_report import describe_report
from analysis.report.templating import render

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH: the pages were not opened in a browser"),
]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
MOST_BYTES = 6_000_000
DRAWN = """figure => {
  const canvas = figure.querySelector("canvas");
  if (!canvas || !canvas.width || !canvas.height) { return 0; }
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = new Set();
  for (let at = 0; at < pixels.length; at += 4) {
    if (pixels[at + 3]) { seen.add(pixels[at] * 65536 + pixels[at + 1] * 256 + pixels[at + 2]); }
  }
  return seen.size;
}"""
#: What sticks out of the window, unless something that scrolls or clips holds it.
STICKING_OUT = """() => [...document.querySelectorAll("body *")].filter(element => {
  if (element.closest(".vis-network, .skip")) { return false; }
  const box = element.getBoundingClientRect();
  if (!box.width || box.right <= innerWidth + 1) { return false; }
  for (let outer = element.parentElement; outer; outer = outer.parentElement) {
    if (/auto|scroll|hidden|clip/.test(getComputedStyle(outer).overflowX)) { return false; }
  }
  return true;
}).map(element => element.outerHTML.slice(0, 120))"""
#: Texts whose contrast is below what WCAG 2 AA asks for.
PALE = """() => {
  const channel = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = colour => colour.match(/[\\d.]+/g).map(Number);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) { return colour; }
    }
    return [255, 255, 255];
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const style = getComputedStyle(element);
    if (!node.textContent.trim() || /SCRIPT|STYLE/.test(element.tagName) || style.display === "none") { continue; }
    const [a, b] = [light(parse(style.color)), light(behind(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (isLarge ? 3 : 4.5)) { found.add(`${element.className} ${style.color} ${ratio.toFixed(2)}`); }
  }
  return [...found];
}"""


#: Opens every part that a reader can open.
OPEN = "document.querySelectorAll('details').forEach(part => { part.open = true; })"
PLAN_END = (
    "() => Math.max(...[...document.querySelectorAll('.phase')].map(card => card.getBoundingClientRect().bottom))"
)


@dataclass
class Visit:
    """What happened while a page was open."""

    page: Any
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module", params=["hostile", "bundled case"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report of a hostile target, and of the bundled case."""
    folder = tmp_path_factory.mktemp("browser")
    if request.param == "hostile":
        inv = investigate(folder, HOSTILE, HOSTILE_POLICY)
    else:
        tree = build_bundled_case()
        policy = tree.parent / "ssot.toml"
        inv = analysis.investigate(tree, policy=policy if policy.is_file() else None, data=folder / "data")
    return write_report(inv, folder / "reports")


def find_pages(report: Path) -> list[Path]:
    return sorted(report.glob("*.html"))


def visit(browser: Any, path: Path, *, width: int = 1400, height: int = 900, **options: Any) -> Visit:
    """Open a file with the network off and note everything that goes wrong."""
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **options)
    seen = Visit(context.new_page())
    seen.page.on("console", lambda message: seen.troubles.append(f"console {message.type}: {message.text}"))
    seen.page.on("pageerror", lambda error: seen.troubles.append(f"error: {error}"))
    seen.page.on("requestfailed", lambda request: seen.troubles.append(f"failed: {request.url}"))
    seen.page.on("dialog", lambda dialog: (seen.troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.goto(path.as_uri(), wait_until="load")
    return seen


def open_all(seen: Visit) -> None:
    """Open every part of a page, as a reader of the whole would."""
    seen.page.evaluate(OPEN)
    seen.page.wait_for_timeout(200)


def leave(seen: Visit) -> None:
    seen.page.context.close()


def test_no_page_asks_for_anything_or_complains(browser: Any, report: Path) -> None:
    for path in find_pages(report):
        seen = visit(browser, path)
        seen.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        seen.page.wait_for_timeout(300)
        assert seen.troubles == [], path.name
        assert [url for url in seen.requests if url != path.as_uri() and not url.startswith(("data:", "blob:"))] == []
        leave(seen)


def test_the_single_file_opens_from_anywhere(browser: Any, report: Path, tmp_path: Path) -> None:
    alone = tmp_path / "from a mail #1.html"
    shutil.copy(report / "report.html", alone)
    assert alone.stat().st_size < MOST_BYTES
    seen = visit(browser, alone)
    assert seen.troubles == []
    assert seen.page.locator("h1").count() == 1
    leave(seen)


def test_every_network_is_drawn(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "report.html")
    open_all(seen)
    figures = seen.page.locator("figure.network")
    assert figures.count() >= 3
    for figure in figures.all():
        figure.scroll_into_view_if_needed()
        figure.locator("canvas").wait_for(timeout=10_000)
        seen.page.wait_for_timeout(200)
        assert figure.evaluate(DRAWN) > 3
    assert seen.troubles == []
    leave(seen)


def test_a_network_can_be_explored_by_keyboard_and_left_again(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "01_import_graph.html")
    seen.page.locator("figure.network").first.scroll_into_view_if_needed()
    button = seen.page.locator("figure.network button").first
    button.wait_for(timeout=10_000)
    button.focus()
    for pressed in ("true", "false"):
        seen.page.keyboard.press("Enter")
        assert button.get_attribute("aria-pressed") == pressed
    assert seen.troubles == []
    leave(seen)


@pytest.mark.parametrize("width", [390, 820, 1600])
def test_nothing_sticks_out_of_the_window(browser: Any, report: Path, width: int) -> None:
    for path in find_pages(report):
        seen = visit(browser, path, width=width)
        open_all(seen)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert seen.page.evaluate(STICKING_OUT) == [], path.name
        leave(seen)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_forms(browser: Any, report: Path, scheme: str) -> None:
    for path in find_pages(report):
        seen = visit(browser, path, color_scheme=scheme)
        open_all(seen)
        ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light" or path.name == "mail.html")  # mail is light
        assert seen.page.evaluate(PALE) == [], path.name
        leave(seen)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_barrier(browser: Any, report: Path, scheme: str) -> None:
    source = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    for path in find_pages(report):
        seen = visit(browser, path, color_scheme=scheme)
        open_all(seen)
        seen.page.evaluate(source)
        assert find_barriers(seen) == [], path.name
        leave(seen)


def find_barriers(seen: Visit) -> list[str]:
    """Return what axe calls serious or critical on the page, with its rule and the first element."""
    found = seen.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


def test_what_changed_stands_above_verdict_and_actions(browser: Any, tmp_path: Path) -> None:
    investigate(tmp_path, HOSTILE, HOSTILE_POLICY)
    inv = investigate(tmp_path, {**HOSTILE, "shop/more.py": "import shop.nothing\n"}, HOSTILE_POLICY)
    place = tmp_path / "first.html"
    view = describe_report(build_executive(inv), [])
    place.write_text(render("index.html.j2", report=view, has_networks=False), "utf-8")
    seen = visit(browser, place, width=1440)
    read = "at => (({left, top}) => [left, top])(document.querySelector(at).getBoundingClientRect())"
    whole, since, verdict, actions = (seen.page.evaluate(read, at) for at in (".first", ".since", ".verdict", ".next"))
    assert since[0] == verdict[0] == whole[0] < actions[0]
    assert since[1] < verdict[1] == actions[1]
    leave(seen)


def test_the_toggle_changes_the_colours_of_everything_and_is_remembered(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "03_circular_imports.html", color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    button = seen.page.locator("button.theme")
    before = seen.page.evaluate(ground)
    has_network = seen.page.locator("figure.network").count() > 0
    if has_network:
        seen.page.locator("figure.network").first.scroll_into_view_if_needed()
        seen.page.locator("figure.network canvas").first.wait_for(timeout=10_000)
        seen.page.wait_for_timeout(200)
        light = seen.page.locator("figure.network canvas").first.evaluate("canvas => canvas.toDataURL()")
    assert button.text_content() == "Dark"
    button.focus()
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate(ground) != before
    assert button.text_content() == "Light"
    if has_network:
        seen.page.wait_for_timeout(200)
        assert seen.page.locator("figure.network canvas").first.evaluate("canvas => canvas.toDataURL()") != light
    seen.page.reload()
    assert seen.page.evaluate(ground) != before
    seen.page.emulate_media(media="print")
    assert seen.page.evaluate(ground) == before
    assert seen.troubles == []
    leave(seen)


def test_on_a_phone_the_plan_ends_on_the_third_screen_and_findings_are_two_taps_away(
    browser: Any, report: Path
) -> None:
    seen = visit(browser, report / "index.html", width=390, height=844)
    assert seen.page.evaluate(PLAN_END) <= 3 * 844
    if "agent_platform" in report.as_posix():
        assert seen.page.locator(".understood").evaluate("part => part.getBoundingClientRect().bottom") <= 844
    listed = seen.page.locator(".fold .subject")
    assert listed.count() > 0
    card = seen.page.locator("#cause-1 > summary")
    card.click()
    first = seen.page.locator("#cause-1 .subject").first
    first.locator("summary").click()
    assert first.locator(".path").first.is_visible()
    leave(seen)


def test_every_finding_is_on_the_executive_page(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "index.html")
    document = json.loads((report / "findings.json").read_text("utf-8"))
    rows = [row for row in document["findings"] if row["certainty"] != "refuted" and not row["cause"]]
    marks = seen.page.evaluate("[...document.querySelectorAll('.fold .subject')].map(part => part.id)")
    assert sorted(marks) == sorted(row["fingerprint"] for row in rows)
    leave(seen)


def test_a_term_says_what_it_means_when_it_is_focused_and_is_dismissed_again(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "index.html", width=390, height=844)
    term = seen.page.locator("button.term").first
    term.focus()
    says = term.evaluate("part => getComputedStyle(part, '::after').content")
    assert (term.get_attribute("aria-description") or "nothing") in says
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.page.keyboard.press("Escape")
    assert term.evaluate("part => getComputedStyle(part, '::after').content") == "none"
    leave(seen)


def test_figures_tables_and_contents_are_there_without_scripts(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "report.html", java_script_enabled=False)
    assert seen.page.locator("li.figure .value").first.is_visible()
    assert not seen.page.locator("button.theme").is_visible()
    for part, inside in (("#impact", "table"), ("nav.contents details", "a"), ("#cause-1", ".subject")):
        seen.page.locator(f"{part} > summary").click()
        assert seen.page.locator(f"{part} {inside}").first.is_visible()
    leave(seen)


def test_print_shows_the_report_and_not_its_navigation(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "report.html")
    seen.page.emulate_media(media="print")
    assert not seen.page.locator("nav.contents").is_visible()
    assert seen.page.locator("li.figure .value").first.is_visible()
    leave(seen)


def test_print_opens_what_is_closed_and_closes_it_again(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "index.html", color_scheme="dark")
    closed = "document.querySelectorAll('main details:not([open], .subject)').length"
    before = seen.page.evaluate(closed)
    seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert (seen.page.evaluate(closed), before > 3) == (0, True)
    seen.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert seen.page.evaluate(closed) == before
    leave(seen)


def test_printed_pages_are_full(browser: Any, report: Path) -> None:
    for path in (report / "index.html", report / "03_circular_imports.html"):
        seen = visit(browser, path, width=688)  # what A4 leaves between the margins
        pages = len(re.findall(rb"/Type\s*/Page\b", seen.page.pdf(format="A4", prefer_css_page_size=True)))
        seen.page.emulate_media(media="print")
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        needed = seen.page.evaluate("document.querySelector('.sheet').scrollHeight") / 1001
        assert pages <= 1.25 * needed + 1, path.name
        leave(seen)


def test_an_address_of_a_view_opens_the_explorer_of_the_single_file(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "report.html")
    assert not seen.page.locator(".explorer").is_visible()
    seen.page.evaluate("location.hash = 'packages='")
    title = seen.page.locator(".explorer .x-title")
    title.wait_for(timeout=10_000)
    assert title.inner_text() == "All packages"
    assert seen.page.locator(".x-svg [data-node]").count() >= 1
    is_shown = "each => each.getBoundingClientRect().top < innerHeight"
    for _ in range(100):  # the page scrolls smoothly
        if seen.page.locator(".explorer").evaluate(is_shown):
            break
        seen.page.wait_for_timeout(100)
    assert seen.page.locator(".explorer").evaluate(is_shown)
    assert seen.troubles == []
    leave(seen)


def test_a_finding_leads_to_its_view_of_the_explorer(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "findings.html")
    seen.page.locator(".card summary").first.click()
    link = seen.page.get_by_role("link", name="Show it in the explorer").first
    link.wait_for(timeout=10_000)
    link.click()
    seen.page.locator(".explorer .x-title").wait_for(timeout=10_000)
    assert "/explorer.html#" in seen.page.url
    assert "There is no" not in seen.page.locator(".explorer .x-title").inner_text()
    assert seen.troubles == []
    leave(seen)


def test_entries_of_the_contents_lead_to_their_chapters(browser: Any, report: Path) -> None:
    seen = visit(browser, report / "report.html")
    entries = seen.page.locator("nav.contents a").all()
    assert entries
    for link in entries:
        target = seen.page.locator(f'[id="{(link.get_attribute("href") or "").removeprefix("#")}"]')
        assert target.count() == 1
    leave(seen)


def test_pictures_have_words_and_tables_have_headers(browser: Any, report: Path) -> None:
    for path in find_pages(report):
        seen = visit(browser, path)
        assert seen.page.evaluate("[...document.images].filter(image => !image.alt.trim()).length") == 0
        assert seen.page.evaluate("[...document.querySelectorAll('th')].filter(head => !head.scope).length") == 0
        assert seen.page.evaluate("document.documentElement.lang") == "en"
        leave(seen)


@pytest.mark.parametrize("width", [768, 1440])
def test_what_a_term_means_stays_inside_of_the_window(browser: Any, report: Path, width: int) -> None:
    seen = visit(browser, report / "index.html", width=width)
    open_all(seen)
    terms = seen.page.locator("button.term").all()
    assert len(terms) > 5
    for term in terms:
        term.focus()
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    leave(seen)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ground", "marks"),
    [("white", ""), ("#111", ""), ("white", 'data-jp-theme-light="true"'), ("#111", 'data-jp-theme-light="false"')],
)
def test_a_part_in_a_notebook_can_be_read_in_any_surroundings(
    browser: Any, tmp_path: Path, ground: str, marks: str, scheme: str
) -> None:
    part = Fragment(
        '<p>words <span class="tag urgent">P1</span></p><table><tr><th>a</th></tr></table>'
    )._repr_mimebundle_()["text/html"]
    host = tmp_path / "lab.html"
    host.write_text(f'<!doctype html><html><body {marks} style="background:{ground};color:#777">{part}</body></html>')
    seen = visit(browser, host, color_scheme=scheme)
    assert seen.page.evaluate(PALE) == []
    shown = seen.page.evaluate("getComputedStyle(document.querySelector('.ssot')).backgroundColor")
    assert (shown != "rgb(255, 255, 255)") == ("false" in marks)
    assert seen.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "normal"
    leave(seen)


def test_the_instruments_notice_what_they_are_for(browser: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<!doctype html><html><body style="margin:0"><p style="color:#aaa">pale</p><button></button>'
        '<div style="width:3000px">wide</div><figure><canvas width="9" height="9"></canvas></figure>'
        '<img src="https://example.invalid/x.png"><script>console.error("x"); missing(); </script></body></html>'
    )
    seen = visit(browser, bad, width=390)
    seen.page.wait_for_timeout(300)
    assert {trouble.split(":")[0] for trouble in seen.troubles} >= {"console error", "error", "failed"}
    assert "https://example.invalid/x.png" in seen.requests
    assert len(seen.page.evaluate(PALE)) == 1
    seen.page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    assert {each.partition(":")[0] for each in find_barriers(seen)} >= {"button-name", "color-contrast", "image-alt"}
    assert len(seen.page.evaluate(STICKING_OUT)) == 1
    assert seen.page.locator("figure").evaluate(DRAWN) == 0
    leave(seen)
