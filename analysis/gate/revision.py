"""The files of a target at an earlier revision, exported for a check; nothing is fetched."""

from __future__ import annotations

from pathlib import Path

from analysis.errors import RevisionError
from analysis.facts.git import find_commit, find_merge_base
from analysis.facts.git_command import Git
from analysis.facts.git_export import Export, MissingObjectsError, export_files
from analysis.facts.git_folders import GitRefusedError
from analysis.facts.git_stand_in import open_git

#: Files of an earlier revision that a check needs: the code, and the files that define its roots.
_WANTED = (".py", ".ipynb", ".pyi", ".so", ".pyd", ".toml", ".cfg", ".pth")


def export_revision(root: Path, revision: str, place: Path) -> Export:
    """Write the files of a target at the merge base with a revision; raises ``RevisionError`` without them."""
    try:
        with open_git(root, with_history=True) as git:
            commit = _find_base(git, revision) if git else ""
            if git and commit:
                return export_files(git, commit, place, lambda path: path.endswith(_WANTED))
    except GitRefusedError as error:
        remedy = "See docs/safety.md: which parts a repository must contain, and how to move them into it"
        raise RevisionError(f"git is not run on the repository of {root}: {error}", remedy=remedy) from None
    except MissingObjectsError as error:
        remedy = f"A check fetches nothing; in a partial clone `git diff --stat {revision}` makes git fetch them"
        raise RevisionError(f"{root} has no revision {revision!r}: {error}", remedy=remedy) from None
    remedy = "Name a commit, branch or tag of the target's repository"
    raise RevisionError(f"{root} has no revision {revision!r}", remedy=remedy)


def _find_base(git: Git, revision: str) -> str:
    named = find_commit(git, revision)
    return find_merge_base(git, named) if named else ""
