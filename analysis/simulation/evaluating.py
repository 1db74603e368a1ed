"""Expressions: what they read, import and call, and what of their value can be told."""

from __future__ import annotations

import builtins
import ctypes.util
import operator
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from analysis.facts.program import Node
from analysis.simulation.importing import ABSENT, Frame, Importer
from analysis.simulation.values import (
    UNKNOWN,
    Bound,
    Class,
    External,
    Function,
    Globals,
    Instance,
    Listed,
    Module,
    Raised,
    Table,
    Value,
)

_CONSTANTS = (type(None), bool, int, float, str, tuple)
#: A function is followed so often in one process; what it imports it has imported by then.
MOST_CALLS = 12
#: Bodies nested deeper than this are not followed into functions.
MOST_FRAMES = 400
_BUILTINS: dict[str, Value] = {
    name: External(f"builtins.{name}") for name in dir(builtins) if not name.startswith("__") or name == "__import__"
}
_TEXT_METHODS = frozenset({
    "split", "rsplit", "partition", "rpartition", "strip", "lstrip", "rstrip", "lower", "upper", "startswith",
    "endswith", "replace", "join", "title", "capitalize", "removeprefix", "removesuffix", "isidentifier",
})  # fmt: skip
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
#: What hands on the function that it is given.
_TRANSPARENT = frozenset({
    "functools.lru_cache", "functools.cache", "functools.wraps", "contextlib.contextmanager", "typing.overload",
    "typing.no_type_check", "typing.final", "builtins.staticmethod", "builtins.classmethod", "builtins.property",
    "functools.cached_property", "abc.abstractmethod", "typing_extensions.deprecated", "warnings.deprecated",
})  # fmt: skip
_IMPORTERS = frozenset({"importlib.import_module", "builtins.__import__", "importlib.__import__"})
_SEQUENCES = frozenset({"builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset", "builtins.sorted"})


#: Longer texts and lists are not followed: a few sums in a row would take all memory.
MOST_ELEMENTS = 10_000
#: Length of a text times that of the arguments of its method.
_MOST_PRODUCT = 1_000_000
#: Everything else is asked for by nobody, and looking for a library starts the system's tools with its name.
_LIBRARY_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}")


@cache
def find_library(name: str) -> str | None:
    """Return the shared library of a name on this machine, as ``ctypes.util.find_library`` does."""
    return ctypes.util.find_library(name) if _LIBRARY_NAME.fullmatch(name) else None


def truth(value: Value) -> bool | None:
    """Return whether a value counts as true; None when that cannot be told."""
    if isinstance(value, _CONSTANTS):
        return bool(value)
    if isinstance(value, Listed):
        return True if value.elements else None if value.is_open else False
    if isinstance(value, Table):
        return True if value.pairs else None if value.is_open else False
    if isinstance(value, Module | Class | Function | Bound):
        return True
    return True if isinstance(value, External) and value.is_module else None


def plain(value: Value) -> Any:
    """Return a constant, or a tuple of constants; ``UNKNOWN`` for everything else."""
    if isinstance(value, _CONSTANTS):
        return value
    if not isinstance(value, Listed) or value.is_open:
        return UNKNOWN
    is_constant = all(isinstance(element, _CONSTANTS) for element in value.elements)
    return tuple(value.elements) if is_constant else UNKNOWN


def _is_small(text: str, arguments: list[Any]) -> bool:
    """Return whether what a method of a text makes of its arguments is short for sure."""
    parts = [part for each in arguments for part in (each if isinstance(each, tuple) else [each])]
    size = sum(len(part) if isinstance(part, str) else 1 for part in parts)
    return (len(text) + 1) * (size + 1) <= _MOST_PRODUCT


