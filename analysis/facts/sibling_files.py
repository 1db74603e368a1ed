"""Which files beside a target its imports mean: found by files alone, and never outside the git root."""

from __future__ import annotations

import posixpath
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from analysis.facts.absolute import absolute_name
from analysis.facts.naming import PARENT, is_identifier
from analysis.facts.source_tree import SourceTree

#: Folders above the target that are looked through for a name.
_MOST_BASES = 12
_PACKAGE = "__init__.py"


@dataclass(frozen=True, slots=True)
class SiblingFile:
    """A file, or the folder of a namespace package, beside the target: its name, its path as the target sees it."""

    module: str
    path: str
    kind: str
    base: str

    @property
    def is_file(self) -> bool:
        """Return whether there is a file to read."""
        return self.kind != "namespace"


@dataclass
class Surroundings:
    """The folders between a target and its git root, as places that imports of the target search.

    ``bases`` are their paths as the target sees them (``..``, ``../..``), the nearest first. ``own`` are the first
    names of the target's own modules, by which no sibling is imported; none where the target is a package itself.
    ``tree`` is that of the whole repository.
    """

    root: Path
    top: Path
    own: frozenset[str]
    bases: Sequence[str]
    tree: SourceTree
    _way: str = field(init=False)
    _base_of: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._way = self.root.relative_to(self.top).as_posix()

    def choose_bases(self, names: Iterable[str], *, is_known: bool) -> None:
        """Decide for each first name of some dotted names in which folder it lies.

        ``is_known``: the target lies in a package of its own, so that the nearest base is on the path for sure. In any
        other folder at least half of what is imported by a dotted name must be found there.
        """
        by_first: dict[str, set[str]] = defaultdict(set)
        for name in names:
            by_first[name.partition(".")[0]].add(name)
        for first, dotted in sorted(by_first.items()):
            if first in self._base_of or first in self.own or first in sys.stdlib_module_names:
                continue
            long = sorted(name for name in dotted if "." in name)
            self._base_of[first] = next(
                (base for base in self.bases if self._has_name(base, first, long, is_known=is_known)), ""
            )

    def find_files(self, dotted: str) -> Iterator[SiblingFile]:
        """Yield the packages and the module that an absolute name means, as far as they are there, outermost first."""
        base = self._base_of.get(dotted.partition(".")[0], "")
        if base:
            yield from self._walk(base, dotted)

    def _has_name(self, base: str, first: str, dotted: Sequence[str], *, is_known: bool) -> bool:
        """Return whether a folder has what a first name means: no file is taken for a library of the same name."""
        found = next(self._walk(base, first), None)
        if found is None or (is_known and found.is_file):
            return found is not None
        reached = [list(self._walk(base, name)) for name in dotted]
        hits = sum(len(each) > 1 and each[-1].is_file for each in reached)
        lost = sum(len(each) < name.count(".") for each, name in zip(reached, dotted, strict=True))
        if found.kind == "package":
            return hits >= lost
        return found.kind == "namespace" and hits > 0 and hits >= lost

    def _walk(self, base: str, dotted: str) -> Iterator[SiblingFile]:
        folder, name = base, ""
        for part in dotted.split("."):
            name = f"{name}.{part}" if name else part
            path = f"{folder}/{part}"
            place = self._locate(path)
            if not is_identifier(part) or place is None or self._is_repository(place):
                return
            if self.tree.has_file(f"{place}/{_PACKAGE}"):
                yield SiblingFile(name, f"{posixpath.relpath(place, self._way)}/{_PACKAGE}", "package", base)
            elif self.tree.has_file(f"{place}.py"):
                yield SiblingFile(name, f"{posixpath.relpath(place, self._way)}.py", "module", base)
                return
            elif self.tree.has_folder(place):
                yield SiblingFile(name, f"{posixpath.relpath(place, self._way)}/", "namespace", base)
            else:
                return
            folder = path

    def _is_repository(self, place: str) -> bool:
        """A repository inside the repository, such as a submodule, may be at any revision."""
        return self.tree.has_file(f"{place}/.git") or self.tree.has_folder(f"{place}/.git")

    def _locate(self, path: str) -> str | None:
        """Return a path from the git root on; None for the target's own files and for what lies outside."""
        place = normalise(f"{self._way}/{path}")
        is_own = place is not None and (place == self._way or place.startswith(f"{self._way}/"))
        return None if is_own else place


def list_bases(root: Path, top: Path, roots: Iterable[str]) -> tuple[list[str], bool]:
    """Return the folders above a target for its siblings, and whether the first is on the path for sure.

    ``roots`` are those of its modules: ``..`` (or more of it) where the target is a package itself.
    """
    outer = sorted({name for name in roots if name.startswith(PARENT)})
    depth = len(root.relative_to(top).parts)
    if outer:
        return ([outer[0]] if outer[0].count(PARENT) <= depth else []), True
    return ["/".join([PARENT] * count) for count in range(1, min(depth, _MOST_BASES) + 1)], False


def normalise(path: str) -> str | None:
    """Return a relative path without dots; None for one that leads out of its folder.

    >>> normalise("a/b/../../c"), normalise("a/../../b"), normalise("a/..")
    ('c', None, '')
    """
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part == PARENT:
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def read_names(rows: Iterable[tuple[str, int, str, str]], packages: Mapping[str, str]) -> Iterator[str]:
    """Yield the dotted names that imports may mean: module, and module.name; rows are path, level, module and name."""
    for path, level, module, name in rows:
        written = absolute_name(packages.get(path, ""), level, module) if level else module
        if written and not written.startswith("."):
            yield written
            if name and name != "*":
                yield f"{written}.{name}"
