"""Fingerprints of class bodies: equal bodies and nearly equal ones, without comparing all pairs.

Source: A. Broder, "On the resemblance and containment of documents" (1997): the smallest k hashes
of the shingles of a text are a sample by which the Jaccard similarity of two texts is estimated.
A shingle is here a pair of consecutive lines without white space.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import pairwise
from zlib import crc32

SKETCH_SIZE = 32
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


def hash_body(lines: list[bytes]) -> tuple[str, list[int]]:
    """Return the fingerprint (16 hex digits) and the sketch (sorted, at most 32 hashes) of normalised lines."""
    kept = [line for line in lines if line]
    text = b"".join(kept).replace(b"'", b'"')
    if b"," in text:
        text = text.replace(b",)", b")").replace(b",]", b"]").replace(b",}", b"}")
    fingerprint = hashlib.blake2b(text, digest_size=8).hexdigest()
    if len(kept) == 1:
        return fingerprint, [crc32(kept[0])]
    hashes = {crc32(second, crc32(first)) for first, second in pairwise(kept)}
    return fingerprint, sorted(hashes)[:SKETCH_SIZE]
