"""Classes and methods whose bodies are equal or nearly so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.names.folder_copies import FolderCopy, find_copy, find_folder_copies
from analysis.names.sketches import Numbers, find_alike
from analysis.resolve.modules import ModuleIndex

#: How alike bodies must be to be reported.
CLASS_THRESHOLD = 0.7
METHOD_THRESHOLD = 0.8
#: Hashes below which likeness says nothing: a few lines are alike by chance.
_FEWEST_HASHES = 4


class _Body(NamedTuple):
    """A class or method: where it is, ``owner`` and ``name`` its qualified name in two parts."""

    path: str
    line: int
    end_line: int
    owner: str
    name: str

    @property
    def qualname(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


class _Pair(NamedTuple):
    level: str
    group: str
    similarity: float
    first: _Body
    second: _Body


def build_duplicates(
    files: pa.Table, definitions: pa.Table, methods: pa.Table, index: ModuleIndex
) -> tuple[pa.Table, pa.Table]:
    """Return ``tables.DUPLICATES`` and ``tables.FOLDER_COPIES``.

    A group of n equal or alike bodies is n - 1 rows, each of which links two that are alike. Methods of classes
    that are alike themselves are left out. Folders that are copies of one another are one row of the second
    table, and the pairs that they explain say so.
    """
    classes = list(_find_pairs("class", definitions, CLASS_THRESHOLD))
    groups = {(body.path, body.qualname): pair.group for pair in classes for body in (pair.first, pair.second)}
    pairs = list(classes)
    for pair in _find_pairs("method", methods, METHOD_THRESHOLD):
        owners = {groups.get((body.path, body.owner), "") for body in (pair.first, pair.second)}
        if len(owners) > 1 or "" in owners:
            pairs.append(pair)
    copies = find_folder_copies(files, ((pair.first.path, pair.second.path) for pair in classes))
    rows = sorted(_rows(pairs, copies, index))
    return tables.DUPLICATES.from_rows(rows), tables.FOLDER_COPIES.from_rows(copies)


def _find_pairs(level: str, table: pa.Table, threshold: float) -> Iterator[_Pair]:
    """Yield the links of a forest that joins equal and alike bodies, the most alike first."""
    table = table.filter(pc.greater_equal(pc.list_value_length(table["sketch"]), _FEWEST_HASHES)).combine_chunks()
    if not table.num_rows:
        return
    codes, fingerprints = tables.read_codes(table, "fingerprint")
    _, firsts, places = np.unique(codes, return_index=True, return_inverse=True)
    same = firsts[places]
    chosen = np.sort(firsts)
    first, second, similarity = find_alike(_take(table["sketch"], chosen), threshold)
    order = np.lexsort((second, first, -similarity))
    links = list(zip(chosen[first[order]].tolist(), chosen[second[order]].tolist(), strict=True))
    copies = np.flatnonzero(same != np.arange(len(same)))
    wanted = {*same[copies].tolist(), *copies.tolist(), *(row for link in links for row in link)}
    bodies = _read_bodies(level, table, wanted)
    forest = _Forest(table.num_rows)
    joined = [
        (left, right, 1.0)
        for left, right in zip(same[copies].tolist(), copies.tolist(), strict=True)
        if forest.join(left, right)
    ]
    joined += [
        (left, right, round(alike, 4))
        for (left, right), alike in zip(links, similarity[order].tolist(), strict=True)
        if not _is_nested(bodies[left], bodies[right]) and forest.join(left, right)
    ]
    for left, right, alike in joined:
        group = f"{level}-{fingerprints[codes[forest.find(left)]]}"
        yield _Pair(level, group, alike, bodies[left], bodies[right])


def _is_nested(first: _Body, second: _Body) -> bool:
    """Return whether one stands in the body of the other: then most of their lines are the same lines."""
    return first.path == second.path and first.line <= second.end_line and second.line <= first.end_line


def _read_bodies(level: str, table: pa.Table, wanted: Collection[int]) -> dict[int, _Body]:
    """Return some bodies by row."""
    rows = sorted(wanted)
    table = table.take(pa.array(rows, type=pa.int64()))
    path, line, end_line = (tables.read_column(table, name) for name in ("path", "line", "end_line"))
    if level == "method":
        owner, name = tables.read_column(table, "owner"), tables.read_column(table, "name")
    else:
        parts = [qualname.rpartition(".") for qualname in tables.read_column(table, "qualname")]
        owner, name = [part[0] for part in parts], [part[2] for part in parts]
    return dict(zip(rows, map(_Body, path, line, end_line, owner, name), strict=True))


def _take(sketches: pa.ChunkedArray, rows: Numbers) -> pa.ListArray:
    taken = sketches.take(pa.array(rows))
    return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken


class _Forest:
    """Groups that grow together (union-find); the smallest member stands for its group."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def find(self, item: int) -> int:
        while self._above[item] != item:
            self._above[item] = self._above[self._above[item]]
            item = self._above[item]
        return item

    def join(self, first: int, second: int) -> bool:
        """Join the groups of two members; return whether they were two."""
        left, right = sorted((self.find(first), self.find(second)))
        self._above[right] = left
        return left != right


def _rows(pairs: Iterable[_Pair], copies: list[FolderCopy], index: ModuleIndex) -> Iterator[tuple[Any, ...]]:
    explained: dict[tuple[str, str], str] = {}
    for level, group, similarity, first, second in pairs:
        where = (first.path, second.path)
        if where not in explained:
            explained[where] = find_copy(copies, *where)
        yield (
            level, group, _show(first, index), _show(second, index), similarity, first.path, first.line,
            first.end_line, second.path, second.line, second.end_line, first.name == second.name, explained[where],
        )  # fmt: skip


def _show(body: _Body, index: ModuleIndex) -> str:
    module = index.find_importer(body.path)
    return f"{module.name if module else body.path}:{body.qualname}"
