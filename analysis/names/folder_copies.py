"""Folders that are copies of one another: ``backup``, ``legacy``, ``app_old``, or a package kept twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

import pyarrow as pa

from analysis import tables

#: Fewer files in common are a coincidence.
_FEWEST_FILES = 3
#: The share of the smaller folder's files that must have a twin.
_SHARE = 0.5
#: Files of one content and name in more places than this are boilerplate.
_MOST_TWINS = 12
#: Shorter files are equal by chance.
_FEWEST_LINES = 5
_COPY = re.compile(
    r"(?:^|[_\-.\d])(?:backups?|bak|legacy|old|orig|original|copy|copies|deprecated|archived?|previous|v\d+)"
    r"(?:$|[_\-.\d])",
    re.IGNORECASE,
)


class FolderCopy(NamedTuple):
    """Two folders with the same files; ``second`` is the copy where a name says so (``hint``)."""

    first: str
    second: str
    files: int
    first_files: int
    second_files: int
    hint: str


def find_folder_copies(files: pa.Table, alike: Iterable[tuple[str, str]]) -> list[FolderCopy]:
    """Return the folders that are copies, largest first; ``alike`` are pairs of files with equal or alike classes."""
    twins: dict[tuple[str, str], set[str]] = defaultdict(set)
    for first, second in {*_find_equal(files), *(tuple(sorted(pair)) for pair in alike)}:
        roots = _find_roots(first, second)
        if roots is not None:
            twins[roots].add(first)
    sizes = _count_files(tables.read_column(files, "path"))
    found = [
        _describe(first, second, len(common), sizes)
        for (first, second), common in twins.items()
        if len(common) >= max(_FEWEST_FILES, _SHARE * min(sizes[first], sizes[second]))
    ]
    return sorted(found, key=lambda copy: (-copy.files, copy.first, copy.second))


def find_copy(copies: Iterable[FolderCopy], first: str, second: str) -> str:
    """Return ``folder = folder`` of the copy that explains why two files are alike; empty when none does."""
    roots = _find_roots(*sorted((first, second)))
    for copy in copies:
        if roots is not None and set(roots) == {copy.first, copy.second}:
            return f"{copy.first} = {copy.second}"
    return ""


def _find_equal(files: pa.Table) -> Iterator[tuple[str, str]]:
    """Yield the pairs of files of one name and content."""
    same: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, content_hash, lines in tables.read_rows(files, "path", "content_hash", "lines"):
        if content_hash and lines >= _FEWEST_LINES:
            same[path.rpartition("/")[2], content_hash].append(path)
    for paths in same.values():
        if 1 < len(paths) <= _MOST_TWINS:
            yield from combinations(sorted(paths), 2)


def _find_roots(first: str, second: str) -> tuple[str, str] | None:
    """Return the folders that differ when what two paths have in common at the end is taken off.

    >>> _find_roots("app/db/x.py", "app_old/db/x.py"), _find_roots("app/x.py", "legacy/app/x.py")
    (('app', 'app_old'), ('app', 'legacy/app'))
    """
    left, right = first.split("/"), second.split("/")
    shared = 0
    while shared < min(len(left), len(right)) and left[-1 - shared] == right[-1 - shared]:
        shared += 1
    shared = min(shared, len(left) - 1, len(right) - 1)  # the target itself is no copy of a folder in it
    return ("/".join(left[: len(left) - shared]), "/".join(right[: len(right) - shared])) if shared else None


def _count_files(paths: Iterable[str]) -> Counter[str]:
    """Return the number of files below each folder."""
    sizes = Counter[str]()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder:
            sizes[folder] += 1
            folder = folder.rpartition("/")[0]
    return sizes


def _describe(first: str, second: str, count: int, sizes: Counter[str]) -> FolderCopy:
    for copy, other in ((second, first), (first, second)):
        hint = next((part for part in copy.split("/") if _COPY.search(part) and part not in other.split("/")), "")
        if hint:
            return FolderCopy(other, copy, count, sizes[other], sizes[copy], hint)
    return FolderCopy(first, second, count, sizes[first], sizes[second], "")
