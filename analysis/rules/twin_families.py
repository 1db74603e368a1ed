"""Families of classes that are defined again by one pattern: in generated files, or in files that go together."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.facts.source_tree import SourceTree
from analysis.facts.test_files import is_test_file
from analysis.names import DuplicateName

_MOST_BYTES = 1 << 21
#: A generated file says so at its top.
_TOP_BYTES = 2_048
_GENERATED = re.compile(
    rb"@generated\b|\bauto-?generated\b|\bgenerated (?:automatically|by|from|using|with)\b|\bautomatically generated\b"
    rb"|\bdo not (?:edit|modify)\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(rb'^\s*(?:#|"""|\'\'\'|r""")|^[^=()\[\]{}]*$')
#: So many folders of one pattern are a convention, and so many names are worth one finding of their own.
_FEWEST_FOLDERS = 3
_FEWEST_NAMES = 3


@dataclass(frozen=True, slots=True)
class TwinFamily:
    """Names that are defined by one pattern: ``files`` are the patterns of the files, the source first."""

    files: tuple[str, ...]
    items: tuple[DuplicateName, ...]
    is_generated: bool

    @property
    def folders(self) -> int:
        """The number of folders that hold its files."""
        return len({posixpath.dirname(path) for item in self.items for path, _ in item.places})


class GeneratedFiles:
    """Which files say at their top that a program writes them; each is read at most once."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._known: dict[str, bool] = {}

    def __contains__(self, path: str) -> bool:
        if path not in self._known:
            try:
                top = self._tree.read_bytes(path, most_bytes=_MOST_BYTES)[:_TOP_BYTES]
            except OSError:
                top = b""
            lines = (line for line in top.splitlines() if _GENERATED.search(line))
            self._known[path] = any(_COMMENT.search(line) for line in lines)
        return self._known[path]

    def has_all_but_one(self, paths: Iterable[str]) -> bool:
        """Return whether at most one of several files is written by hand."""
        return sum(path not in self for path in set(paths)) <= 1


def find_families(items: Iterable[DuplicateName], generated: GeneratedFiles) -> list[TwinFamily]:
    """Return the families of at least three names, sorted; what remains has findings of its own.

    The names of one family are defined in files of the same names, but for the name of their folder:
    ``models/*/modular_*.py`` and ``models/*/modeling_*.py``. All but one of the files are generated, or there are at
    least three such folders.
    """
    by_source: dict[str, list[DuplicateName]] = defaultdict(list)
    by_files: dict[tuple[str, ...], list[DuplicateName]] = defaultdict(list)
    for item in items:
        paths = sorted({path for path, _ in item.places if not is_test_file(path)})
        if len(paths) < 2:
            continue
        patterns = tuple(sorted({_find_pattern(path) for path in paths}))
        is_parallel = len(patterns) > 1 and all("*" in posixpath.basename(pattern) for pattern in patterns)
        if generated.has_all_but_one(paths):
            by_source[next((_find_pattern(path) for path in paths if path not in generated), patterns[0])].append(item)
        elif is_parallel and len({posixpath.dirname(path) for path in paths}) == 1:
            by_files[patterns].append(item)
    found = [_build_generated(source, members) for source, members in by_source.items()]
    found += [TwinFamily(patterns, tuple(members), is_generated=False) for patterns, members in by_files.items()]
    return sorted((each for each in found if _is_family(each)), key=lambda each: (each.files, each.is_generated))


def _build_generated(source: str, members: Sequence[DuplicateName]) -> TwinFamily:
    others = {_find_pattern(path) for item in members for path, _ in item.places} - {source}
    return TwinFamily((source, *sorted(others)), tuple(members), is_generated=True)


def _is_family(family: TwinFamily) -> bool:
    is_many = len(family.items) >= _FEWEST_NAMES
    return is_many and (family.is_generated or family.folders >= _FEWEST_FOLDERS)


def _find_pattern(path: str) -> str:
    """Return a path with ``*`` for the name of its folder, where the name of the file has it too.

    >>> _find_pattern("models/aria/modular_aria.py"), _find_pattern("models/aria/shared.py"), _find_pattern("a.py")
    ('models/*/modular_*.py', 'models/aria/shared.py', 'a.py')
    """
    folder, name = posixpath.split(path)
    last = posixpath.basename(folder)
    if not last or last not in name:
        return path
    return posixpath.join(posixpath.dirname(folder), "*", name.replace(last, "*"))


def find_names(families: Iterable[TwinFamily]) -> Mapping[str, TwinFamily]:
    """Return the family of each name that is in one."""
    return {item.name: family for family in families for item in family.items}
