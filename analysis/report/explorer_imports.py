"""The import statements of a target for the explorer: as columns of numbers, with every text once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis import tables

if TYPE_CHECKING:
    import pyarrow as pa

#: What is the same for many statements; ``Mark`` lists these columns of ``edges``.
MARKS = ("kind", "scope", "liveness", "guard")
_COLUMNS = ("importer", "imported", "path", "line", "level", "module", "name", "bound_as", *MARKS)


class NumberedTexts:
    """Texts by number, each of them once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def add(self, text: str) -> int:
        """Return the number of a text."""
        return self._places.setdefault(text, len(self._places))

    @property
    def all(self) -> list[str]:
        """The texts in the order of their numbers."""
        return list(self._places)


@dataclass(slots=True)
class _Statement:
    """What one statement takes from one module."""

    importer: str
    imported: str
    path: str
    line: int
    written: str
    mark: tuple[str, ...]
    names: list[str]
    right: list[str]


def build_imports(
    edges: pa.Table, imports: pa.Table, violations: pa.Table, places: Mapping[str, int], texts: NumberedTexts
) -> dict[str, list[Any]]:
    """Return the imports that statements name: one entry per statement and imported module, sorted by importer.

    Columns: importer and imported (places of the tree), file, written and names (numbers of ``texts``: the file, the
    module as the statement writes it, the names that it takes), line, mark (number of a row of ``marks``: kind, scope,
    liveness and guard as in ``edges``). ``canonical`` has a pair for each statement that takes a class by a
    non-canonical path: the number of the entry, and of the text that it should import.
    """
    marks: dict[tuple[str, ...], int] = {}
    columns: dict[str, list[Any]] = {
        name: [] for name in ("importer", "imported", "file", "line", "written", "names", "mark", "canonical")
    }
    statements = sorted(
        _read_statements(edges, imports, violations), key=lambda each: (places[each.importer], each.line)
    )
    for number, each in enumerate(statements):
        columns["importer"].append(places[each.importer])
        columns["imported"].append(places[each.imported])
        columns["file"].append(texts.add(each.path))
        columns["line"].append(each.line)
        columns["written"].append(texts.add(each.written))
        columns["names"].append(texts.add(", ".join(each.names)))
        columns["mark"].append(marks.setdefault(each.mark, len(marks)))
        if each.right:
            columns["canonical"].append([number, texts.add(", ".join(sorted(set(each.right))))])
    columns["marks"] = [list(mark) for mark in marks]
    return columns


def _read_statements(edges: pa.Table, imports: pa.Table, violations: pa.Table) -> Iterator[_Statement]:
    repeated = set(tables.read_rows(imports.filter(imports.column("is_reexport")), "path", "line", "name"))
    canonical = _read_canonical(violations)
    known: dict[tuple[Any, ...], _Statement] = {}
    for row, is_ancestor in zip(
        tables.read_rows(edges, *_COLUMNS), tables.read_column(edges, "is_ancestor"), strict=True
    ):
        if is_ancestor:
            continue
        importer, imported, path, line, level, module, name, bound_as, *mark = row
        key = (importer, imported, path, line, level, module, *mark)
        statement = known.get(key)
        if statement is None:
            written = f"{'.' * level}{module}"
            statement = known[key] = _Statement(importer, imported, path, line, written, tuple(mark), [], [])
        taken = f"{name} as {name}" if (path, line, name) in repeated else _write_name(mark[0], module, name, bound_as)
        if taken and taken not in statement.names:
            statement.names.append(taken)
        statement.right += canonical.get((importer, path, line, name), ())
    yield from known.values()


def _write_name(kind: str, module: str, name: str, bound_as: str) -> str:
    """Return what a statement takes, as it is written: ``name``, ``name as other``; empty where it names the module."""
    if name:
        return f"{name} as {bound_as}" if bound_as and name not in {bound_as, "*"} else name
    is_renamed = kind == "import" and bound_as and bound_as != module.partition(".")[0]
    return f"as {bound_as}" if is_renamed else ""


def _read_canonical(violations: pa.Table) -> Mapping[tuple[str, str, int, str], list[str]]:
    found: dict[tuple[str, str, int, str], list[str]] = defaultdict(list)
    rows = tables.read_rows(violations, "importer", "path", "line", "name", "canonical", "definition")
    for importer, path, line, name, canonical, definition in rows:
        found[importer, path, line, name].append(canonical or definition.replace(":", "."))
    return found
