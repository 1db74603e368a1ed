"""Tables by which a module serves names on demand: lazy modules, ``lazy_loader``, and functions like them.

Such a call gets the module's name and a literal map of modules to the names that they define, which may be completed
line by line (``_import_structure["models"].append("Model")``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from analysis.facts.expressions import find_dotted, find_literal_text, find_literal_texts

#: Attribute name, and the modules or ``module:name`` that it may be, separated by ``|``.
Served = tuple[str, str]
#: In place of names: those of the stub beside the file.
STUB = ".pyi"
_ADDING = frozenset({"append", "extend", "insert", "add", "update"})
_DEEPEST = 20


class LazyTables:
    """Reads the calls of one file that hand such tables on."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._statements: list[ast.stmt] | None = None

    def read(self, call: ast.Call) -> tuple[list[Served], bool]:
        """Return what a call serves, and whether it serves nothing else."""
        callee = find_dotted(call.func).rpartition(".")[2]
        if callee == "attach_stub":
            return [("*", STUB)], True
        if callee == "attach":
            return self._read_attached(call)
        found: dict[str, list[str]] = {}
        for value in (*call.args, *(keyword.value for keyword in call.keywords)):
            for module, names in self._read_map(value):
                _add(found, module, module, "")
                for name in names:
                    _add(found, name, module, f":{name}")
        return _write(found), False

    def _read_attached(self, call: ast.Call) -> tuple[list[Served], bool]:
        """``attach(__name__, submodules, submod_attrs)`` of ``lazy_loader``: what it gets is all that it serves."""
        given = dict(zip(("", "submodules", "submod_attrs"), call.args, strict=False))
        given.update({keyword.arg or "": keyword.value for keyword in call.keywords})
        found: dict[str, list[str]] = {}
        submodules = self._read_names(given.get("submodules"))
        attributes = list(self._read_map(given.get("submod_attrs")))
        for name in submodules:
            found.setdefault(name, []).append(f".{name}")
        for module, names in attributes:
            for name in names:
                found.setdefault(name, []).append(f".{module}:{name}")
        is_all = all(self._is_literal(given.get(key)) for key in ("submodules", "submod_attrs"))
        return _write(found), is_all and bool(found)

    def _is_literal(self, value: ast.expr | None) -> bool:
        if isinstance(value, ast.Name):
            value = next(iter(self._find_values(value.id)), None)
        if isinstance(value, ast.Dict):
            return all(find_literal_text(key) is not None for key in value.keys)
        is_none = value is None or (isinstance(value, ast.Constant) and value.value is None)
        return is_none or isinstance(value, ast.List | ast.Tuple | ast.Set)

    # Maps of modules to names

    def _read_map(self, value: ast.expr | None, depth: int = 0) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield the pairs of a map, also where it is put together."""
        if depth > _DEEPEST:
            return
        if isinstance(value, ast.Dict):
            for key, part in zip(value.keys, value.values, strict=True):
                text = find_literal_text(key)
                if key is None:
                    yield from self._read_map(part, depth + 1)
                elif text is not None and isinstance(part, ast.List | ast.Tuple | ast.Set | ast.Name):
                    yield text, self._read_names(part)
        elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr):
            yield from self._read_map(value.left, depth + 1)
            yield from self._read_map(value.right, depth + 1)
        elif isinstance(value, ast.Name):
            for each in self._find_values(value.id):
                if not isinstance(each, ast.Name):
                    yield from self._read_map(each, depth + 1)
            yield from self._read_added(value.id)

    def _read_names(self, value: ast.expr | None) -> Sequence[str]:
        if isinstance(value, ast.Name):
            value = next(iter(self._find_values(value.id)), None)
        if isinstance(value, ast.Call) and find_dotted(value.func) in {"set", "list", "tuple", "sorted"} and value.args:
            value = value.args[0]
        return find_literal_texts(value) or ()

    def _find_values(self, name: str) -> Iterator[ast.expr]:
        """Yield what statements of the module assign to a name, in order."""
        for statement in self._list_statements():
            if isinstance(statement, ast.Assign) and any(find_dotted(target) == name for target in statement.targets):
                yield statement.value
            if isinstance(statement, ast.AnnAssign) and find_dotted(statement.target) == name and statement.value:
                yield statement.value

    def _read_added(self, name: str) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield what statements put into a map: ``m[key] = names``, ``m[key] += names``, ``m[key].append(name)``."""
        for statement in self._list_statements():
            if isinstance(statement, ast.Assign | ast.AugAssign):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                keys = (_find_key(target, name) for target in targets)
                yield from ((key, self._read_names(statement.value)) for key in keys if key is not None)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                yield from self._read_call(statement.value, name)

    def _read_call(self, call: ast.Call, name: str) -> Iterator[tuple[str, Sequence[str]]]:
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in _ADDING or not call.args:
            return
        owner, given = call.func.value, call.args[-1]
        if find_dotted(owner) == name and call.func.attr == "update":
            yield from self._read_map(given)
        key = _find_key(owner, name)
        if key is not None:
            text = find_literal_text(given)
            yield key, self._read_names(given) if text is None else (text,)

    def _list_statements(self) -> list[ast.stmt]:
        """Return the statements of the module, those of its blocks too, but not those of functions and classes."""
        if self._statements is None:
            self._statements = []
            waiting: list[ast.AST] = [self._tree]
            while waiting:
                node = waiting.pop()
                if isinstance(node, ast.stmt):
                    self._statements.append(node)
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
                    waiting.extend(reversed(list(ast.iter_child_nodes(node))))
        return self._statements


def _find_key(node: ast.expr, name: str) -> str | None:
    """Return the key of ``name[key]`` and of ``name.setdefault(key, [])``."""
    if isinstance(node, ast.Subscript) and find_dotted(node.value) == name:
        return find_literal_text(node.slice)
    if isinstance(node, ast.Call) and find_dotted(node.func) == f"{name}.setdefault" and node.args:
        return find_literal_text(node.args[0])
    return None


def _add(found: dict[str, list[str]], name: str, module: str, rest: str) -> None:
    """Note what a name is; a module without dots before it lies in the package, or is named in full."""
    options = [f"{module}{rest}"] if module.startswith(".") else [f".{module}{rest}", f"{module}{rest}"]
    if name.isidentifier():
        known = found.setdefault(name, [])
        known.extend(option for option in options if option not in known)


def _write(found: dict[str, list[str]]) -> list[Served]:
    return [(name, join_options(options)) for name, options in found.items()]


def join_options(options: Iterable[str]) -> str:
    """Return what a name may be as one text."""
    return "|".join(dict.fromkeys(options))
