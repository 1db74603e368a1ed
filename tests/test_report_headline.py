"""The figures that stand first: one light each, in words too, and a sentence on the whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_trees import SHOP, investigate

from analysis.investigation import Investigation
from analysis.report.headline import LIGHTS, build_figures, build_tally, count_severities, find_light, format_light
from analysis.rules import RULES
from analysis.rules.rule import Rule
from analysis.rules.verdict import Tally, count_findings, format_verdict

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
    assert format_verdict(build_tally(clean)) == "No rule has found anything."


def test_limits_of_the_policy_come_first_with_their_own_light(shop: Investigation) -> None:
    first, second = build_figures(shop)[:2]
    assert (first.label, first.value, first.light, first.note_text) == ("Registries", 3, "violet", "at most 1 allowed")
    assert (first.noun, first.words) == ("classes", "Policy limit exceeded")
    assert (second.label, second.value, second.light) == ("Baskets", 1, "green")


def test_figures_are_those_of_the_metrics_and_every_light_has_words(shop: Investigation) -> None:
    figures = {figure.label: figure for figure in build_figures(shop)}
    assert figures["Circular imports"].value == shop.metric("import-time-cycles") == 1
    assert figures["Circular imports"].note_text == "2 modules in cycles"
    assert figures["Circular imports"].light == "red"
    assert figures["Cycles hidden inside functions"].light == "amber"
    assert figures["Files that can never be imported"].light == "green"
    assert all(figure.words for figure in figures.values())
    assert figures["Circular imports"].words == LIGHTS["red"] == "Needs a fix now"


def test_the_noun_below_a_number_agrees_with_it(tmp_path: Path) -> None:
    """One file that is never imported, one name that does not exist, one circular import; and none, or several."""
    tree = {
        "shop/__init__.py": "", "shop/pay.py": "import shop.cart\nfrom shop.cart import nothing\n",
        "shop/cart.py": "import shop.pay\n", "shop/tax.py": "", "shop/tax/__init__.py": "",
    }  # fmt: skip
    figures = {figure.metric: figure for figure in build_figures(investigate(tmp_path, tree))}
    for metric, caption in (
        ("shadowed-modules", "File that can never be imported"), ("import-time-cycles", "Circular import"),
        ("phantom-names", "Import of a name that does not exist"),
        ("phantom-imports", "Imports of modules that do not exist"),
    ):  # fmt: skip
        assert (figures[metric].value == 1) == (caption == figures[metric].caption != figures[metric].label), metric
        assert figures[metric].caption == caption


def test_every_figure_of_a_rule_names_one_and_several() -> None:
    for figure in (rule.figure for rule in RULES if rule.figure is not None):
        assert figure.one != figure.label, figure.metric
        assert not re.match(r"\w+s( imports)?\b", figure.one.removeprefix("Class ")), figure.one
        assert not re.search(r"\bthat (fail|mean|do)\b", figure.one), figure.one


def test_severities_are_counted_zeros_included(shop: Investigation) -> None:
    counts = count_severities(shop)
    assert list(counts) == ["P0", "P1", "P2", "P3"]
    causes = shop.frame("findings")["cause"]
    assert sum(counts.values()) == (causes == "").sum() < len(causes)


LIMIT, REQUIREMENT, FAULT = "concept-over-its-limit", "factory-without-method", "import-cycle"


@pytest.mark.parametrize(
    ("found", "verdict", "light", "says"),
    [
        ([(FAULT, "P3")], "Nothing needs a fix now; 1 finding is worth knowing.", "amber", "Risk"),
        ([(FAULT, "P2")] * 2 + [(FAULT, "P3")], "Nothing needs a fix now; 2 findings are risks; 1 is worth knowing.",
         "amber", "Risk"),
        ([(FAULT, "P1")], "1 finding needs a fix now.", "red", "Needs a fix now"),
        ([(LIMIT, "P0")] * 2, "2 policy limits are exceeded.", "red", "Policy violated"),
        ([(LIMIT, "P0")], "1 policy limit is exceeded.", "red", "Policy violated"),
        ([(LIMIT, "P2"), (FAULT, "P2")], "1 policy limit is exceeded; 1 finding is a risk.", "amber",
         "Policy violated"),
        ([(REQUIREMENT, "P1")], "1 finding breaks a requirement of the policy.", "red", "Policy violated"),
        ([(LIMIT, "P0"), (REQUIREMENT, "P1"), (REQUIREMENT, "P2")],
         "1 policy limit is exceeded; 2 more break a requirement of the policy.", "red", "Policy violated"),
        ([(FAULT, "P0")] * 26 + [(LIMIT, "P0")] * 2,
         "26 findings need a fix now; 2 policy limits are exceeded.", "red", "Needs a fix now"),
    ],
)  # fmt: skip
def test_the_verdict_tells_policy_violations_from_what_needs_a_fix_and_from_risks(
    found: list[tuple[str, str]], verdict: str, light: str, says: str
) -> None:
    tally = count_findings(found)
    assert tally.total == len(found)
    assert format_verdict(tally) == verdict
    counts = {severity: sum(each == severity for _, each in found) for severity in ("P0", "P1", "P2", "P3")}
    assert find_light(counts) == light
    assert format_light(light, tally) == says


def test_no_finding_is_no_verdict_on_anything() -> None:
    assert format_verdict(Tally()) == "No rule has found anything."


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.figure], ids=lambda rule: rule.name)
def test_a_figure_is_not_zero_where_its_rule_has_found_something(
    rule: Rule, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Zero with a red light would contradict itself."""
    inv = investigate(tmp_path_factory.mktemp("bad"), rule.bad, rule.policy, is_probed=rule.needs_probe)
    found = set(inv.frame("findings")["rule"])
    assert rule.name in found
    for figure in build_figures(inv):
        if figure.light in {"red", "amber"} and figure.metric != "compliance":
            assert figure.value, figure.label


def test_what_a_called_function_swallows_is_counted(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The import stands in a function, so no import-time cycle shows it; the simulation does."""
    files = {
        "config.py": "from log import get_logger\nlogger = get_logger()\nsettings = 3\n",
        "log.py": "def get_logger():\n    try:\n        from config import settings\n    except ImportError:\n"
        "        settings = None\n    return settings\n",
    }
    inv = investigate(tmp_path_factory.mktemp("swallowed"), files)
    figure = next(each for each in build_figures(inv) if each.metric == "imports-that-can-fail-silently")
    assert (figure.value, figure.light) == (1, "red")
