"""The gate: who passes, what a change brings in, and the forms in which it is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from markdown_it import MarkdownIt

from analysis.errors import BaselineError, RevisionError, UnknownNameError
from analysis.gate import CheckOptions, CheckResult, check, find_format, render, write_outputs, write_target_baseline
from analysis.rules import RULES

Tree = Callable[..., Path]
SARIF_SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text())
CLEAN = {"p/__init__.py": "", **{f"p/m{n}.py": f"X{n} = {n}\n" for n in range(20)}}
CYCLE = {"p/a.py": "import p.b\n", "p/b.py": "import p.a\n"}
TWICE = {"p/c.py": "class Order: ...\n", "p/d.py": "class Order: ...\n"}


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


def git(root: Path, *arguments: str) -> None:
    """Run git without anybody's configuration."""
    settings = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, "-C", str(root), *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    """Keep the tree as it is."""
    if not (root / ".git").exists():
        git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")


def run(root: Path, **options: object) -> CheckResult:
    """Check a tree."""
    return check(root, CheckOptions(**options))  # type: ignore[arg-type]


def test_a_clean_tree_passes(make_tree: Tree) -> None:
    found = run(make_tree(CLEAN))
    assert (found.passed, found.score, found.findings, found.reasons) == (True, 100.0, (), ())
    assert found.modules == 21


def test_the_score_decides(make_tree: Tree) -> None:
    root = make_tree({**CLEAN, **CYCLE})
    found = run(root)
    assert (found.passed, found.threshold, found.threshold_counts) == (False, 95.0, True)
    assert found.score == pytest.approx(100 * 21 / (21 + 1 * 2))
    assert found.reasons == ("the score of 91.3 is below 95",)
    assert run(root, threshold=90).passed
    (root / "ssot.toml").write_text("[compliance]\nthreshold = 80\n")
    assert run(root).passed
    strict = run(root, strict=True)
    assert strict.reasons == ("1 finding remains, and --strict allows none",)
    assert [finding.fails for finding in strict.findings] == [True]


def test_the_score_is_what_the_parts_say(make_tree: Tree) -> None:
    found = run(make_tree({**CLEAN, **CYCLE, **TWICE}))
    points = sum(row.points for row in found.rules)
    assert found.score == pytest.approx(100 * 21 / (21 + points))
    assert points == 1 * 2 + 2


def test_with_a_baseline_only_what_is_new_fails(make_tree: Tree) -> None:
    root = make_tree({**CLEAN, **CYCLE})
    place, written = write_target_baseline(root)
    assert place == root / "ssot-baseline.json"
    assert len(written.findings) == 1
    known = run(root)
    assert (known.passed, known.threshold_counts, known.compared_with) == (True, False, "baseline ssot-baseline.json")
    assert [finding.status for finding in known.findings] == ["known"]
    assert not run(root, use_baseline=False).passed
    assert run(root, threshold=99.0).reasons == ("the score of 91.3 is below 99",)
    for name, source in TWICE.items():
        (root / name).write_text(source)
    (root / "p/b.py").write_text("")
    found = run(root)
    assert found.reasons == ("1 finding is new or worse since baseline ssot-baseline.json",)
    assert [(each.rule, each.status, each.fails) for each in found.findings] == [
        ("class-defined-more-than-once", "new", True)
    ]
    assert [each.rule for each in found.gone] == ["import-cycle"]


def test_entries_of_the_baseline_that_are_gone_are_named_and_fail_when_strict(make_tree: Tree) -> None:
    root = make_tree({**CLEAN, **CYCLE})
    write_target_baseline(root)
    assert run(root, strict_baseline=True).passed
    (root / "p/b.py").write_text("")
    (stale,) = [note for note in run(root).notes if "stale" in note]
    assert stale.startswith("1 entry of the baseline is stale, write it again: import-cycle of p.")
    assert run(root).passed
    strict = run(root, strict_baseline=True)
    assert (strict.passed, strict.reasons) == (False, (stale,))
    write_target_baseline(root)
    assert run(root, strict_baseline=True).reasons == ()
    assert run(root).notes == ()


def test_what_is_only_worth_knowing_fails_when_strict(make_tree: Tree) -> None:
    root = make_tree({**CLEAN, "ssot-baseline.json": '{"format": 1}', "p/x.py": "class _A: ...\n"})
    (root / "p/y.py").write_text("class _A: ...\n")
    assert [(each.severity, each.status, each.fails) for each in run(root).findings] == [("P3", "new", False)]
    assert run(root).passed
    assert not run(root, strict=True).passed


