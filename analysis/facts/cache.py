"""Facts kept by the hash of the bytes they were read from, in one SQLite file.

The name of the file carries the version of the extractor and of the interpreter's grammar, so that what
another version kept is never read. Losing the cache costs time, never truth: every failure is a miss.
"""

from __future__ import annotations

import marshal
import sqlite3
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from analysis.facts.extract import EXTRACTOR_VERSION
from analysis.facts.rows import FileFacts

_FIELDS = ("status", "reason", "error_line", "encoding", "lines", "rows")


class FactsCache:
    """A content-addressed store of ``FileFacts``; several processes may use one file at once."""

    def __init__(self, folder: Path | None) -> None:
        self._connection: sqlite3.Connection | None = None
        if folder is None:
            return
        name = f"facts-{EXTRACTOR_VERSION}-py{sys.version_info[0]}{sys.version_info[1]}.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(folder / name, timeout=10, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=OFF")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS facts (hash TEXT PRIMARY KEY, facts BLOB) WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError):
            self._connection = None

    def __enter__(self) -> FactsCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()

    def read(self, content_hash: str) -> FileFacts | None:
        """Return the facts of a file with these bytes, or None."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute("SELECT facts FROM facts WHERE hash = ?", (content_hash,)).fetchone()
            return _unpack(row[0]) if row else None
        except (sqlite3.Error, zlib.error, ValueError, EOFError, TypeError):
            return None

    def write(self, facts: Mapping[str, FileFacts]) -> None:
        """Keep facts by content hash, all of them or none."""
        if self._connection is None or not facts:
            return
        rows = [(content_hash, _pack(kept)) for content_hash, kept in facts.items()]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _pack(facts: FileFacts) -> bytes:
    return zlib.compress(marshal.dumps(tuple(getattr(facts, name) for name in _FIELDS)), 1)


def _unpack(data: bytes) -> FileFacts:
    return FileFacts(*marshal.loads(zlib.decompress(data)))  # noqa: S302 - our own file, and zlib checks its sum
