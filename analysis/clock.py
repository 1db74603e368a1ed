"""The time of each step of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from analysis.gaps import Gaps
from analysis.progress import Progress, ignore_progress

Result = TypeVar("Result")
#: Steps that say themselves how far they are.
_TELLING = frozenset({"scan", "simulation"})


@dataclass(slots=True)
class Clock:
    """Times the steps and reports progress to the caller."""

    progress: Progress = ignore_progress
    seconds: dict[str, float] = field(default_factory=dict)
    gaps: Gaps = field(default_factory=Gaps)

    def run(self, step: str, work: Callable[[], Result], fallback: Callable[[], Result] | None = None) -> Result:
        """Return what the work returns; its seconds are kept under the step's name.

        Where the kit itself fails, the failure is a row of ``gaps`` and the result is that of ``fallback``, if there
        is one.
        """
        if step not in _TELLING:
            self.progress(step, 0, 1)
        started = time.perf_counter()
        result = work() if fallback is None else self.gaps.attempt(step, "", work, fallback)
        self.seconds[step] = round(time.perf_counter() - started, 3)
        if step not in _TELLING:
            self.progress(step, 1, 1)
        return result
