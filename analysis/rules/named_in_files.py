"""Which modules the files of a tree name in texts: as a dotted name, by their path, or alone between quotes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from analysis.facts import Facts
from analysis.facts.source_tree import SourceTree
from analysis.tables import read_rows

#: Files besides those of Python that may name a module.
_ENDS = (
    ".toml", ".cfg", ".ini", ".json", ".yaml", ".yml", ".sh", ".bash", ".txt", ".rst", ".md", ".pyx", ".pxd", ".pyi",
    ".service", ".conf", ".tf", ".env", ".html", ".j2", ".ipynb", ".xml", ".mk", ".bat", ".ps1", ".in", ".csv",
    ".js", ".ts",
)  # fmt: skip
_WHOLE = re.compile(r"Dockerfile|Makefile|Procfile|Jenkinsfile|Justfile|justfile|crontab|Pipfile|MANIFEST")
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__"})
_MOST_BYTES, _MOST_FOLDERS, _MOST_FILES, _AT_ONCE = 1 << 18, 4_000, 4_000, 128
_WORD = re.compile(rb"\w+")


def find_named(facts: Facts, wanted: Mapping[str, str]) -> set[str]:
    """Return which of some modules, as dotted names by path, some other file of the tree names."""
    left: dict[bytes, dict[str, re.Pattern[bytes]]] = defaultdict(dict)
    for path, name in wanted.items():
        left[name.rpartition(".")[2].encode()][path] = _build_pattern(name)
    paths = [path for path, status in read_rows(facts.files, "path", "status") if status == "ok"]
    paths = sorted(_list_others(facts.tree, {path for path, _ in read_rows(facts.left_out, "path", "reason")})) + paths
    found: set[str] = set()
    for first in range(0, len(paths), _AT_ONCE):
        if not left:
            break
        for path, source in _find_likely(facts.tree, paths[first : first + _AT_ONCE], left):
            for last in left.keys() & set(_WORD.findall(source)):
                named = {each for each, pattern in left[last].items() if each != path and pattern.search(source)}
                found |= named
                left[last] = {each: left[last][each] for each in left[last].keys() - named}
                if not left[last]:
                    del left[last]
    return found


def _build_pattern(name: str) -> re.Pattern[bytes]:
    """Return the ways to name a module: with its package, as a file, alone between quotes or as a value."""
    *above, last = name.split(".")
    ways = [rf"[\"'`]{last}[\"'`.:]", rf"\b{last}\.py\b", rf"^[ \t-]*(?:[\w-]+[ \t]*[:=][ \t]*)?{last}[ \t,]*$"]
    if above:
        ways.append(rf"\b{above[-1]}[./\\:]{last}\b")
    return re.compile("|".join(ways).encode(), re.MULTILINE)


def _find_likely(
    tree: SourceTree, paths: Sequence[str], left: Mapping[bytes, Mapping[str, re.Pattern[bytes]]]
) -> Iterator[tuple[str, bytes]]:
    """Yield the files, with what they hold, in which one of some words stands."""
    read = [(path, source) for path in paths if (source := _read(tree, path))]
    pattern = rf"\b(?:{'|'.join(sorted(word.decode() for word in left))})\b"
    likely = pc.match_substring_regex(pa.array([source for _, source in read], pa.large_binary()), pattern).to_pylist()
    yield from (each for each, is_likely in zip(read, likely, strict=True) if is_likely)


def _read(tree: SourceTree, path: str) -> bytes:
    try:
        return tree.read_bytes(path, most_bytes=None if path.endswith(".py") else _MOST_BYTES)
    except OSError:
        return b""


def _list_others(tree: SourceTree, left_out: set[str]) -> Iterator[str]:
    """Yield the files of configuration, documentation and commands, of folders that are not left out."""
    waiting, folders, files = [""], 0, 0
    while waiting and folders < _MOST_FOLDERS and files < _MOST_FILES:
        folder = waiting.pop(0)
        folders += 1
        try:
            entries = sorted(tree.list_folder(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                is_asked = entry.name not in _SKIPPED and path not in left_out and entry.name != ".git"
                waiting += [path] if is_asked else []
            elif entry.name.endswith(_ENDS) or _WHOLE.search(entry.name):
                files += 1
                yield path
