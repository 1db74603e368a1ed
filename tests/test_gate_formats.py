"""What the forms of a check say, fact by fact: levels, states, places, counts and what comes at most."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from analysis.gate import CheckedFinding, CheckOptions, CheckResult, check, render, write_target_baseline
from analysis.gate.result import AcceptedFinding, CheckedPlace, GoneFinding, NotAnalysed, RuleCost, UnreadFile
from analysis.rules import RULES
from analysis.rules.catalogue import RULES_BY_NAME

Tree = Callable[..., Path]
NUMBERS = {rule.name: number for number, rule in enumerate(RULES)}


def make_finding(number: int = 1, **changed: Any) -> CheckedFinding:
    """Return a finding about a phantom import, or one that differs from it."""
    stated = {
        "fingerprint": f"{number:016x}", "rule": "phantom-import", "severity": "P1", "subject": f"p.gone{number}",
        "message": f"p.gone{number} is missing", "remedy": "Write it.", "status": "new", "fails": True, "places": 1,
        "evidence": (CheckedPlace(path=f"p/m{number}.py", line=number, source="import p.gone"),),
    }  # fmt: skip
    return CheckedFinding.model_validate(stated | changed)


def make_result(*findings: CheckedFinding, **changed: Any) -> CheckResult:
    """Return the verdict on a target with some findings."""
    stated = {
        "target": "shop", "revision": "abc", "created": "2026-01-02T03:04:05+00:00", "tool_version": "1.2",
        "passed": False, "reasons": ("the score of 90 is below 95",), "score": 90.0, "threshold": 95.0,
        "threshold_counts": True, "modules": 3, "files": 4, "findings": findings,
    }  # fmt: skip
    return CheckResult.model_validate(stated | changed)


def read_run(result: CheckResult) -> dict[str, Any]:
    (run,) = json.loads(render(result, "sarif"))["runs"]
    return dict(run)


def test_a_sarif_log_says_which_tool_ran_and_how_it_ended() -> None:
    run = read_run(make_result())
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"], driver["semanticVersion"]) == ("ssot", "1.2", "1.2")
    assert run["automationDetails"] == {"id": "ssot/shop/"}
    assert list(run["originalUriBaseIds"]) == ["SRCROOT"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["properties"] == {"score": 90.0, "threshold": 95.0}
    assert run["results"] == []
    ended = {"executionSuccessful": True, "exitCode": 1, "endTimeUtc": "2026-01-02T03:04:05Z"}
    assert run["invocations"] == [ended | {"toolExecutionNotifications": []}]
    passed = read_run(make_result(passed=True, about=("p.a", "p.b")))
    assert passed["invocations"][0]["exitCode"] == 0
    assert passed["properties"]["about"] == ["p.a", "p.b"]


@pytest.mark.parametrize(
    ("severity", "level", "problem", "command"),
    [("P0", "error", "error", "error"), ("P1", "error", "error", "error"), ("P2", "warning", "warning", "warning"),
     ("P3", "note", "recommendation", "notice")],
)  # fmt: skip
def test_each_severity_has_its_level(severity: str, level: str, problem: str, command: str) -> None:
    result = make_result(make_finding(severity=severity))
    run = read_run(result)
    assert [each["level"] for each in run["results"]] == [level]
    described = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    graded = [rule for rule in RULES if rule.severity == severity]
    assert graded
    for rule in graded:
        stated = described[rule.name]
        assert stated["defaultConfiguration"] == {"level": level}
        assert stated["properties"] == {"tags": ["maintainability", "ssot"], "problem.severity": problem}
    assert render(result, "github").startswith(f"::{command} file=p/m1.py,line=1,title={severity} phantom-import::")


def test_a_sarif_rule_says_what_the_rule_says() -> None:
    described = {rule["id"]: rule for rule in read_run(make_result())["tool"]["driver"]["rules"]}
    rule, stated = RULES_BY_NAME["phantom-import"], described["phantom-import"]
    assert stated["name"] == "PhantomImport"
    assert stated["fullDescription"] == {"text": rule.meaning}
    assert stated["help"]["text"] == rule.remedy
    assert rule.summary in stated["shortDescription"]["text"]
    assert rule.meaning in stated["help"]["markdown"]
    assert rule.remedy in stated["help"]["markdown"]


def locate(path: str, line: int, source: str) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": line}
    if source:
        region["snippet"] = {"text": source}
    return {"physicalLocation": {"artifactLocation": {"uri": path, "uriBaseId": "SRCROOT"}, "region": region}}


def test_a_sarif_result_has_the_places_of_the_finding_from_the_top_of_the_repository() -> None:
    places = (CheckedPlace(path="a b.py", line=0), CheckedPlace(path="b.py", line=7, source="import a"),
              CheckedPlace(path="c.py", line=8, source="import b"))  # fmt: skip
    (found,) = read_run(make_result(make_finding(evidence=places, places=20), prefix="deep/"))["results"]
    assert found == {
        "ruleId": "phantom-import", "ruleIndex": NUMBERS["phantom-import"], "level": "error",
        "message": {"text": "p.gone1 is missing."},
        "locations": [locate("deep/a%20b.py", 1, "")],
        "relatedLocations": [
            {"id": 1, **locate("deep/b.py", 7, "import a")}, {"id": 2, **locate("deep/c.py", 8, "import b")},
        ],
        "partialFingerprints": {"ssotFingerprint/v1": "0000000000000001"},
        "properties": {"severity": "P1", "subject": "p.gone1", "places": 20},
    }  # fmt: skip


def test_a_finding_without_a_place_stands_in_the_policy_and_names_its_owner() -> None:
    (found,) = read_run(make_result(make_finding(evidence=(), owner="team")))["results"]
    assert found["locations"] == [locate("ssot.toml", 1, "")]
    assert "relatedLocations" not in found
    assert found["properties"]["owner"] == "team"


def test_the_statements_of_a_cycle_are_steps_to_follow() -> None:
    places = (CheckedPlace(path="a.py", line=1, source="import b"), CheckedPlace(path="b.py", line=2))
    (found,) = read_run(make_result(make_finding(rule="import-cycle", evidence=places)))["results"]
    steps = found["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [(step["executionOrder"], step["location"]["message"]["text"]) for step in steps] == [
        (1, "import b"), (2, "b.py"),
    ]  # fmt: skip
    (alone,) = read_run(make_result(make_finding(rule="import-cycle", evidence=places[:1])))["results"]
    assert "codeFlows" not in alone


@pytest.mark.parametrize(("status", "state"), [("new", "new"), ("worse", "updated"), ("known", "unchanged")])
def test_a_state_is_told_only_against_something(status: str, state: str) -> None:
    finding = make_finding(status=status)
    (found,) = read_run(make_result(finding, compared_with="revision main"))["results"]
    assert found["baselineState"] == state
    (found,) = read_run(make_result(finding))["results"]
    assert "baselineState" not in found


def test_what_is_gone_is_absent_also_when_its_rule_is() -> None:
    gone = [GoneFinding(fingerprint=f"{number:016x}", rule=rule, severity="P1", subject="s")
            for number, rule in enumerate(("phantom-import", "rule-of-before"))]  # fmt: skip
    first, second = read_run(make_result(gone=gone))["results"]
    state = {"baselineState": "absent", "level": "none", "kind": "pass"}
    assert first.items() >= {**state, "ruleIndex": NUMBERS["phantom-import"], "ruleId": "phantom-import"}.items()
    assert second.items() >= {**state, "ruleId": "rule-of-before"}.items()
    assert "ruleIndex" not in second
    assert second["partialFingerprints"] == {"ssotFingerprint/v1": "0000000000000001"}


GAPS = tuple(NotAnalysed(path=f"p/m{number}.py", step="facts", reason="ValueError") for number in range(2))


def test_gaps_are_errors_and_notes_are_notes_of_the_run() -> None:
    unread = (UnreadFile(path="p/a.py", reason="not there"),)
    run = read_run(make_result(not_analysed=GAPS, notes=("one.", "two"), not_read=unread, since="main"))
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert [each["level"] for each in told] == ["error", "error", "note", "note", "note"]
    assert ["p/m0.py" in told[0]["message"]["text"], "p/m1.py" in told[1]["message"]["text"]] == [True, True]
    assert [each["message"]["text"] for each in told[2:4]] == ["one.", "two."]


def read_suite(result: CheckResult) -> tuple[dict[str, str], dict[str, ET.Element]]:
    suite = ET.fromstring(render(result, "junit")).find("testsuite")
    assert suite is not None
    return dict(suite.attrib), {str(case.get("name")): case for case in suite}


@pytest.mark.parametrize(
    ("score", "counts", "is_below"), [(94.9, True, True), (95.0, True, False), (94.9, False, False)]
)
def test_the_score_is_a_test_case(score: float, counts: bool, is_below: bool) -> None:
    head, cases = read_suite(make_result(score=score, threshold_counts=counts))
    case = cases["compliance score"]
    assert case.get("classname") == "ssot"
    assert [part.tag for part in case] == ["failure" if is_below else "system-out"]
    assert (head["failures"], head["errors"], head["skipped"]) == (str(int(is_below)), "0", "0")
    assert (head["tests"], head["timestamp"], head["name"]) == (str(len(RULES) + 1), "2026-01-02T03:04:05", "ssot shop")
    if is_below:
        assert case[0].get("type") == "score"


def test_a_rule_fails_with_its_failing_findings_and_lists_the_others() -> None:
    known = make_finding(3, fails=False, status="known", severity="P3")
    gaps = (NotAnalysed(step="rules", part="import-cycle", reason="KeyError"),
            NotAnalysed(step="cycles", part="singleton", reason="KeyError"))  # fmt: skip
    result = make_result(make_finding(1), make_finding(2, owner="team"), known, not_analysed=gaps)
    head, cases = read_suite(result)
    assert (head["failures"], head["skipped"]) == ("2", "1")
    case = cases["phantom-import"]
    assert [part.tag for part in case] == ["failure", "system-out"]
    failure, output = case
    assert failure.get("type") == "P1"
    for part in ("p/m1.py:1: import p.gone", "p/m2.py:2: import p.gone", RULES_BY_NAME["phantom-import"].remedy):
        assert part in str(failure.text)
    assert [line for line in str(failure.text).splitlines() if line.startswith("[")] == [
        "[P1, new] p.gone1 is missing", "[P1, new, owner team] p.gone2 is missing",
    ]  # fmt: skip
    assert str(output.text).splitlines() == ["[P3, known] p.gone3 is missing", "  p/m3.py:3: import p.gone"]
    assert [name for name, case in cases.items() if case.find("skipped") is not None] == ["import-cycle"]
    assert [name for name, case in cases.items() if not len(case)] == [
        rule.name for rule in RULES if rule.name not in {"phantom-import", "import-cycle"}
    ]


def read_table(text: str) -> list[list[str]]:
    """Return the cells of the lines of a table in Markdown."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_markdown_tabulates_what_fails_with_places_and_owners() -> None:
    known = make_finding(3, fails=False, status="known")
    result = make_result(make_finding(1, places=3), make_finding(2, evidence=()), known, compared_with="revision x")
    head, *rows = read_table(render(result, "markdown"))
    assert head == ["severity", "rule", "finding", "place"]
    assert rows == [
        ["P1, new", "phantom-import", "p.gone1 is missing", "`p/m1.py:1` and 2 more"],
        ["P1, new", "phantom-import", "p.gone2 is missing", ""],
    ]
    owned = make_result(make_finding(1, owner="team"), make_finding(2))
    head, *rows = read_table(render(owned, "markdown"))
    assert (head[-1], [row[0] for row in rows], [row[-1] for row in rows]) == ("owner", ["P1", "P1"], ["team", ""])