class Evaluator(Importer):
    """Evaluates the expressions of programs."""

    def evaluate(self, node: Node, frame: Frame) -> Value:
        """Return the value of an expression; raises ``Raised`` when the program would raise."""
        return _KINDS[node[0]](self, node, frame)

    def _constant(self, node: Node, _: Frame) -> Value:
        return node[1]

    def _name(self, node: Node, frame: Frame) -> Value:
        name = node[1]
        if frame.kind != "module":
            if name in frame.names and name not in frame.declared:
                return frame.names[name]
            for names in frame.around:
                if name in names:
                    return names[name]
        module = frame.module
        found = module.names.get(name, ABSENT) if module.is_running else self.read(module, name)
        if found is ABSENT:
            found = _BUILTINS.get(name, ABSENT)
        if found is ABSENT:
            found = self.read_global(module, name)
        if found is not ABSENT:
            return found
        if frame.kind == "function" or frame.module.is_open or self.maybe:
            return UNKNOWN
        frame.line = node[2]
        raise self.fail("other", NameError, f"name {name!r} is not defined", "", name)

    def read_global(self, module: Module, name: str) -> Value:
        """Return a global or built-in name of a module, or the mark of absence."""
        found = self.read(module, name)
        if found is not ABSENT:
            return found
        if name in _BUILTINS:
            return _BUILTINS[name]
        if name == "__name__":
            return module.name
        if name == "__package__":
            return module.name if module.is_package else module.name.rpartition(".")[0]
        if name.startswith("__") and name.endswith("__") and name not in {"__all__", "__getattr__"}:
            return UNKNOWN
        return ABSENT

    def _attribute(self, node: Node, frame: Frame) -> Value:
        owner = self.evaluate(node[1], frame)
        frame.line = node[3]
        return self.find_member(owner, node[2], frame)

    def find_member(self, owner: Value, name: str, frame: Frame) -> Value:
        """Return an attribute of any value."""
        if isinstance(owner, Module):
            return self.find_attribute(owner, name)
        if isinstance(owner, External):
            return self.find_external(f"{owner.name}.{name}")
        if owner is None and not self.maybe and name not in dir(None):
            raise self.fail("other", AttributeError, f"'NoneType' object has no attribute {name!r}", "NoneType", name)
        if isinstance(owner, Class):
            found = self.find_in_class(owner, name)
            if isinstance(found, Function) and "classmethod" in found.how:
                return Bound(found, owner)
            return UNKNOWN if found is ABSENT else found
        if isinstance(owner, Instance):
            return self._find_in_instance(owner, name, frame)
        return UNKNOWN

    def find_in_class(self, owner: Class, name: str) -> Value:
        """Return what a class or one of its known bases has under a name, or the mark of absence."""
        waiting: list[Value] = [owner]
        for _ in range(100):
            if not waiting:
                break
            current = waiting.pop(0)
            if isinstance(current, Class):
                if name in current.names:
                    return current.names[name]
                waiting[:0] = current.bases
        return ABSENT

    def _find_in_instance(self, owner: Instance, name: str, frame: Frame) -> Value:
        if name in owner.names:
            return owner.names[name]
        found = self.find_in_class(owner.made_by, name)
        if isinstance(found, Function):
            if "property" in found.how:
                return self.call(found, [owner], {}, frame)
            return found if "staticmethod" in found.how else Bound(found, owner)
        if found is ABSENT:
            getter = self.find_in_class(owner.made_by, "__getattr__")
            is_known = isinstance(getter, Function) and not (name.startswith("__") and name.endswith("__"))
            return self.call(Bound(getter, owner), [name], {}, frame) if is_known else UNKNOWN
        return UNKNOWN if isinstance(found, Class) else found

    # Operators

    def _compared(self, node: Node, frame: Frame) -> Value:
        _, kind, left, right = node
        first, second = self.evaluate(left, frame), self.evaluate(right, frame)
        if kind == "+":
            return self.add(first, second)
        if kind in {"is", "is not"}:
            same = self._is_same(first, second)
            return UNKNOWN if same is None else same is (kind == "is")
        if kind in {"in", "not in"}:
            inside = self._is_inside(first, second)
            return UNKNOWN if inside is None else inside is (kind == "in")
        one, other = plain(first), plain(second)
        if one is UNKNOWN or other is UNKNOWN:
            return UNKNOWN
        try:
            return bool(_COMPARE[kind](one, other))
        except TypeError:
            return UNKNOWN

    def add(self, first: Value, second: Value) -> Value:
        """Return a sum of texts, or of lists."""
        if isinstance(first, str) and isinstance(second, str):
            return first + second if len(first) + len(second) <= MOST_ELEMENTS else UNKNOWN
        if isinstance(first, Listed | tuple):
            one = first if isinstance(first, Listed) else Listed(list(first))
            if isinstance(second, Listed | tuple):
                other = second if isinstance(second, Listed) else Listed(list(second))
                if len(one.elements) + len(other.elements) > MOST_ELEMENTS:
                    return Listed(list(one.elements), is_open=True)
                return Listed([*one.elements, *other.elements], one.is_open or other.is_open)
            return Listed(list(one.elements), is_open=True)
        return Listed(list(second.elements), is_open=True) if isinstance(second, Listed) else UNKNOWN

    def _is_same(self, first: Value, second: Value) -> bool | None:
        for one, other in ((first, second), (second, first)):
            if one is None or one is True or one is False:
                if isinstance(other, _CONSTANTS):
                    return one is other
                is_something = isinstance(other, Module | Class | Function | Bound | Listed | Table | Instance)
                if is_something or (isinstance(other, External) and not other.name.endswith("()")):
                    return False
        kinds = Module | Class | Function | Instance
        if isinstance(first, kinds) and isinstance(second, kinds):
            return first is second
        return None

    def _is_inside(self, item: Value, whole: Value) -> bool | None:
        wanted = plain(item)
        if wanted is UNKNOWN:
            return None
        if isinstance(whole, External):
            if whole.name == "os.environ":
                return False
            if whole.name == "sys.modules" and isinstance(wanted, str):
                return True if wanted in self.modules else False if self.shared.tree.owns(wanted) else None
            return None
        if isinstance(whole, Globals):
            is_there = isinstance(wanted, str) and self.has(whole.module, wanted)
            return True if is_there else None if whole.module.is_open else False
        if isinstance(whole, Table):
            return True if wanted in whole.pairs else None if whole.is_open else False
        content = whole.elements if isinstance(whole, Listed) else plain(whole)
        if content is UNKNOWN or content is None or isinstance(content, int | float):
            return None
        try:
            if wanted in list(content) if isinstance(whole, Listed) else wanted in content:
                return True
        except TypeError:
            return None
        is_closed = not isinstance(whole, Listed) or (plain(whole) is not UNKNOWN)
        return False if is_closed else None

    def _negated(self, node: Node, frame: Frame) -> Value:
        known = truth(self.evaluate(node[1], frame))
        return UNKNOWN if known is None else not known

    def _both(self, node: Node, frame: Frame) -> Value:
        return self._chain(node, frame, stops_at=False)

    def _either(self, node: Node, frame: Frame) -> Value:
        return self._chain(node, frame, stops_at=True)

    def _chain(self, node: Node, frame: Frame, *, stops_at: bool) -> Value:
        value, is_open = UNKNOWN, False
        before = self.maybe
        try:
            for part in node[1]:
                value = self.evaluate(part, frame)
                known = truth(value)
                if known is stops_at:
                    return UNKNOWN if is_open and not isinstance(value, bool) else value
                if known is None:
                    is_open = True
                    self.maybe += 1
        except Raised:
            if self.maybe == before:
                raise
            return UNKNOWN
        finally:
            self.maybe = before
        return UNKNOWN if is_open else value

    def _choice(self, node: Node, frame: Frame) -> Value:
        known = truth(self.evaluate(node[1], frame))
        if known is not None:
            return self.evaluate(node[2] if known else node[3], frame)
        values = [self.evaluate_maybe(part, frame) for part in node[2:4]]
        return values[0] if values[0] is values[1] else UNKNOWN

    def evaluate_maybe(self, node: Node, frame: Frame) -> Value:
        """Return the value of what may not be evaluated at all; its failure is a doubt."""
        self.maybe += 1
        try:
            return self.evaluate(node, frame)
        except Raised as raised:
            self.doubt(raised)
            return UNKNOWN
        finally:
            self.maybe -= 1

    def doubt(self, raised: Raised) -> None:
        """Note a failure of something that may not run."""
        if issubclass(raised.fault.kind, ImportError):
            self.doubts.append(f"{raised.fault.path}:{raised.fault.line} may not run: {raised.fault.text}")

    def _subscript(self, node: Node, frame: Frame) -> Value:
        owner = self.evaluate(node[1], frame)
        index = self.evaluate(node[2], frame)
        frame.line = node[3]
        if isinstance(owner, External) and owner.name == "sys.modules" and isinstance(index, str):
            return self.modules.get(index, UNKNOWN)
        if isinstance(owner, Globals) and isinstance(index, str):
            found = self.read_global(owner.module, index)
            if found is ABSENT and not owner.module.is_open and not self.maybe:
                raise self.fail("other", KeyError, repr(index), "", index)
            return UNKNOWN if found is ABSENT else found
        wanted = plain(index)
        if isinstance(owner, Table) and wanted is not UNKNOWN and not isinstance(wanted, slice):
            return owner.pairs.get(wanted, UNKNOWN)
        content = owner.elements if isinstance(owner, Listed) and not owner.is_open else owner
        if isinstance(content, list | tuple | str) and isinstance(index, int | slice):
            try:
                found = content[index]
            except (IndexError, TypeError, ValueError):
                return UNKNOWN
            return Listed(found) if isinstance(found, list) and isinstance(index, slice) else found
        # A generic class with arguments stands for itself.
        return owner if isinstance(owner, Class) else UNKNOWN

    def _slice(self, node: Node, frame: Frame) -> Value:
        ends = [self.evaluate(end, frame) for end in node[1:]]
        if all(end is None or isinstance(end, int) for end in ends):
            return slice(*ends)
        return UNKNOWN

    def _sequence(self, node: Node, frame: Frame) -> Value:
        elements: list[Value] = []
        is_open = False
        for part in node[1]:
            value = self.evaluate(part, frame)
            if part[0] != "*":
                elements.append(value)
            elif isinstance(value, Listed):
                elements.extend(value.elements)
                is_open |= value.is_open
            elif isinstance(value, tuple):
                elements.extend(value)
            elif isinstance(value, Table):
                elements.extend(value.pairs)
                is_open |= value.is_open
            else:
                is_open = True
        return Listed(elements, is_open)

    def _dictionary(self, node: Node, frame: Frame) -> Value:
        table = Table()
        for key, value in node[1]:
            name = UNKNOWN if key is None else plain(self.evaluate(key, frame))
            held = self.evaluate(value, frame)
            if name is not UNKNOWN:
                table.pairs[name] = held
            elif key is None and isinstance(held, Table):
                table.pairs.update(held.pairs)
                table.is_open |= held.is_open
            else:
                table.is_open = True
        return table

    def _walrus(self, node: Node, frame: Frame) -> Value:
        value = self.evaluate(node[2], frame)
        self.bind(node[1], value, frame)
        return value

    def bind(self, name: str, value: Value, frame: Frame) -> None:
        """Bind a name in the body that runs."""
        if name in frame.declared or frame.kind == "module":
            self.write(frame.module, name, value)
        else:
            frame.names[name] = value

    def _starred(self, node: Node, frame: Frame) -> Value:
        return self.evaluate(node[1], frame)

    def _after(self, node: Node, frame: Frame) -> Value:
        self.evaluate(node[1], frame)
        return self.evaluate(node[2], frame)

    def _parts(self, node: Node, frame: Frame) -> Value:
        for part in node[1]:
            self.evaluate(part, frame)
        return UNKNOWN

    # Calls

    def _call(self, node: Node, frame: Frame) -> Value:
        _, target, parts, named, line = node
        if target[0] == "a":
            owner = self.evaluate(target[1], frame)
            method = target[2]
            frame.line = target[3]
            callee = self.find_member(owner, method, frame)
        else:
            owner, method, callee = UNKNOWN, "", self.evaluate(target, frame)
        arguments: list[Value] = []
        for part in parts:
            value = self.evaluate(part, frame)
            arguments.append(UNKNOWN if part[0] == "*" else value)
        keywords = {}
        for name, part in named:
            value = self.evaluate(part, frame)
            keywords[name or "**"] = value
        frame.line = line
        if method and callee is UNKNOWN:
            return self._call_method(owner, method, arguments)
        return self.call(callee, arguments, keywords, frame)

    def _call_method(self, owner: Value, method: str, arguments: list[Value]) -> Value:
        if isinstance(owner, str) and method in _TEXT_METHODS:
            plains = [plain(argument) for argument in arguments]
            if UNKNOWN not in plains and _is_small(owner, plains):
                try:
                    found = getattr(owner, method)(*plains)
                except (TypeError, ValueError):
                    return UNKNOWN
                return Listed(found) if isinstance(found, list) else found
        elif isinstance(owner, Listed) and method in {"append", "extend", "insert", "remove", "add", "update", "pop"}:
            self._change(owner, method, arguments)
        elif isinstance(owner, Table):
            return self._call_table(owner, method, arguments)
        elif isinstance(owner, Globals) and method in {"update", "setdefault", "__setitem__"}:
            owner.module.is_open = True
        elif isinstance(owner, Globals) and method == "get" and arguments and isinstance(arguments[0], str):
            found = self.read(owner.module, arguments[0])
            return UNKNOWN if found is ABSENT else found
        return UNKNOWN

    def _change(self, owner: Listed, method: str, arguments: list[Value]) -> None:
        if method in {"append", "add"} and len(arguments) == 1 and not self.maybe:
            owner.elements.append(arguments[0])
        elif method in {"extend", "update"} and len(arguments) == 1 and not self.maybe:
            added = self.add(owner, arguments[0])
            owner.elements, owner.is_open = added.elements, added.is_open
        elif method == "remove" and len(arguments) == 1 and plain(arguments[0]) in owner.elements:
            owner.elements.remove(plain(arguments[0]))
        else:
            owner.is_open = True

    def _call_table(self, owner: Table, method: str, arguments: list[Value]) -> Value:
        if method in {"get", "pop"} and arguments:
            wanted = plain(arguments[0])
            if wanted is UNKNOWN:
                return UNKNOWN
            if wanted in owner.pairs:
                return owner.pairs[wanted]
            return UNKNOWN if owner.is_open else (arguments[1] if len(arguments) > 1 else None)
        if method == "keys":
            return Listed(list(owner.pairs), owner.is_open)
        if method == "values":
            return Listed(list(owner.pairs.values()), owner.is_open)
        if method == "items":
            return Listed([Listed([key, value]) for key, value in owner.pairs.items()], owner.is_open)
        if method in {"update", "setdefault", "clear"}:
            owner.is_open = True
        return UNKNOWN

    def call(self, callee: Value, arguments: list[Value], keywords: dict[str, Value], frame: Frame) -> Value:
        """Call something and return what it returns."""
        if isinstance(callee, Bound):
            return self.run_function(callee.function, [callee.owner, *arguments], keywords, frame)
        if isinstance(callee, Function):
            return self.run_function(callee, arguments, keywords, frame)
        if isinstance(callee, Class):
            return self._make(callee, arguments, keywords, frame)
        if isinstance(callee, External):
            return self.call_external(callee, arguments, keywords, frame)
        if callee is None and not self.maybe:
            raise self.fail("other", TypeError, "'NoneType' object is not callable")
        for argument in arguments:
            if isinstance(argument, Globals):
                argument.module.is_open = True
        return UNKNOWN

    def run_function(
        self, function: Function, arguments: list[Value], keywords: dict[str, Value], frame: Frame
    ) -> Value:
        """Run the body of a function."""
        raise NotImplementedError

    def _make(self, kind: Class, arguments: list[Value], keywords: dict[str, Value], frame: Frame) -> Value:
        made = Instance(kind)
        creator = self.find_in_class(kind, "__new__")
        if isinstance(creator, Function):
            self.run_function(creator, [kind, *arguments], keywords, frame)
        starter = self.find_in_class(kind, "__init__")
        if isinstance(starter, Function):
            self.run_function(starter, [made, *arguments], keywords, frame)
        return made

    def call_external(
        self, callee: External, arguments: list[Value], keywords: dict[str, Value], frame: Frame
    ) -> Value:
        """Call something that is outside the tree, as far as it is known what it does."""
        name = callee.name
        first = arguments[0] if arguments else UNKNOWN
        if name in _IMPORTERS and isinstance(first, str):
            return self._import_called(name, arguments, keywords, frame)
        known = _CALLS.get(name)
        if known is not None:
            return known(self, arguments, frame)
        plain_name = name.removesuffix("()")
        if isinstance(first, Function) and len(arguments) == 1 and not name.endswith("wraps"):
            if plain_name in _TRANSPARENT or plain_name.rpartition(".")[2] in {"abstractmethod", "wraps", "overload"}:
                how = first.how | {plain_name.rpartition(".")[2]}
                return Function(
                    first.module, first.name, first.line, first.end_line, first.parameters, first.defaults,
                    first.around, how,
                )  # fmt: skip
            return UNKNOWN
        if name in _SEQUENCES:
            if not arguments:
                return Listed([])
            if isinstance(first, Listed | tuple):
                return Listed(list(first)) if isinstance(first, tuple) else Listed(list(first.elements), first.is_open)
            return Listed(list(first.pairs), first.is_open) if isinstance(first, Table) else Listed([], is_open=True)
        for argument in arguments:
            if isinstance(argument, Globals):
                argument.module.is_open = True
        return callee if name.endswith("()") else External(f"{name}()")

    def _import_called(self, callee: str, arguments: list[Value], keywords: dict[str, Value], frame: Frame) -> Value:
        name = arguments[0]
        if callee.endswith("__import__"):
            level = arguments[4] if len(arguments) > 4 else keywords.get("level", 0)
            if level != 0 or name.startswith("."):
                return UNKNOWN
            fromlist = arguments[3] if len(arguments) > 3 else keywords.get("fromlist")
            return self.import_dotted(name, is_renamed=False) if not truth(fromlist) else self.load(name)
        level = len(name) - len(name.lstrip("."))
        if level:
            package = arguments[1] if len(arguments) > 1 else keywords.get("package")
            if not isinstance(package, str):
                return UNKNOWN
            parts = package.split(".")
            name = ".".join([*parts[: len(parts) - level + 1], *filter(None, [name.lstrip(".")])])
        return self.load(name)

    # Built-in and library functions whose effect is known

    def _globals(self, _: list[Value], frame: Frame) -> Value:
        return Globals(frame.module)

    def _vars(self, arguments: list[Value], frame: Frame) -> Value:
        if not arguments:
            return Globals(frame.module) if frame.kind == "module" else UNKNOWN
        return Globals(arguments[0]) if isinstance(arguments[0], Module) else UNKNOWN

    def _execute(self, _: list[Value], frame: Frame) -> Value:
        frame.module.is_open = True
        return UNKNOWN

    def _getattr(self, arguments: list[Value], frame: Frame) -> Value:
        if len(arguments) < 2 or not isinstance(arguments[1], str) or not isinstance(arguments[0], Module):
            return UNKNOWN
        try:
            return self.find_attribute(arguments[0], arguments[1])
        except Raised as raised:
            if len(arguments) == 2 or not issubclass(raised.fault.kind, AttributeError):
                raise
            return arguments[2]

    def _hasattr(self, arguments: list[Value], _: Frame) -> Value:
        if len(arguments) == 2 and isinstance(arguments[0], Module) and isinstance(arguments[1], str):
            if arguments[0].is_open and not self.has(arguments[0], arguments[1]):
                return UNKNOWN
            return self.has_attribute(arguments[0], arguments[1])
        return UNKNOWN

    def _setattr(self, arguments: list[Value], _: Frame) -> Value:
        if len(arguments) == 3 and isinstance(arguments[0], Module):
            if isinstance(arguments[1], str):
                self.write(arguments[0], arguments[1], arguments[2])
            else:
                arguments[0].is_open = True
        return None

    def _delattr(self, arguments: list[Value], _: Frame) -> Value:
        if len(arguments) == 2 and isinstance(arguments[0], Module) and isinstance(arguments[1], str):
            arguments[0].names.pop(arguments[1], None)
        return None

    def _exit(self, _: list[Value], __: Frame) -> Value:
        if self.maybe:
            return UNKNOWN
        raise self.fail("exit", SystemExit, "")

    def _environ(self, arguments: list[Value], _: Frame) -> Value:
        return arguments[1] if len(arguments) > 1 else None

    def _length(self, arguments: list[Value], _: Frame) -> Value:
        known = plain(arguments[0]) if arguments else UNKNOWN
        return len(known) if isinstance(known, str | tuple) else UNKNOWN

    def _cast(self, arguments: list[Value], _: Frame) -> Value:
        return arguments[1] if len(arguments) == 2 else UNKNOWN

    def _find_spec(self, arguments: list[Value], _: Frame) -> Value:
        name = arguments[0] if arguments else UNKNOWN
        if not isinstance(name, str) or name.startswith("."):
            return UNKNOWN
        tree = self.shared.tree
        if tree.owns(name):
            return External("importlib.machinery.ModuleSpec") if tree.find(name) else None
        return None if self.shared.environment.is_missing(name) else External("importlib.machinery.ModuleSpec")

    def _skip(self, arguments: list[Value], _: Frame) -> Value:
        raise self.fail("other", BaseException, "Skipped")

    def _importorskip(self, arguments: list[Value], frame: Frame) -> Value:
        if arguments and isinstance(arguments[0], str):
            try:
                return self.load(arguments[0])
            except Raised as raised:
                if issubclass(raised.fault.kind, ImportError):
                    raise self.fail("other", BaseException, "Skipped") from None
                raise
        return UNKNOWN

    def _dict(self, arguments: list[Value], _: Frame) -> Value:
        if arguments and isinstance(arguments[0], Table):
            return Table(dict(arguments[0].pairs), is_open=True)
        return Table(is_open=True)

    def _object(self, _: list[Value], frame: Frame) -> Value:
        return Instance(Class(frame.module, "object", 0, [], {}))

    def _find_library(self, arguments: list[Value], _: Frame) -> Value:
        name = arguments[0] if arguments else UNKNOWN
        return find_library(name) if isinstance(name, str) else UNKNOWN

    def _set_module(self, arguments: list[Value], _: Frame) -> Value:
        if len(arguments) == 2 and isinstance(arguments[0], str):
            self.modules.setdefault(arguments[0], arguments[1])
        return UNKNOWN


