"""What a history costs: consecutive commits against separate cold checks, storage, and whether introductions are right.

``python -m benchmarks.history FOLDER@REV --commits 200 --findings 50``; all times are processor seconds of this process
and its children, and ``ast.parse`` of the newest commit's files in the same run is the yardstick. The checkouts are
made in the repository of FOLDER, so let it be a clone for this purpose. ``--search`` makes one of its own, with so many
commits only: without it a search goes back to the first commit of all.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.facts.revisions import TargetSource, find_source
from analysis.timeline.introduced import Introduction, Line
from analysis.timeline.walk import HistoryOptions, build_history, find_introductions, open_place
from benchmarks.measure import HERE, Result, below

#: So many separate cold checks stand for all of them.
_COLD_CHECKS = 5
_SEED = 17


def read_processor_seconds() -> float:
    """Return the processor seconds of this process and of its children that ended."""
    return sum(os.times()[:4])


def parse_tree(source: TargetSource) -> tuple[int, float]:
    """Return how many Python files a revision has, and the processor seconds that ``ast.parse`` takes for them."""
    listed = _git(source.root, "ls-tree", "-r", "-z", "--name-only", source.commit, ".").decode("utf-8", "replace")
    names = [name for name in listed.split("\0") if name.endswith(".py")]
    texts = [_git(source.root, "show", f"{source.commit}:./{name}") for name in names]
    started = read_processor_seconds()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in texts:
            with contextlib.suppress(SyntaxError, ValueError):
                ast.parse(text)
    return len(texts), read_processor_seconds() - started


def measure_commits(source: TargetSource, commits: Sequence[str], data: Path) -> list[Result]:
    """Judge consecutive commits, the oldest first, and a few of them by separate checks that keep nothing."""
    files, parsed = parse_tree(source)
    marks = [read_processor_seconds()]
    options = HistoryOptions(since=commits[0], every="1", data=data, jobs=1)

    def mark(_step: str, _done: int, _total: int) -> None:
        marks.append(read_processor_seconds())

    judged = build_history(str(source), options, progress=mark).timeline.judged
    whole = read_processor_seconds() - marks[0]
    assert judged == len(commits), f"{judged} of {len(commits)} commits judged"
    steps = [late - early for early, late in itertools.pairwise(marks[1:])][1:]
    spread = [commits[round(place * (len(commits) - 1) / (_COLD_CHECKS - 1))] for place in range(_COLD_CHECKS)]
    cold = [_check(f"{source.root}@{commit}", data / "none", "--no-cache")[1] for commit in spread]
    separate = statistics.fmean(cold) * len(commits)
    size = sum(place.stat().st_size for place in (data / "history").rglob("*.lines"))
    counted = f"{len(commits)} commits, {files:,} files"
    return [
        below("history against separate cold checks", whole / separate, 0.15, "x",
              f"{counted}: {whole:,.0f} s; {_COLD_CHECKS} checks of {min(cold):.1f} to {max(cold):.1f} s: "
              f"{separate:,.0f} s"),
        below("a further commit", statistics.fmean(steps) / parsed, 0.3, "x",
              f"mean {statistics.fmean(steps):.2f} s, median {statistics.median(steps):.2f} s; "
              f"ast.parse {parsed:.1f} s"),
        below("storage of 1,000 commits", size / len(commits) / 1000, 3, "MB", f"{size:,} bytes"),
    ]  # fmt: skip


def measure_introductions(source: TargetSource, data: Path, count: int) -> list[Result]:
    """Check introductions by checkouts: at its commit the finding is there, at the first parent of that it is not."""
    with open_place(str(source), HistoryOptions(data=data)) as place:
        line = Line(place.log.list_commits(place.tip), place.open_kept(), place.log)
        found = [line.describe(life) for life in line.follow()]
    exact = [each for each in found if each.introduced.is_exact and each.introduced.after is not None]
    chosen = random.Random(_SEED).sample(exact, min(count, len(exact)))
    chosen.sort(key=lambda each: each.introduced.commit.seconds)
    right = 0
    for each in chosen:
        assert each.introduced.after is not None
        before, now = (_find_there(source, commit.name, data, each)
                       for commit in (each.introduced.after, each.introduced.commit))  # fmt: skip
        right += now and not before
        if before or not now:
            print(
                "wrong:", each.finding.rule, each.finding.subject, each.introduced.commit.name, before, now, flush=True
            )
    note = f"of {len(exact):,} that came within the commits, by chance"
    return [Result("introductions that two checkouts confirm", right, f"of {len(chosen)}", f"{len(chosen)}",
                   right == len(chosen), note)]  # fmt: skip


def measure_search(source: TargetSource, commits: Sequence[str], data: Path, count: int) -> list[Result]:
    """Ask for the introductions of many findings at once, where every tenth commit is kept.

    They are asked for twice, from the same kept commits: then the facts of all files that matter are kept, too.
    """
    options = HistoryOptions(since=commits[0], every="10", data=data, jobs=1)
    build_history(str(source), options)
    with open_place(str(source), options) as place:
        lives = Line(place.log.list_commits(place.tip), place.open_kept(), place.log).follow()
    names = [life.fingerprints[-1] for life in lives]
    chosen = random.Random(_SEED).sample(names, min(count, len(names)))
    shutil.copytree(data / "history", data / "before")
    cold, _, _ = _search(chosen, source, options)
    shutil.rmtree(data / "history")
    (data / "before").rename(data / "history")
    warm, found, judged = _search(chosen, source, options)
    note = (f"{found} of {len(chosen)} findings, {len(commits):,} commits, {judged:,} of them judged for it; "
            f"{cold:.1f} s before the facts of their files were kept")  # fmt: skip
    return [below("introductions of 100 findings", warm * 100 / max(len(chosen), 1), 60, "s", note)]


def _search(names: Sequence[str], source: TargetSource, options: HistoryOptions) -> tuple[float, int, int]:
    """Return the processor seconds of a search, how many findings it found, and how many commits it judged."""
    started = read_processor_seconds()
    found, judged = find_introductions(names, str(source), options)
    return read_processor_seconds() - started, len(found), judged


def clone_line(source: TargetSource, commits: int, place: Path) -> TargetSource:
    """Return a target in a clone that knows so many commits back from its revision, and nothing of those before."""
    kept, prefix = (
        _git(source.root, "rev-parse", asked).decode().strip() for asked in ("--absolute-git-dir", "--show-prefix")
    )
    place.mkdir()
    _git(place, "init", "--quiet")
    _git(place, "fetch", "--quiet", f"--depth={commits}", f"file://{kept}", source.commit)
    _git(place, "checkout", "--quiet", "--detach", source.commit)
    return find_source(f"{place / prefix}@{source.commit}")


def _find_there(source: TargetSource, commit: str, data: Path, found: Introduction) -> bool:
    """Return whether a checkout of a commit has a finding, under any of the names that it had."""
    _git(source.root, "checkout", "--quiet", "--detach", "--force", commit)
    document, _ = _check(str(source.root), data / "checkouts")
    return not {each["fingerprint"] for each in document["findings"]}.isdisjoint(found.fingerprints)


def _check(target: str, data: Path, *options: str) -> tuple[dict[str, Any], float]:
    started = read_processor_seconds()
    command = [sys.executable, "-m", "analysis.cli", "check", target, "--simulation-budget", "0", "--no-baseline",
               "--jobs", "1", "--json", *options]  # fmt: skip
    done = subprocess.run(
        command, env={**os.environ, "SSOT_DATA": str(data)}, cwd=HERE, capture_output=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr.decode()
    return json.loads(done.stdout), read_processor_seconds() - started


def _git(root: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=True).stdout


def run(
    target: Annotated[str, typer.Argument(metavar="FOLDER@REV", help="A target in a clone of a repository.")],
    commits: Annotated[int, typer.Option(min=5, help="So many consecutive commits.")] = 200,
    findings: Annotated[int, typer.Option(min=0, help="So many introductions are checked by checkouts.")] = 50,
    search: Annotated[
        bool, typer.Option("--search", help="Measure how long the introductions of 100 findings take instead.")
    ] = False,
) -> None:
    """Measure and print."""
    source = find_source(target)
    names = _git(source.root, "rev-list", "--first-parent", f"-{commits}", source.commit).decode().split()[::-1]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        if search:
            source = clone_line(source, commits, data / "clone")
            for result in measure_search(source, names, data, 100):
                print(result, flush=True)
        for result in () if search else measure_commits(source, names, data):
            print(result, flush=True)
        for result in measure_introductions(source, data, findings) if findings else ():
            print(result, flush=True)


if __name__ == "__main__":
    typer.run(run)
