"""What a record of a body or a call is: events in their order, and the objects that came with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.facts.program import Node
from analysis.simulation.contents import Held
from analysis.simulation.records import Frame
from analysis.simulation.values import Fault, LoadedModule, Value

#: Kinds of events, each the first part of a tuple.
READ, LOOK, LACK, OPEN, BIND, DELETE, WRITE, LOAD, STAR, ENTER, ASK, SYSTEM, FAIL, SWALLOW, DOUBT = range(15)


Event = tuple[Any, ...]
#: A frame of the statement that runs, so that a chain of imports through it can be described again.
Place = tuple[LoadedModule, dict[str, Value] | None, str, int, tuple[dict[str, Value], ...], tuple[Node, ...],
              Sequence[Node]]  # fmt: skip


def list_places(frames: Sequence[Frame]) -> tuple[Place, ...]:
    """Return what is kept of the frames of a statement."""
    return tuple([(
        each.module, None if each.kind == "module" else each.names, each.kind, each.line, each.around,
        tuple(each.tests), each.body,
    ) for each in frames])  # fmt: skip


@dataclass(slots=True)
class Record:
    """What a body or a call did: ``entered`` are the objects from elsewhere that it came to, ``born`` its own.

    Of a body, ``module`` is the state that it left; of a call, ``result`` is what it returned, ``given`` its arguments,
    and ``calls`` how often each function had been called before it and was called by it.
    """

    events: list[Event]
    entered: list[Held]
    born: list[Held] = field(default_factory=list)
    module: Value = None
    given: tuple[list[Value], dict[str, Value]] = field(default_factory=lambda: ([], {}))
    result: Value = None
    calls: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    #: The numbers of the objects that were made meanwhile, and those of them that others made.
    made: range = range(0)
    foreign: set[int] = field(default_factory=set)
