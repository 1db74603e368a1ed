"""The notebooks of the kit run by papermill: on next to nothing, on a hostile tree, and with their defaults."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from papermill.inspection import inspect_notebook
from report_trees import HOSTILE, HOSTILE_POLICY, Markup, investigate

from analysis.errors import ReportError
from analysis.report.pages import Page, build_page
from analysis.report.run_notebooks import find_notebooks, run_notebooks

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = find_notebooks(ROOT / "notebooks")
TREES: Mapping[str, tuple[Mapping[str, str], str]] = {
    "one module": ({"one.py": "x = 1\n"}, ""),
    "hostile": (HOSTILE, HOSTILE_POLICY),
}


def run(folder: Path, parameters: Mapping[str, Any]) -> dict[str, Page]:
    """Run all notebooks and return their pages; a failing notebook fails the test with its error."""
    executed = folder / "executed"
    executed.mkdir()
    done = run_notebooks(NOTEBOOKS, executed, parameters)
    assert [(each.name, each.error) for each in done if each.error] == []
    return {each.name: build_page(each.path) for each in done}


@pytest.fixture(scope="module", params=TREES)
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    folder = tmp_path_factory.mktemp("notebooks")
    files, policy = TREES[request.param]
    inv = investigate(folder, files, policy)
    return run(folder, {"snapshot": str(inv.path)})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_papermill_reads_every_parameter_of_a_notebook(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    (source,) = ("".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", ()))
    stated = [node.target.id for node in ast.parse(source).body]  # type: ignore[attr-defined]
    assert list(inspect_notebook(str(path))) == stated


def test_every_notebook_runs_and_every_page_answers_in_words(pages: Mapping[str, Page]) -> None:
    assert sorted(pages) == [path.stem for path in NOTEBOOKS]
    for page in pages.values():
        words = Markup(page.body).text.split()
        assert len(words) > 150, page.name
        assert not {"Traceback", "nan", "None", "NaN", "<NA>"} & set(words), page.name


def test_no_page_holds_markup_of_the_target(pages: Mapping[str, Page]) -> None:
    for page in pages.values():
        markup = Markup(page.body)
        scripts = [attributes for tag, attributes in markup.elements if tag == "script"]
        assert all(attributes == {"type": "application/json"} for attributes in scripts), page.name
        assert markup.handlers == set(), page.name
        assert not {"b", "iframe", "style", "object", "form"} & markup.tags, page.name


def test_no_page_refers_to_another_place(pages: Mapping[str, Page]) -> None:
    for page in pages.values():
        allowed = ("data:image/", "#", "explorer.html#", "https://example.invalid/no-git/")
        assert [link for link in Markup(page.body).addresses if not link.startswith(allowed)] == [], page.name


def test_no_output_fell_back_to_a_name_of_an_object(pages: Mapping[str, Page]) -> None:
    fallback = re.compile(r"&lt;\w+[\w.]* object at 0x")
    assert fallback.search("&lt;pandas.Frame object at 0x7f00&gt;")
    assert not [page.name for page in pages.values() if fallback.search(page.body)]


def test_a_parameter_of_one_notebook_is_no_parameter_of_all(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="00_executive_report has no parameter 'module'"):
        run_notebooks(NOTEBOOKS, tmp_path, {"module": "x"})


@pytest.mark.slow
def test_every_notebook_runs_alone_with_its_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty parameters mean the bundled case, which is built where it is missing."""
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))
    pages = run(tmp_path, {})
    expected = "".join(cell for page in pages.values() for cell in page.body)
    assert "agent_platform" in expected or "agent-platform" in expected or "netra_backend" in expected
    kinds = {output["output_type"] for path in (tmp_path / "executed").glob("*.ipynb") for output in read_outputs(path)}
    assert kinds <= {"execute_result", "display_data"}


def read_outputs(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [output for cell in cells for output in cell.get("outputs", ())]
