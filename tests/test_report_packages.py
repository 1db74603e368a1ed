"""Modules in groups that fit into a picture, and the imports between the groups."""

from __future__ import annotations

import time

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analysis import tables
from analysis.report.packages import REST, count_imports, group_modules, shorten

NAMES = st.lists(st.sampled_from("abcde"), min_size=1, max_size=4).map(".".join)
MODULES = st.sets(NAMES, max_size=30)


def make_edges(*pairs: tuple[str, str], is_ancestor: bool = False) -> pd.DataFrame:
    rows = [
        (
            importer,
            imported,
            f"{importer}.py",
            line,
            line,
            "import",
            0,
            imported,
            "",
            "",
            "module",
            "none",
            "",
            "always",
            is_ancestor,
            "plain",
        )
        for line, (importer, imported) in enumerate(pairs, 1)
    ]
    return tables.EDGES.from_rows(rows).to_pandas()


def test_no_module_has_no_group() -> None:
    assert group_modules([], 10) == {}
    assert shorten([]) == {}
    assert list(count_imports(make_edges(), {}).columns) == ["importer", "imported", "imports"]


def test_a_small_tree_is_shown_module_by_module() -> None:
    assert group_modules(["a", "a.b", "a.c"], 10) == {"a": "a", "a.b": "a.b", "a.c": "a.c"}


def test_the_largest_package_is_opened_first() -> None:
    modules = ["a", "b", *(f"a.{number}" for number in range(3)), *(f"b.{number}" for number in range(9))]
    groups = group_modules(modules, 12)
    assert {groups[name] for name in modules if name.startswith("a")} == {"a"}
    assert groups["b.3"] == "b.3"


def test_a_small_top_level_name_keeps_its_group_beside_a_large_package() -> None:
    modules = ["tests.one", *(f"app.p{part}.m{number}" for part in range(9) for number in range(9))]
    groups = group_modules(modules, 8)
    assert groups["tests.one"] == "tests"
    assert REST not in groups.values()


def test_many_top_level_names_are_together_as_the_rest() -> None:
    groups = group_modules([f"m{number:02}" for number in range(20)], 5)
    assert len(set(groups.values())) == 5
    assert groups["m19"] == REST


@given(MODULES, st.integers(5, 12))
def test_every_module_has_one_group_and_there_are_not_too_many(modules: set[str], most: int) -> None:
    groups = group_modules(modules, most)
    assert set(groups) == modules
    assert len(set(groups.values())) <= most
    assert all(group in {REST, module} or module.startswith(f"{group}.") for module, group in groups.items())


@given(MODULES)
def test_the_order_of_the_modules_does_not_matter(modules: set[str]) -> None:
    assert group_modules(sorted(modules), 6) == group_modules(sorted(modules, reverse=True), 6)


def test_25_000_modules_are_grouped_in_a_moment() -> None:
    modules = [f"p{number % 7}.q{number % 191}.r{number % 1009}.m{number}" for number in range(25_000)]
    started = time.process_time()
    groups = group_modules(modules, 60)
    assert time.process_time() - started < 2
    assert 7 <= len(set(groups.values())) <= 60


def test_imports_are_counted_by_statement_between_groups() -> None:
    edges = make_edges(("a.x", "b.y"), ("a.x", "b.z"), ("b.y", "a.x"))
    counted = count_imports(edges, {"a.x": "a", "b.y": "b", "b.z": "b"})
    assert counted.to_numpy().tolist() == [["a", "b", 2], ["b", "a", 1]]


def test_several_names_of_one_statement_are_one_import() -> None:
    edges = pd.concat([make_edges(("a", "b")), make_edges(("a", "b"))])
    assert count_imports(edges, {"a": "a", "b": "b"})["imports"].tolist() == [1]


def test_packages_on_the_way_and_unknown_modules_do_not_count() -> None:
    groups = {"a": "a", "b": "b"}
    assert count_imports(make_edges(("a", "b"), is_ancestor=True), groups).empty
    assert count_imports(make_edges(("a", "elsewhere")), groups).empty


def test_labels_lose_what_all_names_share() -> None:
    assert shorten(["shop.app.db", "shop.app.api"]) == {"shop.app.db": "db", "shop.app.api": "api"}
    assert shorten(["shop"]) == {"shop": "shop"}
    assert shorten(["a.b", "c.d"]) == {"a.b": "a.b", "c.d": "c.d"}
    assert shorten(["shop.a", "shopping.b"]) == {"shop.a": "shop.a", "shopping.b": "shopping.b"}


@given(st.sets(NAMES, min_size=1, max_size=12))
def test_labels_stay_different(names: set[str]) -> None:
    assert len(set(shorten(names).values())) == len(names)
