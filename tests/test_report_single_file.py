"""Everything in one file: chapters, one main heading, one copy of the scripts, no reference to another file."""

from __future__ import annotations

import re

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, investigate

from analysis.report.executive import build_executive
from analysis.report.findings_page import build_findings_view
from analysis.report.pages import Page
from analysis.report.run_report import describe_report
from analysis.report.single_file import EXECUTIVE_NOTEBOOK, build_single_file, demote_headings
from analysis.report.views import draw_packages


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> str:
    hostile = investigate(tmp_path_factory.mktemp("hostile"), HOSTILE, HOSTILE_POLICY)
    network = draw_packages(hostile).page
    pages = [
        Page(EXECUTIVE_NOTEBOOK, "Executive", "<h1>Only for the other pages</h1>"),
        Page("01_import_graph", "Graph", f"<h1 id='g'>Graph</h1>{network}{network}"),
        Page("03_circular_imports", "Cycles", "<h1 id='c'>Cycles</h1>", error="ValueError: <script>alert(1)</script>"),
    ]
    return build_single_file(describe_report(build_executive(hostile), pages), pages, build_findings_view(hostile))


def test_headings_go_down_one_level_and_nothing_else_changes() -> None:
    assert demote_headings("<h1>A</h1><h5 id='x'>B</h5><hr><header>") == "<h2>A</h2><h6 id='x'>B</h6><hr><header>"


def test_there_is_one_main_heading_and_a_chapter_per_notebook(document: str) -> None:
    assert document.count("<h1") == 1
    assert document.count('<details class="plain chapter" id="') == 2
    assert "Only for the other pages" not in document


def test_the_drawing_library_is_there_once(document: str) -> None:
    assert document.count("@version 9.1.2") == 1
    assert document.count('<figure class="network">') == 2
    assert len(document) < 1_500_000


def test_nothing_refers_to_another_file_or_place(document: str) -> None:
    links = re.findall(r'\s(?:href|src)="([^"]*)"', document)
    outside = [link for link in links if not link.startswith(("#", "data:", "https://example.invalid/"))]
    assert len(links) > 10
    assert outside == []


def test_every_entry_of_the_contents_leads_somewhere(document: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', document)
    assert len(ids) == len(set(ids))
    entries = set(re.findall(r'href="#([^"]+)"', document))
    assert len(entries) > 3
    views = {entry for entry in entries if "=" in entry}  # of the explorer, which its script shows
    assert entries - views <= set(ids)


def test_a_failed_chapter_says_so_at_the_top_and_in_its_place(document: str) -> None:
    assert document.count('role="alert"') == 2
    assert "ValueError" in document


def test_no_script_but_ours_is_in_the_document(document: str) -> None:
    bodies = re.findall(r"<script[^>]*>(.*?)</script>", document, re.DOTALL)
    assert bodies and "alert(" in document
    assert not [body for body in bodies if re.match(r"\s*alert\(", body)]
    assert "<img" not in document
