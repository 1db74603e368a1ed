"""``sys.modules``: how a module gets into it, by its own body or by what its first import left elsewhere."""

from __future__ import annotations

from analysis.facts.program import Node
from analysis.resolve import Module
from analysis.resolve.modules import NAMESPACE
from analysis.simulation.attributes import Attributes
from analysis.simulation.records import ABSENT, TOO_MUCH, Delta, Frame
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
        fault: Fault | None = None
        chain: tuple[tuple[str, int, str], ...] = ()
        try:
            self.load(self._first.plain, is_relative=True)
        except Raised as raised:
            fault, chain = raised.fault, raised.chain
        except (OutOfSteps, RecursionError, MemoryError):
            self.doubts.insert(0, TOO_MUCH)
            self._meets_running = True  # where it was given up depends on this process: no other may take it over
        if self._meets_running or self._unclean:
            self._unclean.update(self._direct)
        return Delta(
            tuple(self.modules.items()), self.changed, self.runs, tuple(self.notes), tuple(self.doubts),
            frozenset(self._unclean), frozenset(self._altered), fault, chain,
        )  # fmt: skip

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
        if isinstance(found, LoadedModule) and found.is_running:
            self._meets_running = True
        return found

    def _find_below(self, package: Module | None, above: Value, name: str) -> Module | None:
        """Return the submodule of a package that has put something else in its own place in ``sys.modules``."""
        return self.shared.imports.index.find_child(package, name) if package and _may_have_path(above) else None

    def _find_top(self, top: str, *, is_relative: bool) -> Module | None:
        imports, importer = self.shared.imports, self.importer
        found = imports.find_relative(importer, top) if is_relative else imports.find_module(importer, top)
        return None if found is None else found.module

    def owns(self, name: str) -> bool:
        """Return whether a dotted name begins with a module of the tree, seen from the statement that runs."""
        return self._find_top(name.partition(".")[0], is_relative=False) is not None

    def _load_part(self, part: str, resolved: Module | None, parent: Value) -> Value:
        name = part if resolved is None else resolved.name
        found = self.modules.get(name, ABSENT)
        if found is ABSENT:
            found = self._load(part, resolved, parent)
            # As importlib does: the submodule becomes an attribute of its package after its body has run, not
            # before, and it takes the place of a name of the package that is spelled the same.
            if isinstance(parent, LoadedModule):
                self._set(parent, part.rpartition(".")[2], found)
        return found

    def _import_external(self, name: str) -> Value:
        if name in self.modules:
            return self.modules[name]
        environment = self.shared.environment
        parts = name.split(".")
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
            self.modules[part] = External(part, is_module=True)
            return self.modules[part]
        if resolved.kind == "extension":
            self.modules[resolved.name] = External(part, is_module=True)
        elif resolved.kind == NAMESPACE:
            self.modules[resolved.name] = LoadedModule(resolved, is_running=False)
        else:
            self._read_in(resolved)
        return self.modules.get(resolved.name, UNKNOWN)

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
        """Return whether a first import in a fresh process leaves the same in this one, which is not fresh.

        Three things can make it end otherwise: a module whose outcome depends on the order ran here before; one that
        it would run is running here, so it would be met partially initialized; something was set here on one of them.
        """
        runs = delta.runs
        if not delta.unclean.isdisjoint(self.runs) or any(name in runs for name in self._running):
            return False
        return not any(name in runs for name in self._altered)

    def _apply(self, delta: Delta) -> None:
        """Take over what the first import of a module left in another process."""
        self.step(len(delta.modules) // _MODULES_PER_STEP)
        loaded = dict(delta.modules)
        is_doubtful = delta.fault is not None and bool(self.maybe or self._doubtful)
        for name, times in delta.runs.items():
            if name not in self.modules:  # a run that fails in a branch that may not run is none
                self.runs[name] = self.runs.get(name, 0) + times - (is_doubtful and name not in loaded)
        for name, module in loaded.items():  # what is here already stays: two processes may have the same module twice
            self.modules.setdefault(name, module)
        for name, changes in delta.changed.items():
            self.changed.setdefault(name, {}).update(changes)
        self.notes.extend(delta.notes)
        self.doubts.extend(delta.doubts)
        self._unclean |= delta.unclean
        self._altered |= delta.altered
        if delta.fault is not None:
            raise Raised(delta.fault, self.find_chain() + delta.chain)

    def _run(self, resolved: Module) -> None:
        module, name = LoadedModule(resolved), resolved.name
        self.modules[name] = module
        self.runs[name] = self.runs.get(name, 0) + 1
        self._direct.append(name)
        self.step(_STEPS_PER_MODULE)
        self._begin(name)
        # Inside the body everything runs for sure, given that the body runs: the doubt waits outside.
        doubt, self.maybe = self.maybe, 0
        self._doubtful += bool(doubt)
        try:
            program = self._read(resolved.path)
            self.stack.append(Frame(module, module.names, "module"))
            try:
                self.run_block(program, self.stack[-1])
            finally:
                self.stack.pop()
        except Raised:
            # A body may have put something else under its own name; CPython removes only what it put there itself.
            if self.modules.get(name) is module:
                del self.modules[name]
            if self._doubtful:  # a run that fails in a branch that may not run is none
                self.runs[name] -= 1
            raise
        finally:
            self.maybe = doubt
            self._doubtful -= bool(doubt)
            self._end(name)
            module.is_running = False

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
