"""Locks of the operating system on files: whatever ends a process releases them."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from analysis.errors import BusyError, StorageError

LOCK = ".lock"
_POLL_SECONDS = 0.1
_HELD = frozenset({errno.EAGAIN, errno.EACCES})


@contextlib.contextmanager
def hold_lock(parent: Path, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock of a target's folder of reports; wait up to so many seconds for another run to end.

    Raises ``BusyError`` when the other run still holds it then, and ``StorageError`` when the file system knows no
    locks.
    """
    handle = _open_lock(parent)
    try:
        deadline = time.monotonic() + wait_seconds
        while not try_lock(handle):
            if time.monotonic() >= deadline:
                waited = f" after {wait_seconds:g} s" if wait_seconds else ""
                raise BusyError(
                    f"another report on this target is being written{waited} ({parent / LOCK} is locked)",
                    remedy="Try again later, or wait for it with --lock-wait SECONDS",
                )
            time.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)  # a child that was forked meanwhile would hold it longer
    finally:
        os.close(handle)


def try_lock(handle: int) -> bool:
    """Take the lock of an open file if nobody has it; return whether it is taken now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise StorageError(
            f"the file system of the reports knows no locks: {error.strerror}", remedy="Name another folder with --out"
        ) from None
    return True


def _open_lock(parent: Path) -> int:
    try:
        parent.mkdir(parents=True, exist_ok=True)
        return os.open(parent / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(
            f"cannot write below {parent}: {error.strerror}", remedy="Name another folder with --out"
        ) from None
