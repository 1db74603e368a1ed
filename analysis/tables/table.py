"""What a table and a column are, and how rows become Arrow tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from analysis.former_names import FORMER, FormerNames, find_metric, find_rule

TEXT = pa.string()
COUNT = pa.int32()
TEXTS = pa.list_(pa.string())
#: The type of a column that takes few values.
CATEGORY = pa.dictionary(pa.int8(), pa.string())


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Arrow type, meaning, and (for categories) the values it may take.

    ``is_later``: snapshots of earlier versions do not have it; of these it is empty, zero or false, and of several
    values the first, which those versions took for granted.
    """

    name: str
    type: pa.DataType
    meaning: str
    values: tuple[str, ...] = ()
    is_later: bool = False


@dataclass(frozen=True)
class Table:
    """One table: its name, what a row is, and its columns in order.

    ``is_later``: snapshots of earlier versions do not have it; of these it is empty.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    is_later: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, columns in the documented order."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The column names in the documented order."""
        return tuple(column.name for column in self.columns)

    def empty(self) -> pa.Table:
        """Return a table of this schema without rows."""
        return self.schema.empty_table()

    def complete(self, table: pa.Table, former: FormerNames = FORMER) -> pa.Table:
        """Return a table of a snapshot with the names of today, the columns that came later, and with this schema.

        Raises ``ValueError`` when other columns are missing.
        """
        table = table.rename_columns([former.columns.get(f"{self.name}.{name}", name) for name in table.column_names])
        for place, column in enumerate(self.columns):
            if column.is_later and column.name not in table.column_names:
                table = table.add_column(place, column.name, _fill(column, table.num_rows))
        missing = set(self.names) - set(table.column_names)
        if missing:
            raise ValueError(f"the columns {', '.join(sorted(missing))} are missing")
        for name, find in (("rule", find_rule), ("metric", find_metric)):
            if name in self.names:
                values = [find(value, former) for value in table.column(name).cast(TEXT).to_pylist()]
                table = table.set_column(table.column_names.index(name), name, pa.array(values, TEXT))
        return table.select(list(self.names)).cast(self.schema)

    def from_columns(self, columns: Sequence[Sequence[Any]]) -> pa.Table:
        """Build an Arrow table from one sequence per column, in the documented order.

        Categories are given as their text; a value outside ``Column.values`` raises ``ValueError``.
        """
        arrays = [_array(column, values) for column, values in zip(self.columns, columns, strict=True)]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def from_rows(self, rows: Iterable[Sequence[Any]]) -> pa.Table:
        """Build an Arrow table from rows (tuples in the documented order)."""
        columns = list(zip(*rows, strict=True))
        return self.from_columns(columns) if columns else self.empty()


def later(column: Column) -> Column:
    """Return a column as one that snapshots of earlier versions do not have."""
    return replace(column, is_later=True)


def _fill(column: Column, rows: int) -> pa.Array:
    """Return a column as ``is_later`` says."""
    empty: Any = column.values[0] if column.values else ""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        empty = 0
    elif pa.types.is_boolean(column.type):
        empty = False
    elif pa.types.is_list(column.type):
        empty = []
    return _array(column, [empty] * rows)


def _array(column: Column, values: Sequence[Any]) -> pa.Array:
    if not column.values:
        try:
            return pa.array(values, type=column.type)
        except UnicodeEncodeError:  # a text of the target may hold half of a surrogate pair: "\\ud800"
            return pa.array([escape_surrogates(value) for value in values], type=column.type)
    codes = {value: code for code, value in enumerate(column.values)}
    try:
        indices = pa.array([codes[value] for value in values], type=pa.int8())
    except KeyError as error:
        raise ValueError(
            f"{column.name} cannot be {error.args[0]!r}; it is one of {', '.join(column.values)}"
        ) from None
    return pa.DictionaryArray.from_arrays(indices, pa.array(column.values, type=TEXT))


def escape_surrogates(value: Any) -> Any:
    r"""Return a text, or a list or mapping of texts at any depth, with its lone surrogates written as escapes.

    No encoding has them, so that neither Arrow nor a file could hold them; other values are returned as they are.

    >>> escape_surrogates(["a\ud800", 1])
    ['a\\ud800', 1]
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {escape_surrogates(key): escape_surrogates(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [escape_surrogates(inner) for inner in value]
    return value


def text(name: str, meaning: str) -> Column:
    return Column(name, TEXT, meaning)


def texts(name: str, meaning: str) -> Column:
    return Column(name, TEXTS, meaning)


def count(name: str, meaning: str) -> Column:
    return Column(name, COUNT, meaning)


def flag(name: str, meaning: str) -> Column:
    return Column(name, pa.bool_(), meaning)


def one_of(name: str, values: tuple[str, ...], meaning: str) -> Column:
    return Column(name, CATEGORY, meaning, values)
