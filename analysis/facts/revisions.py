"""What a caller names as a target: a folder, or a folder at a revision of its repository (``FOLDER@REV``)."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import RevisionError, TargetError
from analysis.facts.git import find_commit, find_merge_base
from analysis.facts.git_command import Git
from analysis.facts.git_folders import GitRefusedError, find_history
from analysis.facts.git_stand_in import open_repository
from analysis.facts.revision_tree import open_listing
from analysis.facts.scan import check_target
from analysis.targets import describe_place, split_revision

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NAME_ONE = "Name a commit, branch or tag of the target's repository"


@dataclass(frozen=True, slots=True)
class TargetSource:
    """The folder of a target, resolved, and the full name of a commit: empty for the files as they lie there."""

    root: Path
    commit: str = ""

    def __str__(self) -> str:
        return describe_place(self.root, self.commit)


def is_source(target: str | Path) -> bool:
    """Return whether a text names a folder that is there, or one at a revision, whether or not there is such a one."""
    folder, _ = split_revision(str(target))
    return bool(folder) and Path(folder).expanduser().is_dir()


def find_source(target: str | Path | TargetSource) -> TargetSource:
    """Return what ``FOLDER`` or ``FOLDER@REV`` means; a folder whose name has an ``@`` is meant where it is there.

    Raises ``TargetError`` for a folder that is not there, and ``RevisionError`` when the repository around it has no
    such revision, or not all of it.
    """
    if isinstance(target, TargetSource):
        return target
    folder, revision = split_revision(str(target))
    root = Path(folder).expanduser()
    return find_revision(root, revision) if revision else TargetSource(check_target(root))


def find_folder(target: str | Path, purpose: str) -> Path:
    """Return the folder of a target for what needs its files on the disk; ``TargetError`` for a revision.

    ``purpose`` is what cannot be done to a revision, as ``"write a policy into"``.
    """
    folder, revision = split_revision(str(target))
    if revision:
        remedy = "Name the folder itself; a revision can be checked out with: git worktree add FOLDER REV"
        raise TargetError(f"cannot {purpose} {folder}@{revision}: a revision is only read from git", remedy=remedy)
    return check_target(Path(folder).expanduser())


def find_revision(root: Path, revision: str) -> TargetSource:
    """Return a folder at a revision; raises ``RevisionError``."""
    return _open(root, revision, lambda _, commit: commit)


def find_base(source: TargetSource, revision: str) -> TargetSource:
    """Return a target at the commit where its history and that of a revision parted.

    Raises ``RevisionError``; ``NoFolderError`` where it had no folder there.
    """
    return _open(source.root, revision, lambda git, commit: find_merge_base(git, commit, source.commit or "HEAD"))


def find_eve(source: TargetSource, day: str) -> TargetSource:
    """Return a target at the last commit of its first parents before a day (``2026-01-31``, in UTC).

    Raises ``RevisionError``, also where its history begins later; ``NoFolderError`` where it had no folder there.
    """
    begin = read_day(day)

    def choose(git: Git, tip: str) -> str:
        printed = git.run("log", "--first-parent", "--topo-order", "--format=%ct %H", tip, at_top=True) or b""
        seconds, commits = zip(*map(bytes.split, reversed(printed.splitlines())), strict=True)
        place = find_first_since(list(map(int, seconds)), begin)
        return str(commits[place - 1], "ascii") if place else ""

    return _open(source.root, source.commit or "HEAD", choose, f"{source.root} has no commit before {day}")


def is_day(text: str) -> bool:
    """Return whether a text is written like a day, as in ``2026-01-31``."""
    return _DAY.fullmatch(text) is not None


def read_day(text: str) -> float:
    """Return when a day begins, as seconds in UTC; raises ``RevisionError`` for what is no day."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()
    except ValueError:
        raise RevisionError(f"{text!r} is no date", remedy="Give one as in --since 2026-01-31") from None


def find_first_since(seconds: Sequence[int], begin: float) -> int:
    """Return the place of the first commit at or after a time, given when each was made; their number without one."""
    return next((place for place, each in enumerate(seconds) if each >= begin), len(seconds))


def is_under_git(root: Path) -> bool:
    """Return whether a folder lies in a git repository."""
    try:
        return find_history(Path(os.path.realpath(root))) is not None
    except GitRefusedError:
        return True


def _open(root: Path, revision: str, choose: Callable[[Git, str], str], what: str = "") -> TargetSource:
    place = Path(os.path.realpath(root))
    what = what or f"{root} has no revision {revision!r}"
    try:
        repository = find_history(place)
        if repository is None:
            raise RevisionError(f"{what}: it is in no git repository", remedy=_NAME_ONE)
        with open_repository(repository, repository.top, with_history=True) as git:
            named = find_commit(git, revision)
            commit = choose(git, named) if named else ""
    except GitRefusedError as error:
        remedy = "See docs/safety.md: which parts a repository must contain, and how to move them into it"
        raise RevisionError(f"git is not run on the repository of {root}: {error}", remedy=remedy) from None
    if not commit:
        raise RevisionError(what, remedy=_NAME_ONE)
    open_listing(place, commit, again=True)  # says what is missing of it
    return TargetSource(place, commit)
