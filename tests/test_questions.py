"""The questions of an engineer at work: the template notebooks answer them by parameter, and by field with a kernel."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

import analysis
from analysis.bundled_case import build_bundled_case
from analysis.investigation import Investigation
from analysis.report.displays import PAGE
from analysis.report.pages import build_page
from analysis.report.questions import WIDGET, ask_chain, ask_class, ask_failure
from analysis.report.run_notebooks import run_notebooks

TEMPLATES = Path(__file__).resolve().parent.parent / "notebooks" / "templates"
MESSY = {
    "shop/__init__.py": "",
    "shop/orders.py": "from shop.prices import Price\nclass Order:\n    price = Price\n",
    "shop/prices.py": "from shop.orders import Order\nclass Price:\n    order = Order\n",
    "shop/old.py": "try:\n    from shop.orders import Order\nexcept ImportError:\n    Order = None\n",
    "shop/copied.py": "class Order:\n    price = 3\n",
    "shop/<b>.py": "x = 1\n",
}


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    root = tmp_path_factory.mktemp("messy")
    for name, source in MESSY.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(source)
    return analysis.investigate(root)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    root = tmp_path_factory.mktemp("empty")
    (root / "one.py").write_text("x = 1\n")
    return analysis.investigate(root)


@pytest.mark.parametrize("ask", [ask_class, ask_chain, ask_failure])
def test_a_code_base_without_classes_and_imports_has_an_answer_too(
    ask: Callable[[Investigation], Any], empty: Investigation
) -> None:
    assert ask(empty)._repr_mimebundle_()["text/html"]


def test_a_module_that_does_not_depend_on_the_other_is_told_so(messy: Investigation) -> None:
    answer = ask_chain(messy).ask("shop.orders", "shop.old")._repr_mimebundle_()
    words = "shop.orders does not import shop.old, not even through others"
    assert words in answer["text/plain"]
    assert words in answer["text/html"]
    assert "They depend on each other" not in answer["text/plain"]


@pytest.mark.parametrize(("ask", "expected"), [
    (ask_class, ["shop.orders:Order", "shop.copied:Order"]),
    (ask_chain, ["shop/orders.py:1", "shop/prices.py:1", "They depend on each other."]),
    (ask_failure, ["ImportError: cannot import name", "shop/orders.py:1"]),
])  # fmt: skip
def test_without_a_choice_the_question_starts_where_the_trouble_is(
    ask: Callable[..., Any], expected: list[str], messy: Investigation
) -> None:
    shown = ask(messy)._repr_mimebundle_()
    text = shown["text/plain"] + shown["text/html"].replace("<wbr>", "")
    if ask is ask_class:
        text += ask(messy).ask("Order")._repr_mimebundle_()["text/plain"]
    assert [word for word in expected if word not in text] == []
    assert WIDGET not in shown


def test_every_class_and_module_is_offered(messy: Investigation) -> None:
    assert {"Order", "Price"} <= set(ask_class(messy).fields[0].choices)
    for question in (ask_chain(messy), ask_failure(messy)):
        assert all("shop.orders" in field.choices for field in question.fields)


@pytest.mark.parametrize(
    ("ask", "wrong"), [(ask_class, ["Ordr"]), (ask_chain, ["shop.ordrs", "shop"]), (ask_failure, ["shop.ordrs"])]
)
def test_a_name_that_there_is_not_is_answered_with_the_nearest(
    ask: Callable[..., Any], wrong: list[str], messy: Investigation
) -> None:
    answer = str(ask(messy).ask(*wrong))
    assert "Ord" in answer or "ord" in answer
    assert "Did you mean" in answer or "There are" in answer


def test_names_of_the_target_are_escaped(messy: Investigation) -> None:
    shown = ask_failure(messy).ask("<b>x</b>")._repr_mimebundle_()
    assert "<b>" not in shown["text/markdown"].replace("\\<b", "")


def test_the_template_notebooks_answer_by_parameter(messy: Investigation, tmp_path: Path) -> None:
    """On a messy target, and on the bundled case with defaults, run by papermill as a report's notebooks are."""
    chosen: Mapping[str, tuple[dict[str, str], str]] = {
        "investigate_class": ({"name": "shop.copied.Order"}, "shop.copied:Order"),
        "why_a_imports_b": ({"importer": "shop.old", "imported": "shop.prices"}, "shop/old.py:2"),
        "why_this_import_fails": ({"module": "shop.prices"}, "partially initialized"),
    }
    assert sorted(chosen) == sorted(path.stem for path in TEMPLATES.glob("*.ipynb"))
    case = build_bundled_case()
    for stem, (parameters, expected) in chosen.items():
        notebook = TEMPLATES / f"{stem}.ipynb"
        for number, values in enumerate(({"snapshot": str(messy.path), **parameters}, {"target": str(case)})):
            folder = tmp_path / f"{stem}-{number}"
            folder.mkdir()
            (done,) = run_notebooks([notebook], folder, values)
            assert done.error == ""
            body = build_page(done.path).body.replace("<wbr>", "")
            assert number or expected in body


@pytest.mark.slow
def test_with_a_kernel_a_question_shows_fields_and_the_answer_as_html_beside_them(
    messy: Investigation, tmp_path: Path
) -> None:
    notebook: Any = nbformat.v4.new_notebook()
    source = f"""
import analysis
from analysis.report import questions
inv = analysis.open_snapshot({str(messy.path)!r})
questions.ask_class(inv, "Order")
"""
    change = "box = questions.ask_class(inv, 'Order')._build_widget()\nbox.children[0].value = 'Price'"
    notebook.cells = [nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell(change)]
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    data = notebook.cells[0].outputs[-1]["data"]
    assert {WIDGET, "text/html", PAGE} <= set(data)
    assert "shop.orders" in data[PAGE].replace("<wbr>", "")
    assert json.loads(json.dumps(data[WIDGET]))["model_id"]
    assert "shop.prices:Price" in json.dumps(notebook.metadata["widgets"]).replace("<wbr>", "")
