"""Why a program raises by itself: whether its version, its platform or a variable of the environment decides that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.facts.program import Node
from analysis.simulation.importing import Importer
from analysis.simulation.lookup import read_global
from analysis.simulation.records import Frame
from analysis.simulation.values import External

#: What a test may read, by its dotted name, and what that makes of the exception behind it.
_ASKED = {
    "sys.version_info": "platform", "sys.hexversion": "platform", "sys.platform": "platform", "os.name": "platform",
    "platform.system": "platform", "platform.machine": "platform", "sys.implementation": "platform",
    "platform.python_implementation": "platform", "sys.version": "platform", "sys.byteorder": "platform",
    "platform.python_version": "platform", "sys.maxsize": "platform", "sys.getwindowsversion": "platform",
    "ctypes.util.find_library": "platform",
    "os.environ": "variable", "os.getenv": "variable", "os.getenvb": "variable", "os.environb": "variable",
}  # fmt: skip
#: So many names are followed from a test to what they were set to.
_MOST_NAMES = 50
#: So many parts of tests and values are looked at.
_MOST_PARTS = 2_000


def find_reason(machine: Importer) -> str:
    """Return why the running ``raise`` runs: ``platform`` and ``variable`` where a test around it asks for them."""
    found = {reason for frame in machine.stack for reason in _Reader(machine, frame).read(frame.tests)}
    return next((reason for reason in ("platform", "variable") if reason in found), "raised")


class _Reader:
    """Finds what the tests of one frame ask for, through the names that hold it."""

    def __init__(self, machine: Importer, frame: Frame) -> None:
        self._machine, self._frame = machine, frame
        self._seen: set[tuple[str, str]] = set()
        self._left = _MOST_PARTS

    def read(self, nodes: Sequence[Node]) -> Iterator[str]:
        """Yield what expressions ask for."""
        waiting = [(self._frame, node) for node in nodes]
        while waiting and self._left > 0:
            self._left -= 1
            frame, node = waiting.pop()
            if node[:1] == ["k"]:
                continue
            dotted = self._find_dotted(node, frame)
            known = next((_ASKED[name] for name in _list_prefixes(dotted) if name in _ASKED), "")
            if known:
                yield known
            elif node[:1] == ["n"]:
                waiting.extend(self._find_values(node[1], frame))
            else:
                waiting.extend((frame, part) for part in _list_parts(node))

    def _find_dotted(self, node: Node, frame: Frame) -> str:
        """Return what a name or an attribute is outside of the tree; empty where it is something else."""
        parts: list[str] = []
        while node[:1] == ["a"]:
            parts.insert(0, node[2])
            node = node[1]
        if node[:1] != ["n"]:
            return ""
        value = frame.names.get(node[1]) or read_global(self._machine, frame.module, node[1])
        return ".".join([value.name.removesuffix("()"), *parts]) if isinstance(value, External) else ""

    def _find_values(self, name: str, frame: Frame) -> Iterator[tuple[Frame, Node]]:
        """Yield what a name was set to, where it stands or in the module that it was imported from."""
        key = (frame.module.path, name)
        if key in self._seen or len(self._seen) >= _MOST_NAMES:
            return
        self._seen.add(key)
        bodies = [frame.body] if frame.kind == "module" else [frame.body, self._read(frame)]
        for body in bodies:
            for statement in self._machine.shared.programs.find_setting(body, name):
                if statement[0] == "=":
                    yield frame, statement[3]
                else:
                    yield from self._follow(statement, name, frame)

    def _read(self, frame: Frame) -> Sequence[Node]:
        return self._machine.shared.programs.read_program(frame.module.path) or []

    def _follow(self, statement: Node, name: str, frame: Frame) -> Iterator[tuple[Frame, Node]]:
        _, line, level, module, names = statement
        for taken, bound in names:
            if bound == name and taken != "*":
                found = self._machine.shared.imports.find_written(frame.module.resolved, level, module)[1]
                loaded = None if found is None else self._machine.modules.get(found.module.name)
                if loaded is not None and not isinstance(loaded, External):
                    above = Frame(loaded, loaded.names, "module", line)
                    above.body = self._read(above)
                    yield above, ["n", taken, line]
                elif found is None:
                    yield frame, ["a", ["n", module.partition(".")[0], line], taken, line]


def _list_parts(node: Node) -> Iterator[Node]:
    """Yield the expressions that an expression is made of."""
    if node[:1] == ["c"] and len(node) == 5:
        yield from (node[1], *node[2], *(value for _, value in node[3]))
    elif node[:1] == ["d"]:
        yield from (part for pair in node[1] for part in pair if part is not None)
    elif node[:1] == ["\\"]:
        yield node[2]
    elif node[:1] == ["for"]:
        yield from (node[2] if node[1] == "dict" else [node[2]])
        yield from (part for _, whole, tests in node[3] for part in (whole, *tests))
    else:
        for part in node:
            if isinstance(part, list):
                yield from [part] if part and isinstance(part[0], str) else part


def _list_prefixes(dotted: str) -> Iterator[str]:
    parts = dotted.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))
