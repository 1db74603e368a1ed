"""Import statements, ``sys.modules`` and the attributes of modules, by Python's own rules."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from analysis.facts.program import Node
from analysis.simulation.sources import Environment, SourceTree
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    External,
    Fault,
    Function,
    Globals,
    Listed,
    Module,
    Note,
    OutOfSteps,
    Raised,
    Value,
)

#: Attributes that every module has.
_ALWAYS = frozenset({"__doc__", "__file__", "__loader__", "__spec__", "__builtins__", "__cached__", "__class__"})
#: Values outside the tree that decide what runs.
_KNOWN: dict[str, Value] = {
    "typing.TYPE_CHECKING": False, "typing_extensions.TYPE_CHECKING": False, "sys.platform": sys.platform,
    "os.name": os.name, "sys.byteorder": sys.byteorder, "sys.implementation.name": "cpython", "os.sep": os.sep,
    "sys.maxsize": sys.maxsize, "sys.flags.optimize": 0,
}  # fmt: skip
#: What stands for a name that is not there.
ABSENT: Value = object()
#: Statements that one first import may take before it is given up.
MOST_STEPS = 400_000
TOO_MUCH = "too much runs to be followed"
#: Why nothing is known of a first import on which the simulation itself failed; a row of ``not_analysed`` says more.
FAILED = "could not be analysed"
#: So many modules that another process has loaded are taken over, and names from a star, in the time of a statement.
_MODULES_PER_STEP = 8
#: As many module bodies may run inside one another, in all simulated processes that wait for one another.
MOST_RUNNING = 10_000
#: What a module costs beside its statements.
_STEPS_PER_MODULE = 10


@dataclass(slots=True)
class Frame:
    """A body that runs: its names, those of the functions around it, and the line it has come to."""

    module: Module
    names: dict[str, Value]
    kind: str
    line: int = 0
    around: tuple[dict[str, Value], ...] = ()
    declared: set[str] = field(default_factory=set)
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Delta:
    """What the first import of a module in a fresh process leaves.

    It holds in another process too, when none of ``unclean`` (the modules whose outcome depends on what is being
    imported around them) ran there before, none of ``runs`` is running, and nothing was set from outside on one of
    them; ``altered`` are the modules on which this import sets something.
    """

    modules: tuple[tuple[str, Value], ...]
    changed: dict[str, dict[str, Value]]
    runs: dict[str, int]
    notes: tuple[Note, ...]
    doubts: tuple[str, ...]
    unclean: frozenset[str]
    altered: frozenset[str]
    fault: Fault | None
    chain: tuple[tuple[str, int, str], ...]


class Shared(Protocol):
    """What all simulated processes have in common."""

    tree: SourceTree
    environment: Environment
    steps: int
    most_steps: int
    next_look: int
    running: int

    def look_at_clock(self) -> None:
        """Raise ``OutOfTime`` after the deadline; to be called when ``steps`` have come to ``next_look``."""

    def find_delta(self, name: str) -> Delta | None:
        """Return what the first import of a module leaves; None while that is being found out."""


class Importer:
    """One simulated process: its modules, and the statements that run in it."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.modules: dict[str, Value] = {}
        self.changed: dict[str, dict[str, Value]] = {}
        self.runs: dict[str, int] = {}
        self.notes: list[Note] = []
        self.doubts: list[str] = []
        self.stack: list[Frame] = []
        self.handling: list[Fault] = []
        self.calls: dict[tuple[str, int], int] = {}
        self.maybe = 0
        #: So many of the bodies that run were imported in a branch that may not run.
        self._doubtful = 0
        self._running: dict[str, None] = {}
        self._direct: list[str] = []
        self._unclean: set[str] = set()
        self._altered: set[str] = set()
        self._meets_running = False
        self._steps = MOST_STEPS
        self._asked: set[tuple[str, str]] = set()

    def run_first(self, name: str) -> Delta:
        """Import a module into this process, which is fresh, and return what that leaves."""
        fault: Fault | None = None
        chain: tuple[tuple[str, int, str], ...] = ()
        try:
            self.load(name)
        except Raised as raised:
            fault, chain = raised.fault, raised.chain
        except (OutOfSteps, RecursionError, MemoryError):
            self.doubts.insert(0, TOO_MUCH)
            self._meets_running = True
        if self._meets_running or self._unclean:
            self._unclean.update(self._direct)
        return Delta(
            tuple(self.modules.items()), self.changed, self.runs, tuple(self.notes), tuple(self.doubts),
            frozenset(self._unclean), frozenset(self._altered), fault, chain,
        )  # fmt: skip

    # Failing

    def find_chain(self) -> tuple[tuple[str, int, str], ...]:
        """Return the places of the statements that run: path, line, module; the outermost first."""
        return tuple([(frame.module.path, frame.line, frame.module.name) for frame in self.stack])

    def fail(
        self, outcome: str, kind: type[BaseException], text: str, module: str = "", name: str = "",
        made_by: Class | None = None,
    ) -> Raised:  # fmt: skip
        """Return the exception that the running statement raises."""
        path, line, _ = self.find_chain()[-1] if self.stack else ("", 0, "")
        context = self.handling[-1] if self.handling else None
        fault = Fault(outcome, kind, text, path, line, module, name, made_by, context)
        return Raised(fault, self.find_chain())

    def step(self, steps: int = 1) -> None:
        """Count a statement; raises ``OutOfSteps`` after too many, ``OutOfTime`` after the deadline."""
        self._steps -= steps
        self.shared.steps += steps
        if self._steps < 0 or self.shared.steps > self.shared.most_steps:
            raise OutOfSteps
        if self.shared.steps >= self.shared.next_look:
            self.shared.look_at_clock()

    # Importing

    def load(self, name: str) -> Value:
        """Return the module of a dotted name, loaded with the packages around it, as ``sys.modules`` has it."""
        if not self.shared.tree.owns(name):
            return self._import_external(name)
        found: Value = None
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            part, parent = ".".join(parts[:length]), found
            found = self.modules.get(part, ABSENT)
            if found is ABSENT:
                found = self._load(part, parent)
                if isinstance(parent, Module):
                    self._set(parent, parts[length - 1], found)
        if isinstance(found, Module) and found.is_running:
            self._meets_running = True
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

    def _load(self, name: str, parent: Value) -> Value:
        tree = self.shared.tree
        if isinstance(parent, Module) and not parent.is_package:
            text = f"No module named {name!r}; {parent.name!r} is not a package"
            raise self.fail("missing-in-tree", ModuleNotFoundError, text, name)
        source = tree.find(name)
        is_elsewhere = isinstance(parent, External) or (isinstance(parent, Module) and parent.finds_more)
        if source is None and not is_elsewhere and not tree.is_shared(name):
            raise self.fail("missing-in-tree", ModuleNotFoundError, f"No module named {name!r}", name)
        if source is None and self.shared.environment.is_missing(name):
            raise self.fail("missing-third-party", ModuleNotFoundError, f"No module named {name!r}", name)
        if source is None or source.kind == "extension":
            self.modules[name] = External(name, is_module=True)
        elif source.kind == "namespace":
            finds_more = tree.is_shared(f"{name}.any")
            self.modules[name] = Module(name, source.path, is_package=True, is_running=False, finds_more=finds_more)
        else:
            self._read_in(name, source.path, source.kind == "package")
        return self.modules.get(name, UNKNOWN)

    def _read_in(self, name: str, path: str, is_package: bool) -> None:
        parts = name.split(".")
        around = [".".join(parts[:length]) for length in range(1, len(parts))]
        if not any(package in self._running for package in around):
            delta = self.shared.find_delta(name)
            if delta is not None and self._holds(delta):
                self._apply(delta)
                return
        self._run(name, path, is_package)

    def _holds(self, delta: Delta) -> bool:
        runs = delta.runs
        if not delta.unclean.isdisjoint(self.runs) or any(name in runs for name in self._running):
            return False
        return not any(name in runs for name in self._altered)

    def _apply(self, delta: Delta) -> None:
        """Take over what the first import of a module left in another process."""
        self.step(len(delta.modules) // _MODULES_PER_STEP)
        for name, times in delta.runs.items():
            if name not in self.modules:
                self.runs[name] = self.runs.get(name, 0) + times
        for name, module in delta.modules:
            self.modules.setdefault(name, module)
        for name, changes in delta.changed.items():
            self.changed.setdefault(name, {}).update(changes)
        self.notes.extend(delta.notes)
        self.doubts.extend(delta.doubts)
        self._unclean |= delta.unclean
        self._altered |= delta.altered
        if delta.fault is not None:
            raise Raised(delta.fault, self.find_chain() + delta.chain)

    def _run(self, name: str, path: str, is_package: bool) -> None:
        module = Module(name, path, is_package)
        self.modules[name] = module
        self.runs[name] = self.runs.get(name, 0) + 1
        self._direct.append(name)
        self.step(_STEPS_PER_MODULE)
        self._begin(name)
        doubt, self.maybe = self.maybe, 0
        self._doubtful += bool(doubt)
        try:
            program = self._read(path)
            self.stack.append(Frame(module, module.names, "module"))
            try:
                self.run_block(program, self.stack[-1])
            finally:
                self.stack.pop()
        except Raised:
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
        tree = self.shared.tree
        program = tree.read_program(path)
        if program is not None:
            return program
        source = tree.find_file(path)
        if source.status in {"syntax-error", "decode-error"}:
            raised = self.fail("syntax", SyntaxError, "invalid syntax")
            fault = Fault("syntax", SyntaxError, "invalid syntax", path, max(1, source.error_line))
            raise Raised(fault, (*raised.chain, (path, max(1, source.error_line), "")))
        if source.status != "ok":  # a file that says nothing has no program
            self.doubts.append(f"{path} was not read")
        return []

    def run_block(self, block: Sequence[Node], frame: Frame) -> Value:
        """Run statements; return how they left, None when they came to their end."""
        raise NotImplementedError

    def call(self, callee: Value, arguments: list[Value], keywords: dict[str, Value], frame: Frame) -> Value:
        """Call something and return what it returns."""
        raise NotImplementedError

    # Attributes of modules

    def write(self, module: Module, name: str, value: Value) -> None:
        """Set an attribute of a module, as a statement does."""
        if not self.stack or module is not self.stack[-1].module:
            self._altered.add(module.name)
        self._set(module, name, value)

    def _set(self, module: Module, name: str, value: Value) -> None:
        """Set an attribute; a module that has run may belong to other processes too, and stays as it is."""
        if module.is_running:
            module.names[name] = value
        else:
            self.changed.setdefault(module.name, {})[name] = value

    def read(self, module: Module, name: str) -> Value:
        """Return a name that a module has, or the mark of absence."""
        if not module.is_running:
            changed = self.changed.get(module.name)
            if changed is not None and name in changed:
                return changed[name]
        return module.names.get(name, ABSENT)

    def has(self, module: Module, name: str) -> bool:
        """Return whether a module has a name of its own."""
        return self.read(module, name) is not ABSENT

    def find_attribute(self, module: Module, name: str) -> Value:
        """Return an attribute of a module as ``getattr`` does, or raise what that raises."""
        if module.is_running:
            self._meets_running = True
        found = self.read(module, name)
        if found is not ABSENT:
            return found
        if name == "__name__":
            return module.name
        if name == "__package__":
            return module.name if module.is_package else module.name.rpartition(".")[0]
        if name == "__dict__":
            return Globals(module)
        if name in _ALWAYS or (name == "__path__" and module.is_package):
            return UNKNOWN
        getter = self.read(module, "__getattr__")
        if getter is not ABSENT:
            return self._ask(module, name, getter)
        if module.is_open:
            return UNKNOWN
        if module.is_running:
            text = f"partially initialized module {module.name!r} has no attribute {name!r}"
            raise self.fail("circular", AttributeError, text, module.name, name)
        raise self.fail("other", AttributeError, f"module {module.name!r} has no attribute {name!r}", module.name, name)

    def _ask(self, module: Module, name: str, getter: Value) -> Value:
        if not isinstance(getter, Function):
            return UNKNOWN
        key = (module.name, name)
        if key in self._asked:
            if self.maybe:
                return UNKNOWN
            raise self.fail("recursion", RecursionError, "maximum recursion depth exceeded", module.name, name)
        self._asked.add(key)
        try:
            return self.call(
                getter, [name], {}, self.stack[-1] if self.stack else Frame(module, module.names, "module")
            )
        finally:
            self._asked.discard(key)

    def has_attribute(self, module: Module, name: str) -> bool:
        """Return whether ``hasattr`` says so."""
        try:
            self.find_attribute(module, name)
        except Raised as raised:
            if issubclass(raised.fault.kind, AttributeError):
                return False
            raise
        return True

    # Import statements

    def find_base(self, frame: Frame, level: int, module: str) -> str:
        """Return the absolute name that a relative import means."""
        if not level:
            return module
        own = frame.module
        parts = own.name.split(".") if own.is_package else own.name.split(".")[:-1]
        if level > len(parts):
            text = "attempted relative import beyond top-level package"
            if not parts:
                text = "attempted relative import with no known parent package"
            raise self.fail("other", ImportError, text)
        base = parts[: len(parts) - level + 1]
        return ".".join([*base, module] if module else base)

    def import_dotted(self, name: str, *, is_renamed: bool) -> Value:
        """``import a.b.c``: return ``a``, or for ``as`` what the attributes lead to."""
        leaf = self.load(name)
        top, *rest = name.split(".")
        found = self.modules.get(top, External(top, is_module=True))
        if not is_renamed:
            return found
        for part in rest:
            found = self.take(found, part) if isinstance(found, Module) else leaf
        return found

    def prepare(self, module: Value, name: str) -> None:
        """Import the submodule that ``from package import name`` may mean."""
        if not isinstance(module, Module) or not module.is_package or self.has_attribute(module, name):
            return
        wanted = f"{module.name}.{name}"
        try:
            self.load(wanted)
        except Raised as raised:
            if raised.fault.kind is not ModuleNotFoundError or raised.fault.module != wanted:
                raise

    def take(self, module: Value, name: str) -> Value:
        """``from module import name``, once submodules are imported: the attribute, else what ``sys.modules`` has."""
        if isinstance(module, External):
            if self.shared.environment.lacks(module.name, name):
                text = f"cannot import name {name!r} from {module.name!r}"
                raise self.fail("missing-third-party", ImportError, text, module.name, name)
            return self.find_external(f"{module.name}.{name}")
        if not isinstance(module, Module):
            return UNKNOWN
        try:
            return self.find_attribute(module, name)
        except Raised as raised:
            if not issubclass(raised.fault.kind, AttributeError):
                raise
        known = self.modules.get(f"{module.name}.{name}")
        if known is not None:
            return known
        is_half = module.is_running
        half = "partially initialized module " if is_half else ""
        text = f"cannot import name {name!r} from {half}{module.name!r}"
        raise self.fail("circular" if is_half else "missing-name", ImportError, text, module.name, name)

    def find_external(self, dotted: str) -> Value:
        """Return what a dotted name outside the tree means: a constant where one decides what runs."""
        if dotted in self.modules:
            return self.modules[dotted]
        version = self.shared.environment.version
        if dotted == "sys.version_info":
            return version
        if dotted in {"sys.version_info.major", "sys.version_info.minor"}:
            return version[dotted.endswith("minor")]
        return _KNOWN[dotted] if dotted in _KNOWN else External(dotted)

    def import_star(self, base: str, bind: Callable[[str, Value], None], frame: Frame) -> None:
        """``from base import *``."""
        module = self.load(base)
        if not isinstance(module, Module):
            frame.module.is_open = True
            return
        listed = self.read(module, "__all__")
        if module.is_running:
            self._meets_running = True
        frame.module.is_open |= module.is_open
        if listed is ABSENT:
            names = {**module.names, **({} if module.is_running else self.changed.get(module.name, {}))}
            self.step(len(names) // _MODULES_PER_STEP)
            for name in [name for name in names if not name.startswith("_")]:
                bind(name, names[name])
        elif isinstance(listed, Listed):
            frame.module.is_open |= listed.is_open
            self._take_listed(module, [name for name in listed.elements if isinstance(name, str)], bind)
        else:
            frame.module.is_open = True

    def _take_listed(self, module: Module, names: Sequence[str], bind: Callable[[str, Value], None]) -> None:
        for name in names:
            self.prepare(module, name)
        for name in names:
            bind(name, self.find_attribute(module, name))