@pytest.mark.parametrize(("count", "more"), [(20, False), (21, True)])
def test_markdown_lists_at_most_so_many_of_each_kind(count: int, more: bool) -> None:
    findings = [make_finding(number) for number in range(1, count + 1)]
    gone = [GoneFinding(fingerprint=each.fingerprint, rule=each.rule, severity="P1", subject=each.subject)
            for each in findings]  # fmt: skip
    gaps = [GAPS[0]] * count
    text = render(make_result(*findings, gone=gone, not_analysed=gaps, compared_with="x"), "markdown")
    assert len(read_table(text)) == 1 + min(count, 20)
    assert text.count("- ~~p.gone") == text.count("> could not be analysed") == min(count, 20)
    assert text.count("… and 1 more.") == (3 if more else 0)


def test_markdown_shows_the_most_severe_findings_where_none_fails_alone() -> None:
    mild = make_finding(fails=False)
    low = render(make_result(mild), "markdown")
    assert ("### Most severe findings" in low, "### Findings that fail" in low) == (True, False)
    assert [row[0] for row in read_table(low)] == ["severity", "P1"]
    passed = render(make_result(mild, passed=True, reasons=()), "markdown")
    assert read_table(passed) == []
    empty = render(make_result(), "markdown")
    assert "###" not in empty
    assert "<details>" not in empty


