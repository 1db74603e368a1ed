"""The bodies of modules: run, or repeated by their record, and counted."""

from __future__ import annotations

from analysis.facts.program import Node
from analysis.resolve import Module
from analysis.simulation.attributes import Attributes
from analysis.simulation.likeness import is_alike_state
from analysis.simulation.recording import BodyRecorder
from analysis.simulation.records import Frame
from analysis.simulation.repeating import repeat_body
from analysis.simulation.values import Fault, LoadedModule, OutOfSteps, Raised

#: As many module bodies may run inside one another, in all simulated processes that wait for one another.
MOST_RUNNING = 10_000
#: What a module costs beside its statements.
_STEPS_PER_MODULE = 10


class Bodies(Attributes):
    """A simulated process that runs the bodies of its modules."""

    def count(self, runs: dict[str, int], failures: dict[str, int], *, is_doubtful: bool) -> None:
        """Count bodies that ran; a run that fails in a branch that may not run is none."""
        for name, times in runs.items():
            self.runs[name] = self.runs.get(name, 0) + times - (failures.get(name, 0) if is_doubtful else 0)

    def run(self, resolved: Module) -> None:
        module, name = LoadedModule(resolved, process=self.number), resolved.name
        self.loaded[name] = module
        self.ledger.place(name)
        self._count_run(name, 1)
        self.step(_STEPS_PER_MODULE)
        self._begin(name)
        # Inside the body everything runs for sure, given that the body runs: the doubt waits outside.
        outside = self.maybe, self.calls, self.body, self.depth, self.recorder, self.failed_loads, self.shuffled
        self.maybe, self.calls, self.body, self.depth, self.recorder = 0, {}, name, len(self.stack), None
        self.failed_loads, self.shuffled = [], 0
        self._doubtful += bool(outside[0])
        self.ledger.repeated.append({})
        try:
            self._run_or_repeat(module)
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
            self.maybe, self.calls, self.body, self.depth, self.recorder, self.failed_loads, self.shuffled = outside
            self._end(name)
            module.is_running = False

    def _run_or_repeat(self, module: LoadedModule) -> None:
        """Run a body, or do what it did in another process if all that it reads is the same here."""
        known = self.shared.bodies[module.name, module.path]
        known.runs += 1
        if not self.shared.is_sharing or self.ledger.touched or known.runs == 1 or not known.is_worth_it():
            self._execute(module)
            return
        record = repeat_body(self, module, known.records)
        if record is not None:
            known.hit(record)
            self._adopt(module, record.module)
            return
        known.miss()
        recorder = self.recorder = BodyRecorder(module.name, self.loaded, module.name)
        self._execute(module)
        if not self.ledger.touched and self.loaded.get(module.name) is module:
            known.keep(recorder.finish(module))

    def _adopt(self, module: LoadedModule, state: LoadedModule) -> None:
        """Take over the state in which another process has left a module, if it is that of this one too."""
        module.is_open, module.finds_more = state.is_open, state.finds_more
        if is_alike_state(module, state) and self.loaded.get(module.name) is module:
            self.loaded[module.name], module.names = state, state.names
            if self.shared.registry.states.get(module.name) is state:
                self.ledger.adopt(module.name)

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
