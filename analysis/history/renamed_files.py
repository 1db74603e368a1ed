"""Which files of a target were renamed between two snapshots: by equal content, else by nearly the same names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from analysis import tables
from analysis.history.baseline import sketch_files
from analysis.history.changed_findings import ComparedSnapshot, read_facts
from analysis.history.ratchet import find_renames


def find_renamed_files(before: ComparedSnapshot, after: ComparedSnapshot) -> dict[str, str]:
    """Return the new path of each file that is gone and has come back under another name.

    Equal content decides where one file alone has it on each side; then the names that files bind and import, as for
    findings; then, for files without any of both such as empty ones, that their folder was renamed.
    """
    old, new = (_read_hashes(each) for each in (before, after))
    gone = {path: content for path, content in old.items() if path not in new}
    fresh = {path: content for path, content in new.items() if path not in old}
    found = _match(gone, fresh)
    shared = set(gone.values()) & set(fresh.values())  # where several files have it, their names cannot decide either
    left = [sorted(path for path, content in side.items() if content not in shared) for side in (gone, fresh)]
    found |= find_renames(sketch_files(read_facts(before), left[0]), sketch_files(read_facts(after), left[1]))
    return dict(sorted({**_follow_folders(gone, fresh, found), **found}.items()))


def _read_hashes(snapshot: ComparedSnapshot) -> dict[str, str]:
    rows = tables.read_rows(snapshot.table("files"), "path", "content_hash", "size_bytes")
    return {path: content if size else "" for path, content, size in rows}


def _match(gone: Mapping[str, str], fresh: Mapping[str, str]) -> dict[str, str]:
    """Return the pairs of files that are the only ones with their content."""
    sides = _group(gone), _group(fresh)
    return {
        paths[0]: sides[1][content][0]
        for content, paths in sides[0].items()
        if content and len(paths) == 1 and len(sides[1].get(content, ())) == 1
    }


def _group(hashes: Mapping[str, str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for path, content in sorted(hashes.items()):
        groups[content].append(path)
    return groups


def _follow_folders(
    gone: Mapping[str, str], fresh: Mapping[str, str], found: Mapping[str, str]
) -> dict[str, str]:  # fmt: skip
    """Return the new path of files with equal content whose folder has a new name by the files that were found."""
    folders: dict[str, set[str]] = defaultdict(set)
    for was, now in found.items():
        folders[_find_folder(was)].add(_find_folder(now))
    taken = set(found.values())
    more: dict[str, str] = {}
    for was in _not_in(gone, found):
        targets = folders[_find_folder(was)]
        now = f"{next(iter(targets))}/{PurePosixPath(was).name}" if len(targets) == 1 else ""
        if now in fresh and now not in taken and fresh[now] == gone[was]:
            more[was] = now
    return more


def _not_in(paths: Iterable[str], found: Mapping[str, str]) -> list[str]:
    return sorted(path for path in paths if path not in found)


def _find_folder(path: str) -> str:
    return str(PurePosixPath(path).parent)
