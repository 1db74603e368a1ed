"""Statements that bind and unbind names: imports, assignments, ``del`` and ``global``."""

from __future__ import annotations

from analysis.facts.program import Node
from analysis.simulation.constants import add
from analysis.simulation.containers import remove_item, store_item
from analysis.simulation.importing import Importer, Statement
from analysis.simulation.lookup import bind
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    External,
    Globals,
    Instance,
    Listed,
    LoadedModule,
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
        owner = machine.evaluate(target[1], frame)
        if isinstance(owner, LoadedModule):
            machine.write(owner, target[2], value)
        elif isinstance(owner, Class | Instance):
            owner.names[target[2]] = machine.merge(owner.names.get(target[2], ABSENT), value)
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


def _store_item(machine: Importer, owner: Value, index: Value, value: Value) -> None:
    if isinstance(owner, External) and owner.name == "sys.modules":
        if isinstance(index, str):
            machine.modules[index] = value
    elif isinstance(owner, Globals):
        if isinstance(index, str):
            machine.write(owner.module, index, value)
        else:
            _forget_constants(machine, owner.module)
    else:
        store_item(machine, owner, index, value)


def _forget_constants(machine: Importer, module: LoadedModule) -> None:
    """A name that nobody can tell is bound anew: what decides about branches may be another value now."""
    module.is_open = True
    for name, value in list(module.names.items()):
        if isinstance(value, bool | int | float | str | None) and not name.startswith("__"):
            machine.write(module, name, UNKNOWN)


def _augmented(machine: Importer, node: Node, frame: Frame) -> None:
    _, _, target, operator, part = node
    value = machine.evaluate(part, frame)
    before: Value = UNKNOWN
    if target[0] == "n":
        before = machine.evaluate(["n", target[1], node[1]], frame)
    if operator == "+" and isinstance(before, Listed) and not machine.maybe:
        added = add(before, value)
        before.elements, before.is_open = added.elements, added.is_open
    elif isinstance(before, Listed):
        before.is_open = True
    elif target[0] == "n":
        store(machine, target, add(before, value) if operator == "+" else UNKNOWN, frame)


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
        elif target[0] == "l":
            _delete(machine, [node[0], node[1], target[1]], frame)


def _delete_name(machine: Importer, name: str, frame: Frame) -> None:
    if name in frame.declared:
        machine.remove(frame.module, name)
    elif machine.maybe and name in frame.names:
        frame.names[name] = UNKNOWN
    else:
        frame.names.pop(name, None)


def _delete_item(machine: Importer, owner: Value, index: Value) -> None:
    if isinstance(owner, External) and owner.name == "sys.modules" and isinstance(index, str):
        machine.modules.pop(index, None)
    elif isinstance(owner, Globals) and isinstance(index, str):
        machine.remove(owner.module, index)
    elif isinstance(owner, Globals):
        owner.module.is_open = True
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
