"""How fast the explorer is in a browser: the first view, every kind of view behind it, and search."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from analysis.pipeline import investigate
from analysis.report.explorer import build_explorer
from benchmarks.measure import Result, below, time_median
from benchmarks.speed import make_large, scratch
from benchmarks.targets import find_package

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)))"
#: The largest packages, closed and open, the busiest modules with what depends on them, cycles and classes.
_VIEWS = """() => {
  const model = document.querySelector("section.explorer").explorer.model, counts = new Map();
  model.data.imports.imported.forEach(place => counts.set(place, (counts.get(place) || 0) + 1));
  const name = place => model.names[place], inner = place => model.inner.get(place).length;
  const large = [...model.inner.keys()].filter(place => place >= 0).sort((a, b) => inner(b) - inner(a)).slice(0, 6);
  const busy = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5).map(pair => pair[0]);
  return [
    ...large.flatMap(place => [`packages=${name(place)}`, `packages=${name(place)}&open=${name(place)}`]),
    ...busy.flatMap(place => [`module=${name(place)}`, `dependents=${name(place)}`, `depends=${name(place)}`]),
    ...busy.slice(1).map(place => `path=${name(place)}..${name(busy[0])}`),
    ...model.data.cycles.slice(0, 8).map(cycle => `cycle=${encodeURIComponent(cycle.cycle)}`),
    ...model.data.classes.slice(0, 5).map(each => `class=${each.definition}`), "packages=",
  ];
}"""
_OPEN = """view => new Promise(done => {
  const start = performance.now();
  const end = () => requestAnimationFrame(() => setTimeout(() => done(performance.now() - start), 0));
  window.addEventListener("hashchange", end, { once: true });
  location.hash = view;
})"""
_SEARCH = """text => new Promise(done => {
  const box = document.querySelector("[role=combobox]"), start = performance.now();
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start), 0));
})"""


def measure_explorer(runs: int) -> list[Result]:
    """The page of django, and of about 4,000 files of several packages side by side."""
    with scratch() as folder, sync_playwright() as started:
        command = next(filter(None, map(shutil.which, _BROWSERS)))
        browser = started.chromium.launch(executable_path=command, args=["--headless", "--no-sandbox", "--disable-gpu"])
        django = shutil.copytree(find_package("django"), folder / "django")
        return [
            *_measure_tree(browser, "885 modules", django, folder / "data", 1.0, runs),
            *_measure_tree(browser, "4,000 modules", make_large(folder), folder / "data", 3.0, runs),
        ]


def _measure_tree(browser: Browser, name: str, root: Path, data: Path, limit: float, runs: int) -> list[Result]:
    inv = investigate(root, data=data)
    seconds = time_median(lambda: build_explorer(inv), 1)
    place = data / f"{root.name}.html"
    place.write_text(build_explorer(inv).build_page({"target": inv.name, "pages": []}), "utf-8")
    note = f"{inv.module_count:,} modules, {place.stat().st_size / 1e6:.1f} MB, built in {seconds:.1f} s"
    return measure_page(browser, name, place, limit, runs, note)


def measure_page(browser: Browser, name: str, place: Path, limit: float, runs: int, note: str = "") -> list[Result]:
    """Return the figures of one page: the median of the first view, the slowest view behind it, the slowest search."""
    first = [_open_page(browser, place, close=True)[1] for _ in range(runs)]
    page, _ = _open_page(browser, place)
    views = [page.evaluate(_OPEN, view) for view in page.evaluate(_VIEWS) if page.url.partition("#")[2] != view]
    searches = [page.evaluate(_SEARCH, text) for text in ("a", "e", "model", "test_", "manager", "no such name")]
    page.context.close()
    return [
        below(f"{name}: first view", statistics.median(first) / 1000, limit, "s", note),
        below(f"{name}: slowest of {len(views)} views", max(views) / 1000, 0.3, "s"),
        below(f"{name}: slowest search", max(searches) / 1000, 0.1, "s"),
    ]


def _open_page(browser: Browser, place: Path, *, close: bool = False) -> tuple[Any, float]:
    """Open a page in a window of 1440 × 900; return it, and the milliseconds until its picture was drawn."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    page = context.new_page()
    page.goto(place.as_uri(), wait_until="load")
    page.wait_for_selector(".x-svg")
    milliseconds = float(page.evaluate(_DRAWN))
    if close:
        context.close()
    return page, milliseconds
