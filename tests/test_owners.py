"""`[[owner]]`: each finding has an owner by the last entry that matches, everywhere it is shown, and harmless there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, Markup, investigate
from rule_trees import judge

from analysis import open_snapshot
from analysis.checksums import write_checksums
from analysis.gate import check, render, write_target_baseline
from analysis.report.executive import build_executive, show_findings, show_owners, show_plan
from analysis.report.exports import build_findings_json
from analysis.report.issue_markdown import build_issue
from analysis.report.plan_markdown import build_plan_markdown
from analysis.terminal import print_check, print_scan

Tree = Callable[..., Path]
TREE: Mapping[str, str] = {
    "app/__init__.py": "", "app/core/__init__.py": "", "app/core/a.py": "import app.gone\n",
    "app/web/__init__.py": "", "app/web/b.py": "import app.away\n", "apple.py": "import app.never\n",
}  # fmt: skip
OWNERS = (
    '[[owner]]\npattern = "app"\nowner = "everybody"\n[[owner]]\npattern = "app/core"\nowner = "core <team>"\n'
    '[[owner]]\npattern = "app.web"\nowner = "@web"\n'
)


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


def find_owner(root: Path, *patterns: str, rule: str = "") -> dict[str, str]:
    """Return the owner of each finding; each pattern's owner is its number."""
    policy = "".join(f"[[owner]]\npattern = '{text}'\nowner = '{number}'\n" for number, text in enumerate(patterns))
    return {each.subject: each.owner for each in judge(root, rule, policy) if each.rule != "owner-without-code"}


@pytest.mark.parametrize(
    "pattern",
    ["app/core/a.py", "app/core", "app/core/", "/app/core", "./app/core/*", "app.core", "app.core.a", "app.core.*",
     "app/*/a.py", "*/a.py", "a[p]p/core/**", "app\\core"],
)  # fmt: skip
def test_patterns_name_files_folders_and_modules_and_what_is_below_them(make_tree: Tree, pattern: str) -> None:
    assert find_owner(make_tree(TREE), pattern) == {"app.gone": "0", "app.away": "", "app.never": ""}


@pytest.mark.parametrize("pattern", ["*", "/", ".", "*.py"])
def test_a_pattern_may_mean_everything(make_tree: Tree, pattern: str) -> None:
    assert set(find_owner(make_tree(TREE), pattern).values()) == {"0"}


def test_the_last_match_decides_and_a_name_that_begins_alike_is_another(make_tree: Tree) -> None:
    root = make_tree(TREE)
    assert find_owner(root, "app", "app.core") == {"app.gone": "1", "app.away": "0", "app.never": ""}
    assert find_owner(root, "app.core", "app") == {"app.gone": "1", "app.away": "1", "app.never": ""}


def test_a_finding_in_several_files_belongs_to_the_owner_of_most_places_else_of_the_first(make_tree: Tree) -> None:
    root = make_tree({f"{name}.py": "class Order: ...\n" for name in ("a", "b1", "b2")})
    assert find_owner(root, "a.py", "b?.py")["Order"] == "1"
    assert find_owner(root, "a.py", "b1.py", "b2.py")["Order"] == "0"
    assert find_owner(root, "b2.py")["Order"] == "0"


def test_owners_change_no_fingerprint_score_or_baseline(make_tree: Tree) -> None:
    root = make_tree(TREE)
    place, _ = write_target_baseline(root)
    text, before = place.read_text(), check(root)
    (root / "ssot.toml").write_text(OWNERS)
    after = check(root)
    assert {row.owner for row in after.findings} == {"core <team>", "@web", ""}
    assert [row.model_dump(exclude={"owner"}) for row in after.findings] == [
        row.model_dump(exclude={"owner"}) for row in before.findings
    ]
    assert (after.score, after.passed) == (before.score, True)
    write_target_baseline(root)
    assert place.read_text() == text


def test_an_owner_of_nothing_is_a_finding_that_costs_nothing(make_tree: Tree) -> None:
    root = make_tree({"app/__init__.py": "", "app/a.py": "X = 1\n"})
    for text, why in {
        "[[owner]]\npattern='ap/*'\nowner='t'\n": "it matches no file and no module",
        "[[owner]]\npattern='app/a.py'\nowner='t'\n[[owner]]\npattern='*'\nowner='u'\n": "later entries match all of",
        "[target]\npackages=['app']\n[[owner]]\npattern='ap/*'\nowner='t'\n": "it matches no file and no module",
    }.items():
        (root / "ssot.toml").write_text(text)
        found = check(root)
        assert [(row.rule, row.severity) for row in found.findings] == [("owner-without-code", "P3")]
        assert why in found.findings[0].message
        assert (found.score, found.passed) == (100, True)


