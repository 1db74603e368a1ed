"""Objects that stand in ``sys.modules`` in the place of a module, and what statements take of them."""

from __future__ import annotations

from dataclasses import replace

from analysis.resolve import Module
from analysis.simulation.loading import Loader, may_have_path
from analysis.simulation.records import ABSENT
from analysis.simulation.values import UNKNOWN, Instance, Raised, Value


def prepare_of_object(machine: Loader, owner: Instance, base: str, name: str) -> None:
    """Import the submodule that ``from base import name`` may mean, where the object does not have the name."""
    if not may_have_path(owner) or _find_child(machine, base, name) is None:
        return
    if _find(machine, owner, base, name) is ABSENT and not machine.maybe:
        machine.load(f"{base}.{name}")


def take_of_object(machine: Loader, owner: Instance, base: str, name: str) -> Value:
    """Return what ``from base import name`` takes, once submodules are imported, or raise what that raises."""
    found = _find(machine, owner, base, name)
    if found is not ABSENT:
        return found
    raise machine.fail("missing-name", ImportError, f"cannot import name {name!r} from {base!r}", base, name)


def read_of_object(machine: Loader, owner: Instance, name: str) -> Value:
    """Return an attribute of an object that stands for a module, or raise what ``getattr`` raises."""
    kind = owner.made_by.qualname.rpartition(".")[2]
    text = f"{kind!r} object has no attribute {name!r}"
    try:
        found = _find_served(machine, owner, owner.stands_for, name)
    except Raised as raised:
        if not issubclass(raised.fault.kind, AttributeError):
            raise
        # It says that there is no such name; who raises on purpose says something else.
        raise Raised(replace(raised.fault, text=text, name=name, reason=""), raised.chain) from None
    if found is not ABSENT:
        return found
    raise machine.fail("other", AttributeError, text, owner.stands_for, name)


def _find(machine: Loader, owner: Instance, base: str, name: str) -> Value:
    """Return an attribute of an object, or the mark of absence where ``getattr`` raises an AttributeError."""
    try:
        return _find_served(machine, owner, base, name)
    except Raised as raised:
        if not issubclass(raised.fault.kind, AttributeError):
            raise
        return UNKNOWN if owner.is_open or name.startswith("__") else ABSENT


def _find_served(machine: Loader, owner: Instance, base: str, name: str) -> Value:
    """Return an attribute as ``getattr`` finds it, or the mark of absence; loaded submodules are attributes."""
    if machine.recorder is not None:
        machine.recorder.spoil()
    if name in owner.names:
        return owner.names[name]
    child = _find_child(machine, base, name)
    if child is not None and child.name in machine.loaded:
        return machine.loaded[child.name]
    found = machine.find_served(owner, owner.made_by, name)
    return UNKNOWN if found is ABSENT and (owner.is_open or name.startswith("__")) else found


def _find_child(machine: Loader, base: str, name: str) -> Module | None:
    return machine.shared.imports.index.find(f"{base}.{name}", machine.importer.root)
