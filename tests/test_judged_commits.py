"""A commit is judged in one place and kept once: history and gate read the same verdict."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from git_line import GitLine
from git_trees import find_object

from analysis.facts.revisions import find_source
from analysis.gate import CheckOptions, CheckResult, check
from analysis.judged.judging import Memory, find_verdict, judge_commit
from analysis.judged.kept import KeptHistory
from analysis.policy import Policy
from analysis.target_policy import read_target_policy
from analysis.targets import find_target
from analysis.timeline.walk import HistoryOptions, build_history

PHANTOM = "from shop.gone import x\n"
FIRST = {"shop/__init__.py": "", "shop/db.py": "class Order: ...\n", "shop/api.py": PHANTOM}


def check_since(repo: GitLine, data: Path, since: str, *, use_cache: bool = True) -> CheckResult:
    return check(repo.root, CheckOptions(since=since, data=data, jobs=1, use_cache=use_cache))


def run_check(repo: GitLine, data: Path, since: str) -> dict[str, Any]:
    """Check in a process of its own, which remembers nothing."""
    command = [sys.executable, "-m", "analysis.cli", "check", str(repo.root), "--since", since, "--json", "--jobs", "1"]
    done = subprocess.run(command, env={**os.environ, "SSOT_DATA": str(data)}, capture_output=True, check=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def describe(result: CheckResult) -> tuple[object, ...]:
    statuses = sorted((each.fingerprint, each.status) for each in result.findings)
    return statuses, [each.fingerprint for each in result.gone], result.not_read


def test_what_history_judged_the_gate_reads_and_needs_no_object_of_it(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    first = repo.commit(FIRST)
    repo.commit({"shop/api.py": f"x = 1\n{PHANTOM}", "shop/new.py": "def f(x=[]):\n    x.append(1)\n"})
    data = tmp_path / "data"
    build_history(repo.root, HistoryOptions(data=data, every="1", simulated=True, jobs=1))
    find_object(repo.root, f"{first}:shop/api.py").unlink()
    shutil.rmtree(data / "cache")
    found = run_check(repo, data, first)
    assert found["not_read"] == []
    assert {each["rule"]: each["status"] for each in found["findings"]}["phantom-import"] == "known"


def test_what_the_gate_judged_history_does_not_judge_again(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    first = repo.commit(FIRST)
    repo.commit({"shop/api.py": f"x = 1\n{PHANTOM}"})
    check_since(repo, tmp_path / "data", first)
    options = HistoryOptions(data=tmp_path / "data", every="1", simulated=True, jobs=1)
    assert build_history(repo.root, options).timeline.judged == 1


def test_a_verdict_for_want_of_content_is_not_kept(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    first = repo.commit(FIRST)
    place = find_object(repo.root, f"{first}:shop/api.py")
    content = place.read_bytes()
    place.unlink()
    lacking = run_check(repo, tmp_path / "data", first)
    place.write_bytes(content)
    whole = run_check(repo, tmp_path / "data", first)
    statuses = [{each["rule"]: each["status"] for each in found["findings"]} for found in (lacking, whole)]
    assert [each["phantom-import"] for each in statuses] == ["new", "known"]
    assert [[each["path"] for each in found["not_read"]] for found in (lacking, whole)] == [["shop/api.py"], []]


def test_a_verdict_for_want_of_time_is_not_kept(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    source = find_source(f"{repo.root}@{repo.commit(FIRST)}")
    hurried = Policy.model_validate({"simulation": {"budget_seconds": 0.0}})
    found = [find_verdict(source, policy, data=tmp_path / "data", jobs=1) for policy in (hurried, Policy())]
    assert [each.is_simulated for each in found] == [False, True]


def test_an_exception_that_has_ended_counts_no_more_in_what_is_kept(tmp_path: Path) -> None:
    places = set()
    for until in ("2001-01-01", "2999-01-01"):
        policy = Policy.model_validate_json(
            f'{{"ignore": [{{"rule": "phantom-import", "reason": "until the move", "until": "{until}"}}]}}'
        )
        places.add(KeptHistory(tmp_path, find_target(tmp_path), policy).place)
    assert len(places) == 2


@pytest.mark.parametrize("seed", range(3))
def test_a_kept_verdict_compares_as_a_new_one(tmp_path: Path, seed: int) -> None:
    chance, repo = random.Random(seed), GitLine(tmp_path / "repo")
    repo.commit(FIRST)
    for number in range(4):
        body = "".join(f"def f{number}_{each}(x=[]):\n    x.append({each})\n" for each in range(chance.randrange(1, 9)))
        if number == 2:
            repo.move("shop/m0.py", "shop/web/m0.py")
        repo.commit({f"shop/m{number}.py": chance.choice([body, PHANTOM + body]), "shop/web/__init__.py": ""})
    assert read_target_policy(None, find_source(repo.root)) == Policy()
    for since in (repo.commits[1], repo.commits[0]):
        expected = describe(check_since(repo, tmp_path / "none", since, use_cache=False))
        told = [describe(check_since(repo, tmp_path / "data", since)) for _ in range(2)]
        assert told == [expected, expected]


def test_a_commit_that_changes_nothing_that_is_looked_at_has_the_verdict_of_the_one_before(tmp_path: Path) -> None:
    """Against verdicts that know nothing of another commit, also where only files beside the code change."""
    repo = GitLine(tmp_path / "repo")
    repo.commit({**FIRST, "README.md": "", "shop/requests.py": "import requests\nrequests.get\n"})
    for files in (
        {"README.md": "more"}, {"docs/a.md": "x"}, {"requirements.txt": "requests\n"}, {"README.md": "again"},
        {"pyproject.toml": "[project]\nname = 'shop'\nrequires-python = '>=3.9'\n"},
        {"Makefile": "run:\n\tpython -m shop\n"}, {"shop/__main__.py": "import shop.db\n"}, {"docs/a.md": "z"},
        {"shop/state.py": "def f(x=[]):\n    x.append(1)\n"}, {"LICENSE": "y"}, {"shop/state.py": None},
        {"setup.cfg": "[options]\npackage_dir =\n    = src\n"}, {"docs/a.md": None},
    ):  # fmt: skip
        repo.commit(files)
    memory, reused = Memory(), 0
    for commit in repo.commits:
        before = memory.verdict
        told = judge_commit(repo.root, Policy(), commit, cache=None, jobs=1, memory=memory)
        alone = judge_commit(repo.root, Policy(), commit, cache=None, jobs=1)
        assert (told.figures, told.findings, told.sketches) == (alone.figures, alone.findings, alone.sketches), commit
        reused += before is not None and told.findings is before.findings
    assert reused >= 2
