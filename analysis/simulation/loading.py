"""``sys.modules``: how a module gets into it, by its own body or by what its first import left elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from analysis.facts.program import Node
from analysis.resolve import Module
from analysis.resolve.modules import NAMESPACE
from analysis.simulation.attributes import Attributes
from analysis.simulation.kept import find_top
from analysis.simulation.records import ABSENT, TOO_MUCH, Delta, Frame
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


class Loader(Attributes):
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
        found = self._load_part(parts[0], resolved, None)
        for length in range(2, len(parts) + 1):
            part, above = ".".join(parts[:length]), found
            if isinstance(above, LoadedModule):
                resolved = self.shared.imports.index.find_child(above.resolved, parts[length - 1])
            else:
                resolved = self._find_below(resolved, above, parts[length - 1])
            found = self._load_part(part, resolved, above)
        return found

    def _find_below(self, package: Module | None, above: Value, name: str) -> Module | None:
        """Return the submodule of a package that has put something else in its own place in ``sys.modules``."""
        return self.shared.imports.index.find_child(package, name) if package and _may_have_path(above) else None

    def _find_top(self, top: str, *, is_relative: bool) -> Module | None:
        importer, tops = self.importer, self.shared.tops
        key = (importer.number, top, is_relative)
        if key not in tops:
            tops[key] = find_top(self.shared.imports, importer, top, is_relative=is_relative)
        return tops[key]

    def owns(self, name: str) -> bool:
        """Return whether a dotted name begins with a module of the tree, seen from the statement that runs."""
        return self._find_top(name.partition(".")[0], is_relative=False) is not None

    def _load_part(self, part: str, resolved: Module | None, parent: Value) -> Value:
        name = part if resolved is None else resolved.name
        found = self.loaded.get(name, ABSENT)
        if found is ABSENT:
            if resolved is None:  # another process may have loaded something by this very name
                self.ledger.absent.add(name)
            found = self._load(part, resolved, parent)
            # As importlib does: the submodule becomes an attribute of its package after its body has run, not
            # before, and it takes the place of a name of the package that is spelled the same.
            if isinstance(parent, LoadedModule):
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
                self._finds_more(parent) if isinstance(parent, LoadedModule) else _may_have_path(parent)
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

    def _finds_more(self, package: LoadedModule) -> bool:
        """Return whether a package may have parts elsewhere: its path was changed, or all around is a namespace."""
        resolved = package.resolved
        return package.finds_more or (resolved.kind == NAMESPACE and not resolved.own - {resolved.number})

    def _read_in(self, resolved: Module) -> None:
        # The first import of a submodule runs its packages first. While one of them is still running here, that is
        # not what happens, so what the submodule's own first import left says nothing about this one.
        names = (self.shared.imports.index.all[number].name for number in resolved.own)
        if not any(package in self._running for package in names):
            delta = self.shared.find_delta(resolved)
            if delta is not None and self._holds(delta):
                self._apply(delta)
                return
        self._run(resolved)

    def _holds(self, delta: Delta) -> bool:
        return self.ledger.holds(delta, self.changed, self._asked, is_handling=bool(self.handling))

    def _apply(self, delta: Delta) -> None:
        """Take over what the first import of a module left in another process."""
        is_doubtful = bool(self.maybe or self._doubtful)
        new, again = self.ledger.find_new(delta)
        self.step(len(new) // _MODULES_PER_STEP)
        for each in reversed(new):
            self.loaded.update(each.own)
            for name, changes in each.changed.items():
                self.changed.setdefault(name, {}).update(changes)
            self._count(each.runs, each.failures, is_doubtful=is_doubtful)
        for each in again:
            self._count(each.again, each.again, is_doubtful=is_doubtful)
        self.ledger.take(delta)
        if not self.doubts:
            self.doubts.extend(delta.doubts[:1])
        if delta.fault is not None:
            if not is_doubtful:
                self.ledger.repeat(delta.again)
            raise Raised(repeat_fault(delta.fault, delta.notes), self.find_chain() + delta.chain)

    def _count(self, runs: dict[str, int], failures: dict[str, int], *, is_doubtful: bool) -> None:
        """Count bodies that ran; a run that fails in a branch that may not run is none."""
        for name, times in runs.items():
            self.runs[name] = self.runs.get(name, 0) + times - (failures.get(name, 0) if is_doubtful else 0)

    def _run(self, resolved: Module) -> None:
        module, name = LoadedModule(resolved), resolved.name
        self.loaded[name] = module
        self.ledger.place(name)
        self._count_run(name, 1)
        self.step(_STEPS_PER_MODULE)
        self._begin(name)
        # Inside the body everything runs for sure, given that the body runs: the doubt waits outside.
        outside = self.maybe, self.calls, self.body, self.depth
        self.maybe, self.calls, self.body, self.depth = 0, {}, name, len(self.stack)
        self._doubtful += bool(outside[0])
        self.ledger.repeated.append({})
        try:
            self._execute(module)
        except Raised:
            # A body may have put something else under its own name; CPython removes only what it put there itself.
            if self.loaded.get(name) is module:
                del self.loaded[name]
                self.ledger.drop(name)
            self._fail_run(name)
            raise
        else:
            self.ledger.repeated.pop()
        finally:
            self._doubtful -= bool(outside[0])
            self.maybe, self.calls, self.body, self.depth = outside
            self._end(name)
            module.is_running = False

    def _execute(self, module: LoadedModule) -> None:
        program = self._read(module.path)
        self.stack.append(Frame(module, module.names, "module", body=program))
        try:
            self.run_block(program, self.stack[-1])
        finally:
            self.stack.pop()

    def _count_run(self, name: str, times: int) -> None:
        self.runs[name] = self.runs.get(name, 0) + times
        self.ledger.count_run(name, times)

    def _fail_run(self, name: str) -> None:
        """Count a body that failed; one that fails in a branch that may not run is none."""
        if self._doubtful:
            self._count_run(name, -1)
        self.ledger.count_failure(name, is_counted=not self._doubtful)

    def _begin(self, name: str) -> None:
        if self.shared.running >= MOST_RUNNING:
            raise OutOfSteps
        self.shared.running += 1
        self._running[name] = None

    def _end(self, name: str) -> None:
        self.shared.running -= 1
        self._running.pop(name, None)

    def _read(self, path: str) -> list[Node]:
        programs = self.shared.programs
        program, source = programs.read_program(path), programs.find_file(path)
        is_newer = source.since > self.shared.environment.version[:2]
        if program is not None and not is_newer:
            return program
        if is_newer or source.status in {"syntax-error", "decode-error"}:
            raised = self.fail("syntax", SyntaxError, "invalid syntax")
            fault = Fault("syntax", SyntaxError, "invalid syntax", path, max(1, source.error_line))
            raise Raised(fault, (*raised.chain, (path, max(1, source.error_line), "")))
        if source.status != "ok":  # a file that says nothing has no program
            self.doubts.append(f"{path} was not read")
        return []


def _may_have_path(value: Value) -> bool:
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
