"""A pack: a file of named values that appears whole, is never changed, and whose every bit is checked.

    magic | values, each at a multiple of 64 bytes | index | footer

The checksum of a value covers its bytes, its name and the label of the pack (what it is and for which key), so that
neither a flipped bit nor a file in another's place can answer. It is CRC-32: it finds every damage of up to 32 bits in
a row, any other but for one in four thousand million, and runs at the speed of memory. Values are read into memory: a
file that is mapped ends the process when another process truncates it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias
from zlib import crc32

import pyarrow as pa

SUFFIX = ".pack"
WRITING = ".writing-"
LONGEST_NAME = 64
Value: TypeAlias = bytes | memoryview | pa.Buffer

_MAGIC = b"SSOTPCK1"
_ENTRY = struct.Struct(f"<{LONGEST_NAME}sQQQI4x")
_FOOTER = struct.Struct("<QQI4x8s")
_ALIGNED = 64
#: Only what becomes smaller is stored squeezed: that its two sizes differ says so.
_CODEC = "zstd"


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value stands: ``stored`` bytes from ``offset``, ``size`` bytes when they are no longer squeezed."""

    offset: int
    stored: int
    size: int
    checksum: int


def write_pack(place: Path, label: str, values: Iterable[tuple[str, Value]], *, squeeze: bool = False) -> bool:
    """Write values, all or none, and return whether that worked; ``values`` may be made one by one."""
    temporary = place.parent / f"{WRITING}{os.getpid()}-{secrets.token_hex(6)}"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            _write_values(file, label, values, squeeze=squeeze)
        temporary.replace(place)
    except (OSError, pa.ArrowException):
        with contextlib.suppress(OSError):
            temporary.unlink()
        return False
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return True


def _write_values(file: BinaryIO, label: str, values: Iterable[tuple[str, Value]], *, squeeze: bool) -> None:
    file.write(_MAGIC)
    index = []
    offset = len(_MAGIC)
    for name, value in values:
        size = len(memoryview(value))
        data = memoryview(value)
        if squeeze and size:
            squeezed = memoryview(pa.compress(value, _CODEC))
            data = squeezed if len(squeezed) < size else data
        gap = -offset % _ALIGNED
        file.write(bytes(gap))
        file.write(data)
        checksum = crc32(data, _seed(label, name, size))
        index.append(_ENTRY.pack(_encode_name(name), offset + gap, len(data), size, checksum))
        offset += gap + len(data)
    table = b"".join(index)
    file.write(table)
    file.write(_FOOTER.pack(offset, len(index), crc32(table, _seed(label, "", offset)), _MAGIC))


def read_pack(place: Path, label: str) -> dict[str, memoryview] | None:
    """Return all values of a pack by name; None when it is not there or one bit of it is not what was written."""
    try:
        content = memoryview(place.read_bytes())
    except (OSError, MemoryError):
        return None
    slots = _find_slots(content, len(content), label)
    if slots is None:
        return None
    values = {}
    for name, slot in slots.items():
        value = _open_value(content[slot.offset : slot.offset + slot.stored], label, name, slot)
        if value is None:
            return None
        values[name] = value
    return values


def read_slots(file: int, label: str) -> dict[str, Slot] | None:
    """Return where the values of an opened pack stand; None when its index is damaged."""
    try:
        length = os.fstat(file).st_size
        footer = os.pread(file, _FOOTER.size, max(0, length - _FOOTER.size))
        start = _FOOTER.unpack(footer)[0] if len(footer) == _FOOTER.size else length
        return _find_slots(memoryview(os.pread(file, max(0, length - start), start)), length, label)
    except (OSError, OverflowError):
        return None


def read_value(file: int, label: str, name: str, slot: Slot) -> memoryview | None:
    """Return one value of an opened pack; None when it is damaged."""
    try:
        return _open_value(memoryview(os.pread(file, slot.stored, slot.offset)), label, name, slot)
    except OSError:
        return None


def _find_slots(tail: memoryview, length: int, label: str) -> dict[str, Slot] | None:
    """Return the index of a pack, given the pack or its end from the index on, and its length."""
    if len(tail) < _FOOTER.size:
        return None
    start, count, checksum, magic = _FOOTER.unpack(tail[-_FOOTER.size :])
    first = len(tail) - _FOOTER.size - count * _ENTRY.size
    if magic != _MAGIC or first < 0 or length - len(tail) + first != start:
        return None
    index = tail[first : -_FOOTER.size]
    if crc32(index, _seed(label, "", start)) != checksum:
        return None
    return {
        name.rstrip(b"\0").decode("ascii"): Slot(offset, stored, size, checksum)
        for name, offset, stored, size, checksum in _ENTRY.iter_unpack(index)
    }


def _open_value(data: memoryview, label: str, name: str, slot: Slot) -> memoryview | None:
    if len(data) != slot.stored or crc32(data, _seed(label, name, slot.size)) != slot.checksum:
        return None
    if slot.stored == slot.size:
        return data
    try:
        return memoryview(pa.decompress(data, slot.size, _CODEC))
    except (pa.ArrowException, OSError, ValueError):
        return None


def _seed(label: str, name: str, size: int) -> int:
    return crc32(f"{label}\0{name}\0{size}".encode())


def _encode_name(name: str) -> bytes:
    encoded = name.encode("ascii")
    if not encoded or len(encoded) > LONGEST_NAME:
        raise ValueError(f"a name of 1 to {LONGEST_NAME} ASCII characters is needed, not {name!r}")
    return encoded


def find_packs(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the packs of a folder; none when it cannot be read."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.name.endswith(SUFFIX) and not entry.name.startswith("."))
