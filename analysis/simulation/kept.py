"""First imports kept from an earlier run: which of them still hold, by the modules that each of them came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.cache import Value, pack_table, read_entry, unpack_table
from analysis.resolve import ImportResolver, Module, TargetFacts
from analysis.simulation.places import Places

#: What the first component of a name means, by importer, and whether the name was relative.
Tops = dict[tuple[int, str, bool], Module | None]
#: What decides what files do when they are imported, and what the first components of names meant.
FILES = pa.schema([("path", pa.string()), ("content_hash", pa.string()), ("status", pa.string())])
_NEEDS = pa.schema([("module", pa.string()), ("needs", pa.binary())])
TOPS = pa.schema([("importer", pa.int32()), ("top", pa.string()), ("relative", pa.bool_()), ("found", pa.int32())])
#: What lies at a path that a module asks for.
PLACES = pa.schema([("module", pa.string()), ("path", pa.string()), ("found", pa.string())])


@dataclass(frozen=True, slots=True)
class Kept:
    """Tables of an earlier run, what each first import needs (a number with a bit for each module), and its files.

    ``places`` are the answers to what modules asked of the tree beside their own files.
    """

    tables: dict[str, pa.Table]
    needs: dict[str, int]
    tops: pa.Table
    files: pa.Table
    places: pa.Table


def read_kept(cache: Path | None, kind: str, key: str) -> Kept | None:
    """Return what an earlier run has kept of the same modules, whatever their files said; None without one."""
    values = read_entry(cache, kind, key)
    if values is None:
        return None
    found = {table.name: unpack_table(values[table.name], table.schema) for table in tables.SIMULATION_TABLES}
    needs = unpack_table(values["needs"], _NEEDS)
    read = tables.read_rows(needs, "module", "needs")
    return Kept(
        found, {name: int.from_bytes(bits, "little") for name, bits in read}, unpack_table(values["tops"], TOPS),
        unpack_table(values["files"], FILES), unpack_table(values["places"], PLACES),
    )  # fmt: skip


def pack_kept(kept: Kept) -> Iterator[tuple[str, Value]]:
    """Yield what ``read_kept`` reads."""
    for name, table in kept.tables.items():
        yield name, pack_table(table)
    bits = [number.to_bytes((number.bit_length() + 7) // 8, "little") for number in kept.needs.values()]
    yield "needs", pack_table(pa.table([list(kept.needs), bits], schema=_NEEDS))
    yield "tops", pack_table(kept.tops)
    yield "files", pack_table(kept.files)
    yield "places", pack_table(kept.places)


def list_files(facts: TargetFacts) -> pa.Table:
    """Return what decides what a file does when it is imported."""
    return facts.files.select(FILES.names).cast(FILES)


def find_changed(kept: pa.Table, tops: pa.Table, files: pa.Table, imports: ImportResolver) -> int:
    """Return the modules that do something else than in the earlier run: their file, or what their imports mean.

    ``kept`` and ``files`` are what ``list_files`` returned then and returns now; ``tops`` is what was kept of names.
    """
    names = FILES.names
    before, now = set(tables.read_rows(kept, *names)), set(tables.read_rows(files, *names))
    changed = 0
    for path in {row[0] for row in before ^ now}:
        for module in imports.index.find_names(path):
            changed |= 1 << module.number
    for importer, top, is_relative, number in tables.read_rows(tops, *TOPS.names):
        found = find_top(imports, imports.index.all[importer], top, is_relative=is_relative)
        if (-1 if found is None else found.number) != number:
            changed |= 1 << importer
    return changed


def find_moved(kept: pa.Table, places: Places) -> set[str]:
    """Return the modules that asked for something which is there now, or is there no more."""
    rows = tables.read_rows(kept, *PLACES.names)
    return {module for module, path, found in rows if places.find(path) != found}


def find_top(imports: ImportResolver, importer: Module, top: str, *, is_relative: bool) -> Module | None:
    """Return the module of the tree that the first component of a name means."""
    found = imports.find_relative(importer, top) if is_relative else imports.find_module(importer, top)
    return None if found is None else found.module


def select(kept: Kept, changed: int) -> Kept:
    """Return the first imports that came to none of the changed modules, and that there was time for."""
    simulated = kept.tables["simulated"]
    rows = tables.read_rows(simulated, "module", "outcome")
    names = {name for name, outcome in rows if outcome != "not-simulated" and not kept.needs[name] & changed}
    if len(names) == simulated.num_rows:
        return kept
    wanted = pa.array(sorted(names), pa.string())
    chosen = {
        name: table.filter(pc.is_in(table["entry" if "entry" in table.column_names else "module"], wanted))
        for name, table in kept.tables.items()
    }
    needs = {name: each for name, each in kept.needs.items() if name in names}
    return replace(kept, tables=chosen, needs=needs)


def join(
    kept: Kept | None, found: Mapping[str, pa.Table], needs: Mapping[str, int], tops: Tops, files: pa.Table,
    places: Places,
) -> Kept:  # fmt: skip
    """Return what an earlier call has found and what was found now, in the order of the modules."""
    joined = dict(found)
    if kept is not None and kept.needs:
        whole = {name: pa.concat_tables([table, found[name]]) for name, table in kept.tables.items()}
        joined = {name: _sort(table.unify_dictionaries()) for name, table in whole.items()}
    table = build_tops(kept.tops if kept else TOPS.empty_table(), tops)
    asked = build_places(kept.places if kept else PLACES.empty_table(), places)
    return Kept(joined, {**(kept.needs if kept else {}), **needs}, table, files, asked)


def build_places(known: pa.Table, places: Places) -> pa.Table:
    """Return what modules asked of the tree beside their own files, earlier and now, with the answers of now."""
    rows = tables.read_rows(known, *PLACES.names)
    asked = {(module, path): places.find(path) for module, path, _ in rows} | places.asked
    columns = list(zip(*((*each, answer) for each, answer in sorted(asked.items())), strict=True)) or [(), (), ()]
    return pa.table(list(columns), schema=PLACES)


def build_tops(known: pa.Table, tops: Tops) -> pa.Table:
    """Return what the first components of names mean, as it was kept and as it was found now."""
    answers: dict[Sequence[int | str | bool], int] = {
        (*each,): number for *each, number in tables.read_rows(known, *TOPS.names)
    }
    answers |= {each: -1 if module is None else module.number for each, module in tops.items()}
    rows = [(*each, number) for each, number in answers.items()]
    return pa.table([[row[place] for row in rows] for place in range(len(TOPS))], schema=TOPS)


def _sort(table: pa.Table) -> pa.Table:
    """Return rows in the order of the modules that were imported first; those of one module keep their order."""
    names = tables.read_column(table, "entry" if "entry" in table.column_names else "module")
    return table.take(pa.array(sorted(range(len(names)), key=names.__getitem__), pa.int64()))
