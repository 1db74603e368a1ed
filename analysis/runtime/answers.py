"""What comes from the child: lines of a server, and rows whose every field is what it must be.

A row comes from a process that ran code of the target: whatever does not fit is not taken over.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import select
from collections.abc import Callable, Iterator
from typing import Any

from analysis import tables

#: No line of a server is longer: what does not end is not read to its end.
_MOST_LINE = 256 << 20
_Check = Callable[[Any], Any]


def read_lines(pipe: int, *, limit: float) -> Iterator[bytes]:
    """Yield the lines of a pipe until its end, until nothing came for a time, or until a line does not end."""
    parts: list[bytes] = []
    size = 0
    while size < _MOST_LINE and select.select([pipe], [], [], limit)[0]:
        data = os.read(pipe, 1 << 20)
        if not data:
            return
        first, *others = data.split(b"\n")
        parts.append(first)
        size += len(first)
        for other in others:
            yield b"".join(parts)
            parts, size = [other], len(other)


def read_answer(line: bytes) -> dict[str, Any]:
    """Return what a line says: a row has the key ``module``; empty when it says nothing that can be understood."""
    try:
        if not line.startswith(b"R"):
            said = json.loads(line)
            return _read_contents(said) if isinstance(said, dict) and "module" not in said else {}
        name, _, text = line[3:].partition(b"\t")
        return read_row(json.loads(name), text)
    except (ValueError, RecursionError):
        return {}


def read_row(module: str, text: bytes) -> dict[str, Any]:
    """Return the row of a module; one that is not as it must be is replaced by one that says so."""
    try:
        row = json.loads(text)
        found = {key: _FIELDS[key](value) for key, value in row.items() if key in _FIELDS}
        if row["module"] != module or "outcome" not in found:
            raise ValueError("it is about something else")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        message = f"its answer cannot be read: {type(error).__name__}"
        return {"module": module, "outcome": "other", "message": message}
    return {**_read_contents(found), "module": module}


def _read_contents(said: dict[str, Any]) -> dict[str, Any]:
    """Leave out descriptions that are not those of their digest: rows of other modules refer to them."""
    if "contents" not in said:
        return said
    try:
        contents = _FIELDS["contents"](said["contents"])
    except (ValueError, TypeError, AttributeError):
        contents = {}
    return {**said, "contents": {digest: rows for digest, rows in contents.items() if _find_digest(rows) == digest}}


def _find_digest(rows: Any) -> str:
    text = json.dumps(rows)
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _whole(value: Any) -> int:
    if type(value) is not int or abs(value) >= 1 << 62:
        raise TypeError
    return value


def _line(value: Any) -> int:
    if abs(_whole(value)) >= 1 << 31:
        raise TypeError
    return int(value)


def _number(value: Any) -> float:
    if type(value) not in {int, float} or not math.isfinite(value):
        raise TypeError
    return float(value)


def _flag(value: Any) -> bool:
    return value is True


def _outcome(value: Any) -> str:
    if value not in tables.OUTCOMES:
        raise ValueError
    return str(value)


def _list(check: _Check) -> _Check:
    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise TypeError
        return [check(each) for each in value]

    return read


def _row(*checks: _Check) -> _Check:
    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise TypeError
        return [check(each) for check, each in zip(checks, value, strict=True)]

    return read


def _map(check: _Check) -> _Check:
    return lambda value: {_text(key): check(each) for key, each in value.items()}


_BOUND = (_text, _text, _text, _line, _text)
_FIELDS: dict[str, _Check] = {
    "module": _text, "outcome": _outcome, "exception": _text, "message": _text, "output": _text,
    "chain": _list(_text), "failed": _row(_text, _line, _text_or_none, _text_or_none), "seconds": _number,
    "memory": _whole, "threads": _flag, "costs": _list(_row(_text, _line, _number)),
    "runs": _list(_row(_text, _line, _list(_text))),
    "swallowed": _list(
        _row(_outcome, _text, _text, _text, _line, _text_or_none, _text_or_none, _text, _line)
    ),
    "bindings": _list(_row(*_BOUND, _text)), "digests": _map(_text), "contents": _map(_list(_row(*_BOUND))),
    "twins": _list(_row(_text, _line, _text, _line, _list(_text))),
}  # fmt: skip
