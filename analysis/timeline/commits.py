"""The commits of a target, its tags, and which files they changed: asked of git, which is started as always."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from analysis.errors import RevisionError
from analysis.facts.git import find_commit
from analysis.facts.git_command import Git
from analysis.facts.git_folders import GitRefusedError, find_history
from analysis.facts.git_stand_in import open_repository
from analysis.facts.links import printable
from analysis.facts.revisions import find_first_since, is_day, read_day

#: To list what thousands of commits changed takes git longer than a question of a scan.
_TIMEOUT_SECONDS = 600
_FIELDS = "%x1e%H%x1f%P%x1f%ct%x1f%an%x1f%s"
_FIRST_PARENTS = ("--first-parent", "-m", "--topo-order")
#: The files that findings cite; elsewhere nothing is compared.
_PYTHON = ("*.py", "*.ipynb", "*.pyi")
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: its full name, when it was committed (seconds, UTC), its author, first line, parents and tags."""

    name: str
    seconds: int
    author: str = field(default="", repr=False)
    summary: str = ""
    parents: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def day(self) -> str:
        """Its day in UTC."""
        return f"{dt.datetime.fromtimestamp(self.seconds, dt.UTC):%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Touched:
    """What one commit changed below the target against its first parent: paths now, and former paths by them."""

    commit: str
    paths: frozenset[str]
    former: Mapping[str, str]


