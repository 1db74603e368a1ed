"""Which classes a compiled module has, by the names that its file states for them.

The type object of a class of an extension module holds the dotted name of the class (``tp_name``), as text that ends
with a zero byte. Nothing is loaded or run; a class whose name is made while the module runs is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from analysis.facts.source_tree import SourceTree

_MOST_BYTES = 64 << 20
_MOST_BYTES_OF_ALL = 512 << 20
_MOST_HITS = 20_000
_LONGEST_NAME = 200
#: A class, not a function: those are named the same way, for tracebacks. What has members is none that C alone knows.
_CLASS = re.compile(r"_*[A-Z]\w*", re.ASCII)
_DOTTED = re.compile(rb"(?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*")


def find_compiled_classes(tree: SourceTree, files: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names of classes by the path of the module without its suffix; modules without any are left out.

    ``files`` maps that path to the compiled file.
    """
    found: dict[str, list[str]] = {}
    left = _MOST_BYTES_OF_ALL
    outside = tree.root.parts[1:]
    for path, file in sorted(files.items()):
        try:
            data = tree.read_bytes(file, most_bytes=min(_MOST_BYTES, left))
        except OSError:
            continue
        left -= len(data)
        names = sorted(set(_find_names(data, (*outside, *path.split("/")))))
        if names:
            found[path] = names
    return found


def _find_names(data: bytes, place: Sequence[str]) -> Iterator[str]:
    """Yield the classes of a module that lies at a place: the dotted name may begin at any folder above it."""
    mark = f"{place[-1]}.".encode("utf-8", "surrogateescape")
    start = data.find(mark)
    for _ in range(_MOST_HITS):
        if start < 0:
            return
        first = data.rfind(b"\0", max(0, start - _LONGEST_NAME), start) + 1
        end = data.find(b"\0", start, start + _LONGEST_NAME)
        text = data[first:end] if first and end > 0 else b""
        start = data.find(mark, max(start + len(mark), end))
        if _DOTTED.fullmatch(text):
            parts = text.decode("ascii").split(".")
            depths = range(len(parts) - 1, 0, -1)
            depth = next((each for each in depths if parts[:each] == list(place[-each:])), 0)
            if depth and (len(parts) > depth + 1 or _CLASS.fullmatch(parts[depth])):
                yield parts[depth]
