"""Names and attributes: what they yield, and what a name is bound to."""

from __future__ import annotations

import builtins

from analysis.facts.program import Node
from analysis.simulation.events import DELETE
from analysis.simulation.forgetting import let_go
from analysis.simulation.importing import Expression, Importer
from analysis.simulation.places import find_path_member
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.stand_ins import read_of_object
from analysis.simulation.values import (
    UNKNOWN,
    BarePath,
    BoundMethod,
    Class,
    External,
    FoundModule,
    Function,
    Instance,
    KnownMapping,
    Listed,
    LoadedModule,
    SearchPath,
    Super,
    TreePath,
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
                return _take_enclosed(machine, names[name])
    module = frame.module
    # Of a running module nothing is in ``changed``: the short way, since this is what runs most often.
    found = module.names.get(name, ABSENT) if module.is_running else machine.peek(module, name)
    if machine.recorder is not None:
        machine.recorder.note_name(module, name, found)
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


#: Bases deeper than this are not looked at.
_MOST_BASES = 100
#: Bases from outside the tree that have nothing which a class of the tree may be asked for.
_OBJECT = External("builtins.object")
_EMPTY = (_OBJECT, External("abc.ABC"), External("typing.Generic"), External("typing.Protocol"))
_MODULE = External("types.ModuleType")
#: What may set attributes of an object by names that nobody sees.
_SETTING = frozenset({"__dict__", "__setattr__", "__setstate__", "__init_subclass__"})
#: What every class has of its own, whatever its bases have.
_NAMED = frozenset({"__name__", "__qualname__", "__module__"})


def _take_enclosed(machine: Importer, value: Value) -> Value:
    if machine.recorder is not None:
        machine.recorder.enter(value)
    return value


def read_global(machine: Importer, module: LoadedModule, name: str) -> Value:
    """Return a global name of a module, or the mark of absence."""
    found = machine.read(module, name)
    if found is not ABSENT:
        return found
    if name == "__name__":
        return module.resolved.plain
    if name == "__package__":
        return module.resolved.package
    if name == "__file__" and not module.path.startswith("../"):
        return TreePath(module.path, is_text=True)
    if name == "__path__" and module.is_package:
        return SearchPath(module)
    if name.startswith("__") and name.endswith("__") and name not in {"__all__", "__getattr__"}:
        return UNKNOWN
    return ABSENT


def _attribute(machine: Importer, node: Node, frame: Frame) -> Value:
    owner = machine.evaluate(node[1], frame)
    frame.line = node[3]
    let_go(machine, owner, node[2])
    return find_member(machine, owner, node[2], frame)


def find_member(machine: Importer, owner: Value, name: str, frame: Frame) -> Value:
    """Return an attribute of any value."""
    if isinstance(owner, LoadedModule):
        return machine.find_attribute(owner, name)
    if isinstance(owner, External):
        return machine.find_external(f"{owner.name}.{name}")
    if isinstance(owner, VersionNumbers | FoundModule):
        return getattr(owner, name) if name in owner._fields else UNKNOWN
    if owner is None and not machine.maybe and name not in dir(None):
        raise machine.fail("other", AttributeError, f"'NoneType' object has no attribute {name!r}", "NoneType", name)
    if isinstance(owner, Class):
        return _find_of_class(machine, owner, name)
    if isinstance(owner, Instance):
        return _find_in_instance(machine, owner, name, frame)
    if isinstance(owner, Super):
        return _find_in_super(machine, owner, name, frame)
    if isinstance(owner, Function) and not owner.how:
        known = {"__name__": owner.name, "__module__": owner.module.resolved.plain}
        return known.get(name, UNKNOWN)
    return find_path_member(owner, name) if isinstance(owner, TreePath | BarePath) else UNKNOWN


def _find_in_super(machine: Importer, owner: Super, name: str, frame: Frame) -> Value:
    """Return what the classes after one of those of an object have under a name."""
    if isinstance(owner.owner, Instance) and name in _SETTING:
        owner.owner.is_open = True
    kind = owner.owner if isinstance(owner.owner, Class) else owner.owner.made_by
    order = find_order(kind)
    after = next((place for place, each in enumerate(order) if each is owner.after), len(order)) + 1
    for each in order[after:]:
        if not isinstance(each, Class):
            if each not in _EMPTY:
                return UNKNOWN
        elif name in each.names:
            found = each.names[name]
            if machine.recorder is not None:
                machine.recorder.note_member(each, found)
            if not isinstance(found, Function) or "staticmethod" in found.how or name == "__new__":
                return UNKNOWN if isinstance(found, Class) else found
            if "property" in found.how:
                return machine.call(found, [owner.owner], {}, frame)
            return BoundMethod(found, kind if "classmethod" in found.how else owner.owner)
    return External(f"builtins.object.{name}")


def _find_of_class(machine: Importer, owner: Class, name: str) -> Value:
    found = owner.names.get(name, ABSENT) if name in _NAMED else find_in_class(owner, name)
    if machine.recorder is not None:
        machine.recorder.note_member(owner, found)
    if isinstance(found, Function) and "classmethod" in found.how:
        return BoundMethod(found, owner)
    if found is not ABSENT:
        return found
    if name == "__mro__":
        order = find_order(owner)
        return Listed([*order, *([_OBJECT] if _OBJECT not in order else [])], kind="tuple")
    if name == "__dict__":  # it has more than the statements of its body say
        return KnownMapping(dict(owner.names), is_open=True)
    known = {
        "__name__": owner.qualname.rpartition(".")[2], "__qualname__": owner.qualname,
        "__module__": owner.module.resolved.plain,
    }  # fmt: skip
    return known.get(name, UNKNOWN)


def find_in_class(owner: Class, name: str) -> Value:
    """Return what a class or one of its bases has under a name, or the mark of absence."""
    current = owner
    for _ in range(_MOST_BASES):
        if name in current.names:
            return current.names[name]
        if len(current.bases) != 1:
            break
        base = current.bases[0]
        if not isinstance(base, Class):
            return ABSENT
        current = base
    is_open = False
    for each in find_order(current)[1:] if current.bases else ():
        if not isinstance(each, Class):
            is_open |= each not in _EMPTY
        elif name in each.names:
            return UNKNOWN if is_open else each.names[name]
    return ABSENT


def find_order(kind: Class) -> list[Value]:
    """Return a class and all its bases in the order in which Python looks through them (C3)."""
    waiting = [kind]
    while waiting:  # bases first: a class may stand at the end of a chain that is longer than the stack is deep
        missing = [base for base in waiting[-1].bases if isinstance(base, Class) and not base.order]
        if missing:
            waiting.extend(missing)
            continue
        current = waiting.pop()
        if not current.order:
            orders = [base.order if isinstance(base, Class) else [base] for base in current.bases]
            current.order = _merge(current, [*orders, list(current.bases)])
    return kind.order


def _merge(kind: Class, waiting: list[list[Value]]) -> list[Value]:
    found: list[Value] = [kind]
    while waiting := [each for each in waiting if each]:
        heads = (each[0] for each in waiting)
        free = (head for head in heads if not any(_holds(each[1:], head) for each in waiting))
        chosen = next(free, waiting[0][0])
        found.append(chosen)
        waiting = [[each for each in rest if not _is_one(each, chosen)] for rest in waiting]
    return found


def _holds(values: list[Value], value: Value) -> bool:
    return any(_is_one(each, value) for each in values)


def _is_one(first: Value, second: Value) -> bool:
    return first is second or (isinstance(first, External) and first == second)


def _find_in_instance(machine: Importer, owner: Instance, name: str, frame: Frame) -> Value:
    if name == "__class__":
        return owner.made_by
    if owner.stands_for and not name.startswith("__") and not machine.maybe:
        return read_of_object(machine, owner, name)
    if name in owner.names:
        if machine.recorder is not None:
            machine.recorder.note_member(owner, owner.names[name])
        return owner.names[name]
    owner.is_open |= name in _SETTING
    if name == "__dict__":
        if machine.recorder is not None:
            machine.recorder.spoil()
        return KnownMapping(owner.names, is_open=True)
    found = find_in_class(owner.made_by, name)
    if machine.recorder is not None:
        machine.recorder.note_member(owner, owner.made_by)
        machine.recorder.note_member(owner.made_by, found)
    if isinstance(found, Function) and "cached_property" in found.how:
        return _keep_property(machine, owner, name, found, frame)
    if found is ABSENT:
        getter = find_in_class(owner.made_by, "__getattr__")
        is_known = isinstance(getter, Function) and not (name.startswith("__") and name.endswith("__"))
        return machine.call(BoundMethod(getter, owner), [name], {}, frame) if is_known else UNKNOWN
    return _take_member(machine, owner, found, frame)


def _take_member(machine: Importer, owner: Value, found: Value, frame: Frame) -> Value:
    """Return what an object gets for something that its class has."""
    if isinstance(found, Function):
        if "property" in found.how:
            return machine.call(found, [owner], {}, frame)
        return found if "staticmethod" in found.how else BoundMethod(found, owner)
    return UNKNOWN if isinstance(found, Class) else found


def find_served(machine: Importer, owner: Value, kind: Class, name: str, frame: Frame) -> Value:
    """Return what an object that stands for a module has by its class, or the mark of absence."""
    if machine.recorder is not None:
        machine.recorder.spoil()
    if find_in_class(kind, "__getattribute__") is not ABSENT:
        return UNKNOWN
    found = find_in_class(kind, name)
    if found is not ABSENT:
        return _take_member(machine, owner, found, frame)
    getter = find_in_class(kind, "__getattr__")
    if isinstance(getter, Function):
        return machine.call(BoundMethod(getter, owner), [name], {}, frame)
    is_plain = all(
        not each.is_open if isinstance(each, Class) else each in {*_EMPTY, _MODULE} for each in find_order(kind)
    )
    return ABSENT if getter is ABSENT and is_plain else UNKNOWN


def _keep_property(machine: Importer, owner: Instance, name: str, found: Function, frame: Frame) -> Value:
    """Return what ``functools.cached_property`` computes once, and keep it in the object."""
    value = machine.call(found, [owner], {}, frame)
    if machine.recorder is not None:
        machine.recorder.spoil()
    if not machine.maybe:
        owner.names[name] = value
        owner.changes += 1
    return value


def bind(machine: Importer, name: str, value: Value, frame: Frame) -> None:
    """Bind a name in the body that runs."""
    if name in frame.declared or frame.kind == "module":
        machine.write(frame.module, name, value)
    else:
        frame.names[name] = value


def unbind(machine: Importer, name: str, frame: Frame) -> None:
    """Remove a name from the body that runs."""
    if machine.recorder is not None and frame.kind == "module":
        machine.recorder.act(DELETE, name)
    frame.names.pop(name, None)


def _walrus(machine: Importer, node: Node, frame: Frame) -> Value:
    value = machine.evaluate(node[2], frame)
    bind(machine, node[1], value, frame)
    return value


def find_ancestry(kind: Class) -> list[Class]:
    """Return a class and its known bases, in the order in which Python looks through them."""
    return [each for each in find_order(kind) if isinstance(each, Class)]


EXPRESSIONS: dict[str, Expression] = {"n": _name, "a": _attribute, ":": _walrus}
