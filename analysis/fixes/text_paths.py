"""Texts that name what lies in a class or a module by its path: targets of patches, modules that are loaded by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from analysis import tables
from analysis.facts.object_texts import PATCH, SETTER
from analysis.facts.source_tree import SourceTree
from analysis.fixes.findings import ReadTable
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import SourceText, UnplacedError, read_source

_PLAIN = re.compile(rb"""[rRuU]?(?P<quote>\"\"\"|'''|"|')(?P<text>[\w.]+)(?P=quote)\Z""")

#: File, line of the call, and text.
NamedText = tuple[str, int, str]


class RenamedText(NamedTuple):
    """An edit of a text, with the lines of its call and its own."""

    edit: Edit
    call_line: int
    line: int


def find_patched_texts(read_table: ReadTable) -> list[NamedText]:
    """Return the texts by which tests name what they replace, sorted."""
    rows = tables.read_rows(read_table("object_texts"), "path", "line", "value", "kind")
    return sorted((path, line, text) for path, line, text, kind in rows if kind in {PATCH, SETTER})


def find_loaded_texts(read_table: ReadTable) -> list[NamedText]:
    """Return the texts by which calls load modules: ``import_module("p.b")``, sorted."""
    rows = tables.read_rows(read_table("imports"), "path", "line", "module", "kind", "level")
    return sorted((path, line, text) for path, line, text, kind, level in rows if kind == "dynamic" and not level)


def rename_texts(tree: SourceTree, renamed: Mapping[NamedText, str]) -> Iterator[RenamedText]:
    """Yield the edits that put other paths into texts; what does not stand there as one plain text stays."""
    for path in sorted({path for path, _, _ in renamed}):
        try:
            source = read_source(tree, path)
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Call):
                    yield from _rename_in_call(source, node, renamed)
        except UnplacedError:
            continue


def _rename_in_call(source: SourceText, call: ast.Call, renamed: Mapping[NamedText, str]) -> Iterator[RenamedText]:
    first = call.args[0] if call.args else None
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return
    new = renamed.get((source.path, call.lineno, first.value))
    start, _ = source.find_span(first)
    found = _PLAIN.match(source.cut(first))
    if new is not None and found is not None and found["text"].decode() == first.value:
        edit = Edit(source.path, start + found.start("text"), start + found.end("text"), source.encode(new))
        yield RenamedText(edit, call.lineno, first.lineno)