class CommitLog:
    """Answers about the history of one target; paths are relative to it."""

    def __init__(self, git: Git, root: Path) -> None:
        self._git, self._root = git, root
        way = os.path.relpath(os.path.realpath(root), git.repository.top)
        self._prefix = "" if way == "." else printable(f"{way}/")
        self._renames: dict[tuple[str, str], Mapping[str, str]] = {}

    def find_commit(self, revision: str) -> str:
        """Return the full name of a revision's commit; raises ``RevisionError`` without one."""
        found = find_commit(self._git, revision)
        if not found:
            what = f"{self._root} has no revision {revision!r}"
            raise RevisionError(what, remedy="Name a commit, branch or tag of the target's repository")
        return found

    def list_commits(self, revision: str = "HEAD") -> list[Commit]:
        """Return a revision and what it came from, by first parents, the oldest first."""
        printed = self._ask("log", "--first-parent", "--topo-order", f"--format={_FIELDS}", self.find_commit(revision))
        return [self._read(text) for text in reversed(printed.split("\x1e")[1:])]

    def list_tagged(self, revision: str = "HEAD") -> list[Commit]:
        """Return the commits with tags that a revision has among its ancestors, in the order of their times."""
        printed = self._ask(
            "log", "--no-walk=unsorted", f"--format={_FIELDS}", "--stdin", stdin="\n".join(sorted(self.tags))
        ) if self.tags else ""  # fmt: skip
        ancestors = set(self._ask("rev-list", self.find_commit(revision)).split())
        found = [self._read(text) for text in printed.split("\x1e")[1:]]
        return sorted((each for each in found if each.name in ancestors), key=lambda each: (each.seconds, each.name))

    @cached_property
    def tags(self) -> Mapping[str, tuple[str, ...]]:
        """The tags of each commit that has one."""
        printed = self._ask("for-each-ref", "--format=%(objectname) %(*objectname) %(refname:strip=2)", "refs/tags")
        found: dict[str, list[str]] = {}
        for line in printed.splitlines():
            own, rest = line.split(" ", 1)
            peeled, _, name = rest.partition(" ")
            found.setdefault(peeled or own, []).append(name)
        return {commit: tuple(sorted(names)) for commit, names in found.items()}

    @cached_property
    def is_shallow(self) -> bool:
        """Whether the clone has only the newest part of the history: its oldest commit only seems to be the first."""
        return self._ask("rev-parse", "--is-shallow-repository").strip() == "true"

    def find_renames(self, old: str, new: str) -> Mapping[str, str]:
        """Return the new path of each file of the target that was renamed between two commits, given by full name."""
        key = old, new
        if key not in self._renames:
            self._renames[key] = self._read_renames(old, new)
        return self._renames[key]

    def _read_renames(self, old: str, new: str) -> dict[str, str]:
        printed = self._compare("diff", "--name-status", "-z", "--diff-filter=R", old, new)
        parts = printed.split("\0")
        pairs = zip(parts[1::3], parts[2::3], strict=False)
        return {self._cut(was): self._cut(now) for was, now in pairs if self._has(was) and self._has(now)}

    def list_touched(self, newest: str, oldest: str = "") -> Iterator[Touched]:
        """Yield what commits changed against their first parents, the newest first, down to after ``oldest``.

        A commit that changed nothing of the target is not among them.
        """
        span = [newest, f"^{oldest}"] if oldest else [newest]
        printed = self._compare("log", *_FIRST_PARENTS, "--name-status", "-z", "--format=%x1e%H%x1f", *span)
        for text in printed.split("\x1e")[1:]:
            name, _, rest = text.partition("\x1f")
            yield self._read_touched(name, rest.lstrip("\0\n").split("\0"))

    def count_churn(self, newest: str, oldest: str = "") -> dict[str, tuple[int, int]]:
        """Return for each file of the target in how many commits it changed, and how many lines were added or removed.

        Counted over first parents, from after ``oldest`` on; a renamed file is counted by its new path. Lines are not
        counted, all of them 0, in a clone that lacks contents.
        """
        span = [newest, f"^{oldest}"] if oldest else [newest]
        try:
            printed = self._compare("log", *_FIRST_PARENTS, "--numstat", "-z", "--format=%x1e", *span)
        except RevisionError:
            counts = Counter(path for each in self.list_touched(newest, oldest) for path in each.paths)
            return {path: (commits, 0) for path, commits in counts.items()}
        found: dict[str, tuple[int, int]] = {}
        current: dict[str, str] = {}
        for text in printed.split("\x1e")[1:]:
            for lines, was, now in _read_numbers(text.lstrip("\0\n").split("\0")):
                if not self._has(now):
                    continue
                path = current.get(now, now)
                if was:
                    current[was] = path
                commits, total = found.get(self._cut(path), (0, 0))
                found[self._cut(path)] = commits + 1, total + lines
        return found

    def count_recent(self, newest: str, days: int) -> tuple[int, Counter[str]]:
        """Return how many commits of the days before a commit changed the target, and how many changed each file.

        Counted over first parents by name alone, so that no content is needed: a renamed file counts under both names.
        """
        commit = self.find_commit(newest)
        start = int(self._ask("log", "-1", "--format=%ct", commit)) - days * _DAY_SECONDS
        printed = self._ask(
            "log", *_FIRST_PARENTS, "--name-only", "-z", "--no-renames", "--format=%x1e", f"--since=@{start}", commit,
            "--", *self._list_chosen(),
        )  # fmt: skip
        names = [text.lstrip("\0\n").split("\0") for text in printed.split("\x1e")[1:]]
        counts = Counter(self._cut(name) for each in names for name in set(each) if name and self._has(name))
        return sum(any(each) for each in names), counts

    def _list_chosen(self) -> Sequence[str]:
        return [f":(top,literal){self._prefix}"] if self._prefix else _PYTHON

    def _compare(self, *words: str) -> str:
        """Return what git prints of changed files of the target, with renames as far as the contents are there.

        A clone may lack blobs, and git compares contents only to find files that were renamed and changed.
        """
        chosen = self._list_chosen()
        for renames in ("-M", "-M100%"):
            printed = self._git.run(*words, renames, "--", *chosen, at_top=True)
            if printed is not None:
                return printable(os.fsdecode(printed))
        return self._ask(*words, "--no-renames", "--", *chosen)

    def _read(self, text: str) -> Commit:
        name, parents, seconds, author, summary = text.rstrip("\n").split("\x1f", 4)
        return Commit(name, int(seconds), author, summary, tuple(parents.split()), self.tags.get(name, ()))

    def _read_touched(self, commit: str, parts: Sequence[str]) -> Touched:
        paths: set[str] = set()
        former: dict[str, str] = {}
        place = 0
        while place + 1 < len(parts):
            if parts[place][:1] in {"R", "C"}:
                was, now = parts[place + 1 : place + 3]
                place += 3
                paths |= {self._cut(each) for each in (was, now) if self._has(each)}
                if parts[place - 3][0] == "R" and self._has(was) and self._has(now):
                    former[self._cut(now)] = self._cut(was)
            else:
                if self._has(parts[place + 1]):
                    paths.add(self._cut(parts[place + 1]))
                place += 2
        return Touched(commit, frozenset(paths), former)

    def _has(self, path: str) -> bool:
        return path.startswith(self._prefix)

    def _cut(self, path: str) -> str:
        return path[len(self._prefix) :]

    def _ask(self, *words: str, stdin: str = "") -> str:
        printed = self._git.run(*words, stdin=stdin.encode(), at_top=True)
        if printed is None:
            what = f"git does not answer about the history of {self._root}"
            remedy = f"The repository may be damaged or have no commit: try git {words[0]} in it"
            raise RevisionError(what, remedy=remedy)
        return printable(os.fsdecode(printed))


