"""The machine that runs programs: each kind of statement and of expression has one function in one table."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.facts.program import Node
from analysis.simulation import (
    bindings,
    branches,
    calls,
    class_statements,
    comprehensions,
    containers,
    definitions,
    exceptions,
    generators,
    lookup,
    operators,
)
from analysis.simulation.importing import Expression, Importer, Statement
from analysis.simulation.records import Frame
from analysis.simulation.values import Class, Function, Value

_EXPRESSIONS: dict[str, Expression] = {
    **lookup.EXPRESSIONS, **operators.EXPRESSIONS, **containers.EXPRESSIONS, **calls.EXPRESSIONS,
    **comprehensions.EXPRESSIONS, **definitions.EXPRESSIONS, **generators.EXPRESSIONS,
}  # fmt: skip
_STATEMENTS: dict[str, Statement] = {
    **bindings.STATEMENTS, **class_statements.STATEMENTS, **definitions.STATEMENTS, **branches.STATEMENTS,
    **exceptions.STATEMENTS,
}  # fmt: skip


class Machine(Importer):
    """One simulated process that runs the programs of modules."""

    def run_block(self, block: Sequence[Node], frame: Frame) -> Value:
        """Run statements; return None at their end, else ``break``, ``continue`` or what was returned in a tuple."""
        for statement in block:
            frame.line = statement[1]
            self.step()
            left = _STATEMENTS[statement[0]](self, statement, frame)
            if left is not None:
                return left
        return None

    def evaluate(self, node: Node, frame: Frame) -> Value:
        """Return the value of an expression; raises ``Raised`` when the program would raise."""
        return _EXPRESSIONS[node[0]](self, node, frame)

    def call(self, callee: Value, arguments: list[Value], keywords: dict[str, Value], frame: Frame) -> Value:
        """Call something and return what it returns."""
        return calls.call(self, callee, arguments, keywords, frame)

    def run_function(self, function: Function, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Run the body of a function; what is async, or yields, runs later if at all."""
        return definitions.run_function(self, function, arguments, keywords)

    def find_served(self, owner: Value, kind: Class, name: str) -> Value:
        """Return what an object that stands for a module has by its class, or the mark of absence."""
        return lookup.find_served(self, owner, kind, name, self.stack[-1])
