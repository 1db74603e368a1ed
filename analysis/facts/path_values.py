"""Which path an expression is: relative to its file, or to the folder in which the program is started.

A path is a text: it begins with ``HERE`` or ``WORKING``, or is as written; ``*`` stands for each part that is computed.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any

from analysis.facts.expressions import find_dotted

#: Where a path begins: in the folder of the file that says it, or in the working folder.
HERE, WORKING = "{here}", "{cwd}"
UNKNOWN = "*"
_FILE = f"{HERE}/\0"
#: One folder up from where a path begins: other than ``..`` in a path, which ``os.path.dirname`` takes off.
_ABOVE = "\1"
_SAME = frozenset({"str", "fspath", "Path", "PurePath", "PosixPath"})
_NORMALISING = frozenset({"abspath", "realpath", "normpath", "expanduser", "resolve", "absolute"})
_SAME_METHODS = frozenset({"as_posix", "__str__", *_NORMALISING})
_JOINS = frozenset({"join", "path.join", "os.path.join"})
_SPLITS = frozenset({"os.path.split", "path.split"})
_WORKING_FOLDERS = frozenset({"os.getcwd", "getcwd", "Path.cwd", "pathlib.Path.cwd"})
_OWN_FILES = frozenset({"inspect.getfile", "inspect.getsourcefile"})
_CONSTANTS = {"os.pardir": "..", "os.curdir": ".", "os.sep": "/", "os.path.sep": "/", "os.path.pardir": ".."}
#: What goes through something else in its order, or another one.
_ORDERING = frozenset({"sorted", "list", "tuple", "reversed", "set"})
#: Other names of ``os`` and ``os.path``, by which they are called.
_ALIAS = re.compile(rb"\bimport [^\n]{0,200}?\b(os(?:\.path)?) as (\w+)|\bfrom (os) import (path) as (\w+)")
#: Names of names, and calls in calls: deeper than any that somebody writes.
_DEEPEST = 40
_MOST_VALUES = 20
#: Expressions that are looked at for one path, and the longest path.
_MOST_STEPS, _LONGEST = 2_000, 1_000


class KnownNames(dict[str, Sequence[ast.expr]]):
    """What names are bound to: several where a loop goes through them.

    ``aliases`` are other names of modules; ``left`` steps may still be taken: names of names can double with each line.
    """

    left = _MOST_STEPS
    aliases: Mapping[str, str] = MappingProxyType({})


def find_aliases(source: bytes) -> dict[str, str]:
    r"""Return other names that a file has for ``os`` and ``os.path``.

    >>> find_aliases(b"import sys, os.path as osp\nfrom os import path as p\\n")
    {'osp': 'os.path', 'p': 'os.path'}
    """
    found = _ALIAS.finditer(source) if b" as " in source else ()
    return {(each[2] or each[5]).decode(): (each[1] or b"os.path").decode() for each in found}


def find_path(node: ast.expr, names: KnownNames) -> str:
    """Return the path that an expression is; ``*`` where nothing is known of it."""
    names.left = _MOST_STEPS
    return _show(_evaluate(node, names, 0))


def find_paths(node: ast.expr, names: KnownNames) -> Iterator[str]:
    """Yield the paths that an expression may be: one, or several where a list or a loop goes through them."""
    yield from list(islice(_find_all(node, names, 0), _MOST_VALUES))


def _find_all(node: ast.expr, names: KnownNames, depth: int) -> Iterator[str]:
    while isinstance(node, ast.Starred):
        node = node.value
    if depth > _DEEPEST:
        yield UNKNOWN
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        for inner in node.elts[:_MOST_VALUES]:
            yield from _find_all(inner, names, depth + 1)
    elif isinstance(node, ast.Call) and find_dotted(node.func) == "map" and len(node.args) == 2:
        yield from _find_all(node.args[1], names, depth + 1)
    elif isinstance(node, ast.ListComp | ast.GeneratorExp) and len(node.generators) == 1:
        yield from _go_through(node.generators[0].target, node.generators[0].iter, node.elt, names, depth)
    elif isinstance(node, ast.Name) and names.get(node.id):
        before = names[node.id]
        for inner in before[:_MOST_VALUES]:
            yield from _find_all(inner, names, depth + 1)
    else:
        yield from _go_through_names(node, names, depth)


def _go_through(
    target: ast.expr, values: ast.expr, element: ast.expr, names: KnownNames, depth: int
) -> Iterator[str]:  # fmt: skip
    if not isinstance(target, ast.Name):
        yield UNKNOWN
        return
    before = names.get(target.id, ())
    names[target.id] = list_elements(values, names)
    try:
        yield from _find_all(element, names, depth + 1)
    finally:
        names[target.id] = before


def _go_through_names(node: ast.expr, names: KnownNames, depth: int) -> Iterator[str]:
    """Yield a path for each value of the first name in an expression that has several."""
    used = dict.fromkeys(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
    several = next((name for name in used if len(names.get(name, ())) > 1), None)
    if several is None:
        yield find_path(node, names)
        return
    before = names[several]
    try:
        for value in before[:_MOST_VALUES]:
            names[several] = (value,)
            yield from _find_all(node, names, depth + 1)
    finally:
        names[several] = before


def list_elements(node: ast.expr, names: KnownNames) -> Sequence[ast.expr]:
    """Return what a loop over an expression goes through; of the files of a folder, the pattern that finds them."""
    for _ in range(_DEEPEST):
        if isinstance(node, ast.Call) and find_dotted(node.func) in _ORDERING and node.args:
            node = node.args[0]
        elif isinstance(node, ast.Name) and len(names.get(node.id, ())) == 1:
            node = names[node.id][0]
        else:
            break
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return node.elts
    if isinstance(node, ast.Name):
        return names.get(node.id, ())
    pattern = _find_pattern(node) if isinstance(node, ast.Call) else None
    return [] if pattern is None else [pattern]


def _find_pattern(node: ast.Call) -> ast.expr | None:
    """Return the path with a pattern of which a call finds all files: ``folder.glob("*.py")``, ``glob.glob(path)``."""
    callee = find_dotted(node.func)
    if callee in {"glob.glob", "glob.iglob", "iglob"} and node.args:
        return node.args[0]
    if not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr == "glob" and len(node.args) == 1:
        return ast.BinOp(node.func.value, ast.Div(), node.args[0])
    return ast.BinOp(node.func.value, ast.Div(), ast.Constant(UNKNOWN)) if node.func.attr == "iterdir" else None


def show_folder(path: str) -> tuple[str, str]:
    """Return what a folder is relative to, and its path from there, as the columns of ``start_marks`` have them.

    >>> show_folder("{here}/../lib"), show_folder("lib/."), show_folder("/srv"), show_folder("{here}/*")
    (('file', '../lib'), ('working-folder', 'lib'), ('absolute', '/srv'), ('unknown', ''))
    """
    found = _show(_normalise(path))
    if UNKNOWN in found or "\0" in found:
        return "unknown", ""
    if found.startswith("/"):
        return "absolute", found
    base, rest = _split(found)
    return ("file" if base == HERE else "working-folder"), rest or "."


def _split(path: str) -> tuple[str, str]:
    """Return where a path begins, empty for one as written, and the rest."""
    first, _, rest = path.partition("/")
    return (first, rest) if first in {HERE, WORKING} else ("", path)


def _show(path: str) -> str:
    return path.replace(_ABOVE, "..")


def _normalise(path: str) -> str:
    """Return a path without ``.``, and without ``..`` after a folder that is known."""
    base, rest = _split(path)
    parts: list[str] = []
    for part in rest.split("/"):
        if part == ".." and parts and parts[-1] not in {"..", _ABOVE, UNKNOWN}:
            parts.pop()
        elif part not in {"", "."}:
            parts.append(_ABOVE if part == ".." and UNKNOWN not in parts else part)
    return ("/" if path.startswith("/") else "") + "/".join(filter(None, (base, *parts)))


def _find_parent(path: str) -> str:
    """Return the folder around a path, as ``os.path.dirname`` does: it takes off the last part, whatever it is."""
    base, rest = _split(path)
    if rest.replace(_ABOVE, "").strip("*/") == "":
        return f"{path}/{_ABOVE}" if path else _ABOVE
    folder = posixpath.dirname(rest)
    return f"{base}/{folder}".rstrip("/") if base else folder


def _join(parts: Sequence[str]) -> str:
    """Return the path below a folder; one that begins elsewhere takes its place."""
    starts = [number for number, part in enumerate(parts) if _split(part)[0]]
    return posixpath.join(*parts[starts[-1] if starts else 0 :])


def _evaluate(node: ast.expr, names: KnownNames, depth: int) -> str:
    names.left -= 1
    read = _READERS.get(type(node))
    if read is None or depth > _DEEPEST or names.left < 0:
        return UNKNOWN
    found = read(node, names, depth + 1)
    return found if len(found) <= _LONGEST else UNKNOWN


def _constant(node: ast.Constant, _names: KnownNames, _depth: int) -> str:
    return node.value if isinstance(node.value, str) and "\0" not in node.value else UNKNOWN


def _name(node: ast.Name, names: KnownNames, depth: int) -> str:
    if node.id == "__file__":
        return _FILE
    known = names.get(node.id, ())
    return _evaluate(known[0], names, depth) if len(known) == 1 else UNKNOWN


def _attribute(node: ast.Attribute, names: KnownNames, depth: int) -> str:
    if node.attr == "parent":
        return _find_parent(_evaluate(node.value, names, depth))
    return _CONSTANTS.get(_find_callee(node, names), UNKNOWN)


def _operation(node: ast.BinOp, names: KnownNames, depth: int) -> str:
    left = _evaluate(node.left, names, depth)
    if isinstance(node.op, ast.Mod):
        given = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return _fill(left, "%s", [_evaluate(each, names, depth) for each in given])
    right = _evaluate(node.right, names, depth)
    if isinstance(node.op, ast.Div):
        return _join([left, right])
    return left + right if isinstance(node.op, ast.Add) else UNKNOWN


def _fill(text: str, mark: str, values: Sequence[str]) -> str:
    """Return a text with values in the places of a mark; ``*`` where another mark is in it, too."""
    parts = text.split(mark)
    if len(parts) != len(values) + 1 or any(mark[0] in part for part in parts):
        return UNKNOWN
    return parts[0] + "".join(value + part for value, part in zip(values, parts[1:], strict=True))


def _joined(node: ast.JoinedStr, names: KnownNames, depth: int) -> str:
    parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    return "".join(_evaluate(part, names, depth) for part in parts)


def _subscript(node: ast.Subscript, names: KnownNames, depth: int) -> str:
    """Return ``Path(__file__).parents[1]`` and ``os.path.split(__file__)[0]``."""
    number = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if not isinstance(number, int) or not 0 <= number < _DEEPEST:
        return UNKNOWN
    if isinstance(node.value, ast.Attribute) and node.value.attr == "parents":
        found = _evaluate(node.value.value, names, depth)
        for _ in range(number + 1):
            found = _find_parent(found)
        return found
    is_split = isinstance(node.value, ast.Call) and _find_callee(node.value.func, names) in _SPLITS
    if is_split and number == 0 and node.value.args:  # type: ignore[attr-defined]
        return _find_parent(_evaluate(node.value.args[0], names, depth))  # type: ignore[attr-defined]
    return UNKNOWN


def _find_callee(node: ast.expr, names: KnownNames) -> str:
    """Return the dotted name of what is called, by the own name of its module."""
    first, dot, rest = find_dotted(node).partition(".")
    return f"{names.aliases.get(first, first)}{dot}{rest}"


def _call(node: ast.Call, names: KnownNames, depth: int) -> str:
    callee = _find_callee(node.func, names)
    last = callee.rpartition(".")[2]
    if callee in _WORKING_FOLDERS:
        return WORKING
    if callee in _OWN_FILES:
        return _FILE
    if not callee or not node.args or isinstance(node.args[0], ast.List | ast.Tuple) or last in {"joinpath", "format"}:
        return _method(node, names, depth)
    parts = [_evaluate(each, names, depth) for each in node.args]
    if last in _SAME or callee in _JOINS:
        return _join(parts)
    if last in _NORMALISING:
        return _normalise(parts[0])
    if last == "dirname":
        return _find_parent(parts[0])
    return _method(node, names, depth)


def _method(node: ast.Call, names: KnownNames, depth: int) -> str:
    """Return what a method of a path, or of a text, gives."""
    if not isinstance(node.func, ast.Attribute):
        return UNKNOWN
    owner, method = _evaluate(node.func.value, names, depth), node.func.attr
    if method == "join" and node.args and isinstance(node.args[0], ast.List | ast.Tuple):
        return owner.join(_evaluate(each, names, depth) for each in node.args[0].elts)
    parts = [_evaluate(each, names, depth) for each in node.args]
    if method in _SAME_METHODS:
        return _normalise(owner) if method in _NORMALISING else owner
    if method == "joinpath":
        return _join([owner, *parts])
    if method == "with_name" and parts:
        return _join([_find_parent(owner), *parts])
    return _fill(owner, "{}", parts) if method == "format" else UNKNOWN


_READERS: Mapping[type[ast.expr], Callable[[Any, KnownNames, int], str]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Call: _call, ast.Attribute: _attribute, ast.Subscript: _subscript,
    ast.BinOp: _operation, ast.JoinedStr: _joined,
}  # fmt: skip
