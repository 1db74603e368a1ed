"""Compares each name in the source with its object at run time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from analysis import tables


class _Static(NamedTuple):
    kind: str
    path: str
    line: int


class _Live(NamedTuple):
    kind: str
    definition: str
    qualname: str


#: What the source may call a name whose object it cannot tell: the program is not contradicted, nor confirmed.
_UNTOLD = frozenset({"result", "unknown", "compiled", "type-alias"})
_NOT_SEEN = _Static("unknown", "", 0)
_ABSENT = _Live("absent", "", "")


def build_agreement(paths: pa.Table, live: pa.Table, probed: pa.Table) -> pa.Table:
    """Return ``tables.AGREEMENT``, sorted, from the tables ``paths``, ``live_bindings`` and ``probed``.

    Only names of modules whose first import succeeded are compared, dunder names apart.
    """
    imported = {row["module"] for row in probed.to_pylist() if row["outcome"] == "ok"}
    said = {key: value for key, value in _read_static(paths) if key[0] in imported}
    seen = {key: value for key, value in _read_live(live) if key[0] in imported}
    rows = []
    for key in sorted(said.keys() | seen.keys()):
        static, found = said.get(key, _NOT_SEEN), seen.get(key, _ABSENT)
        if key not in said and found.kind == "module":
            continue  # a submodule that somebody imported is an attribute of its package; no statement binds it
        verdict, cause = _compare(static, found, is_said=key in said)
        rows.append((*key, static.kind, _show(static), found.kind, found.definition, verdict, cause))
    return tables.AGREEMENT.from_rows(rows)


def _read_static(paths: pa.Table) -> Iterator[tuple[tuple[str, str], _Static]]:
    columns = ("module", "name", "kind", "definition_path", "definition_line")
    for module, name, kind, path, line in tables.read_rows(paths, *columns):
        yield (module, name), _Static(kind, path or "", line)


def _read_live(live: pa.Table) -> Iterator[tuple[tuple[str, str], _Live]]:
    columns = ("module", "name", "kind", "definition", "qualname")
    for module, name, *rest in tables.read_rows(live, *columns):
        if not (name.startswith("__") and name.endswith("__")):
            yield (module, name), _Live(*rest)


def _show(static: _Static) -> str:
    return f"{static.path}:{static.line}" if static.path and static.line else ""


def _compare(static: _Static, live: _Live, *, is_said: bool) -> tuple[str, str]:
    if not is_said:
        return "runtime-only", "not-seen"
    if live.kind == "absent":
        return "static-only", "not-there"
    if static.kind in _UNTOLD:
        return "unknown", "not-resolved"
    if static.kind == "external":
        return ("agree", "") if not live.definition or live.kind == "instance" else ("disagree", "other-definition")
    if live.kind != _find_live_kind(static.kind):
        return "disagree", "other-kind"
    if static.kind in {"class", "function"}:
        return _compare_places(static, live)
    return "agree", ""


def _find_live_kind(kind: str) -> str:
    """Return what the program holds where the source says this kind; a new type is a function or an object."""
    if kind in tables.CLASS_KINDS:
        return "class"
    return {"constant": "instance"}.get(kind, kind)


def _compare_places(static: _Static, live: _Live) -> tuple[str, str]:
    """Compare where both say that a class or function is defined: a decorator may stand above its line."""
    if not live.definition:
        return "unknown", "no-source"
    path, _, line = live.definition.rpartition(":")
    if path != static.path:
        return "disagree", "other-definition"
    distance = static.line - int(line)
    return ("agree", "") if 0 <= distance <= _MOST_DECORATOR_LINES else ("disagree", "other-statement")


_MOST_DECORATOR_LINES = 60
