"""The plan follows from the findings: what blocks comes first, what is minor comes last."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from analysis import tables
from analysis.remedy import Phase, Step, build_plan
from analysis.rules import RULES, Evidence, Finding, build_findings_table
from analysis.rules.plan_phases import LASTING


def read_nothing(name: str) -> pa.Table:
    """Return a table without rows."""
    return tables.TABLES[name].empty()


def finding(rule: str, severity: str = "P1", *places: int, subject: str = "s", certainty: str = "static") -> Finding:
    """Return a finding with evidence on some lines."""
    evidence = tuple(Evidence("a.py", line) for line in places)
    return Finding(severity, rule, subject, "m", "f", certainty, evidence)


def plan(*findings: Finding) -> list[Phase]:
    """Return the plan for some findings without cycles."""
    return build_plan(build_findings_table(findings), read_nothing)


def steps(*findings: Finding) -> list[Step]:
    """Return the steps of all phases in order."""
    return [step for phase in plan(*findings) for step in phase.steps]


def test_nothing_found_is_nothing_to_do() -> None:
    assert plan() == []


def test_one_finding_is_one_step_that_says_why_and_how() -> None:
    (step,) = steps(finding("phantom-import", "P1", 3))
    rule = next(rule for rule in RULES if rule.name == "phantom-import")
    assert (step.findings, step.places, step.effort, step.examples) == (1, 1, "small", ("a.py:3",))
    assert (step.why, step.how) == (rule.meaning, rule.remedy)


def test_phases_come_in_the_order_in_which_they_help() -> None:
    rules = ["import-cycle", "class-defined-more-than-once", "class-taken-from-elsewhere", "typing-cycle"]
    found = [finding(rule, "P2") for rule in reversed(rules)]
    assert [phase.steps[0].rule for phase in plan(*found)] == rules


def test_within_a_phase_the_most_severe_come_first_whatever_the_order_of_findings() -> None:
    found = [
        finding("file-not-parsed", "P2"), finding("phantom-import", "P1"), finding("import-cycle", "P1"),
        finding("swallowed-circular-import", "P2"),
    ]  # fmt: skip
    expected = ["import-cycle", "phantom-import", "swallowed-circular-import", "file-not-parsed"]
    for seed in range(5):
        random.Random(seed).shuffle(found)
        assert [step.rule for step in steps(*found)] == expected


def test_minor_findings_wait_for_the_last_phase() -> None:
    first, last = plan(finding("phantom-import", "P1", 1), finding("phantom-import", "P3", 2))
    assert [(step.severity, step.findings) for step in first.steps] == [("P1", 1)]
    assert [(step.severity, step.findings) for step in last.steps] == [("P3", 1)]
    assert last.name == LASTING.name


def test_what_the_probe_refuted_is_no_work() -> None:
    assert plan(finding("import-cycle", "P1", certainty="refuted")) == []
    assert steps(finding("import-cycle"), finding("import-cycle", certainty="refuted"))[0].findings == 1


def test_every_rule_has_its_place_in_the_plan() -> None:
    found = steps(*(finding(rule.name) for rule in RULES))
    assert {step.rule for step in found} == {rule.name for rule in RULES}
    assert {step.rule: step.title for step in found} == {rule.name: rule.step.title for rule in RULES}
    assert all(step.why and step.how for step in found)


def test_a_rule_nobody_planned_is_still_work() -> None:
    (step,) = steps(finding("brand-new", "P1", 3))
    assert (step.title, step.findings, step.examples, step.how) == ("Fix: brand-new", 1, ("a.py:3",), "")


@pytest.mark.parametrize(
    ("places", "effort"), [(0, "small"), (5, "small"), (6, "medium"), (50, "medium"), (51, "large")]
)
def test_the_effort_counts_places_also_those_that_evidence_does_not_show(places: int, effort: str) -> None:
    found = Finding(
        "P1", "phantom-import", "s", "m", "f", evidence=(Evidence("a.py", 1),) * min(places, 1), places=places
    )
    (step,) = steps(found)
    assert (step.places, step.effort) == (max(1, places), effort)


def test_a_cycle_costs_its_cut() -> None:
    cut = [f"a -> b{number}" for number in range(60)]
    rows = [
        ("c", "import-time", False, 2, 2, ["a", "b"], [], True, cut, 60, "exact"),
        ("d", "import-time", True, 3, 3, ["a", "b", "c"], [], True, ["a -> b"], 1, "exact"),
        ("e", "deferred", True, 3, 3, ["a", "b", "c"], [], True, cut, 60, "exact"),
    ]
    found = build_findings_table([finding("import-cycle"), finding("import-cycle-through-packages", "P2", 1, 2)])
    (phase,) = build_plan(found, {"cycles": tables.CYCLES.from_rows(rows)}.__getitem__)
    assert [(step.places, step.effort) for step in phase.steps] == [(60, "large"), (1, "small")]


def test_a_statement_that_takes_two_classes_from_elsewhere_is_one_place() -> None:
    rows = [
        ("m", "m.py", 3, name, f"a.{name}", f"a.core:{name}", f"a.core.{name}", "accidental", "module", "none", False)
        for name in ("Engine", "Motor")
    ]
    found = build_findings_table([finding("class-taken-from-elsewhere", "P1", 3, subject=row[5]) for row in rows])
    (phase,) = build_plan(found, {"violations": tables.VIOLATIONS.from_rows(rows)}.__getitem__)
    assert [(step.findings, step.places) for step in phase.steps] == [(2, 1)]


def test_examples_begin_with_the_widest_of_the_most_severe() -> None:
    (step,) = steps(
        finding("phantom-import", "P2", 9, 10, 11, subject="a"), finding("phantom-import", "P1", 5, subject="b"),
        finding("phantom-import", "P1", 7, 8, subject="c"), finding("phantom-import", "P1", subject="d"),
    )  # fmt: skip
    assert step.examples == ("a.py:7", "a.py:5", "a.py:9")
