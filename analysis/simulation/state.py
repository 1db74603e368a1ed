"""One simulated process: what it has loaded, what runs in it, and how its statements fail."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.facts.program import Node
from analysis.resolve import Module
from analysis.simulation.constants import is_same_constant
from analysis.simulation.events import DOUBT
from analysis.simulation.ledger import Ledger
from analysis.simulation.recording import BodyRecorder
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.shared import Shared
from analysis.simulation.system_modules import SystemModules
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    Fault,
    Function,
    LoadedModule,
    OutOfSteps,
    Raised,
    SwallowedFault,
    Value,
)

#: The name of a module that could not be loaded, the fault, and the places that it came through. An exception would
#: keep all frames that it has left alive, with all that the process has loaded.
FailedLoad = tuple[str, Fault, tuple[tuple[str, int, str], ...]]
#: Statements that one first import may take before it is given up.
MOST_STEPS = 400_000


class InterpreterState:
    """The state of one simulated process; what runs the programs in it is a class below, ``Machine``."""

    def __init__(self, shared: Shared, first: Module) -> None:
        """``first`` is the module that this process imports first: where nothing runs yet, it is the importer."""
        self.shared = shared
        self._first = first
        #: ``sys.modules``: a failed module leaves it again, what its body imported before it failed stays.
        self.loaded: dict[str, Value] = {}
        #: The same as statements see it: what they ask and change there is noted.
        self.modules = SystemModules(self.loaded, self._touch, self._look_up)
        #: What was set on modules that had run already. Such a module may belong to many processes, so it is never
        #: changed itself: every read looks here first.
        self.changed: dict[str, dict[str, Value]] = {}
        #: How often each module's body began to run: more than once when it failed and was imported again.
        self.runs: dict[str, int] = {}
        self.notes: list[SwallowedFault] = []
        self.doubts: list[str] = []
        self.stack: list[Frame] = []
        self.handling: list[Fault] = []
        self.calls: dict[tuple[str, int], int] = {}
        #: Not 0 while something runs of which it is not known whether it runs: failures are then doubts, never faults.
        self.maybe = 0
        #: Not 0 inside of loops whose order nobody knows.
        self.shuffled = 0
        #: So many of the bodies that run were imported in a branch that may not run.
        self._doubtful = 0
        self._running: dict[str, None] = {}
        #: The module whose body runs, for now the last one that has begun.
        self.body = ""
        #: How many frames there were when it began.
        self.depth = 0
        #: What was taken over from other processes, and what others must know before they take over what is left here.
        self.ledger = Ledger(shared)
        self._steps = MOST_STEPS
        #: Questions to a module's ``__getattr__`` that wait for their answer, and how often each.
        self.asked: dict[tuple[str, str], int] = {}
        shared.processes += 1
        self.number = shared.processes
        #: Takes down what the body or the call that runs does; None where nobody wants to know.
        self.recorder: BodyRecorder | None = None
        #: Modules whose load has raised while a record was followed that turned out not to fit, and what was raised.
        #: What then runs comes to them in the same order.
        self.failed_loads: list[FailedLoad] = []

    def end(self) -> None:
        """Forget what only the process itself needed: nothing collects what refers to itself."""
        self.modules.end()
        self.loaded = {}

    def find_chain(self) -> tuple[tuple[str, int, str], ...]:
        """Return the places of the statements that run: path, line, module; the outermost first."""
        return tuple([(frame.module.path, frame.line, frame.module.name) for frame in self.stack])

    @property
    def importer(self) -> Module:
        """The module whose statement runs."""
        return self.stack[-1].module.resolved if self.stack else self._first

    def fail(
        self, outcome: str, kind: type[BaseException], text: str, module: str = "", name: str = "",
        made_by: Class | None = None,
    ) -> Raised:  # fmt: skip
        """Return the exception that the running statement raises."""
        path, line, _ = self.find_chain()[-1] if self.stack else ("", 0, "")
        context = self.handling[-1] if self.handling else None
        fault = Fault(outcome, kind, text, path, line, module, name, made_by, context)
        if self.recorder is not None:
            self.recorder.fail(fault, (outcome, kind, text, module, name, made_by), self.stack[self.depth :])
        self.ledger.is_raising = True
        self.ledger.is_rough |= outcome in {"circular", "recursion"}
        return Raised(fault, self.find_chain())

    def _touch(self, name: str) -> None:
        """A statement sets or removes an entry of ``sys.modules``."""
        if self.recorder is not None:
            self.recorder.spoil()
        self.ledger.touch(name)

    def _look_up(self, name: str) -> None:
        """A statement asks whether a module is loaded: the answer may be another one in another process."""
        self.ledger.is_rough = True
        if name not in self.loaded:
            self.ledger.absent.add(name)
        if self.recorder is not None:
            self.recorder.ask_system(name)

    def find_state(self, module: LoadedModule) -> LoadedModule:
        """Return the state that a module has in this process, whatever process a value that refers to it is from."""
        if module.process == self.number:
            return module
        found = self.loaded.get(module.name)
        return found if type(found) is LoadedModule and found.name == module.name else module

    def open(self, module: LoadedModule) -> None:
        """Note that a module may have names that the source does not say."""
        if self.recorder is not None and module.name != self.recorder.own_names and not module.is_open:
            self.recorder.spoil()
        module.is_open = True

    def step(self, steps: int = 1) -> None:
        """Count a statement; raises ``OutOfSteps`` after too many, ``OutOfTime`` after the deadline."""
        self._steps -= steps
        self.shared.steps += steps
        if self._steps < 0 or self.shared.steps > self.shared.most_steps:
            raise OutOfSteps
        if self.shared.steps >= self.shared.next_look:
            self.shared.look_at_clock()

    def merge(self, before: Value, value: Value) -> Value:
        """Return what a place holds after an assignment, which may not happen where ``maybe`` says so.

        A place that held nothing before counts as filled: whoever reads it needs it to be there.
        """
        if not self.maybe or before is ABSENT or before is value:
            return value
        return value if is_same_constant(before, value) else UNKNOWN

    def doubt(self, raised: Raised) -> None:
        """Note a failure of something that may not run."""
        if self.recorder is not None:
            self.recorder.swallow(DOUBT, raised.fault)
        if issubclass(raised.fault.kind, ImportError):
            self.doubts.append(f"{raised.fault.path}:{raised.fault.line} may not run: {raised.fault.text}")

    def run_block(self, block: Sequence[Node], frame: Frame) -> Value:
        """Run statements; return how they left, None when they came to their end."""
        raise NotImplementedError

    def call(self, callee: Value, arguments: list[Value], keywords: dict[str, Value], frame: Frame) -> Value:
        """Call something and return what it returns."""
        raise NotImplementedError

    def evaluate(self, node: Node, frame: Frame) -> Value:
        """Return the value of an expression; raises ``Raised`` when the program would raise."""
        raise NotImplementedError

    def load_part(self, part: str, resolved: Module | None, parent: Value) -> Value:
        """Return the module of a dotted name whose package is loaded, as ``sys.modules`` has it."""
        raise NotImplementedError

    def load(self, name: str, *, is_relative: bool = False) -> Value:
        """Return the module of a dotted name, loaded with the packages around it."""
        raise NotImplementedError

    def find_served(self, owner: Value, kind: Class, name: str) -> Value:
        """Return what an object that stands for a module has by its class, or the mark of absence."""
        raise NotImplementedError

    def list_star(self, module: LoadedModule) -> dict[str, Value]:
        """Return all names of a module, as a star import takes them."""
        raise NotImplementedError

    def run_function(self, function: Function, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Run the body of a function."""
        raise NotImplementedError
