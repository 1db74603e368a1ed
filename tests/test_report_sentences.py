"""Computed sentences and tables: the numbers of this target, the right grammar, nothing of the target as markup."""

from __future__ import annotations

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, investigate

from analysis.investigation import Investigation
from analysis.report import sentences
from analysis.report.prose import render_markdown
from analysis.wording import format_count

TELLING = (
    sentences.format_target, sentences.format_graph, sentences.format_packages, sentences.format_busiest,
    sentences.format_cycles, sentences.format_cuts,
)  # fmt: skip
LISTING = (
    sentences.list_cycles, sentences.list_packages, sentences.list_phantoms, sentences.list_repeated_classes,
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
    assert str(sentences.format_target(shop)).startswith("`shop` at revision `no-git` has 11 files")
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
    page = sentences.list_cycles(shop).page.replace("<wbr>", "")
    assert "shop.core.basket → shop.core.price (shop/core/basket.py:1)" in page


def test_missing_modules_are_listed_with_the_first_place(shop: Investigation) -> None:
    page = sentences.list_phantoms(shop).page.replace("<wbr>", "")
    assert "shop.core.vat" in page
    assert "shop/core/registry.py:1" in page


def test_a_long_table_says_how_many_rows_it_hides(hostile: Investigation) -> None:
    assert "4 more rows are not shown" in sentences.list_phantoms(hostile, most_rows=2).page


def test_nothing_of_a_hostile_target_becomes_markup(hostile: Investigation) -> None:
    pages = [render_markdown(str(tell(hostile))) for tell in TELLING] + [table(hostile).page for table in LISTING]
    assert any("alert(" in page for page in pages)
    assert not any("<script" in page or "<img" in page or "javascript:alert" in page.split("href=")[-1][:40]
                   for page in pages)  # fmt: skip
