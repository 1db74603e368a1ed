"""How much is kept: at most ``SSOT_CACHE_MB`` megabytes; what was not used for the longest time goes first.

Removing a file under a process that reads it takes nothing from that process, and its next run has a miss.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from analysis.cache.packs import SUFFIX, WRITING
from analysis.errors import AnalysisError

VARIABLE = "SSOT_CACHE_MB"
DEFAULT_MB = 2048
_BYTES_PER_MB = 1_000_000
#: When there is too much, a little more goes than must, so that not every write has to look for something.
_FILLED_AGAIN = 0.9
#: A file that is still being written after this time never will be.
_WRITING_SECONDS = 3600
#: What version 0.1.0 kept goes when nobody has used it for thirty days.
_OLD_SECONDS = 30 * 86400
_OLD_NAMES = ("facts-*.sqlite*", "cuts-*.sqlite*", "scans/*", "simulations/*", "names/*")


def find_limit() -> int:
    """Return how many bytes may be kept; ``AnalysisError`` when the variable is not a number of megabytes.

    0 means that nothing is read and nothing kept.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return DEFAULT_MB * _BYTES_PER_MB
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise AnalysisError(
            f"{VARIABLE}={text!r} is not a number of megabytes", remedy=f"Set it to {DEFAULT_MB}, or unset it"
        )
    return int(text) * _BYTES_PER_MB


def make_room(cache: Path) -> None:
    """Remove packs until the rest is within the limit; never fails."""
    limit, now = find_limit(), time.time()
    found = []
    for entry in _find_files(cache, depth=2):
        with contextlib.suppress(OSError):
            known = entry.stat(follow_symlinks=False)
            if entry.name.startswith(WRITING):
                if known.st_mtime < now - _WRITING_SECONDS:
                    os.unlink(entry.path)  # noqa: PTH108
            elif entry.name.endswith(SUFFIX):
                found.append((known.st_mtime_ns, entry.path, known.st_size))
    total = sum(size for _, _, size in found)
    if total <= limit:
        return
    _remove_old(cache, now)
    for _, path, size in sorted(found):
        if total <= limit * _FILLED_AGAIN:
            break
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108
        total -= size
        with contextlib.suppress(OSError):  # a folder of a program that has nothing left
            Path(path).parent.rmdir()


def _find_files(folder: Path | str, *, depth: int) -> Iterator[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if depth:
                    yield from _find_files(entry.path, depth=depth - 1)
            else:
                yield entry


def _remove_old(cache: Path, now: float) -> None:
    """Remove what version 0.1.0 kept here, unless somebody still uses that version."""
    for pattern in _OLD_NAMES:
        for path in cache.glob(pattern):
            with contextlib.suppress(OSError):
                if path.suffix == SUFFIX or path.stat().st_mtime > now - _OLD_SECONDS:
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
