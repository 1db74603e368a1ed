"""Only a measurement ticks a box."""

from __future__ import annotations

import pytest

from analysis import tables
from analysis.policy import Policy, parse_policy
from analysis.remedy import SuccessMetric, build_success_metrics

POLICY = """
[[concept]]
name = "registries"
match = ["*Registry"]
max_classes = 3
[[concept]]
name = "anything"
match = ["*"]
max_classes = 0
[[redirect]]
paths = ["a.Engine", "b.Engine"]
"""


def build(policy: str = "", **values: float) -> dict[str, SuccessMetric]:
    """Return the goals by metric; the metrics are given with underscores for dashes."""
    rows = [(name.replace("_", "-"), value, "", "") for name, value in values.items()]
    found = build_success_metrics(tables.METRICS.from_rows(rows), parse_policy(policy))
    assert len({goal.metric for goal in found}) == len(found)
    return {goal.metric: goal for goal in found}


def test_without_a_measurement_nothing_is_met_or_missed() -> None:
    goals = build_success_metrics(tables.METRICS.empty(), Policy())
    assert [(goal.metric, goal.now, goal.is_met) for goal in goals] == [
        ("golden-path-lower-bound", None, None),
        ("compliance", None, None),
    ]


@pytest.mark.parametrize(("value", "is_met"), [(0, True), (1, False)])
def test_what_must_not_be_is_met_by_none(value: float, *, is_met: bool) -> None:
    goal = build(import_time_cycles=value)["import-time-cycles"]
    assert (goal.now, goal.target, goal.is_met) == (value, 0, is_met)


def test_a_concept_has_the_limit_of_the_policy() -> None:
    goals = build(POLICY, **{"concept:registries": 6.0})
    assert goals["concept:registries"].label == "At most 3 classes: registries"
    assert (goals["concept:registries"].now, goals["concept:registries"].is_met) == (6, False)
    assert build(POLICY, **{"concept:registries": 3.0})["concept:registries"].is_met is True
    assert build(POLICY)["concept:registries"].is_met is None
    assert "concept:anything" not in goals


def test_a_canonical_class_is_the_only_one_of_its_name_and_a_factory_lacks_nothing() -> None:
    policy = '[[concept]]\nname = "orders"\nmatch = ["*Order"]\ncanonical = "shop.orders:Order"\n'
    twice = policy + policy.replace('"orders"', '"bills"')
    assert build(policy)["class-ids:Order"].is_met is None
    assert "factory-methods-missing" not in build(policy)
    for value, is_met in ((1, True), (2, False)):
        goals = build(twice, **{"class-ids:Order": value, "factory_methods_missing": value - 1})
        assert [goals[name].is_met for name in ("class-ids:Order", "factory-methods-missing")] == [is_met, is_met]


def test_a_redirect_yields_one_object() -> None:
    assert build(POLICY, **{"identities:Engine": 2.0})["identities:Engine"].is_met is False
    goal = build(POLICY, **{"identities:Engine": 1.0})["identities:Engine"]
    assert (goal.label, goal.target, goal.is_met) == ("All 2 paths yield one object: Engine", 1, True)


@pytest.mark.parametrize(("target", "told"), [(0.999, "99.9 %"), (0.9995, "99.95 %"), (0.5, "50 %")])
def test_a_rate_is_told_as_the_policy_says_it(target: float, told: str) -> None:
    goal = build(f"[golden_path]\ntarget = {target}", golden_path_lower_bound=0.605)["golden-path-lower-bound"]
    assert told in goal.label
    assert (goal.target, goal.is_met) == (target, target <= 0.605)


def test_the_score_must_reach_its_threshold() -> None:
    assert build("[compliance]\nthreshold = 90", compliance=90)["compliance"].is_met is True
    assert build(compliance=94.9)["compliance"].is_met is False


def test_two_redirects_of_one_name_are_two_goals() -> None:
    goals = build(f'{POLICY}[[redirect]]\npaths = ["c.Engine", "d.Engine"]\n')
    assert {"identities:Engine", "identities:c.Engine"} <= goals.keys()
