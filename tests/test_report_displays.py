"""Tables, pictures and prose: whole for JupyterLab, bare for a page, escaped in both, open about what they hide."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from analysis.report.displays import PAGE, Fragment, Picture, Prose, build_table

SCRIPT = "<script>alert(1)</script>"


def test_a_frame_without_rows_says_so_instead_of_showing_an_empty_table() -> None:
    table = build_table(pd.DataFrame({"name": pd.Series(dtype="str")}), caption="Cycles")
    assert "<table" not in table.page
    assert "Cycles: none" in table.page


def test_a_table_has_a_caption_and_headers_with_a_scope() -> None:
    page = build_table(pd.DataFrame({"first_name": ["a"]}), caption="Names").page
    assert "<caption>Names</caption>" in page
    assert '<th scope="col">first name</th>' in page


def test_a_wide_table_can_be_scrolled_by_keyboard() -> None:
    page = build_table(pd.DataFrame({"a": [1]}), caption="Numbers").page
    assert re.search(r'<div class="scroll"[^>]*role="region"[^>]*tabindex="0"[^>]*aria-label="Numbers"', page)


def test_numbers_are_grouped_and_marked_as_numbers() -> None:
    page = build_table(pd.DataFrame({"lines": [1234567], "share": [0.5], "is_live": [True]}), caption="x").page
    assert '<td class="number">1,234,567</td>' in page
    assert '<td class="number">0.5</td>' in page
    assert "<td>yes</td>" in page


def test_rows_beyond_the_limit_are_counted() -> None:
    page = build_table(pd.DataFrame({"a": range(30)}), caption="x", most_rows=25).page
    assert page.count("<tr>") == 26
    assert "5 more rows are not shown." in page
    assert "more rows" not in build_table(pd.DataFrame({"a": range(25)}), caption="x", most_rows=25).page


def test_a_list_shows_its_first_parts_and_counts_the_others() -> None:
    page = build_table(pd.DataFrame({"modules": [[f"m{number}" for number in range(11)]]}), caption="x").page
    assert page.count("<br>") == 8
    assert "and 3 more" in page


@pytest.mark.parametrize("place", ["cell", "list", "column", "caption"])
def test_nothing_of_the_target_becomes_markup(place: str) -> None:
    frames = {
        "cell": pd.DataFrame({"a": [SCRIPT]}),
        "list": pd.DataFrame({"a": [[SCRIPT]]}),
        "column": pd.DataFrame({SCRIPT: ["a"]}),
        "caption": pd.DataFrame({"a": ["b"]}),
    }
    table = build_table(frames[place], caption=SCRIPT if place == "caption" else "x", names=[SCRIPT])
    assert "<script" not in table.page
    assert "alert(1)" in table.page


def test_a_fragment_carries_its_style_into_the_lab_but_not_into_a_page() -> None:
    shown = Fragment("<p>x</p>", "x")._repr_mimebundle_()
    assert shown[PAGE] == "<p>x</p>"
    assert "<style>" in shown["text/html"]
    assert shown["text/plain"] == "x"


def test_a_picture_has_words_that_stand_for_it_and_nothing_in_them_is_markup() -> None:
    shown = Picture(b"\x89PNG", '"><script>', "Caption <b>")._repr_mimebundle_()
    assert 'alt="&quot;&gt;&lt;script&gt;"' in shown[PAGE]
    assert "Caption &lt;b&gt;" in shown[PAGE]
    assert shown["image/png"] == "iVBORw=="
    json.dumps(shown)


def test_a_picture_lies_over_its_png_without_links() -> None:
    """A notebook that is not trusted loses the inline picture, not the image behind it."""
    shown = Picture(b"\x89PNG", "a <b>", svg='<svg><a href="explorer.html"><path/></a></svg>')._repr_mimebundle_()
    assert shown["text/html"].startswith('<div style="position:relative"><img src="data:image/png;base64,iVBORw=="')
    assert 'alt="a &lt;b&gt;"' in shown["text/html"]
    assert "<svg><path/></svg>" in shown["text/html"]
    assert shown["image/png"] == "iVBORw=="
    assert "explorer.html" in shown[PAGE]


def test_prose_is_markdown() -> None:
    assert Prose("**two** cycles")._repr_mimebundle_()["text/markdown"] == "**two** cycles"
    assert str(Prose("x")) == "x"
