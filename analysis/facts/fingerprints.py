"""Fingerprints of class bodies: equal bodies and nearly equal ones, without comparing all pairs.

Source: A. Broder, "On the resemblance and containment of documents" (1997): the smallest k hashes
of the shingles of a text are a sample by which the Jaccard similarity of two texts is estimated.
A shingle is here a pair of consecutive lines without white space.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import accumulate
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
    lines = _drop_comments(source.translate(None, _WHITE_SPACE)).split(b"\n")
    for first, last in dropped:
        for index in range(first - 1, min(last, len(lines))):
            lines[index] = b""
    return lines


def _drop_comments(text: bytes) -> bytes:
    """Cut the comment of each line when no quote stands before it: a # within a text is kept."""
    pieces, kept_from = [], 0
    offset = text.find(b"#")
    while offset >= 0:
        end = text.find(b"\n", offset)
        before = text[text.rfind(b"\n", 0, offset) + 1 : offset]
        if b'"' not in before and b"'" not in before:
            pieces.append(text[kept_from:offset])
            kept_from = end if end >= 0 else len(text)
        offset = text.find(b"#", end) if end >= 0 else -1
    return b"".join([*pieces, text[kept_from:]]) if pieces else text


class LineHashes:
    """The normalised lines of a file, each hashed once with the next one, whatever overlaps is asked for."""

    def __init__(self, lines: list[bytes]) -> None:
        self._kept = list(filter(None, lines))
        self._before = list(accumulate(map(bool, lines), initial=0))
        self._pairs = list(map(crc32, self._kept[1:], map(crc32, self._kept)))
        #: All lines as one text in which both quotes are one, and where each line begins.
        self._text = b"".join(self._kept).replace(b"'", b'"')
        self._starts = list(accumulate(map(len, self._kept), initial=0))

    def hash(self, first_line: int, last_line: int, size: int, fewest: int = 1) -> tuple[str, list[int]]:
        """Return the fingerprint (16 hex digits) of some lines and the sketch: sorted, at most ``size`` hashes.

        With less than ``fewest`` lines that count there is no sketch: so little is alike by chance.
        """
        start, stop = self._before[first_line - 1], self._before[last_line]
        text = self._text[self._starts[start] : self._starts[stop]]
        if b"," in text:
            text = text.replace(b",)", b")").replace(b",]", b"]").replace(b",}", b"}")
        fingerprint = hashlib.blake2b(text, digest_size=8).hexdigest()
        if stop - start < fewest:
            return fingerprint, []
        if stop - start == 1:
            return fingerprint, [crc32(self._kept[start])]
        return fingerprint, sorted(set(self._pairs[start : stop - 1]))[:size]
