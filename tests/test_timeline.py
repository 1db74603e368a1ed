"""The history of a target: which commits, which figures, what came and went; against checkouts of real repositories."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from git_line import DAY, START, GitLine
from typer.testing import CliRunner

from analysis import cli, investigate
from analysis.errors import PolicyError, RevisionError
from analysis.gate import CheckOptions, check
from analysis.report.history_files import render_csv, render_html, render_markdown
from analysis.report.key_findings import find_commit_url
from analysis.timeline.courses import find_courses, say_course
from analysis.timeline.ownership import find_codeowner, parse_codeowners
from analysis.timeline.walk import History, HistoryOptions, build_history, read_history

PHANTOM = "from shop.gone import x\n"
GOOD = "class Order: ...\n"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> GitLine:
    repo = GitLine(tmp_path_factory.mktemp("line") / "repo")
    repo.commit({"shop/__init__.py": "", "shop/db.py": GOOD}, "begin")
    repo.commit({"shop/api.py": PHANTOM}, "bring it in", author="Quillon")
    repo.git("tag", "v1")
    repo.commit({"shop/db.py": f"# moved down\n{GOOD}", "shop/api.py": f"\n\n{PHANTOM}"}, "only lines")
    repo.commit({"README.md": "no code"}, "=1+1 @team | <i>")
    repo.commit({"shop/api.py": "x = 1\n"}, "take it out")
    repo.commit({"shop/cart.py": GOOD}, "second class")
    return repo


@pytest.fixture(scope="module")
def history(line: GitLine, tmp_path_factory: pytest.TempPathFactory) -> History:
    return build_history(line.root, options(tmp_path_factory.mktemp("data")))


def options(data: Path, **others: object) -> HistoryOptions:
    return HistoryOptions(data=data, **{"every": "1", **others})  # type: ignore[arg-type]


def test_each_commit_has_the_figures_of_a_check_of_its_checkout(
    line: GitLine, history: History, tmp_path: Path
) -> None:
    assert [point.revision for point in history.timeline.commits] == line.commits
    for point in history.timeline.commits:
        place = tmp_path / point.revision
        line.git("worktree", "add", "-q", "--detach", str(place), point.revision)
        found = check(place, CheckOptions(data=tmp_path / "data", simulation_budget=0))
        counted = [each for each in found.findings if each.rule not in SIMULATED]
        assert point.find("score") == pytest.approx(found.score, abs=1e-5), point
        for severity in ("P0", "P1", "P2", "P3"):
            own = [each for each in counted if each.severity == severity and not each.cause]
            assert point.find(severity.lower()) == len(own), (point, severity)


SIMULATED = {"fails-when-imported-first"}


def test_what_comes_and_goes_is_named_and_moved_lines_are_neither(line: GitLine, history: History) -> None:
    new = [len(point.new) for point in history.timeline.commits]
    gone = [len(point.gone) for point in history.timeline.commits]
    assert new[1] >= 1 and new[2] == new[3] == 0
    assert gone[4] == new[1] and gone[:4] == [0, 0, 0, 0]
    assert history.timeline.commits[1].tags == ("v1",)


def test_the_second_run_judges_what_is_missing_only(line: GitLine, tmp_path: Path) -> None:
    first = build_history(line.root, options(tmp_path, every="2"))
    assert first.timeline.judged == 3
    second = build_history(line.root, options(tmp_path))
    assert second.timeline.judged == 3
    third = build_history(line.root, options(tmp_path))
    assert third.timeline.judged == 0
    assert third.timeline.commits == second.timeline.commits
    assert read_history(line.root, options(tmp_path)).timeline.commits == second.timeline.commits


def test_another_policy_has_a_history_of_its_own(line: GitLine, tmp_path: Path) -> None:
    build_history(line.root, options(tmp_path))
    (tmp_path / "other.toml").write_text("[[ignore]]\nrule = 'phantom-*'\nreason = 'known'\n")
    other = build_history(line.root, options(tmp_path, policy=tmp_path / "other.toml"))
    assert other.timeline.judged == len(line.commits)
    assert other.timeline.commits[1].find("p1") == 0
    with pytest.raises(PolicyError):
        build_history(line.root, options(tmp_path, policy=tmp_path / "none.toml"))


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ({"every": "1d"}, [0, 1, 2, 3, 4, 5]), ({"every": "2d"}, None), ({"every": "2 commits"}, [1, 3, 5]),
        ({"every": "4"}, [1, 5]), ({"since": "v1"}, [1, 2, 3, 4, 5]), ({"tags": True}, [1, 5]),
        ({"since": "2023-11-17"}, [3, 4, 5]), ({"since": "2099-01-01"}, [5]), ({"every": "100"}, [5]),
    ],
)  # fmt: skip
def test_the_commits_that_are_asked_for(
    line: GitLine, tmp_path: Path, asked: dict[str, object], places: list[int] | None
) -> None:
    points = build_history(line.root, options(tmp_path, **asked)).timeline.commits
    found = [line.commits.index(each.revision) for each in points]
    if places is None:
        days = [(START + DAY * place) // (2 * DAY) for place in range(6)]
        places = [place for place in range(6) if place == 5 or days[place] != days[place + 1]]
    assert found == places


@pytest.mark.parametrize(
    "asked",
    [{"since": "nothing"}, {"since": "2026-13-01"}, {"every": "often"}, {"every": "0"}, {"since": "-x"}, {"every": ""}],
)
def test_what_cannot_be_asked_for_is_said(line: GitLine, tmp_path: Path, asked: dict[str, object]) -> None:
    with pytest.raises(RevisionError):
        build_history(line.root, options(tmp_path, **asked))


def test_a_folder_without_git_and_one_without_tags_have_no_history(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a.py").touch()
    with pytest.raises(RevisionError):
        build_history(tmp_path / "plain", options(tmp_path))
    repo = GitLine(tmp_path / "repo")
    repo.commit({"a.py": ""})
    with pytest.raises(RevisionError):
        build_history(repo.root, options(tmp_path, tags=True))


def test_commits_without_python_or_without_the_folder_have_no_figures(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({"README": "nothing"})
    repo.commit({"app/a.py": PHANTOM})
    repo.commit({"app/a.py": None, "other.py": ""})
    repo.commit({"app/a.py": "x = 1\n"})
    found = build_history(repo.root / "app", options(tmp_path / "data")).timeline.commits
    assert [bool(point.problem) for point in found] == [True, False, True, False]
    assert [point.find("score") is None for point in found] == [True, False, True, False]


def test_a_merge_is_one_step_of_the_line(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({"shop/__init__.py": "", "a.py": ""})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"shop/api.py": PHANTOM})
    repo.commit({"b.py": ""})
    repo.git("checkout", "-q", "main")
    repo.commit({"c.py": ""})
    repo.git("merge", "-q", "--no-ff", "-m", "merge side", "side")
    merge = repo.git("rev-parse", "HEAD").strip()
    found = build_history(repo.root, options(tmp_path / "data"))
    assert [point.revision for point in found.timeline.commits] == [repo.commits[0], repo.commits[3], merge]
    assert {each.introduced.commit.name for each in found.introductions} == {merge}


def test_runs_feed_the_same_timeline_without_git(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({"shop/__init__.py": "", "shop/api.py": PHANTOM})
    data = tmp_path / "data"
    snapshot = investigate(repo.root, data=data)
    found = build_history(repo.root, options(data))
    (run,), (commit,) = found.timeline.runs, found.timeline.commits
    assert (run.source, run.revision) == ("run", repo.commits[0][:9])
    metrics = dict(zip(*(snapshot.table("metrics")[name].to_pylist() for name in ("metric", "value")), strict=True))
    assert run.figures == metrics
    assert commit.find("modules") == run.find("modules")
    shutil.rmtree(snapshot.path / "missing", ignore_errors=True)
    (snapshot.path / "manifest.json").write_text("{")
    assert read_history(repo.root, options(data)).timeline.runs == ()


def test_a_figure_of_each_owner_and_owners_of_hot_spots(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    policy = "[[owner]]\npattern = 'app/shop/*'\nowner = 'Shop team'\n"
    repo.commit({
        "app/shop/__init__.py": "", "app/shop/api.py": "from app.gone import z\n",
        "app/till.py": "from app.gone import y\n",
        "app/__init__.py": "", "CODEOWNERS": "*.py @all\n/app/till.py @till # cash\n", "ssot.toml": policy,
    })  # fmt: skip
    repo.commit({"app/shop/api.py": "\nfrom app.gone import z\n", "app/till.py": "\nfrom app.gone import y\n"})
    found = build_history(repo.root, options(tmp_path / "data"))
    assert found.timeline.commits[-1].figures["owner: Shop team"] >= 1
    owners = {spot.path: spot.owner for spot in found.hot_spots}
    assert owners == {"app/shop/api.py": "Shop team", "app/till.py": "@till"}
    assert all(spot.commits == 1 and spot.lines == 1 for spot in found.hot_spots)


@pytest.mark.parametrize(
    ("pattern", "owned", "others"),
    [
        ("*", ["a.py", "b/c.py"], []), ("/a.py", ["a.py"], ["b/a.py"]), ("a.py", ["a.py", "b/a.py"], ["a.pyc"]),
        ("docs/", ["docs/a", "x/docs/b/c"], ["docs"]), ("/docs/", ["docs/a"], ["x/docs/a"]),
        ("docs/*", ["docs/a"], ["docs/b/c"]), ("app/**/test.py", ["app/test.py", "app/x/y/test.py"], ["test.py"]),
        ("app", ["app/a.py", "x/app/b"], ["apple/a"]), ("a\\ b.py", ["a b.py"], ["a"]), ("?.py", ["a.py"], ["ab.py"]),
        ("/app/**", ["app/a/b.py"], ["apps/b.py"]),
    ],
)  # fmt: skip
def test_patterns_of_codeowners(pattern: str, owned: list[str], others: list[str]) -> None:
    read = parse_codeowners(f"{pattern} @a\n")
    assert [path for path in [*owned, *others] if find_codeowner(read, path) == "@a"] == owned


def test_the_last_pattern_counts_and_one_without_owners_takes_them_away() -> None:
    read = parse_codeowners("# all\n* @all\n/a/ @a @b\n/a/free.py\n[Section] @s\nsec.py\n")
    paths = ("x.py", "a/x.py", "a/free.py", "sec.py")
    assert [find_codeowner(read, path) for path in paths] == ["@all", "@a @b", "", "@s"]


def test_files_for_people_and_machines_escape_what_the_target_says(line: GitLine, history: History) -> None:
    rows = list(csv.DictReader(io.StringIO(render_csv(history))))
    assert [row["revision"] for row in rows] == line.commits
    assert rows[3]["summary"] == "'=1+1 @team | <i>"
    page, text = render_html(history), render_markdown(history)
    assert "<i>" not in page and "&lt;i&gt;" in page
    assert "@team" not in text and "| <i>" not in text
    assert "Quillon" not in page + text + render_csv(history)


@pytest.mark.parametrize("with_authors", [True, False])
def test_authors_are_named_only_where_asked_for(
    line: GitLine, tmp_path: Path, with_authors: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path))
    words = ["history", str(line.root), "--every", "1", "--json", *(["--authors"] if with_authors else [])]
    printed = CliRunner().invoke(cli.app, words).stdout
    document = json.loads(printed)
    assert document["points"][1]["author"] == ("Quillon" if with_authors else "")
    assert ("Quillon" in printed) == ("Ada" in printed) == with_authors


def test_the_target_met_or_no_trend_is_said(history: History) -> None:
    courses = {course.column: course for course in find_courses(history)}
    assert [course.is_met for course in courses.values()] == [courses["score"].is_met, True, True]
    assert courses["p0"].projection.expected == history.timeline.commits[-1].seconds
    assert courses["score"].trend.points == 6 and "too few points" in courses["score"].trend.reason


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("https://github.com/a/b/blob/{revision}/{path}#L{line}", "https://github.com/a/b/commit/c0ffee"),
        ("https://gitlab.com/a/b/-/blob/{revision}/x/{path}#L{line}", "https://gitlab.com/a/b/-/commit/c0ffee"),
        ("https://bitbucket.org/a/b/src/{revision}/{path}#lines-{line}", "https://bitbucket.org/a/b/commits/c0ffee"),
        ("https://codeberg.org/a/b/src/commit/{revision}/{path}#L{line}", "https://codeberg.org/a/b/commit/c0ffee"),
        ("https://example.org/{path}?at={revision}", ""), ("", ""), ("https://{path}/blob/{revision}/x", ""),
    ],
)  # fmt: skip
def test_the_address_of_a_commit(template: str, address: str) -> None:
    assert find_commit_url(template, "c0ffee") == address


def test_a_figure_that_falls_in_a_straight_line_is_not_at_its_target_yet(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    for left in range(11, 0, -1):
        lines = "".join(f"from shop.gone{number} import x\n" for number in range(left))
        repo.commit({"shop/__init__.py": "", "shop/api.py": lines})
    course = {each.column: each for each in find_courses(build_history(repo.root, options(tmp_path / "data")))}["p1"]
    assert not course.is_met and "on 2023-11-25 if this goes on" in say_course(course)
