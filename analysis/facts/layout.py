"""What naming needs to know of a scan: which modules its imports say, and which folders they search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.naming import Layout
from analysis.facts.read_files import FILE
from analysis.facts.starting import find_start_folders
from analysis.facts.starting.folders import list_loaded
from analysis.facts.starting.layout import Folders
from analysis.facts.starting.names import SearchedNames, Stated, list_named


def build_layout(
    root: Path, paths: Sequence[str], extensions: Mapping[str, bool], parts: Mapping[str, pa.Table],
    roots: Sequence[str], projects: Sequence[str], packages_above: Sequence[str] = (),
) -> Layout:  # fmt: skip
    """Return the layout of a scanned target; linear in the number of imports."""
    imports = parts["imports"]
    absolute = imports.filter(pc.equal(imports.column("level"), 0)).select(["module", "name"])
    usage, named = Counter[str](), set[str]()
    for (module, name), count in Counter(tables.read_rows(absolute, "module", "name")).items():
        usage[module] += count
        named.add(f"{module}.{name}" if name else module)
    usage.pop("", None)
    relatives: dict[str, list[tuple[int, str, str]]] = {}
    relative = imports.filter(pc.greater(imports.column("level"), 0))
    for index, *rest in tables.read_rows(relative, FILE, "level", "module", "name"):
        relatives.setdefault(paths[index], []).append(tuple(rest))
    searched = _find_searched(paths, parts, frozenset(named))
    named.update(name for name, _ in searched[1])
    return Layout(
        root, paths, extensions, usage, frozenset(named), relatives, roots, projects, searched[0], packages_above
    )


def _find_searched(
    paths: Sequence[str], parts: Mapping[str, pa.Table], named: frozenset[str]
) -> tuple[dict[str, frozenset[str]], list[tuple[str, str]]]:
    """Return the folders of the search path with the names found there, and the modules that texts name."""
    marks = parts["start_marks"]
    places = pa.array(paths, pa.string()).take(marks.column(FILE).combine_chunks())
    shown = pa.Table.from_arrays([places, *marks.columns[1:]], names=["path", *marks.column_names[1:]])
    starts = find_start_folders(shown, parts["start_evidence"], paths)
    folders = Folders(paths)
    texts = list(list_named(starts))
    names = {name for each in starts.folders for name in folders.children.get(each.folder, ())}
    stated = [Stated(path, name, "") for name, path in texts if folders.has_module("", name) or "." not in name]
    loaded = list(list_loaded(starts, paths))
    stated += [Stated(path, name, "", is_loaded=True) for path, name in loaded]
    for index, module, name, line, scope in _list_stated(parts["imports"], names):
        stated.append(Stated(paths[index], module, name, line if scope == "module" else 0))
    numbers = {path: number for number, path in enumerate(paths)}

    @cache
    def list_bound(path: str) -> frozenset[str]:
        return _list_bound(parts["bindings"], numbers.get(path, -1))

    return SearchedNames(folders, stated, named, list_bound).find(starts), [
        *texts,
        *((name, path) for path, name in loaded),
    ]


def _list_stated(imports: pa.Table, firsts: set[str]) -> list[tuple[int, str, str, int, str]]:
    """Return file, module, name, line and scope of the absolute imports whose first component is one of some names."""
    modules, texts = tables.read_codes(imports, "module")
    wanted = pa.array([number for number, text in enumerate(texts) if text.partition(".")[0] in firsts], pa.int64())
    is_meant = pc.and_(pc.is_in(pa.array(modules), wanted), pc.equal(imports.column("level"), 0))
    return list(tables.read_rows(imports.filter(is_meant), FILE, "module", "name", "line", "scope"))


def _list_bound(bindings: pa.Table, number: int) -> frozenset[str]:
    """Return the names that a file binds."""
    own = bindings.filter(pc.equal(bindings.column(FILE), number))
    return frozenset(tables.read_column(own, "name"))
