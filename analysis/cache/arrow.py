"""Arrow tables as values of a pack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from analysis.cache.packs import Value


def pack_table(table: pa.Table) -> pa.Buffer:
    """Return a table as bytes."""
    sink = pa.BufferOutputStream()
    whole = table.unify_dictionaries().combine_chunks()
    with pa.ipc.new_file(sink, whole.schema) as writer:
        writer.write_table(whole)
    return sink.getvalue()


def pack_tables(tables: Mapping[str, pa.Table]) -> Iterator[tuple[str, Value]]:
    """Yield tables as values by name, one after the other: no two of them are in memory as bytes at once."""
    for name, table in tables.items():
        yield name, pack_table(table)


def unpack_table(value: memoryview, schema: pa.Schema) -> pa.Table:
    """Return the table of a value, without a copy; ``ValueError`` when it has another schema."""
    table = pa.ipc.open_file(pa.py_buffer(value)).read_all()
    if not table.schema.equals(schema):
        raise ValueError(f"other columns: {', '.join(table.schema.names)}")
    return table
