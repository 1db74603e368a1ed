"""Objects that a class body or a default holds: Python makes them once, for all instances or callers."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from analysis.facts.expressions import find_dotted, render
from analysis.facts.function_names import Outer, list_made_defaults, pair_defaults
from analysis.facts.lines import find_offsets
from analysis.facts.rows import Row, Rows
from analysis.facts.walking import list_nodes

CLASS_OBJECT, DEFAULT_OBJECT, NESTED_OBJECT = "class-object", "default-object", "nested-object"
#: What makes no object that keeps anything, or a container, of which others speak.
_PLAIN = frozenset({
    "", "list", "dict", "set", "bytearray", "defaultdict", "deque", "OrderedDict", "Counter", "ChainMap", "tuple",
    "frozenset", "object", "str", "int", "float", "bool", "property", "staticmethod", "classmethod", "TypeVar",
    "namedtuple", "WeakValueDictionary", "WeakKeyDictionary", "WeakSet", "Lock", "RLock", "getLogger", "compile",
})  # fmt: skip
#: What may have other objects in it.
_HOLDING = (ast.Call, ast.Dict, ast.List, ast.Tuple, ast.Set)
#: What stands before an attribute, and what follows it; patterns for each file take long to make.
_OWNER = re.compile(rb"\w++\Z")
_REST = re.compile(rb"\.\w|\[|[ \t]*+(?::[^\n=]*+)?=(?!=)")
_LONGEST_OWNER = 200
#: More lines that use an object are not listed.
_MOST_USES = 8


def find_class_objects(node: ast.ClassDef, position: int, qualname: str) -> Iterator[Row]:
    """Yield the rows of ``states`` of attributes of a class body that a call makes; nothing is known of their uses."""
    is_dataclass = any(find_dotted(_strip(each)).rpartition(".")[2] == "dataclass" for each in node.decorator_list)
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.Call):
            # Others than dataclasses may give each instance a copy, as pydantic does.
            is_one = is_dataclass or "ClassVar" in render(statement.annotation) or not (node.bases or node.keywords)
            names = [statement.target.id] if is_one and isinstance(statement.target, ast.Name) else []
        else:
            continue
        made = _find_default(statement.value)
        for name in names if made.rpartition(".")[2] not in _PLAIN else ():
            yield position, statement.lineno, qualname, name, CLASS_OBJECT, made, []


def find_nested_objects(tree: ast.Module) -> Iterator[Row]:
    """Yield the rows of ``states``, without positions, of what a module makes in lists, tables and arguments of calls.

    By the name of a class: it begins with a capital letter. What a name is bound to at once is not nested; defaults of
    functions of the module are read too, below their outermost call.
    """
    for statement in tree.body:
        for value in _list_values(statement):
            for each in list_nodes(value):
                callee = find_dotted(each.func) if isinstance(each, ast.Call) and each is not value else ""
                last = callee.rpartition(".")[2].lstrip("_")
                if last[:1].isupper() and not last.isupper() and last not in _PLAIN:
                    yield each.lineno, "", last, NESTED_OBJECT, callee, []  # type: ignore[attr-defined]


def _list_values(statement: ast.stmt) -> Iterable[ast.expr]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return [value for _, value in pair_defaults(statement.args) if isinstance(value, ast.Call)]
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr) else None
    return [value] if isinstance(value, _HOLDING) else []


def add_kept_objects(rows: Rows, functions: Sequence[Outer], source: bytes, next_position: Callable[[], int]) -> None:
    """Add the rows of ``states`` of defaults, and what uses objects of class bodies.

    Attributes that the file gives each instance for itself are no such objects.
    """
    names = sorted({str(row[3]).encode() for row in rows.states if row[4] == CLASS_OBJECT})
    if names:
        uses, own = _find_uses(source, names)
        rows.states[:] = [
            (*row[:6], uses.get(row[3], [])) if row[4] == CLASS_OBJECT else row
            for row in rows.states
            if row[4] != CLASS_OBJECT or row[3] not in own
        ]
    rows.states += [(next_position(), *row) for row in _find_defaults(functions, source)]


def _find_defaults(functions: Sequence[Outer], source: bytes) -> Iterator[Row]:
    """Yield the rows of defaults, without positions, and the lines of the function that use a part of each."""
    lines: list[bytes] = []
    for function in functions:
        node = function.node
        made = list_made_defaults(node.args) if node.args.defaults or node.args.kw_defaults else {}
        for name, (line, callee) in made.items():
            if callee.rpartition(".")[2] not in _PLAIN:
                lines = lines or source.split(b"\n")
                part = re.compile(rb"\b%s\." % re.escape(name.encode()))
                numbers = range(node.lineno, (node.end_lineno or 0) + 1)
                used = [number for number in numbers if part.search(lines[number - 1])]
                kept = _find_attribute(function, name, lines) if node.name == "__init__" and function.owner else ""
                if kept:  # it is one for all objects that are made without this argument
                    yield line, function.owner, kept, CLASS_OBJECT, callee, used[:_MOST_USES]
                else:
                    yield line, function.qualname, name, DEFAULT_OBJECT, callee, used[:_MOST_USES]


def _find_attribute(function: Outer, name: str, lines: Sequence[bytes]) -> str:
    """Return the attribute in which a constructor keeps a parameter as it is; empty where it does not."""
    text = b"\n".join(lines[function.node.lineno - 1 : function.node.end_lineno])
    found = re.search(
        rb"\bself\.(\w+)[ \t]*+(?::[^\n=]*+)?=[ \t]*+%s[ \t]*+(?:\n|#|$)" % re.escape(name.encode()), text
    )
    return found[1].decode("utf-8", "replace") if found else ""


def _find_uses(source: bytes, names: Sequence[bytes]) -> tuple[dict[str, list[int]], set[str]]:
    """Return the lines that go on from an attribute of each name, and the names that objects get for themselves."""
    uses: dict[str, list[int]] = {}
    own: set[str] = set()
    for text in names:
        name = text.decode("utf-8", "replace")
        line, counted, lines = 1, 0, list[int]()
        for offset in find_offsets(source, b"." + text):
            rest = _REST.match(source, offset + len(text) + 1)
            owner = _OWNER.search(source, max(0, offset - _LONGEST_OWNER), offset) if rest else None
            if rest is None or owner is None:
                continue
            if rest[0].endswith(b"="):
                own |= {name} if owner[0] == b"self" else set()
                continue
            line += source.count(b"\n", counted, offset)
            counted = offset
            if len(lines) < _MOST_USES and line not in lines:
                lines.append(line)
        if lines:
            uses[name] = lines
    return uses, own


def _find_default(value: ast.Call) -> str:
    """Return the dotted callee that makes an attribute, of a field of a dataclass that of its default."""
    callee = find_dotted(value.func)
    if callee.rpartition(".")[2] != "field":
        return callee
    default = next((keyword.value for keyword in value.keywords if keyword.arg == "default"), None)
    return find_dotted(default.func) if isinstance(default, ast.Call) else ""


def _strip(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node
