"""The cache: one store with one key builder for results of earlier runs.

Losing it costs time, never truth: whatever is damaged, gone, or cannot be written is a miss. An *entry* is a few large
values that belong together (the tables of a scan), a *collection* many small ones (the facts of single files). Both are
packs: files that appear whole, are never changed, and carry a checksum over every value, its name and its place.
"""

from analysis.cache.arrow import pack_table, pack_tables, unpack_table
from analysis.cache.collection import Collection
from analysis.cache.entries import read_entry, reading_only, write_entry
from analysis.cache.keys import build_key
from analysis.cache.lines import append_line, read_lines, seal_line
from analysis.cache.packs import Value
from analysis.cache.remembered import remember_text

__all__ = [
    "Collection", "Value", "append_line", "build_key", "pack_table", "pack_tables", "read_entry", "read_lines",
    "reading_only", "remember_text", "seal_line", "unpack_table", "write_entry",
]  # fmt: skip
