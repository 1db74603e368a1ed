"""Checksums of the files of a snapshot: ``SHA256SUMS``, in the format of ``sha256sum -c``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from analysis.errors import SnapshotError

FILE_NAME = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  ([^/\n]+)")


def write_checksums(folder: Path) -> None:
    """Write the checksums of all files of a folder."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != FILE_NAME)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / FILE_NAME).write_text("".join(lines), "utf-8")


def read_checked(folder: Path, name: str) -> bytes:
    """Return the bytes of a file as they were written.

    Raises ``OSError`` when it cannot be read, and ``SnapshotError`` when it or the list of checksums is damaged.
    A folder without a list, as version 0.1.0 wrote it, is taken as it is.
    """
    content = (folder / name).read_bytes()
    try:
        listed = (folder / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return content
    lines = [_LINE.fullmatch(line) for line in listed.decode("utf-8", "replace").splitlines()]
    known = {line[2]: line[1] for line in lines if line}
    if known.get(name) != hashlib.sha256(content).hexdigest():
        raise SnapshotError(
            f"{folder} is damaged: {name} is not what was written",
            remedy="Remove that folder, and run the command again",
        )
    return content
