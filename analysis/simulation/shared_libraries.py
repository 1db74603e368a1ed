"""Which shared libraries this machine has, by their names; read from the loader's own list, nothing is started."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from analysis.simulation.importing import Importer
from analysis.simulation.records import Frame
from analysis.simulation.values import UNKNOWN, Value

#: Where the loader's list lies, and where a compiler's linker looks beside.
_LIST = Path("/etc/ld.so.cache")
_FOLDERS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/lib/*-linux-gnu", "/usr/lib/*-linux-gnu")
_MOST_BYTES = 16 << 20
_LIBRARY = re.compile(rb"lib([A-Za-z0-9_+.-]+?)\.(?:so|a)\b")


def find_library(_: Importer, arguments: list[Value], __: Frame) -> Value:
    """``ctypes.util.find_library``: None where there is no such library; of what there is the file is not known."""
    name = arguments[0] if len(arguments) == 1 else UNKNOWN
    known = _list_libraries() if sys.platform == "linux" else frozenset()
    return None if isinstance(name, str) and known and name not in known else UNKNOWN


@cache
def _list_libraries() -> frozenset[str]:
    """Return the names of all libraries; empty where the loader's list cannot be read."""
    try:
        listed = _LIST.read_bytes()[:_MOST_BYTES]
    except OSError:
        return frozenset()
    found = _LIBRARY.findall(listed)
    found += [part for name in _list_names() for part in _LIBRARY.findall(name)]
    return frozenset(name.decode("ascii") for name in found)


def _list_names() -> Iterator[bytes]:
    for pattern in _FOLDERS:
        for folder in sorted(Path("/").glob(pattern[1:])):
            try:
                yield from (path.name.encode("utf-8", "replace") for path in folder.iterdir())
            except OSError:
                continue
