"""Executed notebooks as pages: prose and outputs without code, nothing loaded, errors told, titles and ids given."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbformat import v4

from analysis.report.displays import PAGE, Fragment, build_table
from analysis.report.pages import build_page, show_output
from analysis.report.prose import find_headings
from analysis.report.templating import render

SCRIPT = "<script>alert(1)</script>"


def write_notebook(folder: Path, *cells: Any, name: str = "01_import_graph") -> Path:
    path = folder / f"{name}.ipynb"
    path.write_text(nbformat.writes(v4.new_notebook(cells=list(cells))), "utf-8")
    return path


def make_cell(*outputs: Any, source: str = "inv.findings", tags: tuple[str, ...] = ()) -> Any:
    return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)}, execution_count=1)


def make_display(**data: str) -> Any:
    return v4.new_output("display_data", {name.replace("__", "/"): text for name, text in data.items()})


def test_a_notebook_without_cells_is_an_empty_page_named_after_its_file(tmp_path: Path) -> None:
    page = build_page(write_notebook(tmp_path))
    assert (page.name, page.title, page.file, page.body.strip()) == (
        "01_import_graph", "01_import_graph", "01_import_graph.html", "",
    )  # fmt: skip


def test_prose_stays_and_code_goes(tmp_path: Path) -> None:
    output = make_display(text__plain="3 cycles")
    page = build_page(write_notebook(tmp_path, v4.new_markdown_cell("# Who *imports* whom?"), make_cell(output)))
    assert page.title == "Who imports whom?"
    assert "3 cycles" in page.body
    assert "inv.findings" not in page.body


def test_headings_of_different_pages_never_share_an_id(tmp_path: Path) -> None:
    cells = [v4.new_markdown_cell("# A\n\n## B\n\n## B")]
    ids = [
        heading["id"]
        for name in ("01_a", "02_b")
        for heading in find_headings(build_page(write_notebook(tmp_path, *cells, name=name)).body)
    ]
    assert len(set(ids)) == 6


def test_parameters_and_what_papermill_adds_are_not_shown(tmp_path: Path) -> None:
    cells = [
        make_cell(make_display(text__plain="told"), tags=("parameters",)),
        make_cell(make_display(text__plain="told"), tags=("injected-parameters",)),
        v4.new_markdown_cell("An Exception was encountered", metadata={"tags": ["papermill-error-cell-tag"]}),
    ]
    body = build_page(write_notebook(tmp_path, *cells)).body
    assert "told" not in body and "Exception" not in body


def test_an_error_is_shown_without_colours_of_a_terminal(tmp_path: Path) -> None:
    error = v4.new_output("error", ename="ValueError", evalue=SCRIPT, traceback=["\x1b[0;31mValueError\x1b[0m: <b>"])
    page = build_page(write_notebook(tmp_path, make_cell(error, tags=("parameters",))), "ValueError: x")
    assert page.error == "ValueError: x"
    assert "This step failed" in page.body
    assert "ValueError: &lt;b&gt;" in page.body
    assert "\x1b" not in page.body


def test_an_output_is_shown_in_the_form_for_pages_first() -> None:
    shown = show_output(make_display(text__plain="a", text__html="<p>b</p>", **{PAGE: "<p>c</p>"}))
    assert shown == "<p>c</p>"
    assert show_output(make_display(text__plain="a", text__html="<p>b</p>")) == "<p>b</p>"


def test_plain_text_and_markdown_of_an_output_are_escaped() -> None:
    for kind in ("text__plain", "text__markdown"):
        shown = show_output(make_display(**{kind: SCRIPT}))
        assert "<script" not in shown and "alert(" in shown
    shown = show_output(v4.new_output("stream", name="stdout", text=SCRIPT))
    assert "<script" not in shown and "alert(" in shown


def test_what_a_kernel_says_on_standard_error_is_no_part_of_a_report() -> None:
    assert show_output(v4.new_output("stream", name="stderr", text="a warning")) == ""


def test_an_output_without_any_known_form_shows_nothing() -> None:
    assert show_output(make_display(application__json="{}")) == ""


def test_a_frame_of_pandas_is_escaped(tmp_path: Path) -> None:
    frame = pd.DataFrame({SCRIPT: [SCRIPT]})
    output = make_display(text__plain="x", text__html=frame._repr_html_())
    body = build_page(write_notebook(tmp_path, make_cell(output))).body
    assert "<script" not in body and "alert(" in body


def test_the_scripts_are_needed_only_where_there_is_a_network(tmp_path: Path) -> None:
    table = build_table(pd.DataFrame({"a": [1]}), caption="x")._repr_mimebundle_()
    assert not build_page(write_notebook(tmp_path, make_cell(make_display(**table)))).has_networks
    network = Fragment('<figure class="network"></figure>')._repr_mimebundle_()
    assert build_page(write_notebook(tmp_path, make_cell(make_display(**network)))).has_networks


def test_a_template_with_a_value_missing_is_an_error_not_a_gap() -> None:
    with pytest.raises(Exception, match="report"):
        render("index.html.j2", has_networks=False)


def test_no_template_names_anything_outside() -> None:
    folder = Path(__file__).resolve().parent.parent / "analysis/report/templates"
    found = [
        f"{path.name}: {match}"
        for path in folder.rglob("*")
        if path.is_file()
        for match in re.findall(r"""(?:https?:)?//(?!www\.w3\.org)[\w.-]+\.\w+|@import""", path.read_text("utf-8"))
        if path.suffix != ".js" or "://" in match
    ]
    assert sum(path.is_file() for path in folder.rglob("*")) > 5
    assert found == []


NOTHING = '<p class="nothing">Hints: none.</p>'


def test_sections_without_anything_to_show_become_one_line(tmp_path: Path) -> None:
    cells = [
        v4.new_markdown_cell("# How often?"), v4.new_markdown_cell("## The rate\n\nIn words."),
        make_cell(make_display(**{PAGE: "<p>60 %</p>"})), make_cell(make_display(**{PAGE: NOTHING})),
        v4.new_markdown_cell("## Where <to> look?"), make_cell(make_display(**{PAGE: NOTHING})),
        v4.new_markdown_cell("In between."), make_cell(make_display(**{PAGE: NOTHING})),
        v4.new_markdown_cell("## Only words\n\nThey stay."),
        v4.new_markdown_cell("## What else?"), make_cell(make_display(**{PAGE: NOTHING})),
    ]  # fmt: skip
    body = build_page(write_notebook(tmp_path, *cells)).body
    assert [heading["text"] for heading in find_headings(body)] == ["How often?", "The rate", "Only words"]
    assert "Nothing to show: Where &lt;to&gt; look? · What else?" in body
    assert "In between" not in body


def test_a_failed_step_is_never_folded_away(tmp_path: Path) -> None:
    error = v4.new_output("error", ename="ValueError", evalue="x", traceback=["ValueError: x"])
    body = build_page(write_notebook(tmp_path, v4.new_markdown_cell("## A"), make_cell(error))).body
    assert "This step failed" in body and "Nothing to show" not in body
