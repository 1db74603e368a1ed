"""``sys.modules``: how a module gets into it, by its own body or by what its first import left elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from analysis.resolve import Module
from analysis.resolve.modules import NAMESPACE
from analysis.simulation.bodies import Bodies
from analysis.simulation.kept import find_top
from analysis.simulation.recording import BodyRecorder
from analysis.simulation.records import ABSENT, TOO_MUCH, Delta
from analysis.simulation.seal import repeat_fault, seal
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    External,
    Fault,
    Instance,
    LoadedModule,
    OutOfSteps,
    Raised,
    Unknown,
    Value,
)

#: So many modules that another process has loaded are taken over in the time of a statement.
_MODULES_PER_STEP = 8
#: What every type checker knows and no interpreter has.
_FOR_CHECKERS = frozenset({"_typeshed"})
#: As many module bodies may run inside one another, in all simulated processes that wait for one another.
MOST_RUNNING = 10_000
#: Of a class, what may give its objects a path.
_GIVING_PATH = frozenset({"__path__", "__getattr__", "__getattribute__"})
_MOST_BASES = 100
#: What a module costs beside its statements.
_STEPS_PER_MODULE = 10


class Loader(Bodies):
    """A simulated process that loads modules."""

    def run_first(self) -> Delta:
        """Import the first module into this process, which is fresh, and return what that leaves."""
        return self.run_and_collect(lambda: self.load(self._first.plain, is_relative=True))

    def run_and_collect(self, work: Callable[[], object]) -> Delta:
        """Run something in this process, which is fresh, and return what that leaves."""
        fault: Fault | None = None
        chain: tuple[tuple[str, int, str], ...] = ()
        is_cut = False
        try:
            work()
        except Raised as raised:
            fault, chain = raised.fault, raised.chain
        except (OutOfSteps, RecursionError, MemoryError):
            self.doubts.insert(0, TOO_MUCH)
            is_cut = True
        return seal(self, fault, chain, is_cut=is_cut)

    def load(self, name: str, *, is_relative: bool = False) -> Value:
        """Return the module of a dotted name, loaded with the packages around it, as ``sys.modules`` has it.

        What the first component means is asked of the import resolver; ``is_relative``: the name was made of dots, so
        that no standard library comes before it. Everything below is looked for in the package before it.
        """
        parts = name.split(".")
        resolved = self._find_top(parts[0], is_relative=is_relative)
        if resolved is None:
            return self._import_external(name)
        found = self.load_part(parts[0], resolved, None)
        for length in range(2, len(parts) + 1):
            part, above = ".".join(parts[:length]), found
            if isinstance(above, LoadedModule):
                resolved = self.shared.imports.index.find_child(above.resolved, parts[length - 1])
            else:
                resolved = self._find_below(resolved, above, parts[length - 1])
            found = self.load_part(part, resolved, above)
        return found

    def _find_below(self, package: Module | None, above: Value, name: str) -> Module | None:
        """Return the submodule of a package that has put something else in its own place in ``sys.modules``."""
        return self.shared.imports.index.find_child(package, name) if package and may_have_path(above) else None

    def _find_top(self, top: str, *, is_relative: bool) -> Module | None:
        importer, tops = self.importer, self.shared.tops
        key = (importer.number, top, is_relative)
        if key not in tops:
            tops[key] = find_top(self.shared.imports, importer, top, is_relative=is_relative)
        return tops[key]

    def owns(self, name: str) -> bool:
        """Return whether a dotted name begins with a module of the tree, seen from the statement that runs."""
        return self._find_top(name.partition(".")[0], is_relative=False) is not None

    def load_part(self, part: str, resolved: Module | None, parent: Value) -> Value:
        """Return the module of a dotted name whose package is loaded, as ``sys.modules`` has it."""
        name = part if resolved is None else resolved.name
        found = self.loaded.get(name, ABSENT)
        recorder, is_new = self.recorder, found is ABSENT
        if is_new:
            self.recorder = None
            try:
                found = self._load_new(part, name, resolved, parent)
            except Raised as raised:
                self._record_load(recorder, part, name, resolved, parent, raised.fault, is_new=True)
                raise
            finally:
                self.recorder = recorder
        if recorder is not None:
            self._record_load(recorder, part, name, resolved, parent, found, is_new=is_new)
        return found

    def _record_load(
        self, recorder: BodyRecorder | None, part: str, name: str, resolved: Module | None, parent: Value, found: Value,
        *, is_new: bool,
    ) -> None:  # fmt: skip
        if recorder is None:
            return
        if not isinstance(parent, LoadedModule | External | None):
            recorder.spoil()
            return
        body = self.loaded.get(recorder.body or self.body)
        is_open, finds_more = (body.is_open, body.finds_more) if isinstance(body, LoadedModule) else (False, False)
        flags = (is_open, finds_more, bool(self.maybe))
        recorder.load(part, name, resolved, parent, found, flags, self.stack[self.depth :], is_new=is_new)

    def _load_new(self, part: str, name: str, resolved: Module | None, parent: Value) -> Value:
        if self.failed_loads and self.failed_loads[0][0] == name:
            raise Raised(*self.failed_loads.pop(0)[1:])
        if resolved is None:  # another process may have loaded something by this very name
            self.ledger.absent.add(name)
        found = self._load(part, resolved, parent)
        # As importlib does: the submodule becomes an attribute of its package after its body has run, not
        # before, and it takes the place of a name of the package that is spelled the same.
        if isinstance(parent, LoadedModule):
            parent = self.find_state(parent)
            if parent.is_running:
                parent.outer[part.rpartition(".")[2]] = found
            self._set(parent, part.rpartition(".")[2], found)
        return found

    def _import_external(self, name: str) -> Value:
        if name in self.loaded:
            return self.loaded[name]
        environment = self.shared.environment
        parts = name.split(".")
        if parts[0] in _FOR_CHECKERS:
            raise self.fail("other", ModuleNotFoundError, f"No module named {parts[0]!r}", parts[0])
        for length in range(1, len(parts) + 1):
            part = ".".join(parts[:length])
            if environment.is_missing(part):
                raise self.fail("missing-third-party", ModuleNotFoundError, f"No module named {part!r}", part)
        return External(name, is_module=True)

    def _load(self, part: str, resolved: Module | None, parent: Value) -> Value:
        if isinstance(parent, LoadedModule) and not parent.is_package:
            text = f"No module named {part!r}; {parent.resolved.plain!r} is not a package"
            raise self.fail("missing-in-tree", ModuleNotFoundError, text, part)
        if resolved is None:
            is_elsewhere = isinstance(parent, External) or (
                self.finds_more(parent) if isinstance(parent, LoadedModule) else may_have_path(parent)
            )
            if not is_elsewhere:
                raise self.fail("missing-in-tree", ModuleNotFoundError, f"No module named {part!r}", part)
            if isinstance(parent, External | LoadedModule) and self.shared.environment.is_missing(part):
                raise self.fail("missing-third-party", ModuleNotFoundError, f"No module named {part!r}", part)
            if not isinstance(parent, External | LoadedModule):
                self.doubts.append(f"{part} is looked for in something of which little is known")
            elif isinstance(parent, LoadedModule) and not parent.finds_more:
                self.doubts.append(f"{part} may lie in another part of {parent.resolved.plain}")
            return self._place_fixed(part, External(part, is_module=True))
        if resolved.kind == "extension":
            return self._place_fixed(resolved.name, External(part, is_module=True))
        if resolved.kind == NAMESPACE:
            return self._place_fixed(resolved.name, LoadedModule(resolved, is_running=False))
        self._read_in(resolved)
        return self.loaded.get(resolved.name, UNKNOWN)

    def _place_fixed(self, name: str, value: Value) -> Value:
        """Put something without statements into ``sys.modules``: it is the same in all processes."""
        value = self.loaded[name] = self.shared.registry.fixed.setdefault(name, value)
        self.ledger.place(name, is_fixed=True)
        return value

    def finds_more(self, package: LoadedModule) -> bool:
        """Return whether a package may have parts elsewhere: its path was changed, or a distribution may have them."""
        resolved, imports = package.resolved, self.shared.imports
        if package.finds_more or resolved.kind != NAMESPACE or resolved.own - {resolved.number}:
            return package.finds_more
        top = imports.index.find_in(resolved.root, resolved.plain.partition(".")[0])
        return top is None or imports.may_be_elsewhere(top, self.importer)

    def _read_in(self, resolved: Module) -> None:
        # The first import of a submodule runs its packages first. While one of them is still running here, that is
        # not what happens, so what the submodule's own first import left says nothing about this one.
        names = (self.shared.imports.index.all[number].name for number in resolved.own)
        if not any(package in self._running for package in names):
            delta = self.shared.find_delta(resolved)
            if delta is not None and self._holds(delta):
                self._apply(delta)
                return
        self.run(resolved)

    def _holds(self, delta: Delta) -> bool:
        return self.ledger.holds(delta, self.changed, self.asked, is_handling=bool(self.handling))

    def _apply(self, delta: Delta) -> None:
        """Take over what the first import of a module left in another process."""
        is_doubtful = bool(self.maybe or self._doubtful)
        new, again = self.ledger.find_new(delta)
        self.step(len(new) // _MODULES_PER_STEP)
        here, placed = self.ledger.names, 0
        for each in reversed(new):
            # What is here in the state that the other process came to has run here already, and does not run again.
            hidden = here | (placed & each.own_bits)
            runs = each.runs if not hidden & each.run_bits else self._find_unhidden(each.runs, hidden)
            placed |= each.own_bits
            self.loaded.update(each.own)
            for name, changes in each.changed.items():
                self.changed.setdefault(name, {}).update(changes)
            self.count(runs, each.failures, is_doubtful=is_doubtful)
        for each in again:
            self.count(each.again, each.again, is_doubtful=is_doubtful)
        self.ledger.take(delta)
        if not self.doubts:
            self.doubts.extend(delta.doubts[:1])
        if delta.fault is not None:
            if not is_doubtful:
                self.ledger.repeat(delta.again)
            raise Raised(repeat_fault(delta.fault, delta.notes), self.find_chain() + delta.chain)

    def _find_unhidden(self, runs: dict[str, int], hidden: int) -> dict[str, int]:
        """Return the runs of modules that are not in a set."""
        find_bit = self.shared.registry.find_bit
        return {name: times for name, times in runs.items() if not find_bit(name) & hidden}


def may_have_path(value: Value) -> bool:
    """Return whether something in ``sys.modules`` that is no module of the tree may have a ``__path__``."""
    if not isinstance(value, Instance):
        return isinstance(value, Unknown)
    if "__path__" in value.names:
        return True
    waiting: list[Value] = [value.made_by]
    for _ in range(_MOST_BASES):
        if not waiting:
            return False
        kind = waiting.pop()
        if not isinstance(kind, Class):
            if kind != External("builtins.object"):
                return True
        elif not _GIVING_PATH.isdisjoint(kind.names):
            return True
        else:
            waiting.extend(kind.bases)
    return True
