"""The gate simulates first imports, as scan does: one tree has one score, and what time did not allow is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from case_judge import CASES, lay_out, list_cases

from analysis import gate, investigate
from analysis.facts import scan
from analysis.gate import CheckOptions, CheckResult
from analysis.history import read_baseline
from analysis.report.provenance import build_provenance
from analysis.rules import RULES
from analysis.runtime import find_entries
from analysis.simulation import count_not_simulated, simulate_entries

Tree = Callable[..., Path]

#: The largest of the cases, by far: what holds for the others holds for it.
LARGE = "71-large-ring"
CIRCLE = {
    "p/__init__.py": "",
    "p/a.py": "from p.b import B\nclass A: ...\n",
    "p/b.py": "from p.a import A\nclass B: ...\n",
}
WORKING = {**CIRCLE, "p/b.py": "from p import a\nclass B: ...\n"}


def check(root: Path, tmp_path: Path, **options: object) -> CheckResult:
    return gate.check(root, CheckOptions(data=tmp_path / "data", jobs=1, **options))  # type: ignore[arg-type]


def grade(result: CheckResult) -> dict[str, str]:
    return {f"{finding.rule} {finding.subject}": finding.severity for finding in result.findings}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_check_and_scan_give_every_example_one_score_and_one_list_of_findings(
    rule: object, make_tree: Tree, tmp_path: Path
) -> None:
    root = make_tree({**rule.bad, "ssot.toml": rule.policy})  # type: ignore[attr-defined]
    result, inv = check(root, tmp_path), investigate(root, data=tmp_path / "data", jobs=1)
    columns = ("fingerprint", "rule", "severity", "message")
    found = inv.table("findings").select(columns).to_pylist()
    assert [each.model_dump(include=set(columns)) for each in result.findings] == found
    assert result.score == inv.metric("compliance")


@pytest.mark.parametrize("name", [name for name in list_cases() if name != LARGE])
def test_check_and_scan_give_every_case_one_score_and_one_list_of_findings(name: str, tmp_path: Path) -> None:
    lay_out(CASES / name, tmp_path)
    result = check(tmp_path / "files", tmp_path)
    inv = investigate(tmp_path / "files", data=tmp_path / "other", jobs=1)
    columns = ("fingerprint", "rule", "severity", "message")
    found = inv.table("findings").select(columns).to_pylist()
    assert [each.model_dump(include=set(columns)) for each in result.findings] == found
    assert result.score == inv.metric("compliance")


def test_a_cycle_that_no_first_import_survives_is_p0_in_the_gate_too(make_tree: Tree, tmp_path: Path) -> None:
    result = check(make_tree(CIRCLE), tmp_path)
    assert grade(result)["import-cycle p.a"] == "P0"
    assert (result.not_simulated, result.notes) == (0, ())


def test_without_time_every_first_import_is_counted_as_not_simulated(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(CIRCLE)
    result = check(root, tmp_path, simulation_budget=0.0)
    assert grade(result) == {"import-cycle p.a": "P2"}
    assert result.not_simulated == 3
    assert result.notes == ("3 first imports were not simulated: time budget",)
    assert "not simulated for 2 of 2 modules" in result.findings[0].message
    for form in ("markdown", "json", "sarif"):
        assert "not simulated: time budget" in gate.render(result, form)


def test_a_report_counts_what_was_not_simulated(make_tree: Tree, tmp_path: Path) -> None:
    inv = investigate(make_tree(CIRCLE), data=tmp_path / "data", jobs=1, simulation_budget=0.0)
    assert inv.manifest.not_simulated == 3
    assert set(inv.frame("simulated")["outcome"].astype(str)) == {"not-simulated"}
    assert inv.metric("modules-not-simulated") == 3
    assert "3 first imports were not simulated: time budget." in build_provenance(inv).gaps


def test_what_time_did_not_allow_is_done_next_time(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(CIRCLE)
    assert check(root, tmp_path, simulation_budget=0.0).not_simulated == 3
    assert grade(check(root, tmp_path))["import-cycle p.a"] == "P0"


def test_a_simulation_that_time_cuts_short_goes_on_where_it_was(make_tree: Tree, tmp_path: Path) -> None:
    facts = scan(make_tree({**CIRCLE, **{f"p/c{number}.py": "import p.a\n" for number in range(40)}}), jobs=1)
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    whole = simulate_entries(facts, entries)
    budgets, left = iter([0.0, *[0.002] * 500]), [len(entries)]
    while left[-1]:
        found = simulate_entries(facts, entries, cache=tmp_path, budget_seconds=next(budgets))
        left.append(count_not_simulated(found["simulated"]))
    assert left == sorted(left, reverse=True)
    assert {name: table.to_pylist() for name, table in found.items()} == {
        name: table.to_pylist() for name, table in whole.items()
    }


def test_an_answer_that_is_kept_needs_no_time(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(CIRCLE)
    whole = check(root, tmp_path)
    again = check(root, tmp_path, simulation_budget=0.0)
    assert (again.findings, again.not_simulated) == (whole.findings, 0)


def test_the_policy_sets_the_budget_and_the_option_comes_before_it(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**CIRCLE, "ssot.toml": "[simulation]\nbudget_seconds = 0\n"})
    assert check(root, tmp_path).not_simulated == 3
    assert check(root, tmp_path, simulation_budget=20.0).not_simulated == 0


def test_an_unsimulated_exception_is_not_called_unused(make_tree: Tree, tmp_path: Path) -> None:
    allow = "from p.a import A  # ssot: allow[module-fails-when-imported-first] because it is known\nclass B: ...\n"
    root = make_tree({**CIRCLE, "p/b.py": allow})
    rules = {finding.rule for finding in check(root, tmp_path, simulation_budget=0.0).findings}
    assert "exception-unused" not in rules


def test_a_baseline_holds_what_the_simulation_says(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(CIRCLE)
    options = CheckOptions(data=tmp_path / "data", jobs=1)
    place, written = gate.write_target_baseline(root, options)
    assert written.simulated
    assert {known.severity for known in written.findings if known.rule == "import-cycle"} == {"P0"}
    result = gate.check(root, options)
    assert result.passed
    assert {finding.status for finding in result.findings} == {"known"}
    assert read_baseline(place) == written


def test_what_time_did_not_allow_is_not_called_gone(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(CIRCLE)
    gate.write_target_baseline(root, CheckOptions(data=tmp_path / "data", jobs=1))
    result = check(root, tmp_path / "other", simulation_budget=0.0)
    assert (result.passed, result.gone, result.not_simulated) == (True, (), 3)


def test_a_cycle_that_starts_to_fail_is_worse(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(WORKING)
    options = CheckOptions(data=tmp_path / "data", jobs=1)
    gate.write_target_baseline(root, options)
    (root / "p/b.py").write_text(CIRCLE["p/b.py"])
    result = gate.check(root, options)
    assert not result.passed
    assert {finding.status for finding in result.findings if finding.rule == "import-cycle"} == {"worse"}


def test_a_baseline_of_version_0_1_0_goes_on_working(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(CIRCLE)
    options = CheckOptions(data=tmp_path / "data", jobs=1, simulation_budget=0.0)
    place, _ = gate.write_target_baseline(root, options)
    old = json.loads(place.read_text())
    del old["simulated"]  # version 0.1.0 neither simulated nor said so
    place.write_text(json.dumps(old))
    result = check(root, tmp_path)
    assert result.passed
    assert {finding.status for finding in result.findings} == {"known"}
    assert grade(result)["import-cycle p.a"] == "P0"
    assert "no simulated import" in result.notes[0]
    (root / "p/c.py").write_text("from p.d import D\n")
    assert not check(root, tmp_path).passed
