"""A snapshot without what should not leave the house: source lines, paths, addresses, and, when asked, all names.

The report is made anew from such a snapshot, so that a picture, a table and a sentence cannot each forget it. It has no
root: nothing of the history of the target, its commits and their authors, is found by it.
"""

from __future__ import annotations

import builtins
import hashlib
import hmac
import keyword
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis import tables
from analysis.manifest import Manifest, read_manifest

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Columns that hold text of the target's files as it stands there.
SOURCE_COLUMNS = frozenset({("markers", "text"), ("programs", "program"), ("probed", "output")})
#: Columns by which the kit's own words and digests are known; they name nothing of the target.
KEPT_COLUMNS = frozenset({
    "rule", "metric", "unit", "meaning", "fingerprint", "cause", "content_hash", "structure", "encoding", "since",
    "exception", "lever", "setting", "source", "started",
})  # fmt: skip
#: Where the names of a target stand that are hidden when asked.
NAMED = (
    ("modules", "module"), ("files", "path"), ("siblings", "module"), ("definitions", "qualname"), ("methods", "name"),
    ("bindings", "name"), ("imports", "name"), ("imports", "bound_as"), ("stores", "owner"), ("stores", "name"),
    ("stores", "keys"), ("states", "name"), ("golden_tests", "test"), ("left_out", "path"), ("start_evidence", "path"),
)  # fmt: skip
#: Parts of paths and names that say nothing of a target.
_COMMON = frozenset(
    {"__init__", "__main__", "conftest", "py", "pyi", "ipynb", "pyc", "so", "tests", "test", "src", "lib"}
)
_WORD = re.compile(r"\w+")
#: An address of a person, in an owner's name or in the reason of an exception; ``FOLDER@REV`` is none.
_ADDRESS = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,}")

Replace = Callable[[str], str]


def redact(inv: Investigation, *, hash_names: bool = False, key: bytes = b"") -> tuple[dict[str, pa.Table], Manifest]:
    """Return the tables and the manifest of a snapshot without source lines, absolute paths and e-mail addresses.

    With ``hash_names`` each name of the target is replaced by digits that are the same throughout; without the
    ``key`` (by default a new one, which nobody keeps) nobody can compare them with guessed names.
    """
    contents = {name: inv.table(name) for name in tables.TABLES}
    steps: list[Replace] = [_hide_folders(inv.manifest), lambda text: _ADDRESS.sub("ADDRESS", text)]
    if hash_names:
        steps.append(_hide_names(_list_names(contents, inv.manifest), key or secrets.token_bytes(16)))

    def replace(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    hidden = {name: _redact_table(name, table, replace) for name, table in contents.items()}
    return hidden, _redact_manifest(inv.manifest, replace)


def _redact_table(name: str, table: pa.Table, replace: Replace) -> pa.Table:
    for column in tables.TABLES[name].columns:
        place = table.column_names.index(column.name)
        if (name, column.name) in SOURCE_COLUMNS:
            values = pa.array([""] * table.num_rows, column.type)
        elif column.values or column.name in KEPT_COLUMNS or not _has_text(column.type):
            continue
        else:
            hidden = [_replace_in(value, replace) for value in table.column(place).to_pylist()]
            values = pa.array(hidden).cast(column.type) if table.num_rows else table.column(place)
        table = table.set_column(place, column.name, values)
    return table


def _has_text(kind: pa.DataType) -> bool:
    return "string" in str(kind)


def _replace_in(value: Any, replace: Replace) -> Any:
    """Return a value with all its texts replaced; the source line of a place is left out."""
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, Mapping):
        return {key: "" if key == "source" else _replace_in(each, replace) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_in(each, replace) for each in value]
    return value


def _redact_manifest(manifest: Manifest, replace: Replace) -> Manifest:
    document = asdict(manifest)
    kept = {key: document[key] for key in ("created", "revision", "tool_version", "python", "counts", "statuses")}
    timings = {"timings": document["timings"], "left_out": document["left_out"]}
    hidden = {key: _replace_in(value, replace) for key, value in document.items()}
    # Without its root, a target is known by its name alone.
    return read_manifest({**hidden, **kept, **timings, "root": "", "named": True})


def _hide_folders(manifest: Manifest) -> Replace:
    """Return what puts short names in the place of the folders of the machine that the analysis ran on."""
    known = ((manifest.root, "TARGET"), (sys.prefix, "PYTHON"), (sys.base_prefix, "PYTHON"), (str(Path.home()), "~"))
    folders = sorted(((folder, word) for folder, word in known if len(folder) > 1), key=lambda pair: -len(pair[0]))

    def hide(text: str) -> str:
        for folder, word in folders:
            text = text.replace(folder, word)
        return text

    return hide


def _list_names(contents: Mapping[str, pa.Table], manifest: Manifest) -> set[str]:
    """Return the words that names and paths of the target are made of, except those that every program has."""
    texts = {manifest.target}
    for table, column in NAMED:
        texts.update(_flatten(contents[table].column(column).to_pylist()))
    for owner in manifest.policy.get("owner") or ():
        texts.update(_flatten(list(owner.values())))
    libraries = {word for name in contents["externals"].column("module").to_pylist() for word in _WORD.findall(name)}
    known = {*_COMMON, *keyword.kwlist, *dir(builtins), *sys.stdlib_module_names, *libraries}
    words = {word for text in texts for word in _WORD.findall(text)}
    return {
        word for word in words - known if not word.isdigit() and not (word.startswith("__") and word.endswith("__"))
    }


def _flatten(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            yield from _flatten(value)


def _hide_names(names: set[str], key: bytes) -> Replace:
    hidden = {
        name: ("N" if name[:1].isupper() else "n") + hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:7]
        for name in names
    }
    return lambda text: _WORD.sub(lambda match: hidden.get(match[0], match[0]), text)
