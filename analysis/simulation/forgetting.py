"""What is not known any more once something unknown was done to it."""

from __future__ import annotations

from analysis.simulation.attributes import Attributes
from analysis.simulation.values import UNKNOWN, Globals, KnownMapping, Listed, LoadedModule, Value

#: Methods of lists and sets that leave them as they are.
READING_METHODS = frozenset({
    "copy", "count", "index", "isdisjoint", "issubset", "issuperset", "union", "intersection", "difference",
    "symmetric_difference",
})  # fmt: skip
_READING = READING_METHODS | {"get", "keys", "values", "items"}


def forget_constants(machine: Attributes, module: LoadedModule) -> None:
    """A name that nobody can tell is bound anew: what decides about branches may be another value now."""
    machine.open(module)
    for name, value in list(module.names.items()):
        if is_constant(name, value):
            machine.write(module, name, UNKNOWN)


def is_constant(name: str, value: Value) -> bool:
    """Return whether a name holds a constant, by which programs decide what they do."""
    return isinstance(value, bool | int | float | str | None) and not name.startswith("__")


def let_go(machine: Attributes, owner: Value, method: str) -> None:
    """A method gets another name, as in ``add = __all__.append``: who calls it, and with what, is not followed."""
    if method in _READING:
        return
    if isinstance(owner, Globals):
        forget_constants(machine, owner.module)
    elif isinstance(owner, Listed | KnownMapping):
        owner.forget()
