"""Fingerprints of class bodies: equal bodies and nearly equal ones, without comparing all pairs.

Source: A. Broder, "On the resemblance and containment of documents" (1997): the smallest k hashes
of the shingles of a text are a sample by which the Jaccard similarity of two texts is estimated.
A shingle is here a pair of consecutive lines without white space.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import accumulate, pairwise
from zlib import crc32

SKETCH_SIZE = 32
METHOD_SKETCH_SIZE = 16
#: Shorter methods have no sketch.
FEWEST_METHOD_LINES = 5
_WHITE_SPACE = b" \t\r\f\v"


def normalise_lines(source: bytes, dropped: Iterable[tuple[int, int]]) -> list[bytes]:
    """Return the lines of a file (LF line ends) without white space, comments and the dropped ranges (docstrings).

    ``dropped`` are pairs of first and last line, from 1. The result has one entry per line; a line
    that does not count is empty.
    """
    lines = source.translate(None, _WHITE_SPACE).split(b"\n")
    for first, last in dropped:
        for index in range(first - 1, min(last, len(lines))):
            lines[index] = b""
    return [_drop_comment(line) if b"#" in line else line for line in lines] if b"#" in source else lines


def _drop_comment(line: bytes) -> bytes:
    """Cut a trailing comment when no quote stands before it: a # within a text is kept."""
    before = line.partition(b"#")[0]
    return line if b'"' in before or b"'" in before else before


class LineHashes:
    """The normalised lines of a file, each hashed once with the next one, whatever overlaps is asked for."""

    def __init__(self, lines: list[bytes]) -> None:
        self._kept = [line for line in lines if line]
        self._before = [0, *accumulate(1 if line else 0 for line in lines)]
        self._pairs = [crc32(second, crc32(first)) for first, second in pairwise(self._kept)]

    def hash(self, first_line: int, last_line: int, size: int, fewest: int = 1) -> tuple[str, list[int]]:
        """Return the fingerprint (16 hex digits) of some lines and the sketch: sorted, at most ``size`` hashes.

        With less than ``fewest`` lines that count there is no sketch: so little is alike by chance.
        """
        start, stop = self._before[first_line - 1], self._before[last_line]
        kept = self._kept[start:stop]
        text = b"".join(kept).replace(b"'", b'"')
        if b"," in text:
            text = text.replace(b",)", b")").replace(b",]", b"]").replace(b",}", b"}")
        fingerprint = hashlib.blake2b(text, digest_size=8).hexdigest()
        if len(kept) < fewest:
            return fingerprint, []
        if len(kept) == 1:
            return fingerprint, [crc32(kept[0])]
        return fingerprint, sorted(set(self._pairs[start : stop - 1]))[:size]
