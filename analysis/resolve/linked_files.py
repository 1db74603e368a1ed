"""Files that have a second name because a symbolic link in the tree leads to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pyarrow as pa

from analysis import tables
from analysis.resolve.modules import Module
from analysis.resolve.second_names import SecondName
from analysis.resolve.target import TargetResolver
from analysis.resolve.uses import find_uses


def find_linked_files(resolver: TargetResolver, files: pa.Table) -> Iterator[SecondName]:
    """Yield the linked files that statements import both by the name of the link and by that of the file.

    ``files`` is the table of the facts. Names that differ only by their root are those of two programs.
    """
    links: dict[str, list[str]] = defaultdict(list)
    for path, status, reason in tables.read_rows(files, "path", "status", "reason"):
        if status == "linked":
            links[reason].append(path)
    index = resolver.index
    names = {path: [each for each in index.find_names(path) if index.is_importable(each)] for path in links}
    uses = find_uses(resolver, {module.number for found in names.values() for module in found})
    for path, found in sorted(names.items()):
        own = [each for each in found if _fits(each, path) and each.number in uses]
        for link in links[path]:
            for other in found:
                if not _fits(other, link) or other.number not in uses or not own or other.plain == own[0].plain:
                    continue
                first, second = uses[own[0].number][0], uses[other.number][0]
                yield SecondName(
                    path, "link", own[0].name, other.name, first.path, first.line, second.path, second.line, link, 1,
                    "", second.name, first.is_deferred or second.is_deferred, first.is_test or second.is_test,
                )  # fmt: skip


def _fits(module: Module, path: str) -> bool:
    """Return whether a file is called like a module below some folder."""
    stem = path.removesuffix(".py").removesuffix("/__init__").split("/")
    parts = module.plain.split(".")
    return stem[-len(parts) :] == parts
