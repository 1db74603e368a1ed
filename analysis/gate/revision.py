"""The files of a target at an earlier revision, written out to be judged; nothing is fetched for them."""

from __future__ import annotations

from pathlib import Path

from analysis.errors import RevisionError
from analysis.facts.git import find_commit, find_merge_base
from analysis.facts.git_command import Git
from analysis.facts.git_export import Export, MissingObjectsError, export_files
from analysis.facts.git_folders import GitRefusedError
from analysis.facts.git_stand_in import open_git

#: What of an earlier revision is looked at: the code, and what says where its roots are.
_WANTED = (".py", ".pyi", ".so", ".pyd", ".toml", ".cfg", ".pth")


def export_revision(root: Path, revision: str, place: Path) -> Export:
    """Write the files that a target had when its history parted from a revision; ``RevisionError`` without them."""
    try:
        with open_git(root, with_history=True) as git:
            commit = _find_base(git, revision) if git else ""
            if git and commit:
                return export_files(git, commit, place, lambda path: path.endswith(_WANTED))
    except GitRefusedError as error:
        remedy = "docs/safety.md says what a repository must keep inside itself, and how to bring it there"
        raise RevisionError(f"the repository around {root} is not asked: {error}", remedy=remedy) from None
    except MissingObjectsError as error:
        remedy = f"Nothing is fetched by a check; in a partial clone `git diff --stat {revision}` makes git fetch them"
        raise RevisionError(f"{root} has no revision {revision!r}: {error}", remedy=remedy) from None
    remedy = "Name a commit, branch or tag of the repository around the target"
    raise RevisionError(f"{root} has no revision {revision!r}", remedy=remedy)


def _find_base(git: Git, revision: str) -> str:
    named = find_commit(git, revision)
    return find_merge_base(git, named) if named else ""
