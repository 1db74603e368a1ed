"""Lines of a file that contain a word: files without it need no walk."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate


def normalise_line_ends(source: bytes) -> bytes:
    """Return the bytes with LF for the line ends that Python's tokenizer knows: LF, CR LF, CR."""
    if b"\r" in source:
        return source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return source


def find_words(source: bytes, word: bytes) -> Iterator[tuple[int, int]]:
    """Yield line number (from 1) and offset of the first occurrence of a word on each line that has one.

    ``source`` has LF line ends.
    """
    line, counted = 1, 0
    offset = source.find(word)
    while offset >= 0:
        line += source.count(b"\n", counted, offset)
        counted = offset
        yield line, offset
        end = source.find(b"\n", offset)
        if end < 0:
            return
        offset = source.find(word, end)


def find_offsets(source: bytes, text: bytes) -> Iterator[int]:
    """Yield where a text stands in another, without those that begin in one before."""
    offset, length = source.find(text), len(text)
    while offset >= 0:
        yield offset
        offset = source.find(text, offset + length)


def find_lines(source: bytes, words: tuple[bytes, ...]) -> list[int]:
    """Return the sorted numbers of the lines on which any of the words stands."""
    found = [word for word in words if word in source]
    return sorted({line for word in found for line, _ in find_words(source, word)}) if found else []


class LineText:
    """The bytes of a file by its lines, which are counted when they are first asked for."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._starts: list[int] = []

    def cut(self, first: int, last: int) -> bytes:
        r"""Return the text from one line to another, both from 1 and included.

        >>> LineText(b"a\nb\nc").cut(2, 3)
        b'b\nc'
        """
        if not self._starts:
            lengths = [len(line) + 1 for line in self._source.split(b"\n")]
            self._starts = [0, *accumulate(lengths)]
        return self._source[self._starts[first - 1] : self._starts[min(last, len(self._starts) - 1)]]


def has_line_between(lines: Sequence[int], first: int, last: int) -> bool:
    """Return whether a sorted list has a number from ``first`` to ``last``.

    >>> has_line_between([3, 9], 4, 9), has_line_between([3, 9], 4, 8)
    (True, False)
    """
    index = bisect_left(lines, first)
    return index < len(lines) and lines[index] <= last
