"""Which commit brought a finding in, made it worse, or removed it: a search over the line of first parents.

Where all commits are kept the answer is read off. Elsewhere commits are judged that can have changed it: those that
touched its files, then what lies between two answers, by halves, until two neighbours differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.history import KnownFinding
from analysis.judged.kept import KeptHistory
from analysis.judged.verdict import JudgedCommit
from analysis.progress import Progress, ignore_progress
from analysis.timeline.commits import Commit, CommitLog
from analysis.timeline.judging import Judge, find_renamed
from analysis.timeline.lives import Appearance, Life, Worsening, choose_worsening, find_life, follow_findings

#: So many commits are judged for one finding at most: a search by halves needs a dozen.
_MOST_JUDGED = 60


@dataclass(frozen=True, slots=True)
class FindingChange:
    """Where a finding came or went: the commit, and the last judged one before it.

    ``is_exact``: the one before is its parent. ``after`` is None where it was there as far back as history is known.
    """

    commit: Commit
    after: Commit | None
    is_exact: bool


@dataclass(frozen=True, slots=True)
class WorseChange:
    """Where a finding became worse, and what it was before and after."""

    change: FindingChange
    worsening: Worsening


@dataclass(frozen=True, slots=True)
class Introduction:
    """Since when a finding is there: its last appearance counts; ``earlier`` are those before, the latest first.

    ``removed`` is the commit that removed it, None while it is there. ``worse`` says where it became more severe than
    it was before, where it has more places or files, both the last time only.
    """

    finding: KnownFinding
    fingerprints: tuple[str, ...]
    introduced: FindingChange
    removed: FindingChange | None = None
    earlier: tuple[tuple[FindingChange, FindingChange], ...] = ()
    worse: tuple[WorseChange, ...] = ()

    def find_worse(self, *, is_more_severe: bool) -> WorseChange | None:
        """Return where it became worse: as its severity rose, or else the last time at all."""
        chosen = choose_worsening([each.worsening for each in self.worse], is_more_severe=is_more_severe)
        return next((each for each in self.worse if each.worsening is chosen), None)


def list_last(life: Life) -> list[Worsening]:
    """Return where a finding became worse the last time in severity, and the last time at all, in order."""
    chosen = [choose_worsening(life.worsenings, is_more_severe=each) for each in (True, False)]
    return [each for each in life.worsenings if any(each is one for one in chosen)]


class Line:
    """The first parents of a target's newest commit, the oldest first, with what is kept of them."""

    def __init__(self, commits: Sequence[Commit], kept: KeptHistory, log: CommitLog) -> None:
        self.commits, self.kept, self._log = commits, kept, log
        self._places = {commit.name: place for place, commit in enumerate(commits)}
        self._renamed: dict[tuple[str, str], Mapping[str, str]] = {}
        self._lives: list[Life] = []
        self._followed = 0

    def has(self, commit: str) -> bool:
        """Return whether a commit is on the line."""
        return commit in self._places

    def find_place(self, commit: str) -> int:
        """Return the place of a commit that is on the line."""
        return self._places[commit]

    @property
    def judged(self) -> list[int]:
        """The places of the commits that are kept, in order."""
        return sorted(self._places[name] for name in self.kept if name in self._places)

    def read_states(self) -> Iterator[tuple[int, JudgedCommit]]:
        """Yield the kept commits with their places, the oldest first."""
        for place in self.judged:
            yield place, self.kept.read(self.commits[place].name)

    def follow(self) -> list[Life]:
        """Return the lives of all findings, as far as they are kept; followed again once more is."""
        if self._followed != len(self.kept):
            self._lives = follow_findings(self.read_states(), self._find_renamed, self._find_moved)
            self._followed = len(self.kept)
        return self._lives

    def _find_moved(self, before: JudgedCommit, state: JudgedCommit) -> Mapping[str, str]:
        return self._log.find_renames(before.commit, state.commit)

    def _find_renamed(self, before: JudgedCommit, state: JudgedCommit) -> Mapping[str, str]:
        if state.base == before.commit:
            return state.renamed
        key = before.commit, state.commit
        if key not in self._renamed:
            self._renamed[key] = find_renamed(before, state.findings.values(), self._log, state.commit)
        return self._renamed[key]

    def describe(self, life: Life) -> Introduction:
        """Return what is known of the appearances of a finding."""
        *earlier, last = life.appearances
        return Introduction(
            life.finding, tuple(life.fingerprints), self._come(last), self._go(last) if last.gone >= 0 else None,
            tuple((self._come(each), self._go(each)) for each in reversed(earlier)),
            tuple(self._worsen(each) for each in list_last(life)),
        )  # fmt: skip

    def _worsen(self, each: Worsening) -> WorseChange:
        is_next = self._is_next(each.before, each.place)
        return WorseChange(FindingChange(self.commits[each.place], self.commits[each.before], is_next), each)

    def _come(self, each: Appearance) -> FindingChange:
        after = self.commits[each.before] if each.before >= 0 else None
        return FindingChange(self.commits[each.first], after, self._is_next(each.before, each.first))

    def _go(self, each: Appearance) -> FindingChange:
        return FindingChange(self.commits[each.gone], self.commits[each.last], self._is_next(each.last, each.gone))

    def _is_next(self, before: int, place: int) -> bool:
        """Return whether nothing lies between two places; the first commit of all has nothing before it."""
        if before < 0:
            return place == 0 and not self.commits[0].parents and not self._log.is_shallow
        return place - before == 1


