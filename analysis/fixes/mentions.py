"""Places that name a class by a path that fixes leave: documentation, doctests, and texts that load or patch it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from analysis import tables
from analysis.facts.lines import normalise_line_ends
from analysis.facts.source_tree import SourceTree
from analysis.fixes.findings import ReadTable
from analysis.fixes.offers import Mention

_DOCUMENTS = (".md", ".rst", ".txt")
_LARGEST_BYTES = 1_000_000
_DEEPEST = 12
#: What makes a line of Python one that names a path in a text: a doctest, a load by name, a patch.
_NAMING = re.compile(
    rb"^\s*(?:>>>|\.\.\. )|import_module\(|__import__\(|patch|setattr\(|import_string\(|[\"'][\w.]+[\"']"
)
_LONGEST_LINE = 160


def find_mentions(read_table: ReadTable, tree: SourceTree, taken: Iterable[str]) -> Mapping[str, tuple[Mention, ...]]:
    """Return by import path (``p.b.Order``) the lines that name it, or that import it in an example."""
    names: dict[str, set[str]] = defaultdict(set)
    for path in taken:
        module, _, name = path.rpartition(".")
        names[module].add(name)
    if not names:
        return {}
    modules = sorted(names, key=lambda module: (-len(module), module))
    pattern = re.compile(rb"(?<![\w.])(?:" + b"|".join(re.escape(each.encode()) for each in modules) + rb")(?!\w)")
    found: dict[str, list[Mention]] = defaultdict(list)
    for path in sorted({*_list_documents(tree, ""), *tables.read_column(read_table("files"), "path")}):
        for line, text in _find_lines(tree, path, pattern):
            for match in pattern.finditer(text):
                module = match[0].decode()
                for name in names[module]:
                    if re.search(rb"\b%s\b" % re.escape(name.encode()), text[match.end() :]):
                        shown = text.decode("utf-8", "replace").strip()[:_LONGEST_LINE]
                        found[f"{module}.{name}"].append(Mention(path, line, shown))
    return {path: tuple(dict.fromkeys(mentions)) for path, mentions in found.items()}


def _find_lines(tree: SourceTree, path: str, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
    try:
        content = tree.read_bytes(path, most_bytes=_LARGEST_BYTES)
    except OSError:
        return
    if not pattern.search(content):
        return
    is_document = path.endswith(_DOCUMENTS)
    for number, line in enumerate(normalise_line_ends(content).split(b"\n"), 1):
        if pattern.search(line) and (is_document or _NAMING.search(line)):
            yield number, line


def _list_documents(tree: SourceTree, folder: str, depth: int = 0) -> Iterator[str]:
    """Yield the pages of documentation below a folder; hidden folders, and links, are not entered."""
    try:
        entries = tree.list_folder(folder)
    except OSError:
        return
    for entry in entries:
        path = f"{folder}/{entry.name}".lstrip("/")
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _list_documents(tree, path, depth + 1) if depth < _DEEPEST else ()
        elif entry.name.endswith(_DOCUMENTS):
            yield path
