"""The files that a folder had at a commit, written out; what cannot be had is named with its reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis.facts.git_command import Git
from analysis.facts.links import printable
from analysis.facts.source_tree import WorkingTree, walk_entries

#: A larger file is not parsed either.
_LARGEST_FILE_BYTES = 32 << 20
#: So much is asked of git at once, and so much is written at most: a commit of a few bytes may unfold to terabytes.
_PORTION_BYTES = 64 << 20
_MOST_BYTES = 8 << 30
MISSING = "its content is missing in the repository"


class MissingObjectsError(Exception):
    """The repository does not hold the folders of a commit, or git cannot read them."""


@dataclass(slots=True)
class Export:
    """Number of files that were written, and of those that were not the path and the reason."""

    count: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    blob: str
    is_link: bool
    is_submodule: bool = False


def export_files(git: Git, commit: str, place: Path, is_wanted: Callable[[str], bool]) -> Export:
    """Write the files that a folder had at a commit below ``place``.

    Regular files as git keeps them, without the filters of the repository, and links as links; what the commit has as
    a submodule is taken from the work tree. Nothing is fetched, and nothing is written outside ``place`` whatever the
    names in the commit are. Raises ``MissingObjectsError`` when the commit's folders cannot be listed.
    """
    listed = git.run("ls-tree", "-r", "-z", commit)
    if listed is None:
        raise MissingObjectsError(f"the folders of {commit[:9]} are not all in the repository")
    export = Export()
    files: list[_Entry] = []
    for entry in map(_read_entry, filter(None, listed.split(b"\0"))):
        if entry.is_submodule:
            _copy_files(Path(git.folder), entry.path, place, is_wanted, export)
        elif is_wanted(entry.path):
            files.append(entry)
    files.sort(key=lambda entry: entry.is_link)  # no file is written through a link
    for entry, content in _read_blobs(git, files):
        try:
            if isinstance(content, str):
                raise OSError(0, content)
            _write(entry, content, os.path.realpath(place))
        except (OSError, ValueError) as error:  # a name that this file system does not take, twice the same, a NUL
            export.problems.append((printable(entry.path), getattr(error, "strerror", None) or str(error)))
        else:
            export.count += 1
    return export


def _read_entry(line: bytes) -> _Entry:
    about, _, name = line.partition(b"\t")
    mode, kind, blob = about.decode("ascii").split()[:3]
    return _Entry(os.fsdecode(name), blob, is_link=mode == "120000", is_submodule=kind == "commit")


def _is_name(path: str) -> bool:
    """Return whether a path in a commit stays below the folder it is written to; git itself checks that out nowhere."""
    return not {"", ".", "..", ".git"} & set(path.split("/"))


def _write(entry: _Entry, content: bytes, place: str) -> None:
    if not _is_name(entry.path):
        raise OSError(0, "git does not check out its name in the commit")
    target = os.path.join(place, entry.path)
    folder = os.path.dirname(target)
    if os.path.realpath(folder) != folder:
        raise OSError(0, "its folder is a link in the same commit")
    os.makedirs(folder, exist_ok=True)
    if entry.is_link:
        os.symlink(os.fsdecode(content), target)
    else:
        with open(target, "xb") as file:
            file.write(content)


def _copy_files(folder: Path, path: str, place: Path, is_wanted: Callable[[str], bool], export: Export) -> None:
    """Copy the regular files of a submodule that is checked out; links are not followed, neither there nor to it."""
    top = os.path.join(os.path.realpath(folder), path)
    if not _is_name(path) or os.path.realpath(top) != top:
        return
    tree = WorkingTree(Path(top))
    for entry in walk_entries(top, skips_unreadable=True):
        below = entry.path[len(top) + 1 :]
        try:
            if not is_wanted(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            target = place / path / below
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(tree.read_bytes(below))
        except OSError as error:
            export.problems.append((printable(f"{path}/{below}"), error.strerror or str(error)))
        else:
            export.count += 1


def _read_blobs(git: Git, entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, bytes | str]]:
    """Yield each entry with its content, or with the reason why it cannot be had."""
    portion: list[_Entry] = []
    size = total = 0
    for entry, length in zip(entries, _read_sizes(git, entries), strict=True):
        total += max(length, 0)
        if length < 0:
            yield entry, MISSING
        elif length > _LARGEST_FILE_BYTES or total > _MOST_BYTES:
            yield entry, "it is too large"
        else:
            portion.append(entry)
            size += length
        if size > _PORTION_BYTES:
            yield from _read_portion(git, portion)
            portion, size = [], 0
    yield from _read_portion(git, portion)


def _read_sizes(git: Git, entries: Sequence[_Entry]) -> Iterator[int]:
    """Yield the size of each entry's content in bytes; -1 when the repository does not hold it."""
    printed = _batch(git, "--batch-check", entries)
    if printed is None:
        yield from (-1 for _ in entries)
        return
    for line in printed.splitlines():
        words = line.split()
        yield int(words[2]) if len(words) == 3 and words[1] == b"blob" else -1


def _read_portion(git: Git, entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, bytes | str]]:
    """Yield contents from one process; git ends at a damaged object, which is found by halving."""
    printed = _batch(git, "--batch", entries) if entries else b""
    if printed is None and len(entries) == 1:
        yield entries[0], MISSING
    elif printed is None:
        yield from _read_portion(git, entries[: len(entries) // 2])
        yield from _read_portion(git, entries[len(entries) // 2 :])
    else:
        start = 0
        for entry in entries:
            end = printed.index(b"\n", start)
            words = printed[start:end].split()
            if len(words) < 3:
                yield entry, MISSING
                start = end + 1
                continue
            size = int(words[2])
            yield entry, printed[end + 1 : end + 1 + size]
            start = end + 2 + size


def _batch(git: Git, mode: str, entries: Sequence[_Entry]) -> bytes | None:
    return git.run("cat-file", mode, stdin="".join(f"{entry.blob}\n" for entry in entries).encode("ascii"))
