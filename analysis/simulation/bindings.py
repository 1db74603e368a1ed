"""Statements that bind and unbind names: imports, assignments, ``del`` and ``global``."""

from __future__ import annotations

from analysis.facts.program import Node
from analysis.facts.program_expressions import write_dotted
from analysis.simulation.constants import compute, is_same_constant
from analysis.simulation.containers import remove_item, store_item
from analysis.simulation.forgetting import forget_constants, is_constant
from analysis.simulation.importing import Importer, Statement
from analysis.simulation.lookup import bind, unbind
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.stand_ins import prepare_of_object, take_of_object
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    External,
    Globals,
    Instance,
    KnownMapping,
    Listed,
    LoadedModule,
    SearchPath,
    Value,
)


def _import(machine: Importer, node: Node, frame: Frame) -> None:
    for name, renamed in node[2]:
        found = machine.import_dotted(name, is_renamed=bool(renamed))
        bind(machine, renamed or name.partition(".")[0], found, frame)


def _from(machine: Importer, node: Node, frame: Frame) -> None:
    _, _, level, module, names = node
    base = machine.find_base(frame, level, module)
    if names[0][0] == "*":
        machine.import_star(base, lambda name, value: bind(machine, name, value, frame), frame, is_relative=level > 0)
        return
    found = machine.load(base, is_relative=level > 0)
    if isinstance(found, Instance):
        for name, _ in names:
            prepare_of_object(machine, found, base, name)
        for name, bound in names:
            bind(machine, bound, take_of_object(machine, found, base, name), frame)
        return
    for name, _ in names:
        machine.prepare(found, name)
    for name, bound in names:
        bind(machine, bound, machine.take(found, name), frame)


def _assign(machine: Importer, node: Node, frame: Frame) -> None:
    value = machine.evaluate(node[3], frame)
    for target in node[2]:
        store(machine, target, value, frame)


def store(machine: Importer, target: Node, value: Value, frame: Frame) -> None:
    kind = target[0]
    if kind == "n":
        if frame.kind == "module" and target[1] == "__path__":
            frame.module.finds_more = True
        bind(machine, target[1], value, frame)
    elif kind == "a":
        set_attribute(machine, machine.evaluate(target[1], frame), target[2], value)
    elif kind == "s":
        _store_item(machine, machine.evaluate(target[1], frame), machine.evaluate(target[2], frame), value)
    elif kind == "l":
        parts = value.elements if isinstance(value, Listed) and not value.is_open else value
        has_star = any(part[0] == "*" for part in target[1])
        fits = isinstance(parts, list | tuple) and len(parts) == len(target[1]) and not has_star
        for number, part in enumerate(target[1]):
            store(machine, part, parts[number] if fits else UNKNOWN, frame)
    elif kind == "*":
        store(machine, target[1], UNKNOWN, frame)


def set_attribute(machine: Importer, owner: Value, name: Value, value: Value) -> None:
    """Set an attribute of a module, a class or an object; where its name is not known, any constant may change."""
    if isinstance(owner, LoadedModule) and not isinstance(name, str):
        forget_constants(machine, owner)
    elif isinstance(owner, LoadedModule):
        machine.write(owner, name, value)
    elif isinstance(owner, Class | Instance) and isinstance(name, str):
        _set_member(machine, owner, name, value)
    elif isinstance(owner, Class | Instance):
        if machine.recorder is not None:
            machine.recorder.enter(owner)
        owner.names.update({each: UNKNOWN for each, held in owner.names.items() if is_constant(each, held)})
        owner.changes += 1
        if isinstance(owner, Instance):
            owner.is_open = True


def _set_member(machine: Importer, owner: Class | Instance, name: str, value: Value) -> None:
    before = owner.names.get(name, ABSENT)
    after = machine.merge(before, value)
    if machine.recorder is not None:
        machine.recorder.enter(owner)
    if not is_same_constant(before, after):
        owner.names[name] = after
        owner.changes += 1


def _store_item(machine: Importer, owner: Value, index: Value, value: Value) -> None:
    if isinstance(owner, External) and owner.name == "sys.modules":
        if isinstance(index, str):
            machine.modules[index] = value
            if isinstance(value, Instance):
                value.stands_for = index
    elif isinstance(owner, Globals):
        if isinstance(index, str):
            machine.write(owner.module, index, value)
        else:
            forget_constants(machine, owner.module)
    else:
        store_item(machine, owner, index, value)


def _augmented(machine: Importer, node: Node, frame: Frame) -> None:
    _, line, target, operation, part = node
    value = machine.evaluate(part, frame)
    is_name = target[0] == "n"
    if not is_name and (target[0] == "u" or not write_dotted(target[1])):
        return
    before = machine.evaluate(["n", target[1], line] if is_name else target, frame)
    if isinstance(before, SearchPath):
        before.module.finds_more = True
        return
    made = compute(operation, before, value)
    if not isinstance(before, Listed | KnownMapping) or (isinstance(before, Listed) and before.kind == "tuple"):
        store(machine, target, made, frame)
    elif isinstance(before, Listed) and isinstance(made, Listed) and not machine.maybe:
        before.elements, before.is_open, before.is_unordered = made.elements, made.is_open, made.is_unordered
    elif isinstance(before, KnownMapping) and isinstance(made, KnownMapping) and not machine.maybe:
        before.pairs, before.is_open = made.pairs, made.is_open
    else:
        _change_maybe(before, is_growing=operation in {"+", "|"})


def _change_maybe(changed: Listed | KnownMapping, *, is_growing: bool) -> None:
    """Something may be added to a collection; or anything may be done to it."""
    if is_growing and isinstance(changed, Listed):
        changed.is_open = True
    else:
        changed.forget()


def _expression(machine: Importer, node: Node, frame: Frame) -> None:
    machine.evaluate(node[2], frame)


def _delete(machine: Importer, node: Node, frame: Frame) -> None:
    for target in node[2]:
        if target[0] == "n":
            _delete_name(machine, target[1], frame)
        elif target[0] == "s":
            _delete_item(machine, machine.evaluate(target[1], frame), machine.evaluate(target[2], frame))
        elif target[0] == "a":
            owner = machine.evaluate(target[1], frame)
            if isinstance(owner, LoadedModule):
                machine.remove(owner, target[2])
            elif isinstance(owner, Class | Instance):
                owner.names.pop(target[2], None)
                owner.changes += 1
        elif target[0] == "l":
            _delete(machine, [node[0], node[1], target[1]], frame)


def _delete_name(machine: Importer, name: str, frame: Frame) -> None:
    if name in frame.declared:
        machine.remove(frame.module, name)
    elif machine.maybe and name in frame.names:
        bind(machine, name, UNKNOWN, frame)
    else:
        unbind(machine, name, frame)


def _delete_item(machine: Importer, owner: Value, index: Value) -> None:
    if isinstance(owner, External) and owner.name == "sys.modules" and isinstance(index, str):
        machine.modules.pop(index, None)
    elif isinstance(owner, Globals) and isinstance(index, str):
        machine.remove(owner.module, index)
    elif isinstance(owner, Globals):
        machine.open(owner.module)
    else:
        remove_item(machine, owner, index)


def _declare(_: Importer, node: Node, frame: Frame) -> None:
    if node[0] == "global":
        frame.declared.update(node[2])


STATEMENTS: dict[str, Statement] = {
    "import": _import,
    "from": _from,
    "=": _assign,
    "+=": _augmented,
    "e": _expression,
    "del": _delete,
    "global": _declare,
    "nonlocal": _declare,
}
