"""What ``from module import *`` takes: ``__all__``, or the public names; exact also where stars form a ring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from analysis.facts.absolute import split_dots
from analysis.resolve.imports import ImportResolver
from analysis.resolve.liveness import ALWAYS, NEVER
from analysis.resolve.modules import Module
from analysis.resolve.namespaces import Namespaces
from analysis.resolve.statements import Submodules

_UNBINDING = frozenset({"declaration", "delete"})


class StarNames:
    """Names by module number: ``exported`` to a star import, and all that a module ``has``."""

    def __init__(
        self,
        spaces: Namespaces,
        imports: ImportResolver,
        sources: dict[int, list[tuple[int, int]]],
        submodules: Submodules,
    ) -> None:
        """``sources`` maps a module to its star imports: pairs of row and module number."""
        self._spaces = spaces
        self._imports = imports
        self._submodules = submodules
        self._sources = sources
        self._explicit: dict[int, set[str] | None] = {}
        self._known: dict[int, set[str]] = {}
        self._own: dict[int, set[str]] = {}
        self._received: dict[int, set[str]] = defaultdict(set)
        self._all_of: dict[int, list[int]] = {}
        self._spread()

    def exported(self, module: Module) -> Set[str]:
        """Return the names that a star import of the module takes."""
        explicit = self._get_explicit(module)
        if explicit is not None:
            return explicit
        known = self._known.get(module.number)
        return self._public(module) | known if known else self._public(module)

    def listed(self, module: Module) -> Set[str]:
        """Return the names that ``__all__`` surely lists; nothing when there is none."""
        explicit = self._get_explicit(module)
        return self._known.get(module.number, set()) if explicit is None else explicit

    def is_listed(self, module: Module) -> bool:
        """Return whether a star import takes what ``__all__`` lists, and nothing else."""
        return not self._is_open(module.number)

    def has(self, module: Module) -> set[str]:
        """Return the names that a module binds, by its own statements or by star imports."""
        own, received = self._get_own(module), self._received.get(module.number)
        return own | received if received else own

    def binds(self, module: Module, name: str) -> bool:
        """Return whether a module's own statements leave a name bound."""
        return self._is_bound(self._spaces.space(module).names.get(name, ()))

    def _public(self, module: Module) -> set[str]:
        children = self._submodules.find_direct(module)
        return {name for name in (*self.has(module), *children) if not name.startswith("_")}

    def _get_own(self, module: Module) -> set[str]:
        known = self._own.get(module.number)
        if known is None:
            known = self._own[module.number] = self._find_own(module)
        return known

    def _find_own(self, module: Module) -> set[str]:
        names = {name for name, events in self._spaces.space(module).names.items() if self._is_bound(events)}
        return names.union(module.classes)

    def _is_bound(self, events: Sequence[int]) -> bool:
        """Return whether statements, in their order, leave a name bound."""
        level, kind = self._spaces.rows.level, self._spaces.rows.kind
        if len(events) == 1:
            return level[events[0]] < NEVER and kind[events[0]] not in _UNBINDING
        last = next((row for row in reversed(events) if level[row] == ALWAYS), -1)
        is_deleted = last >= 0 and kind[last] == "delete"
        kept = events[events.index(last) + 1 :] if is_deleted else events
        return any(level[row] < NEVER and kind[row] not in _UNBINDING for row in kept)

    def _get_explicit(self, module: Module) -> set[str] | None:
        """Return the names of ``__all__``; None when there is none or it is computed."""
        if module.number not in self._explicit:
            self._explicit[module.number] = self._read_all(module)
        return self._explicit[module.number]

    def _read_all(self, module: Module) -> set[str] | None:
        statements = self._spaces.space(module).exports
        if not statements:
            return None
        found: set[str] = set()
        for name, operation, guard in statements:
            if operation == "assign" and guard in {"none", "with"}:
                found.clear()
            elif operation == "remove":
                found.discard(name)
            elif operation == "add" and name.endswith(":*"):
                other = self._find_module(module, name[:-2])
                if other is not None:
                    self._all_of.setdefault(module.number, []).append(other.number)
            elif operation == "add":
                found.add(name)
        if any(operation == "unknown" for _, operation, _ in statements):
            self._known[module.number] = found
            return None
        return found

    def _find_module(self, module: Module, written: str) -> Module | None:
        """Return the module whose ``__all__`` is added, from the name by which the file knows it."""
        first, _, rest = written.partition(".")
        for row in reversed(self._spaces.space(module).names.get(first, ())):
            if self._spaces.rows.kind[row] == "import":
                base, _, name = self._spaces.rows.value[row].partition(":")
                absolute, found = self._imports.find_written(module, *split_dots(base))
                if name or rest:
                    full = ".".join(part for part in (absolute, name, rest) if part)
                    found = self._imports.find_relative(module, full) if absolute else None
                return self._importable(found.module if found else None)
        child = self._spaces.index.find_submodule(module, written)
        found = None if child else self._imports.find_module(module, written)
        return self._importable(found.module if found else child)

    def _importable(self, module: Module | None) -> Module | None:
        primary = None if module is None else self._spaces.index.all[module.primary]
        return primary if primary is not None and self._spaces.index.is_importable(primary) else None

    def _spread(self) -> None:
        """Hand names along star imports until nothing changes: every name passes every star at most once."""
        modules = self._spaces.index.modules
        takers = _invert({taker: [source for _, source in stars] for taker, stars in self._sources.items()})
        for module in modules:
            if any(name.endswith(":*") for name, _, _ in self._spaces.space(module).exports):
                self._get_explicit(module)
        adders = _invert(self._all_of)
        waiting = sorted(takers.keys() | adders.keys())
        while waiting:
            number = waiting.pop()
            names = self.exported(modules[number])
            grown = [taker for taker in self._give(names, takers.get(number, ())) if self._is_open(taker)]
            waiting.extend(grown)
            waiting.extend(adder for adder in adders.get(number, ()) if self._add(adder, names))

    def _is_open(self, number: int) -> bool:
        """Return whether a module exports what it receives: it has no ``__all__``."""
        return self._get_explicit(self._spaces.index.modules[number]) is None

    def _add(self, number: int, names: Set[str]) -> bool:
        """Add another module's ``__all__`` to that of a module; return whether it grew."""
        explicit = self._explicit[number]
        if explicit is None or names <= explicit:
            return False
        explicit |= names
        return True

    def _give(self, names: Set[str], takers: Iterable[int]) -> Iterator[int]:
        """Yield the modules that had not all of the names yet."""
        for taker in takers:
            known = self._received[taker]
            before = len(known)
            known.update(names)
            if len(known) > before:
                yield taker


def _invert(links: Mapping[int, Iterable[int]]) -> dict[int, list[int]]:
    inverted: dict[int, list[int]] = defaultdict(list)
    for origin in sorted(links):
        for target in links[origin]:
            inverted[target].append(origin)
    return dict(inverted)
