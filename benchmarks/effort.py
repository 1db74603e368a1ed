"""How wrong the effort model of the plan is: what it says of past fixes, and what their commits really touched.

``python -m benchmarks.effort REPOSITORY`` takes commits of the past that cleared findings, chosen by rules that look at
nothing but the commits: few Python lines changed, among the removed ones an import of own code or a class statement,
and at least one finding of the parent is gone. The plan of the parent, for the findings that went, is compared with
the commit.

Git does not record hours. What can be compared is what a commit touched: changed regions and lines (places), and files.
The time since the author's previous commit bounds the work from above where both are of one day, and only there.
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import analysis
from analysis.policy import Policy
from analysis.policy.models import SimulationPolicy
from analysis.remedy import build_plan
from analysis.timeline.commits import open_log
from analysis.timeline.judging import Judge

#: Larger commits do much besides.
MOST_LINES, MOST_FILES = 300, 30
#: Work with longer breaks is not one sitting.
_SITTING_SECONDS = 8 * 3600
_FORMAT = "%x1e%H%x1f%P%x1f%at%x1f%an%x1f"
_IMPORT = re.compile(r"\s*(?:from\s+(?P<name>\S+)\s+import\b|import\s+(?P<plain>\w+))")
_CONTINUED = re.compile(r"\s*(?:[\w.]+(?:\s+as\s+\w+)?\s*,?\s*)?[()\\,]*\s*(?:#.*)?")
_CLASS = re.compile(r"\s*class\s+\w")


@dataclass(slots=True)
class PastCommit:
    """One commit: what of Python files it changed, counted without context lines."""

    commit: str
    parent: str
    seconds: int
    author: str
    files: set[str] = field(default_factory=set)
    regions: int = 0
    lines: int = 0
    removes: bool = False
    is_import_only: bool = True

    def read(self, line: str) -> None:
        """Take in one line of a difference without context."""
        if line.startswith("diff --git "):
            self.files.add(line.rpartition(" b/")[2])
        elif line.startswith("@@ "):
            self.regions += 1
        elif line[:1] in {"+", "-"} and not line.startswith(("+++ ", "--- ")):
            text = line[1:]
            self.lines += 1
            found = _IMPORT.match(text)
            own = {part for path in self.files for part in path.removesuffix(".py").split("/")}
            is_own = found is not None and (found["name"] or found["plain"]).partition(".")[0] in {"", *own}
            self.removes |= line[0] == "-" and (is_own or bool(_CLASS.match(text)))
            self.is_import_only &= found is not None or bool(_CONTINUED.fullmatch(text))

    @property
    def is_small(self) -> bool:
        """Whether it may be the fix of some findings and not much else."""
        return self.removes and self.lines <= MOST_LINES and len(self.files) <= MOST_FILES


@dataclass(frozen=True, slots=True)
class EffortComparison:
    """What the model says of the findings that a commit cleared, and what the commit touched.

    ``met`` are the files that the model names and that the commit touched; ``sitting`` are the minutes since the
    author's previous commit, None where that is longer ago than one sitting.
    """

    candidate: PastCommit
    findings: int
    places: int
    files: int
    minutes: int
    sitting: float | None
    met: int


def list_candidates(repository: Path) -> Iterator[PastCommit]:
    """Yield the small commits of a repository that removed an import or a class statement, the newest first."""
    command = ["git", "-C", str(repository), "log", "-p", "-U0", "--no-merges", f"--format={_FORMAT}", "--", "*.py"]
    current: PastCommit | None = None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("\x1e"):
                if current is not None and current.is_small:
                    yield current
                name, parents, seconds, author, _ = line[1:].split("\x1f")
                current = PastCommit(name, parents, int(seconds), author) if parents and " " not in parents else None
            elif current is not None and current.lines <= MOST_LINES:
                current.read(line.rstrip("\n"))
        if current is not None and current.is_small:
            yield current


def read_sittings(repository: Path) -> dict[str, float]:
    """Return the minutes between each commit and its author's previous one, where these are of one sitting."""
    command = ["git", "-C", str(repository), "log", "--format=%H%x1f%at%x1f%an"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout
    by_author: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for line in printed.splitlines():
        name, seconds, author = line.split("\x1f")
        by_author[author].append((int(seconds), name))
    found = {}
    for commits in by_author.values():
        ordered = sorted(commits)
        for (before, _), (after, name) in itertools.pairwise(ordered):
            if 0 < after - before <= _SITTING_SECONDS:
                found[name] = (after - before) / 60
    return found


def compare(repository: Path, candidates: Sequence[PastCommit], most: int) -> Iterator[EffortComparison]:
    """Yield a comparison for each commit that cleared findings, up to so many."""
    policy = Policy(simulation=SimulationPolicy(budget_seconds=0))
    sittings = read_sittings(repository)
    with tempfile.TemporaryDirectory() as folder, open_log(repository) as log:
        data, done = Path(folder), 0
        judge = Judge(repository, policy, data / "cache", log)
        for place, each in enumerate(candidates, 1):
            before = judge.judge(each.parent)
            after = judge.judge(each.commit, before)
            gone = before.findings.keys() - after.findings.keys() - set(after.renamed.values())
            print(f"{place}: {each.commit[:10]} cleared {len(gone)}", file=sys.stderr, flush=True)
            if not gone:
                continue
            inv = analysis.investigate(f"{repository}@{each.parent}", policy=policy, data=data)
            table = inv.table("findings")
            chosen = table.filter(pc.is_in(table.column("fingerprint"), pa.array(sorted(gone))))
            steps = [step for phase in build_plan(chosen, inv.table, policy) for step in phase.steps]
            if steps:
                places = {(edit.path, edit.line) for step in steps for edit in step.edits}
                files = {path for step in steps for path in step.files}
                yield EffortComparison(
                    each, sum(step.findings for step in steps), len(places), len(files),
                    sum(step.minutes for step in steps), sittings.get(each.commit), len(files & each.files),
                )  # fmt: skip
                done += 1
            if done == most:
                return


def describe(name: str, found: Sequence[EffortComparison]) -> Iterator[str]:
    """Yield the error of the model over some commits: actual by predicted, median and quartiles."""
    yield f"{name}: {len(found)} commits, {sum(each.findings for each in found)} findings cleared"
    if len(found) < 2:
        return
    for what, pairs in (
        ("places (changed regions)", [(each.candidate.regions, each.places) for each in found]),
        ("files", [(len(each.candidate.files), each.files) for each in found]),
    ):
        ratios = sorted(actual / max(1, predicted) for actual, predicted in pairs)
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
        near = sum(1 / 2 <= ratio <= 2 for ratio in ratios) / len(ratios)
        yield (
            f"  {what}: actual by predicted, median {middle:.2f}, quartiles {low:.2f} to {high:.2f}; "
            f"within a factor of two: {near:.0%}"
        )
    met, named = sum(each.met for each in found), sum(each.files for each in found)
    yield f"  of {named} files that the model names the commits touched {met} ({met / max(1, named):.0%})"
    pairs = [(float(each.minutes), float(each.candidate.lines)) for each in found]
    yield f"  minutes of the model and lines changed: rank correlation {rank_correlation(pairs):.2f}"
    bounded = [each for each in found if each.sitting is not None]
    if bounded:
        below = sum(each.minutes <= each.sitting for each in bounded if each.sitting is not None)
        yield (
            f"  time since the author's previous commit, where below 8 hours ({len(bounded)} commits): median "
            f"{statistics.median(each.sitting or 0 for each in bounded):.0f} minutes, of the model "
            f"{statistics.median(each.minutes for each in bounded):.0f}; the model stays below it in {below}"
        )


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Return Spearman's rank correlation, with mean ranks for equal values; not a number without variation.

    >>> rank_correlation([(1, 10), (2, 20), (3, 30)]), rank_correlation([(1, 3), (2, 2), (3, 1)])
    (1.0, -1.0)
    """
    first, second = (_rank([pair[side] for pair in pairs]) for side in (0, 1))
    try:
        return round(statistics.correlation(first, second), 6)
    except statistics.StatisticsError:
        return math.nan


def _rank(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [(2 * ordered.index(value) + ordered.count(value) - 1) / 2 for value in values]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the error of the effort model over past commits of one repository."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--most", type=int, default=20, help="commits of each kind that cleared findings")
    parser.add_argument("--judged", type=int, default=150, help="commits of each kind that are judged at most")
    given = parser.parse_args(arguments)
    candidates = list(list_candidates(given.repository))
    print(f"{given.repository.parent.name}: {len(candidates)} small commits removed an import or a class statement")
    everything: list[EffortComparison] = []
    for name, is_import_only in (("commits that change nothing but imports", True), ("other commits", False)):
        chosen = [each for each in candidates if each.is_import_only == is_import_only]
        step = max(1, len(chosen) // given.judged)
        found = list(compare(given.repository, chosen[::step][: given.judged], given.most))
        everything += found
        print(*describe(name, found), sep="\n")
        for each in found:
            print(
                f"    {each.candidate.commit[:10]} findings {each.findings}; places {each.places} predicted, "
                f"{each.candidate.regions} regions, {each.candidate.lines} lines; files {each.files} predicted, "
                f"{len(each.candidate.files)} touched, {each.met} of them; {each.minutes} minutes",
                flush=True,
            )
    print(*describe("all", everything), sep="\n")


if __name__ == "__main__":
    main()
