"""Computed sentences and tables: the numbers of this target, the right grammar, nothing of the target as markup."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, investigate

from analysis.investigation import Investigation
from analysis.report import sentences, start_sentences
from analysis.report.headline import build_figures
from analysis.report.prose import render_markdown
from analysis.wording import format_count

TELLING = (
    sentences.format_target, sentences.format_graph, sentences.format_packages, sentences.format_busiest,
    sentences.format_cycles, sentences.format_cuts, start_sentences.format_starts, start_sentences.format_second_names,
)  # fmt: skip
LISTING = (
    sentences.list_cycles, sentences.list_packages, sentences.list_phantoms, sentences.list_repeated_classes,
    start_sentences.list_starts, start_sentences.list_second_names, start_sentences.list_unknown_loads,
)  # fmt: skip


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("empty"), {"one.py": ""})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("hostile"), HOSTILE, HOSTILE_POLICY)


def test_a_target_without_imports_is_told_without_numbers_that_are_none(empty: Investigation) -> None:
    assert str(sentences.format_cuts(empty)) == "There is nothing to cut."
    assert str(sentences.format_cycles(empty)).count("none") == 3
    assert "No two packages" in str(sentences.format_packages(empty))
    assert [listing for listing in LISTING if "none" not in listing(empty).page] == []
    assert str(sentences.format_busiest(empty)).startswith("`one` is imported by no modules and imports no modules")


def test_the_sentences_carry_the_numbers_of_the_target(shop: Investigation) -> None:
    assert str(sentences.format_target(shop)).startswith("`shop` (not under git) has 11 files")
    assert f"{shop.metric('edges'):,.0f} import edge" in str(sentences.format_graph(shop))
    for kind in ("import-time", "deferred", "typing"):
        expected = shop.cycles(kind)
        modules = format_count(int(expected["size"].sum()), "module")
        told = f"- **{kind}**: {format_count(len(expected), 'cycle')} over {modules}"
        assert told in str(sentences.format_cycles(shop))
    cuts = sum(len(cut) for cut in shop.cycles("import-time")["cut"])
    assert str(sentences.format_cuts(shop)).startswith(f"Removing {format_count(cuts, 'import')} breaks")


def test_a_module_is_told_by_who_imports_it(shop: Investigation) -> None:
    told = str(sentences.format_busiest(shop, "shop.core.basket"))
    assert told.startswith("`shop.core.basket` is imported by 2 modules and imports 1 module")


def test_cycles_are_listed_with_the_place_of_each_import(shop: Investigation) -> None:
    page = sentences.list_cycles(shop).whole.replace("<wbr>", "")
    assert "shop.core.basket → shop.core.price (shop/core/basket.py:1)" in page


def test_missing_modules_are_listed_with_the_first_place(shop: Investigation) -> None:
    page = sentences.list_phantoms(shop).page.replace("<wbr>", "")
    assert "vat" in page
    assert "shop/core/registry.py:1" in page


def test_a_long_table_says_how_many_rows_it_hides(hostile: Investigation) -> None:
    assert "4 more rows are not shown" in sentences.list_phantoms(hostile, most_rows=2).page


def test_nothing_of_a_hostile_target_becomes_markup(hostile: Investigation) -> None:
    pages = [render_markdown(str(tell(hostile))) for tell in TELLING] + [table(hostile).page for table in LISTING]
    assert any("alert(" in page for page in pages)
    assert not any("<script" in page or "<img" in page or "javascript:alert" in page.split("href=")[-1][:40]
                   for page in pages)  # fmt: skip


def test_that_no_file_has_two_names_is_only_said_where_everything_is_known(
    empty: Investigation, tmp_path: Path
) -> None:
    said = start_sentences.format_second_names
    assert str(said(empty)) == "No file is loaded under two names."
    computed = "import sys\nsys.path.insert(0, sys.argv[1])\nimport runpy\nrunpy.run_module(sys.argv[2])\n"
    several = investigate(tmp_path, {"one.py": computed, "test_one.py": computed})
    assert str(said(several)).startswith("No file is known to be loaded under two names. 2 statements may add some")
    [figure] = [each for each in build_figures(several) if each.metric == "files-with-two-names"]
    assert (figure.text, figure.light, figure.words) == ("0", "grey", "Not all known")
    assert "2 statements load what is computed" in figure.note_text
    assert "as far as it is known" in " ".join(goal.label for goal in several.success_metrics())
    [figure] = [each for each in build_figures(empty) if each.metric == "files-with-two-names"]
    assert (figure.light, figure.note_text) == ("green", "")
    page = start_sentences.list_unknown_loads(several).page.replace("<wbr>", "")
    assert (
        "one.py:2" in page and "the folder is computed" in page and page.index("one.py:2") < page.index("test_one.py:2")
    )


def test_starts_and_second_names_are_listed_with_their_evidence(tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "", "p/b.py": "class B: ...\n", "p/__main__.py": "import p.b\n",
        "run.py": "import sys\nsys.path.append('p')\nimport b\nimport p.b\n", "Makefile": "go:\n\tpython run.py\n",
    }  # fmt: skip
    inv = investigate(tmp_path, files)
    starts = start_sentences.list_starts(inv).page.replace("<wbr>", "")
    assert "Makefile:2" in starts and "main-module" in starts
    assert "run.py:2" in start_sentences.list_search_paths(inv).page.replace("<wbr>", "")
    listed = start_sentences.list_second_names(inv).page.replace("<wbr>", "")
    assert "p/b.py" in listed and "run.py:3" in listed and "run.py:4" in listed
    assert str(start_sentences.format_second_names(inv)) == "1 file is loaded under two names."
