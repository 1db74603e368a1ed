"""Import statements, by Python's own rules."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from operator import is_

from analysis.facts.absolute import absolute_name
from analysis.facts.program import Node
from analysis.resolve import SupportedInterpreter
from analysis.resolve.conditions import UNDECIDED, find_constant
from analysis.simulation.any_order import go_through
from analysis.simulation.events import ENTER, OPEN
from analysis.simulation.loading import Loader
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.values import UNKNOWN, External, Listed, LoadedModule, Raised, Value, VersionNumbers

#: So many names from a star are taken over in the time of a statement.
_NAMES_PER_STEP = 8


class Importer(Loader):
    """A simulated process that runs import statements."""

    def find_base(self, frame: Frame, level: int, module: str) -> str:
        """Return the absolute name that an import statement means."""
        package = frame.module.resolved.package
        absolute = absolute_name(package, level, module)
        if not absolute:
            text = "attempted relative import beyond top-level package"
            if not package:
                text = "attempted relative import with no known parent package"
            raise self.fail("other", ImportError, text)
        return absolute

    def import_dotted(self, name: str, *, is_renamed: bool) -> Value:
        """``import a.b.c``: return ``a``, or for ``as`` what the attributes lead to."""
        leaf = self.load(name)
        top, *rest = name.split(".")
        resolved = self._find_top(top, is_relative=False)
        found = self.loaded.get(resolved.name if resolved else top, External(top, is_module=True))
        if not is_renamed:
            return found
        for part in rest:  # ``import a.b as c`` reads the attribute; only ``import a.b`` needs no attribute
            found = self.take(found, part) if isinstance(found, LoadedModule) else leaf
        return found

    def prepare(self, module: Value, name: str) -> None:
        """Import the submodule that ``from package import name`` may mean."""
        # ``hasattr`` comes first, as in importlib's ``_handle_fromlist``: a name that the package has, or that its
        # ``__getattr__`` yields (which may itself import, or never end), hides the submodule of the same name.
        if not isinstance(module, LoadedModule) or not module.is_package:
            return
        if not self.lacks(module, name) and self.has_attribute(module, name):
            return
        wanted = f"{module.resolved.plain}.{name}"
        try:
            self.load_part(wanted, self.shared.imports.index.find_child(module.resolved, name), module)
        except Raised as raised:
            # Only that very submodule may be missing: then ``take`` says that the name cannot be imported.
            if raised.fault.kind is not ModuleNotFoundError or raised.fault.module != wanted:
                raise

    def take(self, module: Value, name: str) -> Value:
        """``from module import name``, once submodules are imported: the attribute, else what ``sys.modules`` has."""
        if isinstance(module, External):
            if self.shared.environment.lacks(module.name, name):
                text = f"cannot import name {name!r} from {module.name!r}"
                raise self.fail("missing-third-party", ImportError, text, module.name, name)
            return self.find_external(f"{module.name}.{name}")
        if not isinstance(module, LoadedModule):
            return UNKNOWN
        try:
            return self.find_attribute(module, name)
        except Raised as raised:
            if not issubclass(raised.fault.kind, AttributeError):
                raise
        # Since Python 3.7 a submodule that is still running counts, though it is no attribute of its package yet.
        child = self.shared.imports.index.find_child(module.resolved, name)
        known = self.loaded.get(child.name if child else f"{module.resolved.plain}.{name}")
        if known is not None:
            return known
        module = self.find_state(module)
        is_half = module.is_running
        half = "partially initialized module " if is_half else ""
        text = f"cannot import name {name!r} from {half}{module.name!r}"
        # CPython calls every such failure circular; what the module never gets is missing, whatever comes first.
        is_late = is_half and not self.shared.is_nowhere(module.resolved, name)
        raise self.fail("circular" if is_late else "missing-name", ImportError, text, module.name, name)

    def find_external(self, dotted: str) -> Value:
        """Return what a dotted name outside the tree means: a constant where one decides what runs."""
        if dotted in self.loaded:  # the tree may have put a module of its own under a name from outside
            return self.loaded[dotted]
        outside = self.shared.environment
        known = find_constant(dotted, SupportedInterpreter(outside.version, outside.platform))
        if dotted == "sys.version_info":
            return VersionNumbers(*known)
        return External(dotted) if known is UNDECIDED else known

    def import_star(self, base: str, bind: Callable[[str, Value], None], frame: Frame, *, is_relative: bool) -> None:
        """``from base import *``."""
        module = self.load(base, is_relative=is_relative)
        if not isinstance(module, LoadedModule):
            self.open(frame.module)
            return
        module = self.find_state(module)
        listed = self.read(module, "__all__")
        if module.is_running and module.name != self.body:
            self.ledger.is_rough = True
        recorder = self.recorder
        if recorder is not None:
            recorder.note(OPEN, module, "", module.is_open)
            recorder.note(ENTER, module, "", None)
        frame.module.is_open |= module.is_open
        if listed is ABSENT:
            self._take_all(module, bind, frame)
        elif isinstance(listed, Listed):
            if listed.is_open:
                self.open(frame.module)
            self._take_listed(module, listed, bind)
        else:
            self.open(frame.module)

    def _take_all(self, module: LoadedModule, bind: Callable[[str, Value], None], frame: Frame) -> None:
        names = module.names if module.is_running else self.list_star(module)
        self.step(len(names) // _NAMES_PER_STEP)
        is_plain = frame.kind == "module" and frame.module.is_running and not self.maybe
        here, recorder = frame.module.names, self.recorder
        if is_plain and recorder is None and all(map(is_, map(here.get, names, repeat(ABSENT)), names.values())):
            return  # in a ring of stars nearly every one of them brings what another has brought
        taken = {name: value for name, value in names.items() if name[:1] != "_" and value is not ABSENT}
        if recorder is not None and is_plain:
            recorder.take_star(module, names, taken)
        elif recorder is not None:
            recorder.spoil()
        if is_plain:
            here.update(taken)  # as ``bind`` does, only that there may be very many
            return
        for name, value in taken.items():
            bind(name, value)

    def list_star(self, module: LoadedModule) -> dict[str, Value]:
        """Return all names of a module, as a star import takes them."""
        self.ledger.is_rough |= module.is_running and module.name != self.body
        if module.is_running:
            return module.names
        changed = self.changed.get(module.name, {})
        if module.is_package:
            self.ledger.stars[module.name] = frozenset(changed)
        return {**module.names, **changed}

    def _take_listed(self, module: LoadedModule, listed: Listed, bind: Callable[[str, Value], None]) -> None:
        names = [name for name in listed.elements if isinstance(name, str)]

        def prepare(name: Value) -> bool:
            self.prepare(module, name)
            return False

        go_through(self, listed, names, prepare)
        for name in names:
            bind(name, self.find_attribute(module, name))


#: What one kind of node of a program does in the process that comes to it.
Expression = Callable[[Importer, Node, Frame], Value]
Statement = Callable[[Importer, Node, Frame], Value]
