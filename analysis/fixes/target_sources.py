"""The Python files of a target as the fixes ask for them, each read and parsed once."""

from __future__ import annotations

from collections.abc import Iterator

from analysis import tables
from analysis.facts.source_tree import SourceTree, read_if_any
from analysis.fixes.source_text import SourceText, read_source
from analysis.investigation import Investigation


class TargetSources:
    """Answers for one target."""

    def __init__(self, investigation: Investigation, tree: SourceTree) -> None:
        self._tree = tree
        rows = tables.read_rows(investigation.table("files"), "path", "status")
        self.paths = tuple(sorted(path for path, status in rows if status == "ok" and path.endswith(".py")))
        self._bytes: dict[str, bytes] = {}
        self._parsed: dict[str, SourceText] = {}

    def read(self, path: str) -> bytes:
        """Return what a file holds; nothing of one that cannot be read."""
        if path not in self._bytes:
            self._bytes[path] = read_if_any(self._tree, path)
        return self._bytes[path]

    def read_all(self) -> Iterator[tuple[str, bytes]]:
        """Yield path and bytes of all files, sorted."""
        return ((path, self.read(path)) for path in self.paths)

    def parse(self, path: str) -> SourceText:
        """Return a file with its syntax tree; raises ``UnplacedError`` where it cannot be read or parsed."""
        if path not in self._parsed:
            self._parsed[path] = read_source(self._tree, path)
        return self._parsed[path]
