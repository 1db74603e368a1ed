"""What is kept of a history survives kills, damage and two runs at once, and takes little room."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from git_line import GitLine
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import StorageError
from analysis.history import KnownFinding
from analysis.judged.kept import KeptHistory
from analysis.judged.verdict import JudgedCommit
from analysis.policy import Policy
from analysis.targets import Target
from analysis.timeline.walk import HistoryOptions, build_history

TARGET = Target("shop", "/src/shop", is_named=True)


def make_finding(number: int) -> KnownFinding:
    return KnownFinding(
        fingerprint=f"{number:016x}", rule="phantom-import", severity="P1", subject=f"shop.m{number}", places=1,
        paths=(f"shop/m{number}.py",),
    )  # fmt: skip


def make_line(count: int, seed: int = 0) -> Iterator[JudgedCommit]:
    """Yield judged commits of which each changes a little."""
    chance = random.Random(seed)
    present = set(range(300))
    for place in range(count):
        present ^= {chance.randrange(400) for _ in range(chance.randrange(3))}
        findings = {f"{number:016x}": make_finding(number) for number in sorted(present)}
        figures = {"compliance": round(100 - len(present) / 7, 6), "modules": 3000.0 + place // 5}
        yield JudgedCommit(f"{place:040x}", figures, findings)


def fill(data: Path, judged: list[JudgedCommit]) -> KeptHistory:
    kept = KeptHistory(data, TARGET, Policy())
    base = ""
    for each in judged:
        kept.add(each, base)
        base = each.commit
    return kept


def same(one: JudgedCommit, other: JudgedCommit) -> bool:
    return (one.commit, one.figures, one.findings) == (other.commit, other.figures, other.findings)


def test_what_is_added_is_read_again_in_any_order(tmp_path: Path) -> None:
    judged = list(make_line(300))
    fill(tmp_path, judged)
    again = KeptHistory(tmp_path, TARGET, Policy())
    for each in random.Random(1).sample(judged, 300):
        assert same(again.read(each.commit), each)


def test_a_thousand_commits_take_less_than_three_megabytes(tmp_path: Path) -> None:
    kept = fill(tmp_path, list(make_line(1000)))
    assert kept.place.stat().st_size < 3_000_000


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(1, 4000), flips=st.lists(st.integers(0, 10**6), max_size=3))
def test_damage_costs_commits_never_truth(tmp_path_factory: pytest.TempPathFactory, cut: int, flips: list[int]) -> None:
    data = tmp_path_factory.mktemp("kept")
    judged = list(make_line(30))
    place = fill(data, judged).place
    content = bytearray(place.read_bytes()[:-cut])
    for at in flips:
        if content:
            content[at % len(content)] ^= 1
    place.write_bytes(content)
    again = KeptHistory(data, TARGET, Policy())
    known = [each for each in judged if each.commit in again]
    assert all(same(again.read(each.commit), each) for each in known)
    fresh = KeptHistory(data, TARGET, Policy())
    for before, each in zip([None, *judged], judged, strict=False):
        if each.commit not in fresh:
            fresh.add(each, before.commit if before else "")
    whole = KeptHistory(data, TARGET, Policy())
    assert all(same(whole.read(each.commit), each) for each in judged)


def test_two_runs_at_once_keep_one_history(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({"shop/__init__.py": ""})
    for number in range(6):
        repo.commit({f"shop/m{number}.py": f"from shop.gone{number} import x\n"})
    words = [sys.executable, "-m", "analysis.cli", "history", str(repo.root), "--every", "1", "-q"]
    environment = {"SSOT_DATA": str(tmp_path / "data"), "PYTHONPATH": str(Path(__file__).parent.parent)}
    runs = [subprocess.Popen(words, env={"PATH": "/usr/bin:/bin", **environment}) for _ in range(2)]
    assert [run.wait(timeout=300) for run in runs] == [0, 0]
    found = build_history(repo.root, HistoryOptions(every="1", data=tmp_path / "data"))
    alone = build_history(repo.root, HistoryOptions(every="1", data=tmp_path / "other"))
    assert found.timeline.judged == 0
    assert found.timeline.commits == alone.timeline.commits


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    repo = GitLine(tmp_path / "repo")
    repo.commit({"shop/__init__.py": ""})
    for number in range(12):
        repo.commit({f"shop/m{number}.py": f"from shop.gone{number} import x\n"})
    words = [sys.executable, "-m", "analysis.cli", "history", str(repo.root), "--every", "1", "-q"]
    environment = {"SSOT_DATA": str(tmp_path / "data"), "PYTHONPATH": str(Path(__file__).parent.parent)}
    run = subprocess.Popen(words, env={"PATH": "/usr/bin:/bin", **environment})
    while run.poll() is None:
        places = list((tmp_path / "data").glob("history/*/*.lines"))
        if places and places[0].read_bytes().count(b"\n") > 4:
            run.kill()
    run.wait()
    found = build_history(repo.root, HistoryOptions(every="1", data=tmp_path / "data"))
    alone = build_history(repo.root, HistoryOptions(every="1", data=tmp_path / "other"))
    assert found.timeline.judged < 13
    assert found.timeline.commits == alone.timeline.commits


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("")
    with pytest.raises(StorageError):
        fill(tmp_path, list(make_line(1)))
