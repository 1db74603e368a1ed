"""A report begins with what changed since the run before, or since a state that is named, and links each change."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from git_trees import commit
from test_diff import BEFORE, CHANGES, change
from test_report_run_report import write_notebook

import analysis
from analysis.cli.snapshots import _comparing
from analysis.gate import CheckOptions, check
from analysis.report import write_report
from analysis.report.changes import PAGE, find_change
from analysis.report.findings_since import find_since

Tree = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


@pytest.fixture
def repository(make_tree: Tree) -> Path:
    root = make_tree(BEFORE)
    commit(root)
    change(root, CHANGES)
    return root


def test_the_first_sentence_counts_what_the_page_of_changes_names(repository: Path, tmp_path: Path) -> None:
    change(repository, BEFORE)
    for name in CHANGES.keys() - BEFORE.keys():
        (repository / name).unlink()
    analysis.investigate(repository, jobs=1)
    change(repository, CHANGES)
    inv = analysis.investigate(repository, jobs=1)
    folder = write_report(inv, tmp_path / "reports", jobs=1, notebooks=write_notebook(tmp_path / "kit", "print(1)"))
    index = (folder / "index.html").read_text()
    main = index[index.index("<main") :]
    sentence = re.search(r'<p class="since">(.*?)</p>', main)
    assert sentence is not None and main.index('class="since"') < main.index('class="verdict"')
    said = re.findall(rf'<a href="{PAGE}#(\w+)">(\d+) (\w+)</a>', sentence[1])
    page = (folder / PAGE).read_text()
    assert [name for name, _, _ in said] == ["gone", "new", "worse", "better"]
    for name, count, _ in said:
        assert f'id="{name}"' in page and f"({count})</h2>" in page.partition(f'<h2 id="{name}">')[2]
    assert re.search(rf'<a href="{PAGE}">score [\d.]+ → [\d.]+</a>', sentence[1])
    assert '<a href="changes.html">all that changed</a>' in index
    assert PAGE not in (folder / "report.html").read_text()
    assert "Since " in (folder / "mail.html").read_text() and PAGE not in (folder / "mail.html").read_text()


def test_the_report_the_check_and_the_difference_have_the_same_sets(repository: Path) -> None:
    older = analysis.investigate(f"{repository}@HEAD", jobs=1)
    newer = analysis.investigate(repository, jobs=1)
    with _comparing(str(older.path), "", ""):
        seen, since = find_change(newer), find_since(newer)
    checked = check(repository, CheckOptions(since="HEAD", jobs=1))
    found = analysis.diff("HEAD", target=repository, jobs=1)
    new = {each.fingerprint for each in checked.findings if each.status == "new"}
    assert since.new == new == {each.fingerprint for each in found.changed_findings if each.change == "new"}
    assert seen is not None
    assert (seen.new, seen.gone, seen.worse, seen.better) == tuple(
        found.count(each) for each in ("new", "gone", "worse", "better")
    )
    assert seen.gone == len(checked.gone)
    assert find_change(newer) is None  # no run before, and nothing is named any more


def test_a_named_revision_is_judged_by_the_policy_of_today(repository: Path) -> None:
    (repository / "ssot.toml").write_text("[[ignore]]\nrule = 'phantom-*'\nreason = 'later'\n")
    newer = analysis.investigate(repository, jobs=1)
    with _comparing("HEAD", str(repository), ""):
        seen = find_change(newer)
    assert seen is not None
    assert (seen.reasons, seen.gone) == ((), 0)


def test_a_first_report_has_no_page_of_changes(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree({"a.py": "A = 1\n"}), jobs=1)
    folder = write_report(inv, tmp_path / "reports", jobs=1, notebooks=write_notebook(tmp_path / "kit", "print(1)"))
    assert not (folder / PAGE).exists()
    assert PAGE not in (folder / "index.html").read_text()