def test_since_a_revision_only_the_change_counts(make_tree: Tree) -> None:
    root = make_tree({**CLEAN, **CYCLE, ".gitattributes": "*.py export-ignore\n"})
    commit(root)
    for name, source in TWICE.items():
        (root / name).write_text(source)
    found = run(root, since="HEAD")
    assert [(each.rule, each.status) for each in found.findings] == [
        ("class-defined-more-than-once", "new"), ("import-cycle", "known"),
    ]  # fmt: skip
    assert not found.passed
    commit(root)
    assert run(root, since="HEAD").passed
    assert [each.status for each in run(root, since="HEAD~1").findings] == ["new", "known"]
    (root / "p/c.py").unlink()
    assert [each.rule for each in run(root, since="HEAD").gone] == ["class-defined-more-than-once"]


def test_since_works_in_a_folder_of_a_repository(make_tree: Tree) -> None:
    root = make_tree({f"deep/{name}": source for name, source in {**CLEAN, **CYCLE}.items()})
    commit(root)
    assert run(root / "deep", since="HEAD").passed
    (root / "deep/p/new.py").write_text("import p.gone\n")
    assert [each.status for each in run(root / "deep", since="HEAD").findings] == ["new", "known"]


def test_everything_is_new_since_a_time_without_the_folder(make_tree: Tree) -> None:
    root = make_tree({"README": "x"})
    commit(root)
    (root / "p").mkdir()
    for name, source in CYCLE.items():
        (root / name).write_text(source)
    assert [each.status for each in run(root, since="HEAD").findings] == ["new"]


@pytest.mark.parametrize("revision", ["nowhere", "--all", "-x", "HEAD:p"])
def test_a_wrong_revision_is_one_line(make_tree: Tree, revision: str) -> None:
    root = make_tree(CLEAN)
    commit(root)
    with pytest.raises(RevisionError, match="has no revision"):
        run(root, since=revision)


def test_a_named_baseline_must_be_there(make_tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="no baseline at"):
        run(make_tree(CLEAN), baseline=tmp_path / "none.json")


HOSTILE = {
    **CLEAN, **CYCLE, **TWICE,
    'p/x "<b>&% y.py': "def f(:\n", "p/ümläut.py": "import p.gone  # <script>|`@everyone` ]]> ::error::\n",
    "p/z.py": "import p.a\nimport p.zz\n", "p/zz.py": "import p.z\n",
}  # fmt: skip


@pytest.fixture
def hostile(make_tree: Tree) -> CheckResult:
    """Return the check of a tree with names that want to be more, against a baseline with something that is gone."""
    root = make_tree(HOSTILE, name='a<b>"&]]>%0A::error::x')
    write_target_baseline(root)
    (root / "p/d.py").unlink()
    (root / "p/e.py").write_text("from p import nothing\nimport p.gone\n")
    found = run(root, strict=True)
    assert {each.status for each in found.findings} == {"known", "new", "worse"}
    assert found.gone
    return found


def test_sarif_keeps_to_the_official_schema(hostile: CheckResult) -> None:
    log = json.loads(render(hostile, "sarif"))
    validator = jsonschema.Draft4Validator(SARIF_SCHEMA)
    assert [error.message for error in validator.iter_errors(log)] == []
    broken = {**log, "runs": [{**log["runs"][0], "results": [{"message": {}}]}]}
    assert list(validator.iter_errors(broken))
    results = log["runs"][0]["results"]
    rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    assert rules == [rule.name for rule in RULES]
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in results)
    assert {each["baselineState"] for each in results} == {"new", "updated", "unchanged", "absent"}
    assert [each["ruleId"] for each in results if each["baselineState"] == "updated"] == ["phantom-import"]
    about = log["runs"][0]["properties"]
    assert about == {"score": hostile.score, "threshold": hostile.threshold}
    present = [each for each in results if each["baselineState"] != "absent"]
    assert [each for each in present if "id" in each["locations"][0]] == []
    assert {1} == {each["relatedLocations"][0]["id"] for each in present if "relatedLocations" in each}
    assert [each["partialFingerprints"]["ssotFingerprint/v1"] for each in present] == [
        each.fingerprint for each in hostile.findings
    ]
    where = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in present]
    assert [unquote(uri) for uri in where] == [each.evidence[0].path for each in hostile.findings]
    assert not any(character in uri for uri in where for character in ' "<>%ü' if character != "%")
    flows = [each["codeFlows"][0]["threadFlows"][0]["locations"] for each in present if "codeFlows" in each]
    assert len(flows) == 2
    assert all(len(steps) >= 2 for steps in flows)


