"""Source lines of statements, as they stood when the snapshot was made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from analysis.facts.opening import find_top, open_tree
from analysis.facts.source_tree import SourceTree
from analysis.manifest import Manifest

_MOST_BYTES = 8 << 20
_LONGEST_LINE = 400


class Snapshot(Protocol):
    """What is asked of a snapshot."""

    @property
    def manifest(self) -> Manifest:
        """What the snapshot says of itself."""

    def table(self, name: str) -> pa.Table:
        """Return one table."""


class SourceLines:
    """Reads lines of the files of a target, of those only that are what the snapshot was made of."""

    def __init__(self, root: Path, hashes: Mapping[str, str], commit: str = "") -> None:
        """``hashes`` are the content hashes of the snapshot by path; at a ``commit`` its files are read."""
        self._root, self._commit = root, commit
        self._hashes = hashes
        self._files: dict[str, list[str]] = {}
        self.changed: set[str] = set()

    def read(self, path: str, line: int) -> str:
        """Return a line without the white space around it; empty where it is not known."""
        lines = self.read_all(path)
        return lines[line - 1].strip()[:_LONGEST_LINE] if 0 < line <= len(lines) else ""

    def read_all(self, path: str) -> list[str]:
        """Return the lines of a file; none where they are not known."""
        if path not in self._files:
            self._files[path] = self._read_file(path)
        return self._files[path]

    def _read_file(self, path: str) -> list[str]:
        wanted = self._hashes.get(path, "")
        if not wanted or path.endswith(".ipynb"):  # the line of a cell is none of the file
            return []
        try:
            tree = self._open_tree(path)
            content = tree.read_bytes(path, most_bytes=_MOST_BYTES)
        except OSError:
            self.changed.add(path)
            return []
        if not hashlib.sha256(content).hexdigest().startswith(wanted):
            self.changed.add(path)
            return []
        return split_lines(content.decode("utf-8-sig", "replace"))

    def _open_tree(self, path: str) -> SourceTree:
        top = find_top(self._root, self._commit) if path.startswith("../") else None
        return open_tree(self._root, self._commit, top)


def split_lines(text: str) -> list[str]:
    r"""Return the lines as Python counts them: a form feed or a Unicode separator ends none.

    >>> split_lines("a\r\nb\x0cc\rd")
    ['a', 'b\x0cc', 'd']
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def open_sources(snapshot: Snapshot) -> SourceLines:
    """Return the source lines of what a snapshot was made of, its siblings too."""
    hashes: dict[str, str] = {}
    for name in ("siblings", "files"):
        table = snapshot.table(name)
        hashes |= dict(zip(table["path"].to_pylist(), table["content_hash"].to_pylist(), strict=True))
    return SourceLines(Path(snapshot.manifest.root), hashes, snapshot.manifest.commit)
