"""Every rule finds its bad example and nothing in its good one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analysis import tables
from analysis.facts import scan
from analysis.graph import build_import_graph, find_cycles
from analysis.identity import build_identity, find_concepts, find_multiplicity
from analysis.policy import Policy, parse_policy
from analysis.rules import RULES, CaseFile, Finding, Rule, build_findings_table, find_findings, measure
from analysis.rules.documentation import render_rules
from analysis.story import build_scan_options

Tree = Callable[..., Path]


def open_case(root: Path, policy: Policy | None = None) -> CaseFile:
    """Return the case file of a tree."""
    policy = policy or Policy()
    facts = scan(root, options=build_scan_options(policy))
    graph = build_import_graph(facts)
    cycles = tuple(find_cycles(graph))
    multiplicity, concepts = tuple(find_multiplicity(facts)), tuple(find_concepts(facts, policy))
    return CaseFile(facts, graph, cycles, multiplicity, concepts, build_identity(facts, policy), policy)


def judge(root: Path, policy: Policy | None = None) -> list[Finding]:
    """Return the findings of a tree."""
    return find_findings(open_case(root, policy))


def of(findings: list[Finding], rule: str) -> list[Finding]:
    """Return the findings of one rule."""
    return [finding for finding in findings if finding.rule == rule]


def numbers(case: CaseFile) -> dict[str, float]:
    """Return the metrics by name."""
    return {name: value for name, value, _, _ in measure(case, find_findings(case))}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_bad_example_has_the_finding_and_the_good_one_has_not(make_tree: Tree, rule: Rule) -> None:
    policy = parse_policy(rule.policy)
    found = of(judge(make_tree(rule.bad), policy), rule.name)
    assert found
    assert all(rule.severity <= finding.severity for finding in found)
    assert not of(judge(make_tree(rule.good), policy), rule.name)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_finding_cites_the_line_as_it_stands(make_tree: Tree, rule: Rule) -> None:
    root = make_tree(rule.bad)
    for finding in of(judge(root, parse_policy(rule.policy)), rule.name):
        for place in finding.evidence:
            lines = (root / place.path).read_text().splitlines() or [""]
            assert place.source == lines[place.line - 1].strip()
        assert finding.evidence or rule.name == "canonical-class-missing"


def _shift(files: Mapping[str, str]) -> dict[str, str]:
    return {name: f"# a comment\n\n\n{source}" if name.endswith(".py") else source for name, source in files.items()}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.name != "file-not-parsed"], ids=lambda rule: rule.name)
def test_fingerprints_survive_moved_lines(make_tree: Tree, rule: Rule) -> None:
    policy = parse_policy(rule.policy)
    before, after = (of(judge(make_tree(files), policy), rule.name) for files in (rule.bad, _shift(rule.bad)))
    assert {finding.fingerprint for finding in before} == {finding.fingerprint for finding in after}


def test_findings_are_sorted_and_have_the_documented_columns(make_tree: Tree) -> None:
    bad = {f"{rule.name.replace('-', '_')}/{name}": source for rule in RULES for name, source in rule.bad.items()}
    findings = judge(make_tree(bad))
    assert findings == sorted(findings)
    table = build_findings_table(findings)
    assert table.schema.equals(tables.FINDINGS.schema)
    assert len(set(table.column("fingerprint").to_pylist())) == table.num_rows


@pytest.mark.parametrize(
    ("source", "severity"),
    [
        ("from p.missing import x", "P1"),
        ("try:\n    from p.missing import x\nexcept ImportError:\n    x = None", "P2"),
        ("def f():\n    from p.missing import x", "P2"),
        ("try:\n    from p.missing import x\nexcept KeyError:\n    x = None", "P1"),
        ("if TYPE_CHECKING:\n    from p.missing import x", "P3"),
        ("import sys\nsys.modules['p.missing'] = sys\nfrom p.missing import x", "P3"),
    ],
)
def test_a_phantom_import_is_as_grave_as_its_place(make_tree: Tree, source: str, severity: str) -> None:
    found = of(judge(make_tree({"p/__init__.py": "", "p/a.py": source})), "phantom-import")
    assert [finding.severity for finding in found] == [severity]


def test_a_clean_tree_has_no_finding(make_tree: Tree) -> None:
    assert judge(make_tree({"p/__init__.py": "", "p/a.py": "class A: ...\n", "p/b.py": "from p.a import A\n"})) == []


def test_the_kit_itself_has_no_cycle_phantom_or_twin() -> None:
    findings = judge(Path(__file__).parent.parent / "analysis")
    assert [finding for finding in findings if finding.severity in {"P0", "P1"}] == []


def test_metrics_count_what_is_there(make_tree: Tree) -> None:
    case = open_case(
        make_tree({
            "p/__init__.py": "",
            "p/a.py": "import os\nfrom p import b\nimport numpy.linalg\nclass A: ...\n",
            "p/b.py": "from p.a import A\ndef f():\n    import p.c\nimport p.gone\n",
            "p/c.py": "class A: ...\n",
            "p/bad.py": "import (",
            "backup_1/x.py": "",
        })
    )  # fmt: skip
    found = numbers(case)
    expected = {
        "files": 5, "files-not-parsed": 1, "files-left-out": 1, "modules": 5, "packages": 1, "edges": 3,
        "edges-import-time": 2, "edges-deferred": 1, "external-packages": 1, "phantom-imports": 1,
        "import-time-cycles": 1, "modules-in-import-time-cycles": 2, "class-definitions": 2,
        "class-names-defined-more-than-once": 1,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_every_metric_has_a_unit_and_a_sentence(make_tree: Tree) -> None:
    case = open_case(make_tree({"a.py": ""}))
    rows = measure(case, [])
    assert len({name for name, *_ in rows}) == len(rows)
    assert all(unit and meaning.endswith(".") for _, _, unit, meaning in rows)


def test_the_page_of_rules_names_every_rule() -> None:
    page = render_rules()
    assert all(f"## {rule.name}\n" in page for rule in RULES)
