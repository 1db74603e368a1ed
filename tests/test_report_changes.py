"""A report begins with what changed since the run before, or since a state that is named, and links each change."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from git_line import GitLine
from git_trees import commit
from test_diff import BEFORE, CHANGES, change
from test_report_run_report import write_notebook

import analysis
from analysis.cli.snapshots import _comparing
from analysis.gate import CheckOptions, check
from analysis.report import write_report
from analysis.report.base import Base, find_base, open_base
from analysis.report.change_commits import count_brought, find_change_commits
from analysis.report.changes import PAGE, find_change
from analysis.report.difference_page import build_difference_page
from analysis.report.edition import showing_authors
from analysis.report.findings_since import find_since
from analysis.report.runs import ReportRun, read_run
from analysis.scheduled.outcome import RunOutcome, compare_run
from analysis.scheduled.tracing import trace_changes

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


def test_all_that_says_since_means_the_last_complete_run_though_a_scan_came_in_between(
    make_tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run has no finding, the scan after it one, and the new run two: two came since the run, not one."""
    reports = tmp_path / "reports"
    monkeypatch.setenv("SSOT_REPORTS", str(reports))
    files = {"shop/__init__.py": "", "shop/a.py": "A = 1\n", "shop/b.py": "B = 1\n"}
    root = make_tree(files, name="shop")
    notebook = write_notebook(
        tmp_path / "kit",
        "from analysis import open_snapshot\nfrom analysis.report.changes import find_change\n"
        "print('seen', getattr(find_change(open_snapshot(snapshot)), 'new', None))",
    )

    def write() -> RunOutcome:
        inv = analysis.investigate(root, jobs=1)
        base = find_base(inv, reports)
        return compare_run(inv, read_run(write_report(inv, reports, jobs=1, notebooks=notebook)), base, ())

    first = write()
    assert (first.base.kind, first.new) == ("first", 0)
    change(root, {"shop/a.py": "import shop.missing\n"})
    scanned = analysis.investigate(root, jobs=1)
    change(root, {"shop/b.py": "import shop.lost\n"})
    outcome = write()
    assert (outcome.base.kind, outcome.base.snapshot, outcome.new) == ("run", first.run.snapshot, 2)
    folder = outcome.run.folder
    assert "2 new" in (folder / "index.html").read_text() and "2 new" in (folder / "mail.html").read_text()
    assert "2 findings new" in outcome.summary and outcome.describe()["new"] == 2
    assert (folder / PAGE).read_text().count('<tr id="f-') == 2
    assert "seen 2" in next((folder / "notebooks").glob("*.ipynb")).read_text()
    inv = analysis.open_snapshot(outcome.run.snapshot)
    seen = find_change(inv)
    assert seen is not None and seen.new == len(find_since(inv).new) == 2
    assert scanned.path.name < inv.path.name
    assert write().new == 0 and analysis.diff(open_base(inv), inv).count("new") == 0


def test_where_no_run_is_kept_a_scan_is_the_base_and_the_run_is_the_first(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"a.py": "A = 1\n"}, name="shop")
    analysis.investigate(root, jobs=1)
    change(root, {"a.py": "import missing.module\nfrom . import none\n"})
    inv = analysis.investigate(root, jobs=1)
    base = find_base(inv, tmp_path / "reports")
    outcome = compare_run(inv, ReportRun(tmp_path, "shop"), base, ())
    assert base.kind == "scan" and outcome.new > 0 and outcome.is_worth("changed")
    assert "the first complete run" in outcome.summary and "since the scan of" in outcome.summary


def test_the_page_of_changes_names_commits_and_authors_only_where_they_are_asked_for(tmp_path: Path) -> None:
    """Each commit is named with what came by it, or went; a finding that is not in a commit yet has none."""
    repo = GitLine(tmp_path / "shop")
    repo.commit({"shop/__init__.py": "", "shop/old.py": "import shop.gone\n"})
    older = analysis.investigate(repo.root, jobs=1)
    came = repo.commit({"shop/a.py": "import shop.lost\n"}, "Take <b>lost</b>", author="Ada Byron")
    went = repo.commit({"shop/old.py": None}, "Remove", author="Grace")
    change(repo.root, {"shop/b.py": "import shop.never\n"})
    newer = analysis.investigate(repo.root, jobs=1)
    base = Base("run", str(older.path))
    assert find_change_commits(analysis.diff(older, newer)) == {}
    assert trace_changes(newer, base) == ""
    found = analysis.diff(older, newer)
    commits = find_change_commits(found)
    by_subject = {each.subject: commits.get(each.fingerprint) for each in found.changed_findings}
    assert {name: each and each.commit.name for name, each in by_subject.items()} == {
        "shop.lost": came, "shop.gone": went, "shop.never": None,
    }  # fmt: skip
    assert [(each.count, each.commit.commit.name, each.commit.limit) for each in count_brought(found, commits)] == [
        (1, came, "")
    ]  # fmt: skip
    page = build_difference_page(found)
    assert "Take &lt;b&gt;lost" in page and "<b>lost" not in page and "not known" in page
    assert not re.search("Ada|Byron|Grace", page)
    with showing_authors(with_authors=True):
        page = build_difference_page(found)
    assert "Ada Byron" in page and "Grace" in page


def test_without_git_nobody_brought_anything_in_and_the_reason_is_said(make_tree: Tree) -> None:
    inv = analysis.investigate(make_tree({"a.py": "A = 1\n"}), jobs=1)
    assert trace_changes(inv, Base()) == "the target is not under git"
