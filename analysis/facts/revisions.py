"""What a caller names as a target: a folder, or a folder at a revision of its repository (``FOLDER@REV``)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import RevisionError, TargetError
from analysis.facts.git import find_commit, find_merge_base
from analysis.facts.git_command import Git
from analysis.facts.git_folders import GitRefusedError, find_history
from analysis.facts.git_stand_in import open_repository
from analysis.facts.revision_listing import NoFolderError
from analysis.facts.revision_tree import open_listing
from analysis.facts.scan import check_target
from analysis.targets import describe_place, split_revision

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


def find_base(source: TargetSource, revision: str) -> TargetSource | None:
    """Return a target at the commit where its history and that of a revision parted; None where it had no folder there.

    Raises ``RevisionError``.
    """
    try:
        return _open(source.root, revision, lambda git, commit: find_merge_base(git, commit, source.commit or "HEAD"))
    except NoFolderError:
        return None


def _open(root: Path, revision: str, choose: Callable[[Git, str], str]) -> TargetSource:
    place = Path(os.path.realpath(root))
    what = f"{root} has no revision {revision!r}"
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
