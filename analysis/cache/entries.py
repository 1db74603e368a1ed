"""Entries: a few large values that belong together, kept under one key as one pack."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path

from analysis.cache.limit import find_limit, make_room
from analysis.cache.packs import SUFFIX, Value, read_pack, write_pack

_IS_READ_ONLY = ContextVar("is_read_only", default=False)


@contextlib.contextmanager
def reading_only() -> Iterator[None]:
    """Within the block entries are read, and none is written: what is found out of a changed tree takes no place."""
    token = _IS_READ_ONLY.set(True)
    try:
        yield
    finally:
        _IS_READ_ONLY.reset(token)


def read_entry(cache: Path | None, kind: str, key: str) -> dict[str, memoryview] | None:
    """Return the values kept under a key by name, each bit as it was written, or None; now it was used last."""
    if cache is None or not find_limit():
        return None
    place = _find_place(cache, kind, key)
    values = read_pack(place, f"{kind}/{key}")
    if values is not None:
        with contextlib.suppress(OSError):
            os.utime(place)
    return values


def write_entry(cache: Path | None, kind: str, key: str, values: Iterable[tuple[str, Value]]) -> None:
    """Keep values under a key, all or none, in the place of what was there; a failure costs only time later."""
    if cache is None or _IS_READ_ONLY.get() or not find_limit():
        return
    if write_pack(_find_place(cache, kind, key), f"{kind}/{key}", values):
        make_room(cache)


def _find_place(cache: Path, kind: str, key: str) -> Path:
    return cache / kind / f"{key}{SUFFIX}"
