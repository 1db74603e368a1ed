"""Facts kept by the hash of the bytes they were read from; for a blob of git that hash is known without reading it."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from analysis.cache import Collection, build_key
from analysis.facts.rows import FileFacts

#: What decides which facts a file has: when their source changes, what was kept before is never read.
PROGRAM = ("facts", "tables", "tree_state")
_FIELDS = ("status", "reason", "error_line", "encoding", "lines", "structure", "rows", "since")


class FactsCache:
    """A content-addressed store of ``FileFacts``; several processes may use one folder at once."""

    def __init__(self, folder: Path | None) -> None:
        key = build_key(PROGRAM) if folder is not None else ""
        self._kept, self._blobs = Collection(folder, "facts", key), Collection(folder, "blobs", key)

    def __enter__(self) -> FactsCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._kept.__exit__(kind, error, traceback)
        self._blobs.__exit__(kind, error, traceback)

    def read(self, content_hash: str) -> FileFacts | None:
        """Return the facts of a file with these bytes, or None."""
        answer = self._kept.read(content_hash)
        # What this program wrote, bit by bit: the checksum has been compared.
        return None if answer is None else FileFacts(*marshal.loads(answer))  # noqa: S302

    def find_hash(self, blob: str) -> str:
        """Return the content hash of a blob by its name; empty where it is not known."""
        answer = self._blobs.read(blob)
        return "" if answer is None else bytes(answer).decode("ascii")

    def write(self, facts: Mapping[str, FileFacts], hashes: Mapping[str, str]) -> None:
        """Keep facts by content hash, and content hashes by blob, all of a kind or none."""
        self._blobs.write({blob: content_hash.encode("ascii") for blob, content_hash in hashes.items()})
        self._kept.write(
            {
                content_hash: marshal.dumps(tuple(getattr(each, name) for name in _FIELDS))
                for content_hash, each in facts.items()
            }
        )
