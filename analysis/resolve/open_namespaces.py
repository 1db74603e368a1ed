"""Modules that may have names which their statements do not show, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from analysis.resolve.modules import Module
from analysis.resolve.namespaces import Namespaces
from analysis.resolve.stars import StarNames

COMPILED = "compiled module"
_SERVED = "module __getattr__"


def find_open(
    spaces: Namespaces, stars: StarNames, sources: Mapping[int, list[tuple[int, int]]], outside: Mapping[int, str]
) -> dict[int, str]:
    """Return the reason by module number.

    ``sources`` maps a module to its star imports (row and module number), ``outside`` to what it star-imports
    from outside the tree. A star import hands on what cannot be seen, unless ``__all__`` lists the names.
    """
    modules = spaces.index.modules
    found: dict[int, str] = {}
    for module in modules:
        reason = find_own_reason(spaces, module) or outside.get(module.number, "")
        if reason:
            found[module.number] = reason
    takers: dict[int, list[int]] = defaultdict(list)
    for taker, taken in sources.items():
        for _, source in taken:
            takers[source].append(taker)
    waiting = sorted(number for number, reason in found.items() if reason != _SERVED)
    while waiting:
        number = waiting.pop()
        if stars.is_listed(modules[number]):
            continue
        for taker in takers[number]:
            if found.get(taker, _SERVED) == _SERVED:
                found[taker] = f"star import of {modules[number].name}"
                waiting.append(taker)
    return found


def find_own_reason(spaces: Namespaces, module: Module) -> str:
    """Return why a module may have names of its own that its statements do not show; nothing where they show all."""
    if module.kind == "extension" and not module.source.endswith(".py"):
        return COMPILED
    if module.source in spaces.unreadable:
        return f"file cannot be parsed ({spaces.unreadable[module.source]})"
    space = spaces.space(module)
    if not space.registers.isdisjoint(("__name__", module.plain)):
        return "replaced in sys.modules"
    if any(pattern == "*" for pattern, _ in space.computed):
        return "names put into globals()"
    return _SERVED if "*" in space.served else ""