def _read_numbers(parts: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield changed lines, former path (empty without) and path of the entries of ``git log --numstat -z``."""
    place = 0
    while place < len(parts):
        added, _, rest = parts[place].partition("\t")
        removed, _, path = rest.partition("\t")
        place += 1
        if not removed:
            continue
        lines = sum(int(count) for count in (added, removed) if count.isdigit())
        if path:
            yield lines, "", path
        elif place + 1 < len(parts):
            yield lines, parts[place], parts[place + 1]
            place += 2


@contextlib.contextmanager
def open_log(root: Path) -> Iterator[CommitLog]:
    """Yield what git knows of a target's history; raises ``RevisionError`` without a repository.

    The folder need not be there today, and the repository may be a bare one.
    """
    try:
        repository = find_history(root)
        if repository is None:
            raise RevisionError(f"{root} is in no git repository", remedy="Name a folder of a git repository")
        with open_repository(repository, repository.top, with_history=True, timeout_seconds=_TIMEOUT_SECONDS) as git:
            yield CommitLog(git, root)
    except GitRefusedError as error:
        remedy = "See docs/safety.md: which parts a repository must contain, and how to move them into it"
        raise RevisionError(f"git is not run on the repository of {root}: {error}", remedy=remedy) from None


def choose_commits(commits: Sequence[Commit], since: str, every: str, log: CommitLog) -> list[Commit]:
    """Return the commits of a history: from a date or revision on, of them each day's last, or every so many.

    ``since`` is ``2026-01-31``, a revision (itself is the first), or empty for all; ``every`` is ``1d``, or a number
    of commits. The newest is always among them. Raises ``RevisionError`` for what is none of these.
    """
    start = _find_start(commits, since, log)
    chosen = commits[start:]
    step = re.fullmatch(r"(\d{1,6})(d?)", every.replace(" commits", "").replace(" commit", ""))
    if step is None or int(step[1]) < 1:
        remedy = "Give days or commits, as in --every 1d or --every '10 commits'"
        raise RevisionError(f"{every!r} is no distance between commits", remedy=remedy)
    size = int(step[1])
    if step[2]:
        last = {commit.seconds // (86_400 * size): commit for commit in chosen}
        return [commit for commit in chosen if last[commit.seconds // (86_400 * size)] is commit]
    return list(reversed(chosen[::-1][::size]))


def _find_start(commits: Sequence[Commit], since: str, log: CommitLog) -> int:
    if not since:
        return 0
    if is_day(since):
        return min(find_first_since([commit.seconds for commit in commits], read_day(since)), len(commits) - 1)
    wanted = log.find_commit(since)
    places = [place for place, commit in enumerate(commits) if commit.name == wanted]
    if not places:
        what = f"{since!r} is not among the first parents of the newest commit"
        raise RevisionError(what, remedy="Name a commit of the main line, or a date")
    return places[0]


def number(commits: Iterable[Commit]) -> dict[str, int]:
    """Return the place of each commit in a list."""
    return {commit.name: place for place, commit in enumerate(commits)}