_KINDS: dict[str, Callable[[Evaluator, Node, Frame], Value]] = {
    "k": Evaluator._constant,
    "n": Evaluator._name,
    "a": Evaluator._attribute,
    "c": Evaluator._call,
    "o": Evaluator._compared,
    "!": Evaluator._negated,
    "&": Evaluator._both,
    "|": Evaluator._either,
    "?": Evaluator._choice,
    "s": Evaluator._subscript,
    "-": Evaluator._slice,
    "l": Evaluator._sequence,
    "d": Evaluator._dictionary,
    ":": Evaluator._walrus,
    "*": Evaluator._starred,
    ",": Evaluator._after,
    "u": Evaluator._parts,
}
_CALLS: dict[str, Callable[[Evaluator, list[Value], Frame], Value]] = {
    "builtins.globals": Evaluator._globals,
    "builtins.vars": Evaluator._vars,
    "builtins.locals": Evaluator._vars,
    "builtins.exec": Evaluator._execute,
    "builtins.getattr": Evaluator._getattr,
    "builtins.hasattr": Evaluator._hasattr,
    "builtins.setattr": Evaluator._setattr,
    "builtins.delattr": Evaluator._delattr,
    "builtins.len": Evaluator._length,
    "builtins.dict": Evaluator._dict,
    "builtins.exit": Evaluator._exit,
    "builtins.quit": Evaluator._exit,
    "sys.exit": Evaluator._exit,
    "builtins.object": Evaluator._object,
    "ctypes.util.find_library": Evaluator._find_library,
    "os.getenv": Evaluator._environ,
    "os.environ.get": Evaluator._environ,
    "typing.cast": Evaluator._cast,
    "importlib.util.find_spec": Evaluator._find_spec,
    "pytest.skip": Evaluator._skip,
    "pytest.importorskip": Evaluator._importorskip,
    "sys.modules.setdefault": Evaluator._set_module,
}
