"""Names and attributes: what they yield, and what a name is bound to."""

from __future__ import annotations

import builtins

from analysis.facts.program import Node
from analysis.simulation.importing import Expression, Importer
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.values import (
    UNKNOWN,
    BoundMethod,
    Class,
    External,
    Function,
    Instance,
    LoadedModule,
    Value,
    VersionNumbers,
)

_BUILTINS: dict[str, Value] = {
    name: External(f"builtins.{name}") for name in dir(builtins) if not name.startswith("__") or name == "__import__"
}


def _name(machine: Importer, node: Node, frame: Frame) -> Value:
    name = node[1]
    if frame.kind != "module":
        if name in frame.names and name not in frame.declared:
            return frame.names[name]
        for names in frame.around:
            if name in names:
                return names[name]
    module = frame.module
    # Of a running module nothing is in ``changed``: the short way, since this is what runs most often.
    found = module.names.get(name, ABSENT) if module.is_running else machine.read(module, name)
    if found is ABSENT:
        found = _BUILTINS.get(name, ABSENT)
    if found is ABSENT:
        found = read_global(machine, module, name)
    if found is not ABSENT:
        return found
    # A function's locals are not all followed, so an unknown name there is no NameError.
    if frame.kind == "function" or frame.module.is_open or machine.maybe:
        return UNKNOWN
    frame.line = node[2]
    raise machine.fail("other", NameError, f"name {name!r} is not defined", "", name)


def read_global(machine: Importer, module: LoadedModule, name: str) -> Value:
    """Return a global name of a module, or the mark of absence."""
    found = machine.read(module, name)
    if found is not ABSENT:
        return found
    if name == "__name__":
        return module.resolved.plain
    if name == "__package__":
        return module.resolved.package
    if name.startswith("__") and name.endswith("__") and name not in {"__all__", "__getattr__"}:
        return UNKNOWN
    return ABSENT


def _attribute(machine: Importer, node: Node, frame: Frame) -> Value:
    owner = machine.evaluate(node[1], frame)
    frame.line = node[3]
    return find_member(machine, owner, node[2], frame)


def find_member(machine: Importer, owner: Value, name: str, frame: Frame) -> Value:
    """Return an attribute of any value."""
    if isinstance(owner, LoadedModule):
        return machine.find_attribute(owner, name)
    if isinstance(owner, External):
        return machine.find_external(f"{owner.name}.{name}")
    if isinstance(owner, VersionNumbers):
        return getattr(owner, name) if name in VersionNumbers._fields else UNKNOWN
    if owner is None and not machine.maybe and name not in dir(None):
        raise machine.fail("other", AttributeError, f"'NoneType' object has no attribute {name!r}", "NoneType", name)
    if isinstance(owner, Class):
        found = find_in_class(owner, name)
        if isinstance(found, Function) and "classmethod" in found.how:
            return BoundMethod(found, owner)
        return UNKNOWN if found is ABSENT else found
    if isinstance(owner, Instance):
        return _find_in_instance(machine, owner, name, frame)
    return UNKNOWN


def find_in_class(owner: Class, name: str) -> Value:
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


def _find_in_instance(machine: Importer, owner: Instance, name: str, frame: Frame) -> Value:
    if name in owner.names:
        return owner.names[name]
    found = find_in_class(owner.made_by, name)
    if isinstance(found, Function):
        if "property" in found.how:
            return machine.call(found, [owner], {}, frame)
        return found if "staticmethod" in found.how else BoundMethod(found, owner)
    if found is ABSENT:
        getter = find_in_class(owner.made_by, "__getattr__")
        is_known = isinstance(getter, Function) and not (name.startswith("__") and name.endswith("__"))
        return machine.call(BoundMethod(getter, owner), [name], {}, frame) if is_known else UNKNOWN
    return UNKNOWN if isinstance(found, Class) else found


def bind(machine: Importer, name: str, value: Value, frame: Frame) -> None:
    """Bind a name in the body that runs."""
    if name in frame.declared or frame.kind == "module":
        machine.write(frame.module, name, value)
    else:
        frame.names[name] = value


def _walrus(machine: Importer, node: Node, frame: Frame) -> Value:
    value = machine.evaluate(node[2], frame)
    bind(machine, node[1], value, frame)
    return value


def find_ancestry(kind: Class) -> list[Class]:
    """Return a class and its known bases, those of the first base first."""
    found: list[Class] = []
    waiting = [kind]
    while waiting and len(found) < 100:
        current = waiting.pop(0)
        found.append(current)
        waiting[:0] = [base for base in current.bases if isinstance(base, Class)]
    return found


EXPRESSIONS: dict[str, Expression] = {"n": _name, "a": _attribute, ":": _walrus}
