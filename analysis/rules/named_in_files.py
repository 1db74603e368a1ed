"""Which modules the files of a tree name in texts: as a dotted name, by their path, or alone between quotes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from analysis.facts import Facts
from analysis.facts.source_tree import SourceTree, read_if_any
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
_WORD = re.compile(rb"[\w\x80-\xff]+")
#: Sentences that mention a module are no use of it; commands, statements and settings that they show are.
_PROSE = (".md", ".rst", ".txt")
_SHOWN = rb"(?:-m|python3?|import|from|::|:|\./|[\"'=])[ \t]*(?:[\w./]*[./])?"


@dataclass(frozen=True, slots=True)
class _Ways:
    """The ways to name one module, in a file of Python, in one of settings or commands, and in one of sentences."""

    code: re.Pattern[bytes]
    settings: re.Pattern[bytes]
    prose: re.Pattern[bytes]


def find_named(tree: SourceTree, wanted: Mapping[str, str], paths: Sequence[str]) -> set[str]:
    """Return which of some modules, as dotted names by path, one of the files ``paths`` names, other than itself."""
    left: dict[bytes, dict[str, _Ways]] = defaultdict(dict)
    for path, name in wanted.items():
        left[name.rpartition(".")[2].encode()][path] = _build_ways(name)
    found: set[str] = set()
    for first in range(0, len(paths), _AT_ONCE):
        if not left:
            break
        for path, source in _find_likely(tree, paths[first : first + _AT_ONCE], left):
            for last in left.keys() & set(_WORD.findall(source)):
                named = {each for each, ways in left[last].items() if each != path and _is_named(ways, path, source)}
                found |= named
                left[last] = {each: left[last][each] for each in left[last].keys() - named}
                if not left[last]:
                    del left[last]
    return found


def _is_named(ways: _Ways, path: str, source: bytes) -> bool:
    chosen = ways.code if path.endswith(".py") else ways.prose if path.endswith(_PROSE) else ways.settings
    return chosen.search(source) is not None


def _build_ways(name: str) -> _Ways:
    """Return the ways to name a module: with its package, as a file, alone between quotes or as a value."""
    *above, last = name.split(".")
    ways = [rf"[\"'`]{last}[\"'`.:]", rf"\b{last}\.py\b", rf"^[ \t-]*(?:[\w-]+[ \t]*[:=][ \t]*)?{last}[ \t,]*$"]
    if above:
        ways.append(rf"\b{above[-1]}[./\\:]{last}\b")
    imported = rf"\bimport[ \t]+(?:[\w.]+,[ \t]*)*{last}\b"  # of Python files it is known what they import
    code, settings = ("|".join(each).encode() for each in (ways, [*ways, imported]))
    prose = _SHOWN + last.encode() + rb"\b"
    return _Ways(re.compile(code, re.MULTILINE), re.compile(settings, re.MULTILINE), re.compile(prose))


def _find_likely(
    tree: SourceTree, paths: Sequence[str], left: Mapping[bytes, Mapping[str, _Ways]]
) -> Iterator[tuple[str, bytes]]:
    """Yield the files, with what they hold, in which one of some words stands."""
    read = [(path, source) for path in paths if (source := _read(tree, path))]
    pattern = rf"\b(?:{'|'.join(sorted(word.decode() for word in left))})\b"
    likely = pc.match_substring_regex(pa.array([source for _, source in read], pa.large_binary()), pattern).to_pylist()
    yield from (each for each, is_likely in zip(read, likely, strict=True) if is_likely)


def _read(tree: SourceTree, path: str) -> bytes:
    return read_if_any(tree, path, most_bytes=None if path.endswith(".py") else _MOST_BYTES)


def list_texts(facts: Facts) -> Iterator[str]:
    """Yield the files of settings, documentation and commands, of folders that are not left out."""
    left_out = {path for path, _ in read_rows(facts.left_out, "path", "reason")}
    waiting, folders, files = [""], 0, 0
    while waiting and folders < _MOST_FOLDERS and files < _MOST_FILES:
        folder = waiting.pop(0)
        folders += 1
        try:
            entries = sorted(facts.tree.list_folder(folder), key=lambda entry: entry.name)
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
