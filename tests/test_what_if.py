"""What a target would be after some steps: it is what investigating a copy with these steps made says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import analysis
from analysis import tables
from analysis.errors import AnalysisError
from analysis.quantities import write_score
from analysis.report.difference_page import build_difference_page

Tree = Callable[[Mapping[str, str]], Path]
APP = {
    "app/__init__.py": "",
    "app/one.py": (
        "import os\nfrom app.two import Two, helper\n\n\n"
        "class One:\n    def run(self):\n        return Two(), os.sep\n\n\nX = helper\n"
    ),
    "app/two.py": (
        "from app import one\n\n\nclass Two:\n    def run(self):\n        return one.One\n"
        "\n\ndef helper():\n    return 1\n"
    ),
    "app/old.py": "class Two:\n    def run(self):\n        return None\n\n\nZ = 1\n",
    "app/uses.py": "from app.old import Two\n",
}
ASKED = (
    'def __getattr__(name: str) -> object:\n    """Redirect classes to the modules that define them."""\n'
    '    if name == "Two":\n        import warnings\n\n        from app.two import Two\n\n        warnings.warn(\n'
    '            "app.old.Two is deprecated: import it from app.two",\n            DeprecationWarning,\n'
    "            stacklevel=2,\n        )\n        return Two\n"
    '    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")'
)
REDIRECTED = (
    "import warnings\n\nfrom app.two import Two\n\nwarnings.warn(\n"
    '    "app.old is deprecated: import Two from app.two", DeprecationWarning, stacklevel=2\n)'
)
CASES: Mapping[str, tuple[dict[str, str], dict[str, str]]] = {
    "a cut that can wait": (
        {"cut": "app.two:app.one"},
        {"app/two.py": "\n\nclass Two:\n    def run(self):\n        from app import one\n        return one.One\n"
                       "\n\ndef helper():\n    return 1\n"},
    ),
    "a merge": (
        {"merge": "app.old:Two=app.two.Two"}, {"app/old.py": f"\n\nZ = 1\n\n\n{ASKED}\n"},
    ),
    "a redirect": ({"redirect": "app.old=app.two"}, {"app/old.py": f"{REDIRECTED}\n"}),
    "a move": (
        {"move": "app.one:One=app.old"},
        {"app/one.py": "import os\nfrom app.two import Two, helper\n\n\nfrom app.old import One as One\n"
                       "\n\nX = helper\n",
         "app/old.py": APP["app/old.py"] + "import os\nfrom app.two import Two\n\n\nclass One:\n    def run(self):\n"
                       "        return Two(), os.sep\n"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "written"), CASES.values(), ids=list(CASES))
def test_a_step_makes_of_the_files_what_it_says_and_of_the_tables_what_a_copy_has(
    steps: dict[str, str], written: dict[str, str], make_tree: Tree, tmp_path: Path
) -> None:
    root = make_tree(APP)
    inv = analysis.investigate(root, data=tmp_path / "one")
    found = inv.what_if(**{verb: [text] for verb, text in steps.items()})  # type: ignore[operator]
    assert {path: content.decode() for path, content in found.changes.items()} == written
    copy = tmp_path / "copy" / root.name
    shutil.copytree(root, copy)
    for path, text in written.items():
        (copy / path).write_text(text)
    wanted = analysis.investigate(copy, data=tmp_path / "two")
    for name in tables.TABLES:
        assert found.after.table(name).to_pylist() == wanted.table(name).to_pylist(), name
    assert {path: (root / path).read_text() for path in APP} == APP


def test_a_cut_opens_the_cycle_and_the_figures_show_it(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree(APP), data=tmp_path)
    found = inv.what_if(cut=["app.two:app.one"])  # type: ignore[operator]
    figures = {name: (before, after) for name, before, after in found.figures}
    assert figures["import-time cycles"] == ("1", "0")
    assert figures["first imports that fail"] == ("1", "0")
    assert "→" in str(found) and "the import runs when it is needed" in str(found)
    assert "<table>" in found._repr_html_()
    assert found.after.explain("app.one", "app.two") and found.after.plan() is not None


def test_the_page_of_a_difference_is_made_of_what_is_in_memory_alone(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree(APP), data=tmp_path)
    found = inv.what_if(cut=["app.two:app.one"])  # type: ignore[operator]
    page = build_difference_page(found.difference)
    score = found.difference.scores[1]
    assert page.startswith("<!doctype html>") and score is not None and write_score(score) in page
    before, after = ({goal.label: goal.is_met for goal in each.success_metrics()} for each in (inv, found.after))
    assert (before["No import-time cycle"], after["No import-time cycle"]) == (False, True)


def test_an_import_that_cannot_wait_is_taken_away_and_what_breaks_is_shown(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree(APP), data=tmp_path)
    found = inv.what_if(cut=["app.one:app.two"])  # type: ignore[operator]
    assert b"helper\n" in (found.changes["app/one.py"] or b"")
    assert "taken away" in found.said[0]
    outcomes = dict(tables.read_rows(found.after.table("simulated"), "module", "outcome"))
    assert outcomes["app.one"] != "ok"


@pytest.mark.parametrize("steps", [
    {}, {"cut": "app.one"}, {"cut": "app.one:app.nowhere"}, {"cut": "app.old:app.one"}, {"move": "app.one=app.two"},
    {"move": "app.one:Nothing=app.two"}, {"merge": "app.old:Two=app.two.Nothing"}, {"redirect": "app.old=app.nowhere"},
    {"merge": "app.old:Two=app.two.Two", "redirect": "app.old=app.two"},
])  # fmt: skip
def test_what_cannot_be_tried_says_so_in_one_line(steps: dict[str, str], make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree(APP), data=tmp_path)
    with pytest.raises(AnalysisError) as raised:
        inv.what_if(**{verb: [text] for verb, text in steps.items()})  # type: ignore[operator]
    assert "\n" not in str(raised.value)
