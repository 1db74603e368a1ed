"""Answers kept by the hash of what they were computed from, in one SQLite file.

Losing them costs time, never truth: every failure is a miss. Whoever keeps answers puts into the name of the file what
else they depend on, such as the version of an algorithm.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType


class Kept:
    """Bytes by key; several processes may use one file at once. Without a file nothing is kept."""

    def __init__(self, file: Path | None) -> None:
        self._connection: sqlite3.Connection | None = None
        if file is None:
            return
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, timeout=10, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=OFF")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, answer BLOB) WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError):
            self._connection = None

    def __enter__(self) -> Kept:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()

    def read(self, key: str) -> bytes | None:
        """Return what is kept under a key, or None."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute("SELECT answer FROM kept WHERE key = ?", (key,)).fetchone()
            return zlib.decompress(row[0]) if row else None
        except (sqlite3.Error, zlib.error, TypeError):
            return None

    def write(self, answers: Mapping[str, bytes]) -> None:
        """Keep answers by key, all of them or none; what is there already stays."""
        if self._connection is None or not answers:
            return
        rows = [(key, zlib.compress(answer, 1)) for key, answer in answers.items()]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR IGNORE INTO kept VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
