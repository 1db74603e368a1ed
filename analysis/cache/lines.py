"""Lines of a file that grows while something is under way, each with its checksum."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32


def seal_line(label: str, text: str) -> str:
    r"""Return a line that ``read_lines`` takes as it is or not at all; ``label`` says what it belongs to.

    >>> seal_line("rows", "{}")
    'cf3e3de2 {}\n'
    """
    return f"{_sum(label, text):08x} {text}\n"


def append_line(path: Path, line: str) -> None:
    """Add a line to a file in one step, which is made if need be; raises ``OSError``, also where the disk is full.

    Several processes may do so at once. The line feed before it ends what a killed process has left.
    """
    text = f"\n{line}".encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if os.write(handle, text) < len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(handle)


def read_lines(path: Path | None, label: str) -> Iterator[str]:
    """Yield the whole lines of a file; one that is cut or damaged is left out, and no file has no lines."""
    try:
        content = path.read_bytes() if path is not None else b""
    except OSError:
        return
    for line in content.split(b"\n"):
        checksum, _, text = line.decode("utf-8", "replace").partition(" ")
        if text and checksum == f"{_sum(label, text):08x}":
            yield text


def _sum(label: str, text: str) -> int:
    return crc32(f"{label}\0{text}".encode("utf-8", "surrogatepass"))
