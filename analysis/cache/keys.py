"""The key of a kept answer: the program that computes it, the interpreter that runs it, and what it is given.

The program is known by a hash of its source, so nobody has to remember to raise a number. Equal things have equal keys
in every process: no hash that Python randomizes, no order of a set, no address of an object goes in.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import secrets
import struct
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

_PACKAGE = Path(__file__).resolve().parent.parent
_DIGEST_BYTES = 16
#: What Python writes so that nothing else is written the same.
_PLAIN = frozenset({bool, int, float, type(None)})
_LENGTH = struct.Struct("<Q")


def build_key(program: Sequence[str], *inputs: Any, interpreter: Sequence[Any] | None = None) -> str:
    """Return 32 hex digits for an answer.

    ``program`` names the modules and packages of ``analysis`` that compute it (``facts``, ``tables``). ``inputs`` are
    texts, bytes, numbers, None, paths, arrays of numpy, Arrow columns, dataclasses, and sequences, sets and mappings
    of these; ``TypeError`` for anything else. ``interpreter`` is by default the running one.
    """
    described = describe_interpreter() if interpreter is None else interpreter
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    digest.update(b"".join(_encode([find_code_version(tuple(sorted({"cache", *program}))), described, inputs])))
    return digest.hexdigest()


def find_code_version(program: tuple[str, ...], package: Path = _PACKAGE) -> str:
    """Return a hash of the source of modules and packages, by their paths in the package; read once per process.

    A program whose source is not there, as in a frozen application, has a new version in every process.
    """
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for name in program:
        digest.update(_hash_sources(name, package))
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _hash_sources(name: str, package: Path) -> bytes:
    """Return a hash of the source of one module or package."""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    files = _find_sources(package, name)
    try:
        for path in files:
            digest.update(b"".join(_encode([path.relative_to(package).as_posix(), path.read_bytes()])))
    except OSError:
        files = []
    return digest.digest() if files else secrets.token_bytes(_DIGEST_BYTES)


def _find_sources(package: Path, name: str) -> list[Path]:
    module = package / f"{name}.py"
    return [module] if module.is_file() else sorted((package / name).rglob("*.py"))


@lru_cache(maxsize=1)
def describe_interpreter() -> tuple[Any, ...]:
    """Return what an answer may depend on besides program and inputs: interpreter, platform, its library, Arrow."""
    return (
        sys.version, tuple(sys.version_info), sys.implementation.name, sys.platform, os.name, os.sep, sys.byteorder,
        sys.base_prefix, sorted(sys.stdlib_module_names), sorted(sys.builtin_module_names), pa.__version__,
        np.__version__,
    )  # fmt: skip


def _encode(value: Any) -> list[bytes]:
    """Return bytes, in parts, that no other value yields: each part says its type and length."""
    parts: list[bytes] = []
    _write(value, parts)
    return parts


def _write(value: Any, parts: list[bytes]) -> None:
    write = _WRITERS.get(type(value))
    if write is not None:
        write(value, parts)
    elif value is None or isinstance(value, bool | int | float):
        _write_plain(value, parts)
    elif isinstance(value, str):
        _write_text(value, parts)
    elif isinstance(value, bytes | bytearray | memoryview):
        _tag(b"b", bytes(value), parts)
    elif isinstance(value, os.PathLike):
        _tag(b"p", os.fsencode(value), parts)
    elif isinstance(value, np.ndarray):
        _write((value.dtype.str, list(value.shape)), parts)
        _tag(b"a", np.ascontiguousarray(value).tobytes(), parts)
    elif isinstance(value, pa.Array | pa.ChunkedArray):
        _write((str(value.type), value.to_pylist()), parts)
    else:
        _write_many(value, parts)


def _write_plain(value: float | None, parts: list[bytes]) -> None:
    _tag(b"n", repr((type(value).__name__, value)).encode(), parts)


def _write_text(value: str, parts: list[bytes]) -> None:
    _tag(b"s", value.encode("utf-8", "surrogatepass"), parts)


def _write_many(value: Any, parts: list[bytes]) -> None:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        _tag(b"d", type(value).__qualname__.encode(), parts)
        _write({field.name: getattr(value, field.name) for field in dataclasses.fields(value)}, parts)
    elif isinstance(value, Mapping):
        _write_sorted(b"m", value.items(), parts)
    elif isinstance(value, AbstractSet):
        _write_sorted(b"e", value, parts)
    elif isinstance(value, list):
        _write_list(value, parts)
    elif isinstance(value, tuple):
        _write_sequence(value, parts)
    else:
        raise TypeError(f"no key can be made of {type(value).__name__}")


def _write_list(value: list[Any], parts: list[bytes]) -> None:
    kinds = set(map(type, value))
    if kinds == {str}:
        texts = [each.encode("utf-8", "surrogatepass") for each in value]
        _tag(b"t", np.array([len(text) for text in texts], "<u8").tobytes(), parts)
        _tag(b"t", b"".join(texts), parts)
    elif kinds and kinds <= _PLAIN:
        _tag(b"r", repr(value).encode(), parts)
    else:
        _write_sequence(value, parts)


def _write_sequence(value: Sequence[Any], parts: list[bytes]) -> None:
    parts.append(b"l" + _LENGTH.pack(len(value)))
    for each in value:
        _write(each, parts)


def _write_sorted(tag: bytes, values: Iterable[Any], parts: list[bytes]) -> None:
    found = sorted(b"".join(_encode(each)) for each in values)
    parts.append(tag + _LENGTH.pack(len(found)))
    for part in found:
        _tag(b"i", part, parts)


def _tag(tag: bytes, data: bytes, parts: list[bytes]) -> None:
    parts += (tag + _LENGTH.pack(len(data)), data)


#: Most values are of these types, which need no further question.
_WRITERS: dict[type, Callable[[Any, list[bytes]], None]] = {
    str: _write_text, int: _write_plain, bool: _write_plain, type(None): _write_plain, list: _write_list,
    tuple: _write_sequence,
}  # fmt: skip
