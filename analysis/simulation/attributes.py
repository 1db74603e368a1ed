"""The attributes of modules, as statements set and ``getattr`` reads them."""

from __future__ import annotations

from analysis.facts.absolute import absolute_name, split_dots
from analysis.resolve.every_module import EVERY_MODULE
from analysis.simulation.events import ASK, ENTER, LACK, LOOK, OPEN, READ, WRITE
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.state import InterpreterState
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    Function,
    Globals,
    LoadedModule,
    Raised,
    SearchPath,
    TreePath,
    Value,
)

#: A question to a ``__getattr__`` that waits for itself so often never ends; the first time it may find what it asks
#: for, since the module that it imports has begun to run by then.
_MOST_ASKED = 4


class Attributes(InterpreterState):
    """A simulated process that sets and reads the attributes of its modules."""

    def write(self, module: LoadedModule, name: str, value: Value) -> None:
        """Set an attribute of a module, as a statement does."""
        # A module's own body sets its own names whenever it runs; what another sets on it depends on who ran before.
        module = self.find_state(module)
        is_outer = not self.stack or module is not self.stack[-1].module
        value = self.merge(self.read(module, name), value) if self.maybe else value
        recorder = self.recorder
        if recorder is not None:
            if is_outer or module.name != recorder.body or value is ABSENT:
                recorder.act(WRITE, module.name, name, value, is_outer)
            else:
                recorder.bind(name, value)
        self.put(module, name, value, is_outer=is_outer)

    def put(self, module: LoadedModule, name: str, value: Value, *, is_outer: bool) -> None:
        """Set an attribute of a module to what a statement has made of it."""
        if is_outer:
            self.ledger.altered[module.name] = -1
            if module.is_running:
                module.outer[name] = value
        self._set(module, name, value)

    def remove(self, module: LoadedModule, name: str) -> None:
        """Remove an attribute of a module; one that may not be removed is unknown."""
        module = self.find_state(module)
        if self.has(module, name):
            self.write(module, name, UNKNOWN if self.maybe else ABSENT)

    def _set(self, module: LoadedModule, name: str, value: Value) -> None:
        """Set an attribute; a module that has run may belong to other processes too, and stays as it is."""
        if module.is_running and value is ABSENT:
            module.names.pop(name, None)
        elif module.is_running:
            module.names[name] = value
        else:
            self.changed.setdefault(module.name, {})[name] = value
            self.ledger.changed.setdefault(module.name, {})[name] = value

    def read(self, module: LoadedModule, name: str) -> Value:
        """Return a name that a module has, or the mark of absence."""
        found = self.peek(module, name)
        if self.recorder is not None:
            self.recorder.note(READ, module, name, found)
        return found

    def peek(self, module: LoadedModule, name: str) -> Value:
        """Return a name that a module has, as nothing that runs has asked for it."""
        if not module.is_running:
            changed = self.changed.get(module.name)
            if changed is not None and name in changed:
                return changed[name]
        return module.names.get(name, ABSENT)

    def has(self, module: LoadedModule, name: str) -> bool:
        """Return whether a module has a name of its own."""
        return self.read(self.find_state(module), name) is not ABSENT

    def find_attribute(self, module: LoadedModule, name: str) -> Value:
        """Return an attribute of a module as ``getattr`` does, or raise what that raises."""
        module = self.find_state(module)
        found = self.peek(module, name)
        if self.recorder is not None:
            self.recorder.note(LOOK, module, name, found)
        self.note_look(module, name, found)
        if found is not ABSENT:
            return found
        given = self._find_given(module, name)
        return self._find_otherwise(module, name) if given is ABSENT else given

    def _find_otherwise(self, module: LoadedModule, name: str) -> Value:
        """Return an attribute that a module lacks: its class may have it, or ``__getattr__`` serve it."""
        kind = self.read(module, "__class__")
        if isinstance(kind, Class):
            found = self.find_served(module, kind, name)
            if found is not ABSENT:
                return found
        # CPython asks ``__getattr__`` of the module before it gives up, also while the module is partially initialized.
        getter = self.read(module, "__getattr__")
        if getter is not ABSENT:
            return self._ask(module, name, getter)
        if self.recorder is not None:
            self.recorder.note(OPEN, module, "", module.is_open)
        if module.is_open:
            return UNKNOWN
        raise self._lack(module, name)

    def _find_given(self, module: LoadedModule, name: str) -> Value:
        """Return what Python gives every module of its own, or the mark of absence."""
        resolved = module.resolved
        if name in {"__name__", "__package__"}:
            return resolved.plain if name == "__name__" else resolved.package
        if name == "__dict__":
            return self.list_globals(module)
        if name == "__path__" and module.is_package:
            return SearchPath(module)
        if name == "__file__" and resolved.kind in {"module", "package"} and not module.path.startswith("../"):
            return TreePath(module.path, is_text=True)
        return UNKNOWN if name in EVERY_MODULE else ABSENT

    def _lack(self, module: LoadedModule, name: str) -> Raised:
        """Return what is raised for an attribute that is not there: not yet, or not at all."""
        child = self.shared.imports.index.find_child(module.resolved, name)
        waiting = self.modules.get(child.name) if child is not None else None
        if not module.is_running and isinstance(waiting, LoadedModule) and waiting.is_running:
            text = f"cannot access submodule {name!r} of module {module.name!r}"
            return self.fail("circular", AttributeError, text, waiting.name)
        half = "partially initialized module" if module.is_running else "module"
        is_late = module.is_running and not self.shared.is_nowhere(module.resolved, name)
        text = f"{half} {module.name!r} has no attribute {name!r}"
        return self.fail("circular" if is_late else "other", AttributeError, text, module.name, name)

    def note_look(self, module: LoadedModule, name: str, found: Value) -> None:
        """Note what depends on how far a module has run, or on which of its submodules somebody has loaded."""
        if module.is_running:
            if module.name != self.body:
                self.ledger.looks.append((module, name, found))
        elif found is ABSENT and module.is_package and self.has_child(module, name):
            self.ledger.lacked.add((module.name, name))

    def _ask(self, module: LoadedModule, name: str, getter: Value) -> Value:
        if not isinstance(getter, Function):
            return self._serve(module, name)
        key = (module.name, name)
        if self.asked.get(key, 0) >= _MOST_ASKED:
            if self.maybe:
                return UNKNOWN
            raise self.fail("recursion", RecursionError, "maximum recursion depth exceeded", module.name, name)
        self.asked[key] = self.asked.get(key, 0) + 1
        self.ledger.asked.add(key)
        if self.recorder is not None:
            self.recorder.act(ASK, key)
        try:
            return self.call(
                getter, [name], {}, self.stack[-1] if self.stack else Frame(module, module.names, "module")
            )
        finally:
            self.asked[key] -= 1
            if not self.asked[key]:
                del self.asked[key]

    def _serve(self, module: LoadedModule, name: str) -> Value:
        """Return what a module serves by a literal table that something outside the tree reads (``lazy_loader``)."""
        served = self.shared.programs.served.get(module.path)
        if served is None or name.startswith("__"):
            return UNKNOWN
        if self.recorder is not None:
            self.recorder.spoil()
        if name not in served:
            raise self.fail("other", AttributeError, f"No {module.name} attribute {name}", module.name, name)
        above, _, attribute = served[name].partition(":")
        level, rest = split_dots(above)
        wanted = absolute_name(module.resolved.package, level, rest) if level else rest
        if not wanted or "|" in served[name]:
            return UNKNOWN
        loaded = self.load(wanted, is_relative=level > 0)
        if not attribute:
            return loaded
        return self.find_attribute(loaded, attribute) if isinstance(loaded, LoadedModule) else UNKNOWN

    def enter(self, module: LoadedModule) -> None:
        """Note that a function of a module runs; while that module runs, it reads what the module has by then."""
        if module.is_running and module.name != self.body:
            self.ledger.is_rough = True
        if self.recorder is not None and module.name != self.recorder.own_names:
            self.recorder.note(ENTER, module, "", None)

    def list_globals(self, module: LoadedModule) -> Globals:
        """Return the namespace of a module as a dictionary; what is done with that of another body is not recorded."""
        module = self.find_state(module)
        # In a package it also has the submodules that somebody has loaded.
        if self.recorder is not None and (module.is_package or module.name != self.recorder.own_names):
            self.recorder.spoil()
        return Globals(module)

    def has_child(self, module: LoadedModule, name: str) -> bool:
        """Return whether there is a submodule of a name."""
        return self.shared.imports.index.find_child(module.resolved, name) is not None

    def lacks(self, module: LoadedModule, name: str) -> bool:
        """Return whether a module plainly has no such name, so that nobody must be asked."""
        module = self.find_state(module)
        lacks = self._lacks(module, name)
        if self.recorder is not None:
            self.recorder.note(LACK, module, name, lacks)
        return lacks

    def _lacks(self, module: LoadedModule, name: str) -> bool:
        if name.startswith("__") or module.is_open or self.peek(module, name) is not ABSENT:
            return False
        if module.is_running and module.name != self.body:
            self.ledger.looks.append((module, name, ABSENT))
        return self.peek(module, "__getattr__") is ABSENT

    def has_attribute(self, module: LoadedModule, name: str) -> bool:
        """Return whether ``hasattr`` says so."""
        try:
            self.find_attribute(module, name)
        except Raised as raised:
            if issubclass(raised.fault.kind, AttributeError):
                return False
            raise
        return True
