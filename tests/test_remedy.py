"""The plan follows from the findings, and only a measurement ticks a box."""

from __future__ import annotations

from analysis import tables
from analysis.policy import parse_policy
from analysis.remedy import build_plan, build_success_metrics
from analysis.rules import RULES, Evidence, Finding, build_findings_table

NO_CYCLES = tables.CYCLES.empty()


def finding(rule: str, severity: str = "P1", *places: int) -> Finding:
    """Return a finding with evidence on some lines."""
    return Finding(severity, rule, "s", "m", "f", evidence=tuple(Evidence("a.py", line) for line in places))


def test_nothing_found_is_nothing_to_do() -> None:
    assert build_plan(tables.FINDINGS.empty(), NO_CYCLES) == []


def test_phases_come_in_the_order_in_which_they_help() -> None:
    found = [finding("typing-cycle", "P3"), finding("class-defined-more-than-once", "P2"), finding("import-cycle")]
    plan = build_plan(build_findings_table(found), NO_CYCLES)
    assert [phase.steps[0].rule for phase in plan] == ["import-cycle", "class-defined-more-than-once", "typing-cycle"]


def test_every_rule_has_its_place_in_the_plan() -> None:
    plan = build_plan(build_findings_table(finding(rule.name) for rule in RULES), NO_CYCLES)
    steps = [step for phase in plan for step in phase.steps]
    assert {step.rule for step in steps} == {rule.name for rule in RULES}
    assert not any(step.title.startswith("Mend: ") for step in steps)


def test_a_rule_nobody_planned_is_still_work() -> None:
    plan = build_plan(build_findings_table([finding("brand-new", "P1", 3)]), NO_CYCLES)
    step = plan[0].steps[0]
    assert (step.title, step.findings, step.examples) == ("Mend: brand-new", 1, ("a.py:3",))


def test_the_effort_counts_places_and_a_cycle_its_cut() -> None:
    small = build_plan(build_findings_table([finding("phantom-import", "P1", 1, 2)]), NO_CYCLES)
    assert (small[0].steps[0].places, small[0].steps[0].effort) == (2, "small")
    cycle = ("c", "import-time", False, 2, 2, ["a", "b"], [], True, [f"a -> b{n}" for n in range(60)], 60, "exact")
    large = build_plan(build_findings_table([finding("import-cycle")]), tables.CYCLES.from_rows([cycle]))
    assert (large[0].steps[0].places, large[0].steps[0].effort) == (60, "large")


def test_only_what_was_measured_is_met_or_missed() -> None:
    policy = parse_policy("[[concept]]\nname = 'registries'\nmatch = ['*']\nmax_classes = 3\n")
    rows = [("import-time-cycles", 0.0, "", ""), ("phantom-imports", 2.0, "", ""), ("concept:registries", 6.0, "", "")]
    found = {metric.metric: metric for metric in build_success_metrics(tables.METRICS.from_rows(rows), policy)}
    assert found["import-time-cycles"].is_met is True
    assert found["phantom-imports"].is_met is False
    assert (found["concept:registries"].now, found["concept:registries"].is_met) == (6, False)
    assert found["golden-path-lower-bound"].is_met is None
    assert "99.9%" in found["golden-path-lower-bound"].label
