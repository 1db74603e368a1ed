"""A new rule is one file: dropped into a copy of the package it appears in every output, and without it in none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analysis.rules import RULES, catalogue, families

ROOT = Path(__file__).resolve().parent.parent
RULE_FILE = '''
"""Modules whose first line is empty."""

from analysis.rules.finding import build_finding
from analysis.rules.plan_phases import PATHS, PlanStep
from analysis.rules.root_causes import COPIES
from analysis.rules.rule import Rule, RuleFigure, RuleMetric


def check(case):
    for path in sorted(case.homes):
        yield build_finding("module-on-trial", "P1", case.homes[path], "This module is on trial", [(path, 1)])


RULES = (
    Rule(
        "module-on-trial", "P1", "A module is on trial. It may be innocent.", "Acquit it.", check,
        bad={"a.py": "x = 1\\n"}, good={}, weight=7,
        step=PlanStep(PATHS, 5, "Acquit the modules", minutes=5), cause=COPIES,
        metric=RuleMetric("modules-on-trial", "modules", "Modules that are on trial."),
        figure=RuleFigure(5, "modules-on-trial", "Modules on trial", "Module on trial"),
    ),
)
'''
READ_OUTPUTS = """
import json, sys
from analysis import gate, investigate
from analysis.gate.sarif import render_sarif
from analysis.report.causes import find_causes
from analysis.report.executive import build_executive
from analysis.report.exports import build_findings_json, build_plan_json
from analysis.report.headline import build_figures
from analysis.report.plan_markdown import build_plan_markdown
from tools.generate_docs import PAGES

inv = investigate(sys.argv[1], use_cache=False)
report = build_executive(inv)
result = gate.check(sys.argv[1])
rows = inv.table("score_parts").to_pylist()
print(json.dumps({
    "rules.md": "## module-on-trial" in PAGES["docs/rules.md"](),
    "SARIF rules": "module-on-trial" in [
        rule["id"] for rule in json.loads(render_sarif(result))["runs"][0]["tool"]["driver"]["rules"]
    ],
    "SARIF results": "module-on-trial" in [
        each["ruleId"] for each in json.loads(render_sarif(result))["runs"][0]["results"]
    ],
    "plan": ["One path to each thing", "Acquit the modules"] in [
        [phase.name, step.title] for phase in inv.plan() for step in phase.steps
    ],
    "plan.md": "Acquit the modules" in build_plan_markdown(report),
    "plan.json": "Acquit the modules" in build_plan_json(inv),
    "findings.json": "module-on-trial" in [row["rule"] for row in json.loads(build_findings_json(inv))["findings"]],
    "score": 7.0 in [row["points"] for row in rows if row["rule"] == "module-on-trial"] and result.score < 100,
    "root causes": ["module-on-trial"] in [list(cause.rules) for cause in find_causes(inv)],
    "headline": "Modules on trial" in [figure.label for figure in build_figures(inv)],
}))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the package and its tools."""
    place = tmp_path_factory.mktemp("package")
    for folder in ("analysis", "tools"):
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def read_outputs(package: Path, scratch: Path) -> dict[str, Any]:
    """Return in which outputs of the copy the rule appears, for a tree of one clean module."""
    target = scratch / "target"
    target.mkdir()
    (target / "a.py").write_text("x = 1\n")
    environment = {**os.environ, "PYTHONPATH": str(package), "SSOT_DATA": str(scratch / "data")}
    done = subprocess.run(
        [sys.executable, "-c", READ_OUTPUTS, target], env=environment, cwd=scratch, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_rule_that_is_dropped_in_appears_in_every_output_and_without_it_in_none(
    package: Path, tmp_path: Path
) -> None:
    for with_rule in (False, True):
        place = package / "analysis/rules/families/trial.py"
        if with_rule:
            place.write_text(RULE_FILE)
        scratch = tmp_path / str(with_rule)
        scratch.mkdir()
        found = read_outputs(package, scratch)
        assert set(found.values()) == {with_rule}, found


def test_the_rules_are_those_of_the_family_files_sorted_by_name() -> None:
    named = [rule.name for rule in RULES]
    assert named == sorted(named)
    files = {path.stem for path in Path(families.__file__).parent.glob("*.py")} - {"__init__"}
    modules = {sys.modules[f"{families.__name__}.{stem}"] for stem in files}
    assert {rule.name for module in modules for rule in module.RULES} == set(named)


def test_two_rules_of_one_name_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one_more_trial.py").write_text(RULE_FILE)
    (tmp_path / "trial_again.py").write_text(RULE_FILE)
    monkeypatch.setattr(families, "__path__", [str(tmp_path)])
    with pytest.raises(ValueError, match="two rules are named module-on-trial"):
        catalogue.find_rules()
