"""The glossary: one list of terms for docs and reports, linked from every page and readable offline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_trees import SHOP, investigate

from analysis.investigation import Investigation
from analysis.report.executive import build_executive
from analysis.report.findings_page import build_findings_view
from analysis.report.glossary import GLOSSARY, build_glossary_page
from analysis.report.pages import Page
from analysis.report.run_report import describe_report
from analysis.report.single_file import build_single_file
from analysis.report.templating import render

ROOT = Path(__file__).resolve().parent.parent
TERMS = [term for terms in GLOSSARY.values() for term in terms]
#: The terms of the kit that a reader of a report meets; each must have its definition.
EXPECTED = {
    "baseline", "binding", "canonical path", "certainty", "claim", "concept", "cut", "cycle", "definition", "facade",
    "finding", "first import", "gate", "golden path", "identity", "import edge", "import path", "import simulation",
    "liveness", "non-canonical import", "partially initialized", "policy", "policy violation", "probe", "re-export",
    "route", "search path", "second name", "severity", "silently swallowed", "snapshot", "start", "target",
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture(scope="module")
def view(shop: Investigation) -> tuple[dict[str, object], list[Page]]:
    pages = [Page("01_graph", "Graph", "<h1>Graph</h1>")]
    return describe_report(build_executive(shop), pages), pages


def test_every_term_of_the_kit_is_defined() -> None:
    assert {term.name for term in TERMS} >= EXPECTED


def test_each_term_is_defined_once_in_one_line_and_groups_are_alphabetical() -> None:
    names = [term.name.lower() for term in TERMS]
    assert len(names) == len(set(names))
    assert len({term.anchor for term in TERMS}) == len(TERMS)
    for terms in GLOSSARY.values():
        assert [term.name.lower() for term in terms] == sorted(term.name.lower() for term in terms)
    assert [term.name for term in TERMS if "\n" in term.meaning or not term.meaning.endswith(".")] == []


def test_the_page_of_the_docs_has_every_term() -> None:
    page = (ROOT / "docs/glossary.md").read_text("utf-8")
    assert build_glossary_page() in page
    assert [term.name for term in TERMS if f"- **{term.name}**: {term.meaning}\n" not in page] == []


def test_the_page_of_a_report_has_every_term_and_needs_nothing_else(view: tuple[dict[str, object], list[Page]]) -> None:
    page = render("glossary.html.j2", report=view[0], has_networks=False)
    assert [term.name for term in TERMS if f'<dt id="{term.anchor}">{term.name}</dt>' not in page] == []
    links = re.findall(r'\s(?:href|src)="([^"]*)"', page)
    assert {link for link in links if not link.startswith(("#", "data:"))} == {
        "index.html", "01_graph.html", "glossary.html"
    }  # fmt: skip


def test_every_page_of_a_report_links_the_glossary(view: tuple[dict[str, object], list[Page]]) -> None:
    report, pages = view
    index = render("index.html.j2", report=report, has_networks=False)
    page = render("page.html.j2", report=report, page=pages[0], headings=[], has_networks=False)
    for text in (index, page):
        footer = text.partition("<footer>")[2]
        assert '<li><a href="glossary.html">Glossary</a></li>' in text
        assert 'href="glossary.html"' in footer


def test_the_single_file_contains_the_glossary(shop: Investigation, view: tuple[dict[str, object], list[Page]]) -> None:
    document = build_single_file(*view, build_findings_view(shop))
    assert '<details class="plain" id="glossary"><summary><h2>Glossary</h2>' in document
    assert document.count('href="#glossary"') == 2
    assert [term.name for term in TERMS if document.count(f'id="{term.anchor}"') != 1] == []
