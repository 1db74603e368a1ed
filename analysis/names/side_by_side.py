"""Two pieces of source beside one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING

from analysis.tables.frames import build_frame

if TYPE_CHECKING:
    import pandas as pd


COLUMNS = ("first_line", "first", "change", "second_line", "second")
#: Longer bodies are compared by lines that are equal at the same place only: the full comparison is quadratic.
_LONGEST = 2000

Row = tuple[int, str, str, int, str]


def build_side_by_side(
    first: Sequence[str], second: Sequence[str], *, first_line: int = 1, second_line: int = 1
) -> pd.DataFrame:
    """Return two lists of source lines beside one another, one row per line.

    Columns: first_line and second_line (numbers, 0 where that side has no line), first and second (the text),
    change (``=`` equal apart from indentation, ``~`` changed, ``<`` only in the first, ``>`` only in the second).
    """
    rows = [
        (left and left + first_line - 1, first_text, change, right and right + second_line - 1, second_text)
        for left, first_text, change, right, second_text in _find_rows(first, second)
    ]
    return build_frame(rows, COLUMNS)


def _find_rows(first: Sequence[str], second: Sequence[str]) -> Iterator[Row]:
    bare_first, bare_second = [line.strip() for line in first], [line.strip() for line in second]
    for tag, i1, i2, j1, j2 in _find_blocks(bare_first, bare_second):
        for left, right in zip_longest(range(i1, i2), range(j1, j2)):
            if left is None:
                yield 0, "", ">", right + 1, second[right]
            elif right is None:
                yield left + 1, first[left], "<", 0, ""
            else:
                yield left + 1, first[left], "=" if tag == "equal" else "~", right + 1, second[right]


def _find_blocks(first: list[str], second: list[str]) -> list[tuple[str, int, int, int, int]]:
    if max(len(first), len(second)) <= _LONGEST:
        return [*SequenceMatcher(None, first, second, autojunk=False).get_opcodes()]
    shared = min(len(first), len(second))
    blocks = [("equal" if first[n] == second[n] else "replace", n, n + 1, n, n + 1) for n in range(shared)]
    return [*blocks, ("replace", shared, len(first), shared, len(second))]
