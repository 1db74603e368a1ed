"""The plan follows from the findings: what blocks comes first, what is minor comes last."""

from __future__ import annotations

import random
from dataclasses import replace

import pyarrow as pa
import pytest

from analysis import tables
from analysis.remedy import Phase, Step, build_plan
from analysis.rules import RULES, Evidence, Finding, build_findings_table
from analysis.rules.edits import ReadTable
from analysis.rules.finding import fingerprint
from analysis.rules.plan_phases import LASTING


def read_nothing(name: str) -> pa.Table:
    """Return a table without rows."""
    return tables.TABLES[name].empty()


def finding(rule: str, severity: str = "P1", *places: int, subject: str = "s", certainty: str = "static") -> Finding:
    """Return a finding with evidence on some lines."""
    evidence = tuple(Evidence("a.py", line) for line in places)
    return Finding(severity, rule, subject, "m", fingerprint(rule, subject, severity), certainty, evidence)


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


def test_within_a_phase_what_clears_most_per_hour_comes_first_whatever_the_order_of_findings() -> None:
    found = [
        finding("file-not-parsed", "P2"), finding("phantom-import", "P1"), finding("import-cycle", "P1"),
        finding("phantom-name", "P2"),
    ]  # fmt: skip
    expected = ["phantom-import", "phantom-name", "file-not-parsed", "import-cycle"]
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


def read(**known: pa.Table) -> ReadTable:
    """Return a reader of some tables; all others are empty."""
    return lambda name: known[name] if name in known else tables.TABLES[name].empty()


def edge(importer: str, imported: str, line: int, scope: str = "module") -> dict[str, object]:
    """Return one row of the table of edges."""
    return {"importer": importer, "imported": imported, "path": f"{importer}.py", "line": line, "scope": scope}


def fill(name: str, *rows: dict[str, object]) -> pa.Table:
    """Return a table whose other columns have no values."""
    schema = tables.TABLES[name].schema
    empty = {"string": "", "int32": 0, "bool": False}
    columns = {}
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        columns[field.name] = pa.array([row.get(field.name, empty.get(str(kind), [])) for row in rows], kind)
    return pa.table(columns)


def test_a_cycle_costs_the_statements_of_its_cut_and_names_them() -> None:
    marks = {kind: fingerprint("import-cycle", "a", "a", kind) for kind in ("b", "c")}
    cycles = fill(
        "cycles",
        {"cycle": "1", "kind": "import-time", "modules": ["a", "b"], "cut": ["a -> b"]},
        {"cycle": "2", "kind": "import-time", "modules": ["a", "c"], "cut": ["c -> a", "a -> c"]},
        {"cycle": "3", "kind": "deferred", "modules": ["a", "d"], "cut": ["d -> a"]},
    )
    edges = fill(
        "edges", edge("a", "b", 3), edge("a", "b", 4), edge("a", "b", 9, "function"), edge("c", "a", 1),
        edge("d", "a", 1), {**edge("a", "b", 5), "is_ancestor": True},
    )  # fmt: skip
    trials = fill("cut_trials", {"cycle": "2", "statements": ["c.py:7 a"], "restored": ["a"], "affected": ["a"]})
    found = build_findings_table(
        [replace(finding("import-cycle", subject="a"), fingerprint=mark) for mark in sorted(marks.values())]
    )
    (phase,) = build_plan(found, read(cycles=cycles, edges=edges, cut_trials=trials))
    (step,) = phase.steps
    assert {(edit.path, edit.line, edit.fingerprint) for edit in step.edits} == {
        ("a.py", 3, marks["b"]), ("a.py", 4, marks["b"]), ("c.py", 7, marks["c"])
    }  # fmt: skip
    assert (step.places, step.files) == (3, ("a.py", "c.py"))
    assert [edit.words.startswith("move the import of a") for edit in step.edits if edit.path == "c.py"] == [True]


def test_a_statement_that_takes_two_classes_from_elsewhere_is_one_place() -> None:
    rows = [
        ("m", "m.py", 3, name, f"a.{name}", f"a.core:{name}", f"a.core.{name}", "accidental", "module", "none", False)
        for name in ("Engine", "Motor")
    ]
    found = build_findings_table([finding("class-taken-from-elsewhere", "P1", 3, subject=row[5]) for row in rows])
    (phase,) = build_plan(found, read(violations=tables.VIOLATIONS.from_rows(rows)))
    assert [(step.findings, step.places) for step in phase.steps] == [(2, 1)]
    assert [edit.words for edit in phase.steps[0].edits] == [
        "import Engine from a.core, not from a", "import Motor from a.core, not from a"
    ]  # fmt: skip


def test_examples_begin_with_the_widest_of_the_most_severe() -> None:
    (step,) = steps(
        finding("phantom-import", "P2", 9, 10, 11, subject="a"), finding("phantom-import", "P1", 5, subject="b"),
        finding("phantom-import", "P1", 7, 8, subject="c"), finding("phantom-import", "P1", subject="d"),
    )  # fmt: skip
    assert step.examples == ("a.py:7", "a.py:5", "a.py:9")
