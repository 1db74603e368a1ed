"""A revision, a day, a snapshot, a report and a baseline file name an earlier state, the same in every command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from git_line import GitLine
from typer.testing import CliRunner

import analysis
from analysis.cli import app
from analysis.earlier import find_earlier, name_revision
from analysis.errors import BaselineError, RevisionError
from analysis.facts.revisions import TargetSource
from analysis.gate import CheckOptions, check, write_target_baseline
from analysis.history.known_state import LIMIT
from analysis.report.base import Base, deciding, find_difference
from analysis.report.findings_since import find_since
from analysis.store import find_run

MUTABLE = "def f(x=[]):\n    x.append(1)\n"
PHANTOM = "from shop.gone import x\n"


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitLine:
    """Three commits on three days: a phantom import; a shared default; another phantom import in its place."""
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))
    repo = GitLine(tmp_path / "repo")
    repo.commit({"shop/__init__.py": "", "shop/api.py": PHANTOM})
    repo.commit({"shop/state.py": MUTABLE})
    repo.commit({"shop/api.py": "", "shop/other.py": "from shop.lost import y\n"})
    return repo


def find_statuses(repo: GitLine, since: str) -> set[tuple[str, str]]:
    result = check(repo.root, CheckOptions(since=since, jobs=1))
    return {(each.rule, each.status) for each in result.findings} | {(each.rule, "gone") for each in result.gone}


def write_baseline(repo: GitLine, place: Path) -> Path:
    return write_target_baseline(repo.root, CheckOptions(baseline=place, jobs=1))[0]


def test_all_names_of_one_state_compare_alike(line: GitLine, tmp_path: Path) -> None:
    line.git("checkout", "-q", line.commits[1])
    place = write_baseline(line, tmp_path / "then.json")
    snapshot = analysis.investigate(line.root, jobs=1).path
    line.git("checkout", "-q", "main")
    expected = {("phantom-import", "gone"), ("phantom-import", "new"), ("shared-default", "known")}
    day = "2023-11-16"  # that of the third commit
    shutil.copy(place, tmp_path / "known")
    for since in (line.commits[1], day, str(place), str(tmp_path / "known"), str(snapshot), snapshot.name):
        assert find_statuses(line, since) == expected, since
        different = analysis.diff(since, target=line.root, jobs=1)
        assert [each.change for each in different.changed_findings] == ["new", "gone"], since
    named = {name_revision(each, data=tmp_path / "data")[:9] for each in (str(place), snapshot.name, line.commits[1])}
    assert named == {line.commits[1][:9]} and name_revision(day, data=tmp_path / "data") == day


def test_of_a_baseline_only_findings_and_score_are_compared(line: GitLine, tmp_path: Path) -> None:
    place = write_baseline(line, tmp_path / "then.json")
    line.commit({"shop/more.py": PHANTOM})
    found = analysis.diff(place, target=line.root, jobs=1)
    assert [each.change for each in found.changed_findings] == ["new"]
    assert not (found.changed_names or found.changed_edges or found.changed_cycles or found.changed_figures)
    assert found.scores[0] == json.loads(place.read_text())["score"]
    assert found.format_cautions() == [LIMIT] and LIMIT in str(found)
    with pytest.raises(BaselineError):
        analysis.diff(line.commits[0], place, target=line.root, jobs=1)


def test_a_report_marks_what_is_new_since_a_baseline(line: GitLine, tmp_path: Path) -> None:
    place = write_baseline(line, tmp_path / "then.json")
    line.commit({"shop/more.py": PHANTOM})
    inv = analysis.investigate(line.root, jobs=1)
    with deciding(Base("named", str(place), "then.json"), tmp_path / "reports"):
        since, found = find_since(inv), find_difference(inv)
    assert found is not None and since.words == "since then.json"
    assert since.new == {each.fingerprint for each in found.changed_findings} and len(since.new) == 1


def test_a_branch_means_where_the_target_parted_from_it_for_since_and_itself_for_a_side(line: GitLine) -> None:
    line.git("checkout", "-q", "-b", "topic", line.commits[1])
    line.commit({"shop/topic.py": PHANTOM})
    source, data = TargetSource(line.root), Path("none")
    parted = find_earlier("main", source, data=data, is_since=True)
    itself = find_earlier("main", source, data=data)
    assert isinstance(parted, TargetSource) and isinstance(itself, TargetSource)
    assert (parted.commit, itself.commit) == (line.commits[1], line.commits[2])


def test_a_day_is_that_of_the_commits_and_of_snapshots_without_git(line: GitLine, tmp_path: Path) -> None:
    for day, commit in (("2023-11-15", 0), ("2023-11-16", 1), ("2030-01-01", 2)):
        found = find_earlier(day, line.root, data=tmp_path / "data")
        assert isinstance(found, TargetSource) and found.commit == line.commits[commit], day
    for wrong in ("2023-11-14", "2023-99-99"):
        with pytest.raises(RevisionError):
            find_earlier(wrong, line.root, data=tmp_path / "data")
    plain = tmp_path / "plain"
    shutil.copytree(line.root, plain, ignore=shutil.ignore_patterns(".git"))
    with pytest.raises(RevisionError):
        find_earlier("2999-01-01", plain, data=tmp_path / "data")
    snapshot = analysis.investigate(plain, jobs=1).path
    kept = find_earlier("2999-01-01", plain, data=tmp_path / "data")
    assert not isinstance(kept, TargetSource) and kept.path == snapshot


def test_the_snapshot_of_another_target_is_refused_by_the_gate(line: GitLine, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a.py").write_text(MUTABLE)
    snapshot = analysis.investigate(tmp_path / "other", jobs=1).path
    with pytest.raises(RevisionError, match="snapshot of"):
        check(line.root, CheckOptions(since=str(snapshot), jobs=1))


def test_the_command_says_what_it_compared_with(line: GitLine, tmp_path: Path) -> None:
    place = write_baseline(line, tmp_path / "then.json")
    done = CliRunner().invoke(app, ["check", str(line.root), "--since", str(place), "--json", "--jobs", "1"])
    assert (done.exit_code, json.loads(done.stdout)["compared_with"]) == (0, "baseline then.json")


def test_of_runs_in_one_second_that_of_the_folder_is_meant_not_of_itself_at_a_revision(
    line: GitLine, tmp_path: Path
) -> None:
    first = analysis.investigate(line.root, jobs=1).path
    second = analysis.investigate(f"{line.root}@HEAD", jobs=1).path
    assert first.parent != second.parent
    second.rename(second.parent / first.name)
    assert find_run(tmp_path / "data", first.name) == first
    other = first.parent.parent / "other"
    shutil.copytree(first.parent, other)
    assert find_run(tmp_path / "data", first.name) is None
