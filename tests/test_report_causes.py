"""Root causes, claims and stakes: from findings and policy only, and open about what nobody has stated."""

from __future__ import annotations

import pytest
from report_trees import SHOP, investigate

from analysis.investigation import Investigation
from analysis.report.causes import find_causes, format_stake
from analysis.report.claims import judge_claims
from analysis.rules import RULES

POLICY = """
[business]
currency = "EUR"
revenue_at_risk = 1250000
[[claim]]
metric = "import-time-cycles"
value = 1
source = "the review of June"
[[claim]]
metric = "phantom-imports"
value = "12"
[[claim]]
metric = "phantom-imports"
value = "a dozen"
[[claim]]
metric = "sunspots"
value = 3
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP, POLICY)


def test_a_clean_tree_has_no_cause_and_nothing_at_stake(tmp_path_factory: pytest.TempPathFactory) -> None:
    clean = investigate(tmp_path_factory.mktemp("clean"), {"one.py": "x = 1\n"})
    assert find_causes(clean) == []
    assert judge_claims(clean) == []
    assert format_stake(clean) == ""


def test_every_finding_has_one_cause(shop: Investigation) -> None:
    causes = find_causes(shop)
    assert (
        sum(cause.count for cause in causes)
        == (shop.frame("findings")["cause"] == "").sum()
        < len(shop.frame("findings"))
    )
    assert all(sum(cause.severities.values()) == cause.count for cause in causes)


def test_no_rule_of_the_kit_is_only_an_other_finding(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each rule's own bad example must lead to a cause that says something."""
    orphans = set()
    for number, rule in enumerate(RULES):
        found = investigate(tmp_path_factory.mktemp(f"rule{number}"), rule.bad, rule.policy)
        orphans |= {name for cause in find_causes(found) if cause.title == "Other findings" for name in cause.rules}
        assert find_causes(found) or rule.needs_probe, rule.name
    assert orphans == set()


def test_a_cause_says_where_its_findings_gather(shop: Investigation) -> None:
    spots = {name for cause in find_causes(shop) for name, _ in cause.hot_spots}
    assert spots
    assert all(name == "shop" or name.startswith("shop.") for name in spots)


def test_claims_are_confirmed_refuted_or_not_measured(shop: Investigation) -> None:
    verdicts = [(claim.metric, claim.measured, claim.verdict) for claim in judge_claims(shop)]
    assert verdicts == [
        ("import-time-cycles", "1", "confirmed"),
        ("phantom-imports", "1", "refuted"),
        ("phantom-imports", "1", "not a number"),
        ("sunspots", "", "not measured"),
    ]


def test_the_stake_is_what_the_policy_states(shop: Investigation) -> None:
    assert format_stake(shop) == "EUR 1,250,000"
