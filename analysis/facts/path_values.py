"""What an expression says about a folder: relative to its file, or to the folder in which the program is started."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.facts.expressions import find_dotted

#: The name of the file itself among the parts of a path.
_ITSELF = "\0"
_UP = ".."
_SAME = frozenset({
    "os.path.abspath", "os.path.realpath", "os.path.normpath", "path.abspath", "path.realpath", "abspath", "realpath",
    "normpath", "str", "os.fspath", "fspath",
})  # fmt: skip
_PARENT = frozenset({"os.path.dirname", "path.dirname", "dirname"})
_JOIN = frozenset({"os.path.join", "path.join", "join"})
_PATHS = frozenset({"Path", "pathlib.Path", "PurePath", "pathlib.PurePath", "PosixPath", "pathlib.PosixPath"})
_SAME_METHODS = frozenset({"resolve", "absolute", "as_posix", "__str__", "expanduser"})
#: Names of names, and calls in calls: deeper than any that somebody writes.
_DEEPEST = 40
_MOST_VALUES = 20
_MOST_STEPS = 2_000


class Names(dict[str, Sequence[ast.expr]]):
    """What names are bound to; ``left`` steps may still be taken, as names of names can double with each line."""

    left = _MOST_STEPS


@dataclass(frozen=True, slots=True)
class PathValue:
    """A path: what it is relative to, how many folders up from there, and then down; ``..`` in it as it is written.

    ``base`` is ``file``, ``working-folder``, ``absolute``, or ``text`` for a literal that is no path by itself.
    """

    base: str
    up: int = 0
    parts: tuple[str, ...] = ()

    def normalise(self) -> PathValue:
        """Return the path without ``..`` after a folder."""
        up, parts = self.up, list[str]()
        for part in self.parts:
            if part != _UP:
                parts.append(part)
            elif parts:
                parts.pop()
            else:
                up += 1
        return replace(self, up=up, parts=tuple(parts))

    def find_parent(self) -> PathValue:
        """Return the folder around it, as ``os.path.dirname`` does: it takes off the last part, whatever it is."""
        return replace(self, parts=self.parts[:-1]) if self.parts else replace(self, up=self.up + 1)

    def join(self, other: PathValue) -> PathValue | None:
        """Return a path below; an absolute one takes its place."""
        if other.base == "absolute":
            return other
        return replace(self, parts=(*self.parts, *([_UP] * other.up), *other.parts)) if other.base == "text" else None

    def show(self) -> tuple[str, str]:
        """Return base and folder as the columns of ``start_marks`` have them."""
        found = self.normalise()
        if _ITSELF in found.parts:
            return "unknown", ""
        folder = "/".join((*([_UP] * found.up), *found.parts))
        if found.base == "absolute":
            return "absolute", f"/{folder}"
        return ("file" if found.base == "file" else "working-folder"), folder or "."


def find_paths(node: ast.expr, names: Names) -> Iterator[PathValue | None]:
    """Yield what an expression may be: one path, or several where a loop goes through them; None when unknown."""
    names.left = _MOST_STEPS
    if isinstance(node, ast.Starred):
        node = node.value
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        for inner in node.elts[:_MOST_VALUES]:
            yield from find_paths(inner, names)
    elif isinstance(node, ast.Name) and len(names.get(node.id, ())) > 1:
        for inner in names[node.id][:_MOST_VALUES]:
            yield _evaluate(inner, names, 0)
    else:
        yield _evaluate(node, names, 0)


def _evaluate(node: ast.expr, names: Names, depth: int) -> PathValue | None:
    names.left -= 1
    read = _READERS.get(type(node))
    return read(node, names, depth + 1) if read is not None and depth <= _DEEPEST and names.left > 0 else None


def _constant(node: ast.Constant, _names: Names, _depth: int) -> PathValue | None:
    return _read_literal(node.value)


def _name(node: ast.Name, names: Names, depth: int) -> PathValue | None:
    if node.id == "__file__":
        return PathValue("file", 0, (_ITSELF,))
    known = names.get(node.id, ())
    return _evaluate(known[0], names, depth) if len(known) == 1 else None


def _attribute(node: ast.Attribute, names: Names, depth: int) -> PathValue | None:
    if node.attr == "parent":
        return _parent(node.value, names, depth)
    return _CONSTANTS.get(find_dotted(node))


def _operation(node: ast.BinOp, names: Names, depth: int) -> PathValue | None:
    if isinstance(node.op, ast.Div):
        return _join(node.left, [node.right], names, depth)
    added = _evaluate(node.right, names, depth) if isinstance(node.op, ast.Add) else None
    if added is None or added.base != "absolute":  # HERE + "lib" is another name, HERE + "/lib" a folder below
        return None
    found = _evaluate(node.left, names, depth)
    return None if found is None else found.join(replace(added, base="text"))


def _read_literal(value: object) -> PathValue | None:
    if not isinstance(value, str) or "\0" in value:
        return None
    parts = tuple([part for part in value.split("/") if part not in {"", "."}])
    return PathValue("absolute" if value.startswith("/") else "text", 0, parts)


def _parent(node: ast.expr, names: Names, depth: int, times: int = 1) -> PathValue | None:
    found = _evaluate(node, names, depth)
    for _ in range(times):
        found = None if found is None else found.find_parent()
    return found


def _join(first: ast.expr, rest: Sequence[ast.expr], names: Names, depth: int) -> PathValue | None:
    found = _evaluate(first, names, depth)
    for each in rest:
        other = _evaluate(each, names, depth)
        found = found.join(other) if found and other else None
    return found


def _join_text(node: ast.JoinedStr, names: Names, depth: int) -> PathValue | None:
    """Return what ``f"{HERE}/lib"`` is: a path, and literals that begin with a slash."""
    if not node.values or not isinstance(node.values[0], ast.FormattedValue):
        return None
    found = _evaluate(node.values[0].value, names, depth)
    for part in node.values[1:]:
        value = part.value if isinstance(part, ast.Constant) else None
        if found is None or not isinstance(value, str) or not value.startswith("/"):
            return None
        literal = _read_literal(value.lstrip("/"))
        found = found.join(literal) if literal else found
    return found


def _subscript(node: ast.Subscript, names: Names, depth: int) -> PathValue | None:
    """Return ``Path(__file__).parents[1]`` and ``os.path.split(__file__)[0]``."""
    number = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if not isinstance(number, int) or not 0 <= number < _DEEPEST:
        return None
    if isinstance(node.value, ast.Attribute) and node.value.attr == "parents":
        return _parent(node.value.value, names, depth, number + 1)
    if isinstance(node.value, ast.Call) and find_dotted(node.value.func) in {"os.path.split", "split"} and number == 0:
        return _parent(node.value.args[0], names, depth) if node.value.args else None
    return None


def _call(node: ast.Call, names: Names, depth: int) -> PathValue | None:
    callee, given = find_dotted(node.func), node.args
    if callee in _CALLS:
        return _CALLS[callee]
    if not given:
        return _method(node, names, depth)
    if callee in _SAME:
        return _normalise(given[0], names, depth)
    if callee in _PARENT:
        return _parent(given[0], names, depth)
    if callee in _JOIN or callee in _PATHS:
        return _join(given[0], given[1:], names, depth)
    return _method(node, names, depth)


def _method(node: ast.Call, names: Names, depth: int) -> PathValue | None:
    """Return what a method of a path gives."""
    if not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr in _SAME_METHODS:
        return _normalise(node.func.value, names, depth)
    return _join(node.func.value, node.args, names, depth) if node.func.attr == "joinpath" else None


def _normalise(node: ast.expr, names: Names, depth: int) -> PathValue | None:
    found = _evaluate(node, names, depth)
    return None if found is None else found.normalise()


_CONSTANTS = {"os.pardir": PathValue("text", 0, (_UP,)), "os.curdir": PathValue("text")}
_CALLS = {
    **dict.fromkeys(("os.getcwd", "getcwd", "Path.cwd", "pathlib.Path.cwd"), PathValue("working-folder")),
    **dict.fromkeys(("inspect.getfile", "inspect.getsourcefile"), PathValue("file", 0, (_ITSELF,))),
}
_READERS: Mapping[type[ast.expr], Callable[[Any, Names, int], PathValue | None]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Call: _call, ast.Attribute: _attribute, ast.Subscript: _subscript,
    ast.BinOp: _operation, ast.JoinedStr: _join_text,
}  # fmt: skip
