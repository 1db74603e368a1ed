"""The figures that stand first: one light each, in words too, and a sentence on the whole."""

from __future__ import annotations

import pytest
from report_trees import SHOP, investigate

from analysis.investigation import Investigation
from analysis.report.headline import LIGHTS, build_figures, count_severities, find_light, tell_verdict

POLICY = """
[[concept]]
name = "registries"
match = ["*Registry"]
max_classes = 1
[[concept]]
name = "baskets"
match = ["Basket"]
max_classes = 1
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP, POLICY)


def test_a_clean_tree_is_green_throughout(tmp_path_factory: pytest.TempPathFactory) -> None:
    clean = investigate(tmp_path_factory.mktemp("clean"), {"one.py": "x = 1\n"})
    assert {figure.light for figure in build_figures(clean)} == {"green"}
    assert find_light(count_severities(clean)) == "green"
    assert tell_verdict(count_severities(clean)) == "No rule has found anything."


def test_limits_of_the_policy_come_first_with_their_own_light(shop: Investigation) -> None:
    first, second = build_figures(shop)[:2]
    assert (first.label, first.value, first.light, first.note) == ("Registries", 3, "red", "at most 1 allowed")
    assert (second.label, second.value, second.light) == ("Baskets", 1, "green")


def test_figures_are_those_of_the_metrics_and_every_light_has_words(shop: Investigation) -> None:
    figures = {figure.label: figure for figure in build_figures(shop)}
    assert figures["Circular imports"].value == shop.metric("import-time-cycles") == 1
    assert figures["Circular imports"].note == "2 modules caught in them"
    assert figures["Circular imports"].light == "red"
    assert figures["Cycles hidden inside functions"].light == "amber"
    assert figures["Files that Python never imports"].light == "green"
    assert all(figure.words == LIGHTS[figure.light] for figure in figures.values())


def test_severities_are_counted_zeros_included(shop: Investigation) -> None:
    counts = count_severities(shop)
    assert list(counts) == ["P0", "P1", "P2", "P3"]
    assert sum(counts.values()) == len(shop.findings)


@pytest.mark.parametrize(
    ("counts", "verdict", "light"),
    [
        ((0, 0, 0, 1), "Nothing is wrong now; 1 finding will go wrong or is worth knowing.", "amber"),
        ((0, 0, 2, 1), "Nothing is wrong now; 3 findings will go wrong or are worth knowing.", "amber"),
        ((0, 1, 0, 0), "1 finding is wrong now.", "red"),
        ((2, 1, 0, 0), "3 findings are wrong now, 2 of them stop the product.", "red"),
        ((1, 0, 0, 0), "1 finding is wrong now and stops the product.", "red"),
    ],
)
def test_the_verdict_is_one_sentence(counts: tuple[int, ...], verdict: str, light: str) -> None:
    found = dict(zip(("P0", "P1", "P2", "P3"), counts, strict=True))
    assert tell_verdict(found) == verdict
    assert find_light(found) == light
