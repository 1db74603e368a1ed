"""Prose of notebooks becomes HTML: raw HTML stays text, links are harmless, headings can be linked to."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_trees import Markup

from analysis.report.escaping import markdown
from analysis.report.prose import add_heading_ids, find_headings, render_markdown

HARMLESS = {"p", "a", "em", "strong", "code", "pre", "div", "table", "thead", "tbody", "tr", "th", "td", "h1"}


def test_nothing_renders_as_nothing() -> None:
    assert render_markdown("").strip() == ""
    assert find_headings(add_heading_ids("")) == []


def test_prose_may_emphasise_list_and_tabulate() -> None:
    page = render_markdown("# A\n\n- *b*\n\n| c | d |\n|---|--:|\n| 1 | 2 |\n\n- [ ] open\n- [x] done\n")
    for part in ("<h1>A</h1>", "<em>b</em>", '<th scope="col">c</th>', '<td class="number">2</td>'):
        assert part in page
    assert page.count('type="checkbox"') == 2


def test_a_table_of_prose_scrolls_instead_of_widening_the_page() -> None:
    assert '<div class="scroll"' in render_markdown("| c |\n|---|\n| 1 |\n")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<style>*{display:none}</style>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        '[x](http://a.example "onmouseover=alert(1)")',
        "![x](http://evil.example/x.png)",
        "<http://a.example/><script>alert(1)</script>",
        '```"><script>alert(1)</script>\nx\n```',
        "| <script>alert(1)</script> |\n|---|\n| <img src=x> |\n",
        "# <script>alert(1)</script>",
    ],
)
def test_nothing_in_markdown_runs_or_loads_anything(text: str) -> None:
    page = Markup(add_heading_ids(render_markdown(text)))
    assert page.tags <= HARMLESS
    assert page.handlers == set()
    assert all(link.startswith(("#", "http://", "https://")) for link in page.addresses)


@given(st.text(max_size=60))
def test_an_escaped_name_reads_as_itself(text: str) -> None:
    page = render_markdown(f"x {markdown(text)} y")
    assert not re.search(r"<(?!/?p>|br ?/?>)", page.strip())


def test_headings_get_ids_from_their_words_that_are_unique() -> None:
    page = add_heading_ids("<h1>Why <em>this</em>?</h1><h2>Same</h2><h2>Same</h2><h2>!</h2>", "03-")
    assert [heading["id"] for heading in find_headings(page)] == ["03-why-this", "03-same", "03-same-2", "03-section"]
    assert find_headings(page)[0] == {"level": 1, "id": "03-why-this", "text": "Why this?"}


def test_an_id_holds_no_character_that_could_leave_its_attribute() -> None:
    page = add_heading_ids("<h2>&quot;&gt;&lt;script&gt; \u00e9</h2>")
    assert re.fullmatch(r'<h2 id="[a-z0-9-]+">.*</h2>', page)
