"""Columns and rows of Arrow tables as Python and numpy want them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

#: More pieces of a table are copied together.
_MOST_SLICES = 500


def take_rows(table: pa.Table, rows: npt.NDArray[np.int64]) -> pa.Table:
    """Return some rows of a table; those that follow one another, as nearly all do after a small change, as they are."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    if len(breaks) > _MOST_SLICES:
        return table.take(pa.array(rows))
    starts, ends = [0, *breaks.tolist()], [*breaks.tolist(), len(rows)]
    slices = [table.slice(rows[start], end - start) for start, end in zip(starts, ends, strict=True) if end > start]
    return pa.concat_tables(slices) if slices else table.slice(0, 0)


def read_codes(table: pa.Table, name: str) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return a text column as one number for each row, and the texts that the numbers stand for."""
    column = table.column(name)
    column = (column if pa.types.is_dictionary(column.type) else column.dictionary_encode()).unify_dictionaries()
    codes = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in column.chunks]
    texts = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    return np.concatenate([np.zeros(0, np.int64), *codes]), texts


def read_numbers(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """Return a column of numbers."""
    numbers: npt.NDArray[np.int64] = table.column(name).to_numpy().astype(np.int64)
    return numbers


def read_column(table: pa.Table, name: str) -> list[Any]:
    """Return a column as a list; much faster than Arrow's own ``to_pylist`` where the column is a dictionary."""
    column = table.column(name)
    if not pa.types.is_dictionary(column.type):
        return list(column.to_pylist())
    found: list[Any] = []
    for chunk in column.chunks:
        values = chunk.dictionary.to_pylist()
        found.extend([values[index] for index in chunk.indices.to_numpy(zero_copy_only=False).tolist()])
    return found


def read_rows(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table, of each the columns that are named, in the order given; the one way to read rows.

    >>> list(read_rows(pa.table({"path": ["a.py", "b.py"], "line": [1, 2], "name": ["A", "B"]}), "name", "line"))
    [('A', 1), ('B', 2)]
    """
    return zip(*(read_column(table, name) for name in names), strict=True)
