"""What a worker does: read files, extract their facts, and hand them back as Arrow tables."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from analysis import tables
from analysis.executor import spare_pandas
from analysis.facts.cache import FactsCache
from analysis.facts.discovery import NOTEBOOK
from analysis.facts.extract import extract, extract_notebook
from analysis.facts.links import LINKED, SourceFile
from analysis.facts.rows import FileFacts, Row
from analysis.facts.source_tree import SourceTree
from analysis.gaps import describe_failure

HASH_DIGITS = 32
#: Inside a scan a row names its file by its index in the sorted list of files.
FILE = "file"
INDEX = pa.field(FILE, pa.int32())
_GAPS = tables.FACT_TABLES.index(tables.NOT_ANALYSED)


#: Index of a file, the file, the hash of its bytes, and what it says.
_Read = tuple[int, SourceFile, str, FileFacts]


@dataclass(frozen=True, slots=True)
class Work:
    """Files to read, with the index of each in the sorted list of the scan."""

    tree: SourceTree
    files: tuple[tuple[int, SourceFile], ...]
    cache: Path | None


def read_files(work: Work) -> dict[str, pa.Buffer]:
    """Read and extract the files; return one Arrow stream per table (``files`` and the facts tables).

    The first column of each is ``file``, the index; ``path`` is not there.
    """
    read: list[_Read] = []
    is_collecting = gc.isenabled()
    gc.disable()  # a syntax tree has no cycles: collecting while one is built only costs time
    try:
        with FactsCache(work.cache) as cache:
            fresh: dict[str, FileFacts] = {}
            hashes: dict[str, str] = {}
            for index, file in work.files:
                try:
                    content_hash, facts = _read_file(work.tree, file, cache, fresh, hashes)
                except Exception as error:  # noqa: BLE001 - our own failure costs this file
                    content_hash, facts = "", _fail(error)
                read.append((index, file, content_hash, facts))
            cache.write(fresh, hashes)
    finally:
        if is_collecting:
            gc.enable()
    try:
        return _pack_all(read)
    except Exception:  # noqa: BLE001 - a row of one file does not fit its table: only that file is lost
        return _pack_all([_check_packs(each) for each in read])


def read_in_worker(work: Work) -> dict[str, pa.Buffer]:
    """Do what ``read_files`` does, in a process that makes no frames."""
    spare_pandas()
    return read_files(work)


def _check_packs(each: _Read) -> _Read:
    """Return a file as it was read, or as one that failed where its rows do not fit their tables."""
    index, file, _, _ = each
    try:
        _pack_all([each])
    except Exception as error:  # noqa: BLE001 - our own failure costs this file
        return index, file, "", _fail(error)
    return each


def _pack_all(read: Sequence[_Read]) -> dict[str, pa.Buffer]:
    file_rows = [
        (index, facts.status, facts.reason, facts.error_line, facts.encoding, file.size_bytes, facts.lines,
         content_hash, facts.structure, facts.since)
        for index, file, content_hash, facts in read
    ]  # fmt: skip
    rows: list[list[Row]] = [[] for _ in tables.FACT_TABLES]
    for index, _, _, facts in read:
        for target, found in zip(rows, facts.rows, strict=True):
            target.extend((index, *row) for row in found)
    result = {"files": _pack(tables.FILES, file_rows)}
    for table, found in zip(tables.FACT_TABLES, rows, strict=True):
        result[table.name] = _pack(table, found)
    return result


def describe_crash(index: int, file: SourceFile) -> dict[str, pa.Buffer]:
    """Return what stands for a file whose parser took its process down."""
    row = (index, "parser-crash", "the parser ended its process", 0, "utf-8", file.size_bytes, 0, "", "", "")
    empty = {table.name: _pack(table, []) for table in tables.FACT_TABLES}
    return {"files": _pack(tables.FILES, [row]), **empty}


def _read_file(
    tree: SourceTree, file: SourceFile, cache: FactsCache, fresh: dict[str, FileFacts], hashes: dict[str, str]
) -> tuple[str, FileFacts]:
    status, _, reason = file.problem.partition(":")
    if status:
        return "", _without_facts(status, reason)
    is_notebook = file.path.endswith(NOTEBOOK)
    known = cache.find_hash(file.blob) if file.blob else ""
    facts = cache.read(known + NOTEBOOK * is_notebook) if known else None
    if facts is not None:
        return known, facts
    try:
        source = tree.read_bytes(file.location)
    except OSError as error:
        return "", _without_facts("unreadable", error.strerror or type(error).__name__)
    content_hash = hashlib.sha256(source).hexdigest()[:HASH_DIGITS]
    if file.blob and not known:
        hashes[file.blob] = content_hash
    key = content_hash + NOTEBOOK * is_notebook
    facts = fresh.get(key) or cache.read(key)
    if facts is None:
        facts = extract_notebook(source) if is_notebook else extract(source)
        if not facts.rows[_GAPS]:  # a failure of ours is not kept: the next version may do better
            fresh[key] = facts
    return content_hash, facts


def _fail(error: Exception) -> FileFacts:
    """Return what stands for a file on which the kit itself failed."""
    facts = _without_facts("not-analysed", describe_failure(error))
    facts.rows[_GAPS].append(("scan", "", facts.reason))
    return facts


def _without_facts(status: str, reason: str) -> FileFacts:
    return FileFacts(
        status, reason, 0, "", 0, reason if status == LINKED else "", tuple([] for _ in tables.FACT_TABLES)
    )


def scan_table(table: tables.Table) -> tables.Table:
    """Return the table as it is inside a scan: the first column is the file's index instead of its path."""
    index = tables.Column(FILE, pa.int32(), "index of the file in the sorted list of the scan")
    return tables.Table(table.name, table.row, (index, *table.columns[1:]))


def _pack(table: tables.Table, rows: Sequence[Row]) -> pa.Buffer:
    inner = scan_table(table).from_rows(rows)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, inner.schema) as writer:
        writer.write_table(inner)
    return sink.getvalue()


def unpack(buffer: pa.Buffer) -> pa.Table:
    """Return the table of an Arrow stream."""
    return pa.ipc.open_stream(buffer).read_all()
