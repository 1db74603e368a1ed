"""Whether a statement can run, and how sure it is to run when its module is imported.

All enclosing guards count: the facts join their tests into one condition (see ``facts.context``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.context import HANDLES
from analysis.resolve.conditions import evaluate_condition, may_vary
from analysis.resolve.environments import DEFAULT, Supported

Numbers = npt.NDArray[np.int64]

#: How a statement that binds a name stands to the run of its module, from sure to unlikely.
#: ``UNLIKELY``: only a failure, or another interpreter or platform than the one that is simulated, runs it.
ALWAYS, TRIED, MAYBE, UNLIKELY, DEFERRED, NEVER = range(6)
_LIVE, _SOMETIMES, _DEAD = (tables.LIVENESS.index(word) for word in ("always", "sometimes", "never"))
#: Guards that may let a statement out although no test is kept: a handler, a case, a loop that may run no times.
_OPEN_GUARDS = frozenset({"except", "match", "loop"})


def find_liveness(statements: pa.Table, supported: Supported = DEFAULT) -> Numbers:
    """Return a position in ``tables.LIVENESS`` for each statement; each combination of circumstances is judged once.

    The scope says whether only type checkers, or later calls, run a statement; here it counts for nothing else.
    """
    return _judge_each(
        statements, lambda scope, guard, condition, *_: _find_liveness(scope, guard, condition, supported)
    )


def find_levels(statements: pa.Table, supported: Supported = DEFAULT) -> Numbers:
    """Return how sure each statement is to run on import; each combination of circumstances is judged once."""
    return _judge_each(statements, partial(_find_level, supported))


def _judge_each(statements: pa.Table, judge: Callable[..., int]) -> Numbers:
    """Return what ``judge`` says of scope, guard, condition, caught exceptions and owner of each statement."""
    combined = pc.not_equal(statements["owner"], "").to_numpy().astype(np.int64)
    texts: dict[str, list[str]] = {}
    for name in ("scope", "guard", "condition", "caught"):
        codes, texts[name] = tables.read_codes(statements, name)
        combined = combined * max(1, len(texts[name])) + codes
    kinds, first, places = np.unique(combined, return_index=True, return_inverse=True)
    if not len(kinds):
        return np.zeros(0, np.int64)
    kept = statements.select([*texts, "owner"]).take(pa.array(first))
    rows = tables.read_rows(kept, *kept.column_names)
    judged: Numbers = np.array([judge(*row) for row in rows], np.int64)[places]
    return judged


def _find_liveness(scope: str, guard: str, condition: str, supported: Supported) -> int:
    outcome = _evaluate(condition, supported, is_typing=scope == "type_checking")
    if outcome is False:
        return _DEAD
    return _LIVE if outcome is True and guard not in _OPEN_GUARDS else _SOMETIMES


def _find_level(supported: Supported, scope: str, guard: str, condition: str, caught: str, owner: str) -> int:
    if scope == "type_checking":
        return NEVER
    outcome = _evaluate(condition, supported)
    if outcome is False:
        return NEVER
    if scope == "function":
        return DEFERRED if owner else NEVER if "__main__" in condition else ALWAYS  # otherwise a lazy import
    if guard == "except" or f"{HANDLES}(" in condition:
        return UNLIKELY
    if outcome is None and evaluate_condition(condition, supported.here) is False:
        return UNLIKELY
    if outcome is None or guard == "match":  # the subject alone does not decide: the pattern is not kept
        return MAYBE
    return TRIED if caught else ALWAYS


def _evaluate(condition: str, supported: Supported, *, is_typing: bool = False) -> bool | None:
    """Return what a condition comes to on all that is supported; None where that differs, or cannot be known."""
    if not condition:
        return True
    asked = supported.environments if may_vary(condition) else supported.environments[:1]
    found = {evaluate_condition(condition, each, is_typing=is_typing) for each in asked}
    return found.pop() if len(found) == 1 else None
