"""Facts kept by the hash of the bytes they were read from.

The name of the file carries the version of the extractor and of the interpreter's grammar, so that what
another version kept is never read.
"""

from __future__ import annotations

import marshal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from analysis.facts.extract import EXTRACTOR_VERSION
from analysis.facts.rows import FileFacts
from analysis.kept import Kept

_FIELDS = ("status", "reason", "error_line", "encoding", "lines", "structure", "rows")


class FactsCache:
    """A content-addressed store of ``FileFacts``; several processes may use one folder at once."""

    def __init__(self, folder: Path | None) -> None:
        name = f"facts-{EXTRACTOR_VERSION}-py{sys.version_info[0]}{sys.version_info[1]}.sqlite"
        self._kept = Kept(folder / name if folder is not None else None)

    def __enter__(self) -> FactsCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._kept.__exit__(kind, error, traceback)

    def read(self, content_hash: str) -> FileFacts | None:
        """Return the facts of a file with these bytes, or None."""
        answer = self._kept.read(content_hash)
        try:
            # Our own file, and zlib checks its sum.
            return None if answer is None else FileFacts(*marshal.loads(answer))  # noqa: S302
        except (ValueError, EOFError, TypeError):
            return None

    def write(self, facts: Mapping[str, FileFacts]) -> None:
        """Keep facts by content hash, all of them or none."""
        self._kept.write(
            {
                content_hash: marshal.dumps(tuple(getattr(each, name) for name in _FIELDS))
                for content_hash, each in facts.items()
            }
        )