def test_markdown_gives_the_points_of_each_rule_and_every_note() -> None:
    costs = [RuleCost(rule=f"r{number}", severity="P2", findings=number, places=1000 * number, points=2.5 * number)
             for number in (1, 2)]  # fmt: skip
    unread = tuple(UnreadFile(path=f"p/u{number}.py", reason="not there") for number in range(5))
    result = make_result(
        rules=costs, notes=("first note", "second note"), not_read=unread, git_problem="owned by another", since="m",
        accepted=[AcceptedFinding(fingerprint="0", rule="r", severity="P2", subject="s", by="comment", reason="x")],
    )  # fmt: skip
    text = render(result, "markdown")
    assert read_table(text)[1:] == [["r1", "P2", "1", "1,000", "2.5"], ["r2", "P2", "2", "2,000", "5.0"]]
    assert [line for line in text.splitlines() if line.startswith("> ")] == ["> first note", "> second note"]
    assert text.count("not there") == 3
    assert "and 2 more" in text
    assert "owned by another" in text
    assert "1 accepted" in text
    three = render(make_result(not_read=unread[:3], since="m"), "markdown")
    assert (three.count("not there"), "more" in three) == (3, False)


def test_workflow_commands_show_ten_of_a_kind_of_what_fails_and_the_verdict() -> None:
    findings = [*map(make_finding, range(1, 13)), make_finding(50, severity="P2"), make_finding(60, fails=False)]
    lines = render(make_result(*findings), "github").splitlines()
    kinds = [line.partition(" ")[0] for line in lines]
    assert kinds == ["::error"] * 10 + ["::warning", "::error"]
    assert lines[0] == ("::error file=p/m1.py,line=1,title=P1 phantom-import::p.gone1 is missing. Write it.")
    bare = make_finding(evidence=(), owner="team")
    first, last = render(make_result(bare, passed=True, reasons=(), prefix="deep/"), "github").splitlines()
    assert first.startswith("::error title=P1 phantom-import::")
    assert "team" in first
    assert last.startswith("::notice title=ssot check::")
    whole = make_finding(evidence=(CheckedPlace(path="a,b.py", line=0),))
    assert "file=deep/a%2Cb.py,line=1," in render(make_result(whole, prefix="deep/"), "github")


