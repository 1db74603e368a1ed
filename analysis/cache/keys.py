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
from collections.abc import Iterable, Mapping, Sequence
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
    for part in _encode([find_code_version(tuple(sorted({"cache", *program}))), described, inputs]):
        digest.update(part)
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
            for part in _encode([path.relative_to(package).as_posix(), path.read_bytes()]):
                digest.update(part)
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


def _encode(value: Any) -> Iterable[bytes]:
    """Yield bytes that no other value yields: each part says its type and length."""
    if value is None or isinstance(value, bool | int | float):
        yield from _tag(b"n", repr((type(value).__name__, value)).encode())
    elif isinstance(value, str):
        yield from _tag(b"s", value.encode("utf-8", "surrogatepass"))
    elif isinstance(value, bytes | bytearray | memoryview):
        yield from _tag(b"b", bytes(value))
    elif isinstance(value, os.PathLike):
        yield from _tag(b"p", os.fsencode(value))
    elif isinstance(value, np.ndarray):
        yield from _encode((value.dtype.str, list(value.shape)))
        yield from _tag(b"a", np.ascontiguousarray(value).tobytes())
    elif isinstance(value, pa.Array | pa.ChunkedArray):
        yield from _encode((str(value.type), value.to_pylist()))
    else:
        yield from _encode_many(value)


def _encode_many(value: Any) -> Iterable[bytes]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from _tag(b"d", type(value).__qualname__.encode())
        yield from _encode({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    elif isinstance(value, Mapping):
        yield from _encode_sorted(b"m", value.items())
    elif isinstance(value, AbstractSet):
        yield from _encode_sorted(b"e", value)
    elif isinstance(value, list) and value and all(type(each) is str for each in value):
        texts = [each.encode("utf-8", "surrogatepass") for each in value]
        yield from _tag(b"t", np.array([len(text) for text in texts], "<u8").tobytes())
        yield from _tag(b"t", b"".join(texts))
    elif isinstance(value, list) and value and all(type(each) in _PLAIN for each in value):
        yield from _tag(b"r", repr(value).encode())
    elif isinstance(value, list | tuple):
        yield b"l" + _LENGTH.pack(len(value))
        for each in value:
            yield from _encode(each)
    else:
        raise TypeError(f"no key can be made of {type(value).__name__}")


def _encode_sorted(tag: bytes, values: Iterable[Any]) -> Iterable[bytes]:
    parts = sorted(b"".join(_encode(each)) for each in values)
    yield tag + _LENGTH.pack(len(parts))
    for part in parts:
        yield from _tag(b"i", part)


def _tag(tag: bytes, data: bytes) -> tuple[bytes, bytes]:
    return tag + _LENGTH.pack(len(data)), data
