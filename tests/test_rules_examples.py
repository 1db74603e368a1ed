"""What the rules find in their own bad examples, alone and all together, is pinned: severity, places, points.

A change of ``data/rule_examples.json`` is a change of what the kit tells its users. Write it anew, and read what
changed, with ``python tests/test_rules_examples.py``.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rule_trees import open_case

from analysis.rules import RULES, Finding, Rule, RuleContext, find_scores, judge, measure
from analysis.rules.catalogue import RULES_BY_NAME

Tree = Callable[..., Path]
PINNED = Path(__file__).with_name("data") / "rule_examples.json"
#: Nothing is executed for the trees of many rules; what needs the probe is pinned rule by rule.
STATIC = [rule for rule in RULES if not rule.needs_probe and not rule.policy and rule.name != "file-not-parsed"]


def gather(*suffixes: str) -> dict[str, str]:
    """Return the bad examples of all static rules in one tree, one folder each for every suffix."""
    return {
        f"{folder}/{name}": source
        for rule in STATIC
        for folder in list_folders(rule, suffixes)
        for name, source in rule.bad.items()
    }


def list_folders(rule: Rule, suffixes: Sequence[str]) -> list[str]:
    return [f"{rule.name.replace('-', '_')}{suffix}" for suffix in suffixes]


def state_roots(*suffixes: str) -> str:
    """Return a policy by which each example has its own root, so that its imports resolve as they do alone."""
    folders = sorted(folder for rule in STATIC for folder in list_folders(rule, suffixes))
    return f"[target]\nroots = {json.dumps(folders)}\n"


def tell(finding: Finding) -> list[Any]:
    """Return what is pinned of a finding."""
    places = [f"{place.path}:{place.line}" for place in finding.evidence]
    return [finding.rule, finding.severity, finding.certainty, finding.subject, finding.places, places]


def describe(case: RuleContext) -> dict[str, Any]:
    """Return what is pinned of a case: its findings, its numbers that are not 0, and what its rules cost."""
    judgement = judge(case)
    findings = judgement.findings
    scores, parts = find_scores(case, findings)
    numbers = [each for each in measure(case, judgement, scores) if each.value and each.metric not in VARYING]
    return {
        "findings": [tell(finding) for finding in findings],
        "accepted": [[each.rule, each.by, each.path, each.line, each.places] for each in judgement.accepted],
        "numbers": {each.metric: [round(each.value, 3), each.unit] for each in numbers},
        "scores": [[each.package, each.modules, each.clean_modules, each.findings, each.points] for each in scores],
        "points": [[each.package, each.rule, each.severity, each.findings, each.places, each.points] for each in parts],
    }


#: What depends on the machine, not on the tree.
VARYING = {"bytes-read", "import-seconds", "slowest-import", "peak-memory"}
CASES: Mapping[str, tuple[Mapping[str, str], str, bool]] = {
    **{rule.name: (rule.bad, rule.policy, rule.needs_probe) for rule in RULES},
    "all together": (gather(""), "", False),
    "all together in tests": ({f"tests/{name}": source for name, source in gather("").items()}, "", False),
    "all together, each with its root": (gather(""), state_roots(""), False),
    "all twice, each with its root": (gather("", "_again"), state_roots("", "_again"), False),
}


@pytest.mark.parametrize("name", CASES)
def test_an_example_has_the_findings_and_costs_the_points_that_it_had(make_tree: Tree, name: str) -> None:
    files, policy, probed = CASES[name]
    found = describe(open_case(make_tree(files, name="target"), policy, probed=probed))
    assert found == json.loads(PINNED.read_text(encoding="utf-8"))[name]


def test_every_rule_is_pinned_by_its_own_name() -> None:
    pinned = json.loads(PINNED.read_text(encoding="utf-8"))
    assert set(pinned) == set(CASES)
    for name in RULES_BY_NAME:
        assert name in {row[0] for row in pinned[name]["findings"]}


def write() -> None:
    """Write the facts of today."""
    rows = {}
    for name, (files, policy, probed) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "target"
            for relative, source in files.items():
                place = root / relative
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(source, encoding="utf-8")
            rows[name] = describe(open_case(root, policy, probed=probed))
    lines = [f" {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items()]
    PINNED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