def test_the_forms_of_a_real_check_agree_on_what_fails(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"p/__init__.py": "", "p/a.py": "import p.gone\n", "p/b.py": "def f(x=[]):\n    x.append(1)\n"})
    result = check(root, CheckOptions(strict=True, data=tmp_path / "data"))
    failing = {each.rule for each in result.findings if each.fails}
    assert failing == {"phantom-import", "shared-default"}
    assert {each["ruleId"] for each in read_run(result)["results"]} == failing
    _, cases = read_suite(result)
    assert {name for name, case in cases.items() if case.find("failure") is not None} == failing | {"compliance score"}
    assert {row[1] for row in read_table(render(result, "markdown"))[1:3]} == failing


def test_a_check_says_of_which_revision_and_tool_it_is_and_what_it_could_not_ask_git(
    make_tree: Tree, tmp_path: Path
) -> None:
    options = CheckOptions(data=tmp_path / "data", use_cache=False, jobs=1)
    files = {"p/__init__.py": "", "p/a.py": "X = 1\n"}
    plain = check(make_tree(files, name="shop"), options)
    assert (plain.target, plain.revision, plain.prefix, plain.git_problem) == ("shop", "no-git", "", "")
    assert (plain.modules, plain.files, plain.since, plain.compared_with, plain.not_read) == (2, 2, "", "", ())
    assert (plain.passed, plain.score, plain.threshold, plain.threshold_counts) == (True, 100.0, 95.0, True)
    assert (plain.not_analysed, plain.notes, plain.rules, plain.not_simulated) == ((), (), (), 0)
    outside = make_tree({"config": "[core]\n"}, name="outside")
    refused = check(make_tree({**files, ".git": f"gitdir: {outside}\n"}, name="linked"), options)
    assert (refused.revision, bool(refused.git_problem)) == ("no-git", True)
    assert f"git was not run on the repository of the target: {refused.git_problem}" in render(refused, "markdown")
    named = check(make_tree({**files, "ssot.toml": "[target]\nname = 'store'\npackages = ['p']\n"}), options)
    assert (named.target, named.about) == ("store", ("p",))


