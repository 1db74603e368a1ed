"""Collections: many small values of one kind and one program, kept as they come.

Every ``write`` makes one pack. Small packs are merged now and then; a process that reads one meanwhile goes on reading
it, and one that finds it gone has a miss.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

from analysis.cache.limit import find_limit, make_room
from analysis.cache.packs import SUFFIX, Slot, find_packs, read_slots, read_value, write_pack

_SMALL_BYTES = 1_000_000
#: As many small packs are merged into one.
_MOST_SMALL = 16
#: A pack that was used is marked as used again only after this time.
_MARKED_SECONDS = 60


class Collection:
    """Bytes by key, in the folder ``<cache>/<kind>/<program>``; without a cache nothing is kept."""

    def __init__(self, cache: Path | None, kind: str, program: str) -> None:
        self._cache = cache if cache is not None and find_limit() else None
        self._label = f"{kind}/{program}"
        self._folder = cache / kind / program if cache is not None else None
        self._packs: list[tuple[int, Mapping[str, Slot]]] | None = None

    def __enter__(self) -> Collection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for file, _ in self._packs or ():
            os.close(file)
        self._packs = None

    def read(self, key: str) -> memoryview | None:
        """Return what is kept under a key, or None."""
        if self._packs is None:
            self._packs = self._open_packs()
        for file, slots in self._packs:
            slot = slots.get(key)
            value = read_value(file, self._label, key, slot) if slot is not None else None
            if value is not None:
                return value
        return None

    def write(self, values: Mapping[str, bytes]) -> None:
        """Keep values by key, all of them or none."""
        if self._cache is None or self._folder is None or not values:
            return
        small = [Path(entry.path) for entry in find_packs(self._folder) if _is_small(entry)]
        place = self._folder / f"{time.time_ns():x}-{secrets.token_hex(4)}{SUFFIX}"
        if len(small) < _MOST_SMALL:
            if write_pack(place, self._label, values.items(), squeeze=True):
                make_room(self._cache)
            return
        merged = {name: bytes(value) for path in small for name, value in _read_all(path, self._label)}
        if write_pack(place, self._label, {**merged, **values}.items(), squeeze=True):
            for path in small:
                with contextlib.suppress(OSError):
                    path.unlink()
            make_room(self._cache)

    def _open_packs(self) -> list[tuple[int, Mapping[str, Slot]]]:
        packs: list[tuple[int, Mapping[str, Slot]]] = []
        if self._cache is None or self._folder is None:
            return packs
        for entry in sorted(find_packs(self._folder), key=lambda entry: entry.name, reverse=True):
            try:
                file = os.open(entry.path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:  # too many are open, or it was merged just now
                continue
            _mark(entry)
            slots = _read_known_slots(entry.path, file, self._label)
            if slots is None:
                os.close(file)
            else:
                packs.append((file, slots))
        return packs


def _read_known_slots(path: str, file: int, label: str) -> Mapping[str, Slot] | None:
    """Return the index of a pack; a process reads each once, for packs never change and their names are not reused."""
    known = _KNOWN.get((path, label))
    if known is None:
        known = read_slots(file, label)
        if known is not None:
            if len(_KNOWN) > _MOST_KNOWN:
                _KNOWN.clear()
            _KNOWN[path, label] = known
    return known


_KNOWN: dict[tuple[str, str], Mapping[str, Slot]] = {}
_MOST_KNOWN = 500


def _read_all(path: Path, label: str) -> Iterator[tuple[str, memoryview]]:
    with contextlib.suppress(OSError), path.open("rb") as file:
        for name, slot in (read_slots(file.fileno(), label) or {}).items():
            value = read_value(file.fileno(), label, name, slot)
            if value is not None:
                yield name, value


def _is_small(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.stat().st_size < _SMALL_BYTES
    except OSError:
        return False


def _mark(entry: os.DirEntry[str]) -> None:
    """Say that a pack was used; where that is not allowed, it may only go sooner."""
    with contextlib.suppress(OSError):
        if entry.stat().st_mtime < time.time() - _MARKED_SECONDS:
            os.utime(entry.path)