class Search:
    """Judges what is needed to say which commit brought findings in."""

    def __init__(self, line: Line, judge_one: Judge, log: CommitLog, progress: Progress = ignore_progress) -> None:
        self._line, self._judge, self._log, self._progress = line, judge_one, log, progress
        self._touched: list[tuple[frozenset[str], Mapping[str, str]]] | None = None
        self.judged = 0

    def begin(self, known: str = "") -> None:
        """Judge the newest commit, and one at which it is known which findings were there, where it is on the line."""
        if self._line.has(known):
            self._judge_place(self._line.find_place(known))
        self._judge_place(len(self._line.commits) - 1)

    def find(self, fingerprints: Iterable[str]) -> dict[str, Introduction]:
        """Return since when findings are there, or when they went; without those that no commit has.

        All are searched together: each round judges the commits that say most about each of them, in their order, so
        that neighbours follow each other. It ends when no answer is open, as what was judged for one may say that
        another was gone for a while.
        """
        self.begin()
        asked: dict[str, set[int]] = {name: set() for name in fingerprints}
        while True:
            lives = self._line.follow()
            known = {name: life for name in asked if (life := find_life(lives, name)) is not None}
            open_ones = {name: life for name, life in known.items() if len(asked[name]) < _MOST_JUDGED}
            wanted = {name: self._choose(life, len(asked[name])) for name, life in open_ones.items()}
            # One that was asked before has no whole verdict: then it stays open which of the commits around it was it.
            new = {name: place for name, place in wanted.items() if place is not None and place not in asked[name]}
            if not new:
                return {name: self._line.describe(life) for name, life in known.items()}
            for name, place in new.items():
                asked[name].add(place)
            for place in sorted(set(new.values())):
                self._judge_place(place)

    def _judge_place(self, place: int) -> None:
        commit = self._line.commits[place].name
        if commit in self._line.kept:
            return
        before = max((each for each in self._line.judged if each < place), default=-1)
        base = self._line.commits[before].name if before >= 0 else ""
        state = self._judge.judge(commit, self._line.kept.read(base) if base else None)
        self._line.kept.add(state, base)
        self.judged += 1
        self._progress("commits", self.judged, self.judged)

    def _choose(self, life: Life, asked: int) -> int | None:
        """Return the place whose verdict says most about a finding, after so many; None where all is known."""
        last = life.appearances[-1]
        if last.gone >= 0 and last.gone - last.last > 1:
            return self._halve(life, last.last, last.gone)
        if last.before >= 0 and last.first - last.before > 1:
            return self._halve(life, last.before, last.first)
        if last.before < 0 and last.first > 0:
            return self._go_back(life, last.first, asked)
        open_ones = [each for each in list_last(life) if each.place - each.before > 1 and last.gone < 0]
        return self._halve(life, open_ones[0].before, open_ones[0].place) if open_ones else None

    def _halve(self, life: Life, low: int, high: int) -> int:
        """Return the place in the middle of the commits between that touched the finding's files."""
        inner = [place for place in self._find_touching(life, high) if low < place < high]
        if inner:
            return inner[len(inner) // 2]
        return high - 1 if high in self._find_touching(life, high) else (low + high) // 2

    def _go_back(self, life: Life, first: int, asked: int) -> int:
        """Return a place further back, at each step twice as many commits that touched its files; then the first."""
        older = [place for place in self._find_touching(life, first) if place < first]
        step = 2 ** min(asked, 20)
        return older[-step] if step <= len(older) else 0

    def _find_touching(self, life: Life, high: int) -> list[int]:
        """Return the places up to one at which a file of a finding was changed, also under its former names."""
        if self._touched is None:
            self._touched = self._read_touched()
        paths, found = set(life.finding.paths), []
        for place in range(len(self._touched) - 1, -1, -1):
            touched, former = self._touched[place]
            if not paths.isdisjoint(touched):
                if place <= high:
                    found.append(place)
                paths |= {former[path] for path in paths & former.keys()}
        return found[::-1]

    def _read_touched(self) -> list[tuple[frozenset[str], Mapping[str, str]]]:
        commits = self._line.commits
        known = {each.commit: each for each in self._log.list_touched(commits[-1].name)}
        nothing: tuple[frozenset[str], Mapping[str, str]] = frozenset(), {}
        return [
            (known[commit.name].paths, known[commit.name].former) if commit.name in known else nothing
            for commit in commits
        ]