def test_a_baseline_without_simulation_is_a_note_and_any_other_is_none(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"p/__init__.py": "", "p/a.py": "import p.gone\n"})
    options = CheckOptions(data=tmp_path / "data", jobs=1)
    place, written = write_target_baseline(root, options)
    assert (place, len(written.findings), written.simulated) == (root / "ssot-baseline.json", 1, True)
    known = check(root, options)
    assert (known.passed, known.notes, [each.status for each in known.findings]) == (True, (), ["known"])
    place.write_text(json.dumps({**json.loads(place.read_text()), "simulated": False}))
    assert len(check(root, options).notes) == 1
    elsewhere, _ = write_target_baseline(root, replace(options, baseline=tmp_path / "other.json"))
    assert elsewhere == tmp_path / "other.json"
    named = check(root, replace(options, use_baseline=False, baseline=elsewhere))
    assert (named.compared_with, named.passed) == ("baseline other.json", True)
    alone = check(root, replace(options, use_baseline=False))
    assert (alone.compared_with, alone.passed, [each.fails for each in alone.findings]) == ("", False, [False])


def test_evidence_has_its_source_lines_unless_nobody_wants_them(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"p/__init__.py": "", "p/a.py": "import p.gone\n"})
    for wanted, source in ((True, "import p.gone"), (False, "")):
        (found,) = check(root, CheckOptions(data=tmp_path / "data", jobs=1, with_sources=wanted)).findings
        assert [(place.path, place.line, place.source) for place in found.evidence] == [("p/a.py", 1, source)]
        assert (found.places, found.severity, found.owner, found.status) == (1, "P1", "", "new")
        assert found.remedy == RULES_BY_NAME[found.rule].remedy
