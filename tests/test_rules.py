"""Every rule finds its bad example and nothing in its good one; findings are sorted, stable and harmless."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from rule_trees import judge, open_case, read_numbers

from analysis import tables
from analysis.rules import RULES, Rule, build_findings_table, find_findings
from analysis.rules.cycle_outcomes import find_cycle_outcomes
from analysis.rules.documentation import render_rules
from analysis.rules.finding import MOST_EVIDENCE, build_finding

Tree = Callable[..., Path]
EACH_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def test_a_clean_tree_has_no_finding(make_tree: Tree) -> None:
    assert judge(make_tree({"p/__init__.py": "", "p/a.py": "class A: ...\n", "p/b.py": "from p.a import A\n"})) == []


def test_rules_are_named_once_and_say_how_to_fix() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name) for rule in RULES)
    assert all(rule.meaning.endswith(".") and rule.remedy.endswith(".") for rule in RULES)
    assert all(rule.severity == min(rule.grades, default=rule.severity) for rule in RULES)
    assert all(set(rule.grades) <= set(tables.SEVERITIES) for rule in RULES)


@EACH_RULE
def test_the_bad_example_has_the_finding_and_the_good_one_has_not(make_tree: Tree, rule: Rule) -> None:
    found = judge(make_tree(rule.bad), rule.name, rule.policy, probed=rule.needs_probe)
    assert found
    assert {finding.severity for finding in found} <= (set(rule.grades) or {rule.severity})
    assert judge(make_tree(rule.good), rule.name, rule.policy, probed=rule.needs_probe) == []


@EACH_RULE
def test_a_finding_cites_the_line_as_it_stands(make_tree: Tree, rule: Rule) -> None:
    root = make_tree(rule.bad)
    found = judge(root, rule.name, rule.policy, probed=rule.needs_probe)
    assert found
    for finding in found:
        assert finding.evidence or rule.name in {"canonical-class-missing", "owner-without-code"}
        assert finding.places == len(finding.evidence)
        for place in finding.evidence:
            lines = (root / place.path).read_text().splitlines() or [""]
            assert place.source == lines[place.line - 1].strip()


def _shift(files: Mapping[str, str]) -> dict[str, str]:
    return {name: f"# a comment\n\n\n{source}" if name.endswith(".py") else source for name, source in files.items()}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.name != "file-not-parsed"], ids=lambda rule: rule.name)
def test_fingerprints_survive_moved_lines(make_tree: Tree, rule: Rule) -> None:
    before, after = (
        judge(make_tree(files), rule.name, rule.policy, probed=rule.needs_probe)
        for files in (rule.bad, _shift(rule.bad))
    )
    assert {finding.fingerprint for finding in before} == {finding.fingerprint for finding in after}


def _gather() -> dict[str, str]:
    """Return the bad examples of all rules in one tree."""
    return {f"{rule.name.replace('-', '_')}/{name}": source for rule in RULES for name, source in rule.bad.items()}


def test_findings_are_sorted_and_have_the_documented_columns(make_tree: Tree) -> None:
    findings = judge(make_tree(_gather()))
    assert findings == sorted(findings)
    assert [finding.severity for finding in findings] == sorted(finding.severity for finding in findings)
    table = build_findings_table(findings)
    assert table.schema.equals(tables.FINDINGS.schema)
    assert len(set(table.column("fingerprint").to_pylist())) == table.num_rows > 10


def test_two_runs_find_the_same_whatever_the_order_of_the_facts(make_tree: Tree) -> None:
    case = open_case(make_tree(_gather()))
    order = list(range(len(case.cycles)))
    random.Random(5).shuffle(order)
    shuffled = replace(
        case,
        cycles=tuple(case.cycles[number] for number in order),
        duplicate_names=case.duplicate_names[::-1],
        concepts=case.concepts[::-1],
    )
    assert find_findings(case) == find_findings(shuffled) == find_findings(case)


def test_an_edited_file_is_cited_as_it_is_now(make_tree: Tree) -> None:
    root = make_tree({"a.py": "class A: ...\n", "b.py": "class A: ...\n"})
    (before,) = judge(root)
    (root / "b.py").write_text("class A: pass\n")
    (after,) = judge(root)
    assert (before.evidence[1].source, after.evidence[1].source) == ("class A: ...", "class A: pass")


def test_evidence_is_the_first_dozen_and_the_rest_is_counted(make_tree: Tree) -> None:
    files = {f"p/m{number:02}.py": "from p.gone import x\n" for number in range(30)}
    (finding,) = judge(make_tree({"p/__init__.py": "", **files}), "phantom-import")
    assert [place.path for place in finding.evidence] == [f"p/m{number:02}.py" for number in range(MOST_EVIDENCE)]
    assert finding.places == 30
    assert "30 statements import it" in finding.message
    assert build_findings_table([finding]).column("places").to_pylist() == [30]


def test_one_place_is_cited_once() -> None:
    finding = build_finding("r", "P1", "s", "m", [("a", 2), ("a", 1), ("a", 2)])
    assert [(place.path, place.line) for place in finding.evidence] == [("a", 2), ("a", 1)]


def test_marks_tell_findings_apart_and_messages_do_not() -> None:
    first = build_finding("r", "P1", "s", "m", [("a", 1)])
    assert build_finding("r", "P2", "s", "other", [("a", 9)]).fingerprint == first.fingerprint
    assert build_finding("r", "P1", "s", "m", [], ["x"]).fingerprint != first.fingerprint
    assert build_finding("q", "P1", "s", "m", []).fingerprint != first.fingerprint


def test_names_of_a_target_cannot_command_a_terminal(make_tree: Tree) -> None:
    root = make_tree({"a\x1b[31m\nb.py": "def (\n", "c\u202ed.py": "x = '\x1b]0;owned\x07' +\n"})
    findings = judge(root)
    texts = [
        text
        for finding in findings
        for text in (finding.subject, finding.message, *(place.source for place in finding.evidence))
    ]
    assert len(findings) == 2
    assert not re.search(r"[\x00-\x1f\x7f\u202e]", "".join(texts))
    assert "a\\x1b[31m\\x0ab.py" in texts[0]


def test_the_kit_itself_has_no_grave_finding() -> None:
    findings = judge(Path(__file__).parent.parent / "analysis")
    assert [finding for finding in findings if finding.severity in {"P0", "P1"}] == []


def test_rules_stand_in_the_order_of_their_names() -> None:
    assert [rule.name for rule in RULES] == sorted({rule.name for rule in RULES})


def test_missing_methods_are_measured_where_the_policy_requires_some(make_tree: Tree) -> None:
    root = make_tree({"a.py": "class JobFactory:\n    def create(self): ...\nclass MailFactory: ...\n"})
    policy = "[[factory]]\nmatch = ['*Factory']\nrequire_methods = ['create', 'get']\n"
    assert read_numbers(open_case(root, policy))["factory-methods-missing"] == 3
    assert "factory-methods-missing" not in read_numbers(open_case(root))


def test_the_page_of_rules_names_every_rule_with_its_severities() -> None:
    page = render_rules()
    for rule in RULES:
        section = page.partition(f"## {rule.name}\n")[2].partition("\n## ")[0]
        assert all(f"- {severity}: {when}" in section for severity, when in rule.grades.items())
        assert f"Severity: {rule.severity}." in section or rule.grades
        assert "**To fix it:**" in section
    assert not re.search(r"(?<![`/\w])__\w+__(?![`.])", re.sub(r"```.*?```", "", page, flags=re.DOTALL))


FALLBACK = "try:\n    from elsewhere import Order{0}\nexcept ImportError:\n    class Order{0}: ...\n"


def test_fallback_classes_are_found_after_others_that_are_none(make_tree: Tree) -> None:
    inner = (
        "def load():\n    try:\n        from elsewhere import Row\n    except ImportError:\n        class Row: ...\n"
    )
    loud = "try:\n    from elsewhere import Page\nexcept ValueError:\n    class Page: ...\n"
    root = make_tree({"a.py": inner + loud + FALLBACK.format("") + FALLBACK.format("Line")})
    assert [finding.subject for finding in judge(root, "fallback-class")] == ["a:Order", "a:OrderLine"]


def test_what_a_redirect_does_wrong_is_cited_where_it_stands(make_tree: Tree) -> None:
    policy = "[[redirect]]\npaths = ['p.a.Order', 'p.b.Order']\ncanonical = 'p.a.Order'\nmarker = 'moved'\n"
    files = {
        "p/__init__.py": "",
        "p/a.py": "class Order: ...\n",
        "p/b.py": "\n\nfrom p.a import Order\n\nprint(Order)\n",
    }
    (finding,) = judge(make_tree(files), "redirect-unclean", policy)
    assert [(place.path, place.line) for place in finding.evidence] == [("p/b.py", 1), ("p/b.py", 5)]
    warns = "import warnings\nfrom p.a import Order  # moved\nwarnings.warn('x', DeprecationWarning{0})\n"
    (finding,) = judge(make_tree({**files, "p/b.py": warns.format("")}), "redirect-unclean", policy)
    assert [place.line for place in finding.evidence] == [3]
    assert judge(make_tree({**files, "p/b.py": warns.format(", stacklevel=2")}), "redirect-unclean", policy) == []


def test_every_swallowed_failure_of_a_cycle_is_kept(make_tree: Tree) -> None:
    row = {"outcome": "circular", "path": "p/b.py", "caught_path": "p/b.py"}
    lost = [{**row, "caught_line": line, "line": line} for line in (9, 1, 5)]
    other = {**row, "path": "p/elsewhere.py", "caught_line": 1}
    loud = {**row, "outcome": "missing-module", "caught_line": 2}
    told = [{"module": name, "outcome": "ok", "path": f"p/{name[-1]}.py", "failed_path": ""} for name in ("p.a", "p.b")]
    found = find_cycle_outcomes({"c": ["p.a", "p.b", "p.unknown"]}, told, [*lost, other, loud])["c"]
    assert [each["caught_line"] for each in found.lost] == [1, 5, 9]
    assert (found.judged, found.left, found.failing) == (2, 0, ())