def test_the_gate_names_the_owner_in_every_form(make_tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_tree({**TREE, "ssot.toml": f"{OWNERS}[compliance]\nthreshold = 100\n"})
    found = check(root)
    results = json.loads(render(found, "sarif"))["runs"][0]["results"]
    assert [row["properties"].get("owner") for row in results] == ["@web", "core <team>", None]
    assert [row["owner"] for row in json.loads(render(found, "json"))["findings"]] == ["@web", "core <team>", ""]
    shown = render(found, "markdown")
    assert "| owner |" in shown
    assert "core \\<team\\> |" in shown
    assert "@web" not in shown  # an at sign and a name would call people
    (root / "ssot.toml").write_text(OWNERS)
    write_target_baseline(root)
    (root / "app/core/more.py").write_text("import app.more\n")
    failing = check(root)
    junit = "".join(ET.fromstring(render(failing, "junit")).itertext())
    assert "[P1, new, owner core <team>]" in junit
    assert "Owner: core <team>." in render(failing, "github")
    print_check(failing, quiet=False)
    assert "core <team>" in capsys.readouterr().out


def test_without_owners_nothing_is_said_of_them(make_tree: Tree, tmp_path: Path) -> None:
    found = check(make_tree(TREE))
    assert not any("owner" in render(found, form).lower() for form in ("markdown", "github"))
    assert "owner" not in json.dumps(json.loads(render(found, "sarif"))["runs"][0]["results"])
    report = build_executive(investigate(tmp_path, SHOP))
    assert report.owners == []
    assert "owner" not in (build_issue(report) + build_plan_markdown(report)).lower()


def test_the_report_names_owners_of_findings_and_steps_and_counts_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = '[[owner]]\npattern = "shop/api"\nowner = "web"\n[[owner]]\npattern = "shop/core/p*"\nowner = "price"\n'
    inv = investigate(tmp_path, SHOP, policy)
    report = build_executive(inv)
    rows = json.loads(build_findings_json(inv))["findings"]
    assert {row["owner"] for row in rows} == {"web", "price", ""}
    assert {row.owner: row.count for row in report.owners} == {
        owner: sum(row["owner"] == owner and not row["cause"] for row in rows) for owner in ("web", "price", "")
    }
    assert report.owners[-1].owner == ""
    assert sum(sum(row.severities.values()) for row in report.owners) == sum(not row["cause"] for row in rows)
    assert "Owner: web" in show_findings(inv).page
    assert "Owner: web" in show_plan(inv).page
    issue = build_issue(report)
    assert "(owner: web)" in issue
    assert "## Findings by owner" in issue
    assert "| nobody |" in issue
    assert ", owner: " in build_plan_markdown(report)
    assert "Findings by owner" in show_owners(inv).page
    print_scan(inv)
    assert " price" in capsys.readouterr().out


def test_nothing_of_an_owner_becomes_markup_or_a_command(tmp_path: Path) -> None:
    inv = investigate(tmp_path, HOSTILE, HOSTILE_POLICY)
    report = build_executive(inv)
    assert {row.owner for row in report.owners} == {"<script>alert(15)</script> @team"}
    markup = Markup(show_owners(inv).page + show_findings(inv).page + show_plan(inv).page)
    assert not markup.tags & {"script", "img", "b", "iframe"}
    assert "<script>alert(15)</script> @team" in "".join(markup.text)
    table = build_issue(report).partition("## Findings by owner")[2].partition("## Root")[0]
    assert "alert(15)" in table
    assert "<script>" not in table.replace("\\<script", "")
    assert "@team" not in table


def test_control_characters_of_an_owner_are_written_out(make_tree: Tree) -> None:
    found = judge(make_tree(TREE), policy='[[owner]]\npattern = "*"\nowner = "a\\u001b[31m\\nb"\n')
    assert {each.owner for each in found} == {"a\\x1b[31m\\x0ab"}


def test_a_snapshot_from_before_owners_is_read(tmp_path: Path) -> None:
    inv = investigate(tmp_path, SHOP)
    place = inv.path / "findings.parquet"
    pq.write_table(pq.read_table(place).drop_columns(["owner"]), place)
    write_checksums(inv.path)
    old = open_snapshot(inv.path)
    assert old.table("findings").num_rows
    assert set(old.frame("findings")["owner"]) == {""}
    assert build_executive(old).groups
