"""What git says of a target that fixes are for, and fixes as commits of a new branch: the work tree stays as it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from analysis.errors import FixError
from analysis.facts.git_command import Git
from analysis.facts.git_folders import GitRefusedError
from analysis.facts.git_stand_in import has_alternates, open_git
from analysis.fixes.choosing import Fix
from analysis.wording import format_some, make_harmless

_FORCE = "Commit or stash them first, or apply anyway with --force"
_WHO = {"NAME": "ssot fix", "EMAIL": "ssot-fix@localhost"}
_LONG = 64


def check_clean(root: Path, paths: Sequence[str]) -> None:
    """Raise ``FixError`` unless the repository around a target is as committed, and tracks the files to be changed."""
    with _open(root) as git:
        changed = git.run(
            "status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames"
        )
        tracked = git.run("ls-files", "-z")
        if changed is None or tracked is None:
            raise FixError(f"git does not say whether {root} is clean", remedy="Apply anyway with --force")
        names = [entry[3:] for entry in os.fsdecode(changed).split("\0") if entry]
        if names:
            listed = make_harmless(format_some(names))
            raise FixError(f"the tree has changes that are not committed: {listed}", remedy=_FORCE)
        known = set(os.fsdecode(tracked).split("\0"))
        unknown = [path for path in paths if path not in known and os.path.lexists(root / path)]
        if unknown:
            listed = make_harmless(format_some(unknown))
            raise FixError(f"git does not track what would be changed: {listed}", remedy=_FORCE)


def commit_fixes(root: Path, branch: str, fixes: Sequence[Fix]) -> str:
    """Commit fixes onto a new branch that begins at ``HEAD``, one commit each; return the name of the last one.

    No hook runs, no file of the work tree is written, and what the index holds stays. Raises ``FixError`` where the
    branch is there already, or git has a file otherwise than it was investigated.
    """
    with _open(root) as git:
        if has_alternates(git.repository):
            raise FixError("the repository takes objects from another one", remedy="Use --apply instead of --branch")
        committer = _Committer(git)
        parent = committer.ask("rev-parse", "--verify", "HEAD^{commit}")
        reference = f"refs/heads/{branch}"
        if git.run("check-ref-format", "--branch", branch) is None:
            raise FixError(f"{branch!r} is no name for a branch")
        if git.run("rev-parse", "--verify", "--quiet", reference):
            raise FixError(f"there is a branch {branch!r} already", remedy="Name another one")
        committer.begin(parent)
        for fix in fixes:
            committer.put(fix)
            message = f"{make_harmless(fix.offer.title)}\n\n{make_harmless_lines(fix.offer.reason)}\n"
            tree = committer.ask("write-tree")
            parent = committer.ask("commit-tree", tree, "-p", parent, stdin=message.encode("utf-8", "replace"))
        committer.ask("update-ref", reference, parent, "0" * len(parent))
        return parent


def make_harmless_lines(text: str) -> str:
    """Return lines of text, each harmless."""
    return "\n".join(map(make_harmless, text.splitlines()))


class _Committer:
    """Builds commits with an index of its own; objects go where the repository keeps them."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._environment = {
            "GIT_OBJECT_DIRECTORY": f"{git.repository.common}/objects",
            "GIT_INDEX_FILE": f"{git.place}/index-of-fixes",
            **{f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _WHO.items()},
        }
        self._held: dict[str, tuple[str, str]] = {}

    def ask(self, *arguments: str, stdin: bytes = b"") -> str:
        """Return what git prints; ``FixError`` when it fails."""
        printed = self._git.run(*arguments, stdin=stdin, at_top=True, environment=self._environment)
        if printed is None:
            raise FixError(f"git {arguments[0]} failed", remedy="Use --output, and apply the patches yourself")
        return os.fsdecode(printed).strip()

    def begin(self, commit: str) -> None:
        """Fill the index with the files of a commit."""
        self.ask("read-tree", commit)
        for entry in self.ask("ls-files", "-s", "-z").split("\0"):
            about, _, path = entry.partition("\t")
            if path:
                mode, blob, _ = about.split(" ")
                self._held[path] = mode, blob

    def put(self, fix: Fix) -> None:
        """Put what the files of a fix become into the index."""
        lines = []
        for path in sorted(fix.after):
            name, after = f"{self._git.prefix}{path}", fix.after[path]
            mode, blob = self._held.get(name, ("100644", ""))
            if blob != _name_blob(fix.before[path], len(blob)) or mode not in {"100644", "100755"}:
                raise FixError(f"git has {path} otherwise than it was investigated", remedy="Commit it first")
            if after is None:
                del self._held[name]
                lines.append(f"0 {'0' * len(blob)}\t{name}")
                continue
            written = self.ask("hash-object", "-w", "--no-filters", "--stdin", stdin=after)
            self._held[name] = mode, written
            lines.append(f"{mode} {written}\t{name}")
        self.ask("update-index", "-z", "--index-info", stdin=b"".join(os.fsencode(line) + b"\0" for line in lines))


def _name_blob(content: bytes | None, digits: int) -> str:
    """Return the name that a repository gives to what a file holds: some have longer names than others."""
    if content is None:
        return ""
    algorithm = "sha256" if digits == _LONG else "sha1"
    return hashlib.new(algorithm, b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


@contextmanager
def _open(root: Path) -> Iterator[Git]:
    try:
        with open_git(root, with_history=True) as git:
            if git is None:
                raise FixError(f"{root} is in no git repository", remedy="Apply anyway with --force; --undo takes back")
            yield git
    except GitRefusedError as error:
        raise FixError(f"git is not run on the repository of {root}: {error}", remedy="See docs/safety.md") from None
