"""Symbolic links inside a target: a linked file is a second name of a file, not a second file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.facts.rows import Row
from analysis.facts.source_tree import SourceTree

#: The status of such a file; its reason is the file that it leads to.
LINKED = "linked"
#: Files below linked folders that are named; more than that is a forest of links.
_MOST_LINKED = 2_000


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """One .py file, or notebook. ``path`` is relative, POSIX, printable; ``location`` as the system knows it.

    ``blob`` names its bytes, at a revision.
    """

    path: str
    location: str
    size_bytes: int
    stamp: tuple[int, int, int]
    problem: str = ""
    blob: str = ""


def find_source_file(tree: SourceTree, location: str) -> SourceFile:
    """Return what is known of a file before it is read; ``problem`` says why it cannot be, if so."""
    path = printable(location)
    try:
        status = tree.find_status(location)
    except OSError as error:
        return SourceFile(path, location, 0, (0, 0, 0), f"unreadable:{error.strerror}")
    problem = f"not-a-file:{status.problem}" if status.problem else ""
    return SourceFile(path, location, status.size_bytes, status.stamp, problem, status.blob)


def name_links(files: Sequence[SourceFile], links: Mapping[str, str], folders: Mapping[str, str]) -> list[SourceFile]:
    """Return the files with those that links lead to, marked as linked.

    ``links`` and ``folders`` map the links to where they lead in the target. A link to a file that is not read itself
    is a file of its own; a folder that leads to one around itself is not followed, nor are links below a linked folder.
    """
    own = {file.location: file for file in files if file.location not in links}
    found = []
    for file in files:
        target = own.get(links.get(file.location, ""))
        found.append(file if target is None else replace(file, problem=f"{LINKED}:{target.path}"))
    known, added = {file.location for file in files}, 0
    for link, folder in sorted(folders.items()):
        if not folder or f"{link}/".startswith(f"{folder}/"):
            continue
        for location, target in own.items():
            name = f"{link}/{location[len(folder) + 1 :]}"
            if location.startswith(f"{folder}/") and name not in known and added < _MOST_LINKED and not target.problem:
                added += 1
                found.append(SourceFile(printable(name), name, 0, (0, 0, 0), f"{LINKED}:{target.path}"))
    return found


def lead_links(rows: Sequence[Row], links: Mapping[str, str]) -> list[Row]:
    """Return rows of ``tables.MODULES`` in which each linked file is a further name of the file that it leads to."""
    if not links:
        return list(rows)
    return sorted((name, links.get(path, path), kind, root, is_primary and path not in links, *rest)
                  for name, path, kind, root, is_primary, *rest in rows)  # fmt: skip


def printable(path: str) -> str:
    """Return a path as text that every table and page can hold: undecodable bytes are shown escaped."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
