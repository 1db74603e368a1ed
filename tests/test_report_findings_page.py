"""What the page of all findings is made from: each finding once, commands that are answered, lines within a limit."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, investigate

import analysis
from analysis.bundled_case import build_bundled_case
from analysis.investigation import Investigation
from analysis.report.base import Base, deciding
from analysis.report.findings_excerpts import build_excerpts
from analysis.report.findings_page import build_findings_view
from analysis.report.headline import build_tally
from analysis.report.templating import build_environment

Tree = Callable[..., Path]


@pytest.fixture(scope="module", params=["shop", "hostile", "bundled case"])
def inv(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    folder = tmp_path_factory.mktemp("findings")
    if request.param == "bundled case":
        return analysis.investigate(build_bundled_case(), data=folder)
    return investigate(folder, *((SHOP,) if request.param == "shop" else (HOSTILE, HOSTILE_POLICY)))


def test_each_finding_is_there_once_and_counted_as_in_the_headline(inv: Investigation) -> None:
    view = build_findings_view(inv)
    rows = list(view.rows)
    assert sorted(row.fingerprint for row in rows) == sorted(inv.table("findings")["fingerprint"].to_pylist())
    assert view.counted.split()[0] == f"{build_tally(inv).total:,}"
    for cause in view.causes:
        for rule in cause.rules:
            severities = [row.severity for row in rule.rows if not row.cause]
            assert severities == sorted(severities)


def test_every_command_is_answered(inv: Investigation) -> None:
    commands = {command for row in build_findings_view(inv).rows for command in row.commands}
    for command in commands:
        program, question, *names = shlex.split(command)
        assert program == "ssot"
        assert names[-2:] == ["--in", "."]
        answered = {"why": inv.why, "paths": inv.find_path_rows, "explain": inv.explain}[question](*names[:-2])
        assert str(answered)
        assert question != "explain" or inv.explain(*names[:-2]).chains
    assert any(command.startswith("ssot why ") for command in commands)


def test_lines_are_those_of_the_source_and_end_at_the_limit(inv: Investigation) -> None:
    rows = inv.table("findings").to_pylist()
    full, none = (json.loads(build_excerpts(inv, rows, most)) for most in (1_000_000, -1))
    for row in rows:
        for place in row["evidence"]:
            if place["source"]:
                assert str(place["line"]) in none[place["path"]]
    assert sum(map(len, none.values())) < sum(map(len, full.values()))
    text = build_excerpts(inv, rows)
    assert not {"<", ">", "&"} & set(text)
    root = Path(inv.manifest.root)
    for path, lines in full.items():
        if path.isascii() and (root / path).is_file():
            source = (root / path).read_text("utf-8").split("\n")
            for number, shown in lines.items():
                if len(shown) < 160 and shown.isascii():
                    assert source[int(number) - 1].expandtabs(4).rstrip() == shown


def test_a_file_that_changed_since_gives_no_other_lines(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"a.py": "x = 1\nimport gone.away\nfrom b import gone\n", "b.py": "y = 1\n"})
    inv = analysis.investigate(root, data=tmp_path)
    rows = inv.table("findings").to_pylist()
    assert "1" in json.loads(build_excerpts(inv, rows))["a.py"]
    (root / "a.py").write_text("# secret\nimport gone.away\nfrom b import gone\n")
    assert "secret" not in build_excerpts(inv, rows)
    assert set(json.loads(build_excerpts(inv, rows))["a.py"]) == {"3"}


def test_what_is_new_is_new_since_the_state_that_was_named(make_tree: Tree, tmp_path: Path) -> None:
    """Two states are kept: against the older one two findings are new, and the page says against which."""
    root = make_tree({"shop/__init__.py": "", "shop/a.py": ""})
    states = [analysis.investigate(root, data=tmp_path)]
    for number in (1, 2):
        (root / f"shop/b{number}.py").write_text(f"import shop.new{number}\n")
        time.sleep(1.1)  # names of snapshots sort by the second
        states.append(analysis.investigate(root, data=tmp_path))
    first, second, last = states
    for named, wanted in ((first, {"shop.new1", "shop.new2"}), (second, {"shop.new2"}), (last, set())):
        with deciding(Base("named", str(named.path), "v1<i>"), tmp_path / "reports"):
            view = build_findings_view(last)
        assert {row.subject for row in view.rows if row.is_new} == wanted
        page = str(build_environment().get_template("findings_part.j2").module.show(view, 2))
        assert page.count('data-n="1"') == len(wanted)
        assert "what is new is new since v1&lt;i&gt;" in page and "<i>" not in page


def test_what_is_new_is_new_since_the_snapshot_before(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"shop/__init__.py": "", "shop/a.py": "import shop.old\n"})
    first = build_findings_view(analysis.investigate(root, data=tmp_path))
    assert first.since.words == ""
    assert not any(row.is_new for row in first.rows)
    (root / "shop/a.py").write_text("import shop.old\nimport shop.new\n")
    time.sleep(1.1)  # names of snapshots sort by the second
    second = build_findings_view(analysis.investigate(root, data=tmp_path))
    assert second.since.words.startswith("since the scan of ")
    assert {row.message.split()[0]: row.is_new for row in second.rows} == {"shop.old": False, "shop.new": True}
