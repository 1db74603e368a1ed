"""Which commit brought a finding in, and which removed it; against a check of a checkout of every commit."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from git_line import GitLine

import analysis
from analysis.errors import UnknownNameError
from analysis.gate import CheckOptions, check
from analysis.report.change_commits import find_change_commits
from analysis.timeline.introduced import Introduction
from analysis.timeline.sentences import say_introduction
from analysis.timeline.walk import (
    HistoryOptions,
    build_history,
    find_introduction,
    find_introductions,
    find_kept_introductions,
)

PHANTOM = "from shop.gone import x\n"
FIRST = {"shop/__init__.py": "", "shop/db.py": "class Order: ...\n"}


def options(data: Path, **others: object) -> HistoryOptions:
    return HistoryOptions(data=data, **{"every": "1", **others})  # type: ignore[arg-type]


def find(repo: GitLine, data: Path, rule: str = "phantom-import") -> Introduction:
    """Search for the one finding of a rule."""
    (one,) = [each for each in check(repo.root, CheckOptions(data=data)).findings if each.rule == rule]
    return find_introduction(one.fingerprint, repo.root, options(data))[0]


def test_the_commit_and_its_parent_are_found_among_many(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit(FIRST)
    for number in range(20):
        repo.commit({f"shop/m{number}.py": f"x = {number}\n"})
    came = repo.commit({"shop/api.py": PHANTOM}, "bring it in")
    for number in range(20):
        repo.commit({f"shop/n{number}.py": "", "shop/api.py": f"{'#' * number}\n{PHANTOM}"})
    found = find(repo, tmp_path / "data")
    assert (found.introduced.commit.name, found.introduced.is_exact) == (came, True)
    assert say_introduction(found).startswith(f"introduced by {came[:9]} (2023-")
    assert found.introduced.commit.author == "" and not found.earlier and found.removed is None


def test_findings_that_are_searched_together_are_answered_as_each_alone_from_few_commits(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit(FIRST)
    for number in range(40):
        repo.commit({"shop/db.py": f"class Order: ...\nx = {number}\n"})
    came = {}
    for number in range(6):
        repo.commit({"shop/db.py": f"class Order: ...\ny = {number}\n"})
        came[f"shop/m{number}.py"] = repo.commit({f"shop/m{number}.py": f"from shop.gone{number} import x\n"})
        repo.commit({f"shop/m{number}.py": f"# as before\nfrom shop.gone{number} import x\n"})
    names = [each.fingerprint for each in check(repo.root, CheckOptions(data=tmp_path / "now")).findings]
    found, judged = find_introductions(names, repo.root, options(tmp_path / "together"))
    assert {each.finding.paths[0]: each.introduced.commit.name for each in found.values()} == came
    assert all(each.introduced.is_exact for each in found.values())
    alone = [find_introduction(name, repo.root, options(tmp_path / name)) for name in names]
    assert [found[name] for name in names] == [each for each, _ in alone]
    assert judged <= 1 + 3 * len(names)  # a commit, its parent, and one further back; and the newest


def test_the_last_appearance_counts_and_the_earlier_ones_are_listed(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit(FIRST)
    came = repo.commit({"shop/api.py": PHANTOM})
    repo.commit()
    went = repo.commit({"shop/api.py": "x = 1\n"})
    repo.commit()
    again = repo.commit({"shop/api.py": PHANTOM})
    repo.commit()
    build_history(repo.root, options(tmp_path / "data"))
    found = find(repo, tmp_path / "data")
    assert found.introduced.commit.name == again
    ((first, last),) = found.earlier
    assert (first.commit.name, last.commit.name) == (came, went)


def test_a_finding_that_is_gone_has_the_commit_that_removed_it(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({**FIRST, "shop/api.py": PHANTOM})
    name = check(repo.root, CheckOptions(data=tmp_path / "data")).findings[0].fingerprint
    repo.commit()
    went = repo.commit({"shop/api.py": "x = 1\n"})
    repo.commit()
    build_history(repo.root, options(tmp_path / "data", every="3"))
    found, judged = find_introduction(name[:8], repo.root, options(tmp_path / "data"))
    assert found.removed is not None and found.removed.is_exact
    assert (found.removed.commit.name, judged > 0) == (went, True)


def test_a_finding_follows_its_moved_file(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    body = "".join(f"def use_{number}():\n    return {number}\n" for number in range(9))
    repo.commit(FIRST)
    came = repo.commit({"shop/api.py": f"class A: ...\n{body}from shop.db import Nothing\n"})
    repo.commit()
    repo.move("shop/api.py", "shop/web/api.py")
    repo.commit({"shop/web/__init__.py": ""}, "move it")
    repo.commit({"shop/web/api.py": f"class A: ...\n\n{body}from shop.db import Nothing\n"})
    for kept in (False, True):
        data = tmp_path / f"data-{kept}"
        if kept:
            build_history(repo.root, options(data))
        found = find(repo, data, "phantom-name")
        assert found.introduced.commit.name == came, kept


def test_where_a_finding_became_worse_is_found_too(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit(FIRST)
    came = repo.commit({"shop/api.py": PHANTOM})
    for number in range(5):
        repo.commit({"shop/api.py": f"{PHANTOM}{'#' * number}\n"})
    worse = repo.commit({"shop/api.py": f"{PHANTOM}from shop.gone import y\n"}, "take one more")
    for number in range(5):
        repo.commit({"shop/api.py": f"{PHANTOM}from shop.gone import y\n{'#' * number}\n"})
    for kept in (False, True):
        data = tmp_path / f"data-{kept}"
        if kept:
            build_history(repo.root, options(data))
        found = find(repo, data)
        assert found.introduced.commit.name == came, kept
        (one,) = found.worse
        assert (one.change.commit.name, one.change.is_exact, one.worsening.is_more_severe) == (worse, True, False)
        assert say_introduction(found).endswith("take one more): 1 → 2 places")


def test_where_the_severity_rose_goes_before_where_places_came(tmp_path: Path) -> None:
    """A default that grows by a constant begins to keep what callers give; after that it gets a further place."""
    repo = GitLine(tmp_path / "repo")
    grown = "def f(user_id=1, x=[]):\n    x.append({})\n{}"
    repo.commit(FIRST)
    came = repo.commit({"shop/api.py": grown.format("1", "")})
    repo.commit({"shop/c.py": "x = 1\n"})
    risen = repo.commit({"shop/api.py": grown.format("user_id", "")}, "keep it")
    repo.commit({"shop/c.py": "x = 2\n"})
    wider = repo.commit({"shop/api.py": grown.format("user_id", "    x.append(user_id + 1)\n")}, "keep more")
    repo.commit({"shop/c.py": "x = 3\n"})
    data = tmp_path / "data"
    found = find(repo, data, "shared-default")
    severe, last = (found.find_worse(is_more_severe=each) for each in (True, False))
    assert severe is not None and last is not None
    assert [found.introduced.commit.name, severe.change.commit.name, last.change.commit.name] == [came, risen, wider]
    assert "made worse by" in say_introduction(found) and "keep it): P2 → P1" in say_introduction(found)
    base = analysis.diff(repo.commits[-3], target=repo.root, data=data, jobs=1)
    with_severity = analysis.diff(repo.commits[2], target=repo.root, data=data, jobs=1)
    told = [find_change_commits(each)[found.fingerprints[-1]].commit.name for each in (base, with_severity)]
    assert told == [wider, risen]


def test_one_that_is_there_from_the_first_commit_on(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    first = repo.commit({**FIRST, "shop/api.py": PHANTOM})
    repo.commit()
    found = find(repo, tmp_path / "data")
    assert (found.introduced.commit.name, found.introduced.is_exact) == (first, True)


def test_in_a_shallow_clone_it_is_said_to_be_older(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({**FIRST, "shop/api.py": PHANTOM})
    repo.commit()
    repo.commit()
    repo.git("clone", "-q", "--depth", "2", f"file://{repo.root}", str(tmp_path / "shallow"))
    (one,) = [
        each for each in check(tmp_path / "shallow", CheckOptions(data=tmp_path / "data")).findings
        if each.rule == "phantom-import"
    ]  # fmt: skip
    found, _ = find_introduction(one.fingerprint, tmp_path / "shallow", options(tmp_path / "data"))
    assert not found.introduced.is_exact and found.introduced.commit.name == repo.commits[1]
    assert say_introduction(found).endswith("or earlier")


def test_another_file_can_bring_a_finding_in(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({**FIRST, "shop/gone.py": "x = 1\n", "shop/api.py": PHANTOM})
    repo.commit({"shop/api.py": f"\n{PHANTOM}"})
    went = repo.commit({"shop/gone.py": None}, "remove what is imported")
    repo.commit({"shop/api.py": f"\n\n{PHANTOM}"})
    found = find(repo, tmp_path / "data")
    assert (found.introduced.commit.name, found.introduced.is_exact) == (went, True)


def test_what_only_the_simulation_sees_is_simulated_at_the_commits_in_question(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({"shop/__init__.py": "", "shop/a.py": "import shop.b\nx = 1\n", "shop/b.py": "y = 1\n"})
    repo.commit({"shop/c.py": ""})
    came = repo.commit({"shop/b.py": "from shop.a import x\ny = 1\n"}, "close the circle")
    repo.commit({"shop/c.py": "z = 1\n"})
    data = tmp_path / "data"
    found = [each for each in check(repo.root, CheckOptions(data=data)).findings if each.severity in {"P0", "P1"}]
    assert found
    for one in found:
        told, _ = find_introduction(one.fingerprint, repo.root, options(data))
        assert (told.introduced.commit.name, told.introduced.is_exact) == (came, True), one.rule


def test_a_fingerprint_that_nothing_has_is_said(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit(FIRST)
    with pytest.raises(UnknownNameError):
        find_introduction("0123456789abcdef", repo.root, options(tmp_path / "data"))


@pytest.mark.parametrize("seed", range(4))
def test_random_histories_agree_with_checkouts(tmp_path: Path, seed: int) -> None:
    """Files come, go and move; each finding of the last commit has the commit after which every checkout has it."""
    chance = random.Random(seed)
    repo = GitLine(tmp_path / "repo")
    repo.commit(FIRST)
    names = [f"shop/m{number}.py" for number in range(4)]
    for _ in range(14):
        name = chance.choice(names)
        wanted = chance.choice(["gone", "lost", "db"])
        is_bad = chance.random() < 0.5
        repo.commit({name: f"# {chance.random()}\n" + (f"from shop.{wanted} import x\n" if is_bad else "x = 1\n")})
    present: list[set[str]] = []
    for commit in repo.commits:
        place = tmp_path / commit
        repo.git("worktree", "add", "-q", "--detach", str(place), commit)
        found = check(place, CheckOptions(data=tmp_path / "checks", simulation_budget=0)).findings
        present.append({each.fingerprint for each in found})
    data = tmp_path / "data"
    build_history(repo.root, options(data))
    told = find_kept_introductions(sorted(present[-1]), repo.root, options(data))
    for name in sorted(present[-1] & told.keys()):
        absent = [place for place, found in enumerate(present) if name not in found]
        expected = repo.commits[absent[-1] + 1] if absent else repo.commits[0]
        assert told[name].introduced.commit.name == expected
    assert told


def test_a_folder_that_is_gone_and_a_bare_repository_have_a_past(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({"app/__init__.py": "", "app/shop/__init__.py": "", "app/shop/db.py": ""})
    came = repo.commit({"app/shop/api.py": "from app.shop.gone import x\n"})
    repo.commit({"app/shop/db.py": "x = 1\n"})
    names = ("app/__init__.py", "app/shop/__init__.py", "app/shop/db.py", "app/shop/api.py")
    repo.commit({**dict.fromkeys(names), "other.py": ""})
    repo.git("clone", "-q", "--bare", str(repo.root), str(tmp_path / "bare"))
    for place in (repo.root / "app", tmp_path / "bare"):
        where = f"{place}@main~1"
        known = build_history(where, options(tmp_path / "data"))
        assert known.timeline.commits[-1].revision == repo.commits[2]
        assert {each.introduced.commit.name for each in known.introductions} == {came}, place


def test_blobs_that_a_clone_lacks_cost_the_renames_of_changed_files_only(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit(FIRST)
    came = repo.commit({"shop/api.py": PHANTOM})
    large = "".join(f"x{number} = {number}\n" for number in range(300))
    repo.commit({"lost.py": large})
    lost = repo.git("rev-parse", "HEAD:lost.py").strip()
    repo.commit({"lost.py": None, "found.py": f"{large}y = 1\n"})
    repo.commit({"shop/api.py": f"\n{PHANTOM}"})
    place = repo.root / ".git" / "objects" / lost[:2] / lost[2:]
    place.unlink()
    data = tmp_path / "data"
    assert find(repo, data).introduced.commit.name == came
    history = build_history(repo.root, options(data))
    assert {each.introduced.commit.name for each in history.introductions} == {came}


def test_where_the_folder_is_not_there_yet_nothing_is(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({"README": ""})
    repo.commit({"other.py": ""})
    came = repo.commit({"app/shop/__init__.py": "", "app/shop/api.py": PHANTOM})
    repo.commit({"app/shop/api.py": f"\n{PHANTOM}"})
    (one,) = check(repo.root / "app", CheckOptions(data=tmp_path / "data")).findings
    found, _ = find_introduction(one.fingerprint, repo.root / "app", options(tmp_path / "data"))
    assert (found.introduced.commit.name, found.introduced.is_exact) == (came, True)
