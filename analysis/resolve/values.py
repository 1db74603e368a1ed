"""What a name means: the object behind it, and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

from analysis.resolve.liveness import ALWAYS, DEFERRED, UNLIKELY
from analysis.tables import CLASS_KINDS


class Value(NamedTuple):
    """An object. ``target`` says which: ``pkg.mod:Qual``, ``pkg.mod`` for a module, ``numpy:ndarray`` outside.

    What a call or an expression yields is named by the binding that keeps it. ``module`` is the number of the
    defining module in the tree, -1 outside; ``line`` the line of the definition, 0 when there is none.
    ``made_by`` is what was called, of an instance its class. ``reason`` says why unknown;
    ``is_missing``: because there is no such module or name, so that the statement that yields this value fails.
    """

    kind: str
    target: str
    module: int = -1
    line: int = 0
    reason: str = ""
    made_by: str = ""
    is_missing: bool = False

    @property
    def is_class(self) -> bool:
        return self.kind in CLASS_KINDS


#: A key of the resolver: module number, name, and up to which position the statements have run.
Key = tuple[int, str, int]
#: In place of a position: all statements have run.
ALL_RUN = -1


class Candidate(NamedTuple):
    """One value that a name may have, with the statement that binds it (-1: none) and where that took it from."""

    value: Value
    level: int = ALWAYS
    row: int = -1
    step: Key | None = None


Outcome = tuple[Candidate, ...]


def unknown(reason: str) -> Value:
    """Return the value of a name about which nothing can be said but why."""
    return Value("unknown", "", reason=reason)


def missing(what: str) -> Value:
    """Return the value of a name that is not there: a statement that takes it fails."""
    return Value("unknown", "", reason=f"no such {what}", is_missing=True)


def choose(outcome: Outcome) -> Candidate:
    """Return the candidate that holds when imports succeed: the first of those that are most likely."""
    return min(outcome, key=_rank)


def _rank(candidate: Candidate) -> tuple[bool, int, bool, bool]:
    value = candidate.value
    poor = 2 if value.is_missing else value.kind in {"none", "constant"}
    # what a compiled module has is taken where that module is there, whatever else stands in for it
    return candidate.level == DEFERRED, int(poor), candidate.level == UNLIKELY, value.kind != "compiled"