def test_junit_fails_where_the_check_does(hostile: CheckResult) -> None:
    suite = ET.fromstring(render(hostile, "junit")).find("testsuite")
    assert suite is not None
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    assert set(cases) == {"compliance score", *(rule.name for rule in RULES)}
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    assert failed == {each.rule for each in hostile.findings if each.fails}
    assert int(suite.get("failures", "")) == len(failed)
    assert int(suite.get("tests", "")) == len(cases)
    output = cases["import-cycle"].find("system-out")
    assert output is not None
    assert "p/a.py:1" in (output.text or "")


def test_json_is_read_back_by_its_schema(hostile: CheckResult) -> None:
    text = render(hostile, "json")
    jsonschema.validate(json.loads(text), CheckResult.model_json_schema(mode="serialization"))
    assert CheckResult.model_validate_json(text) == hostile


def test_markdown_says_what_fails_and_mentions_nobody(hostile: CheckResult) -> None:
    text = render(hostile, "markdown")
    assert "does not pass" in text
    shown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).render(text)
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "@everyone" not in text
    assert shown.count("<table>") == 2
    assert "p has no nothing" in shown


def test_workflow_commands_stay_on_their_lines(hostile: CheckResult) -> None:
    lines = render(hostile, "github").splitlines()
    failing = [each for each in hostile.findings if each.fails]
    assert len(lines) == len(failing) + 1
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert "file=p/e.py,line=2," in lines[0]
    assert lines[-1].startswith("::error title=ssot check::")
    assert "%250A" in lines[-1]


def test_at_most_ten_annotations_of_a_kind(make_tree: Tree) -> None:
    files = {f"p/x{n}.py": f"import p.gone{n}\n" for n in range(15)}
    lines = render(run(make_tree({**CLEAN, **files}), strict=True), "github").splitlines()
    assert sum("phantom-import" in line for line in lines) == 10


def test_files_are_written_in_the_form_of_their_name(make_tree: Tree, tmp_path: Path) -> None:
    found = run(make_tree(CLEAN))
    names = ("a.sarif", "b.sarif.json", "c.xml", "d.json", "e.md", "f.github")
    write_outputs(found, [tmp_path / "out" / name for name in names])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    assert [find_format(name) for name in names] == ["sarif", "sarif", "junit", "json", "markdown", "github"]
    with pytest.raises(UnknownNameError, match=r"no format for the file x\.txt"):
        find_format("x.txt")


def ssot(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "analysis.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_exit_codes(make_tree: Tree, tmp_path: Path) -> None:
    good, bad = str(make_tree(CLEAN)), str(make_tree({**CLEAN, **CYCLE}))
    passed = ssot("check", good)
    assert passed.returncode == 0, passed.stderr
    assert "passes" in passed.stdout
    failed = ssot("check", bad, "--write", str(tmp_path / "o.sarif"), "--quiet")
    assert (failed.returncode, failed.stderr) == (1, "")
    assert failed.stdout.count("\n") == 1
    assert json.loads((tmp_path / "o.sarif").read_text())["version"] == "2.1.0"
    asked = json.loads(ssot("check", bad, "--json").stdout)
    assert (asked["passed"], asked["findings"][0]["rule"]) == (False, "import-cycle")
    assert ssot("check", bad, "--github").stdout.startswith("::error title=ssot check::")
    for wrong in (
        ["--threshold", "101"], ["--since", "x", "--baseline", "y"], ["--write", "o.txt"], ["--since", "nowhere"],
        ["--baseline", str(tmp_path / "none")], ["--policy", str(tmp_path / "none")],
    ):  # fmt: skip
        done = ssot("check", bad, *wrong)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert ssot("check", str(tmp_path / "nowhere")).returncode == 3
    assert ssot("baseline", "write", bad, "--quiet").stdout.strip() == f"{bad}/ssot-baseline.json"
    assert ssot("check", bad).returncode == 0
