"""Import statements, by Python's own rules."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from analysis.facts.program import Node
from analysis.simulation.loading import Loader
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.values import UNKNOWN, External, Listed, Module, Raised, Value

#: Values outside the tree that decide what runs.
_KNOWN: dict[str, Value] = {
    "typing.TYPE_CHECKING": False, "typing_extensions.TYPE_CHECKING": False, "sys.platform": sys.platform,
    "os.name": os.name, "sys.byteorder": sys.byteorder, "sys.implementation.name": "cpython", "os.sep": os.sep,
    "sys.maxsize": sys.maxsize, "sys.flags.optimize": 0,
}  # fmt: skip
#: So many names from a star are taken over in the time of a statement.
_NAMES_PER_STEP = 8


class Importer(Loader):
    """A simulated process that runs import statements."""

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
        for part in rest:  # ``import a.b as c`` reads the attribute; only ``import a.b`` needs no attribute
            found = self.take(found, part) if isinstance(found, Module) else leaf
        return found

    def prepare(self, module: Value, name: str) -> None:
        """Import the submodule that ``from package import name`` may mean."""
        # ``hasattr`` comes first, as in importlib's ``_handle_fromlist``: a name that the package has, or that its
        # ``__getattr__`` yields (which may itself import, or never end), hides the submodule of the same name.
        if not isinstance(module, Module) or not module.is_package or self.has_attribute(module, name):
            return
        wanted = f"{module.name}.{name}"
        try:
            self.load(wanted)
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
        if not isinstance(module, Module):
            return UNKNOWN
        try:
            return self.find_attribute(module, name)
        except Raised as raised:
            if not issubclass(raised.fault.kind, AttributeError):
                raise
        # Since Python 3.7 a submodule that is still running counts, though it is no attribute of its package yet.
        known = self.modules.get(f"{module.name}.{name}")
        if known is not None:
            return known
        is_half = module.is_running
        half = "partially initialized module " if is_half else ""
        text = f"cannot import name {name!r} from {half}{module.name!r}"
        raise self.fail("circular" if is_half else "missing-name", ImportError, text, module.name, name)

    def find_external(self, dotted: str) -> Value:
        """Return what a dotted name outside the tree means: a constant where one decides what runs."""
        if dotted in self.modules:  # the tree may have put a module of its own under a name from outside
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
            self.step(len(names) // _NAMES_PER_STEP)
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


#: What one kind of node of a program does in the process that comes to it.
Expression = Callable[[Importer, Node, Frame], Value]
Statement = Callable[[Importer, Node, Frame], Value]
