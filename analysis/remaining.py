"""How long a run still takes: what its steps usually take, corrected by what they took so far."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

#: Seconds that count for the usual duration when a run is compared with it: the first moments say little.
_BELIEF = 0.5
#: The part of its usual duration that a step which has outlasted it is expected to take yet.
_OVERDUE = 0.1
#: How much of the load of a machine is felt: some of its programs give way, or end during the run.
_FELT = 0.6


class Usual(NamedTuple):
    """What a step usually takes, in seconds; ``per_file`` is 0 where it does not depend on the size of the target."""

    fixed: float
    per_file: float = 0.0


#: The steps of a run in their order, as measured on two cores; the run itself corrects them.
USUAL = {
    "scan": Usual(0.6, 0.0019), "graph": Usual(0.02, 0.0001), "cycles": Usual(0.01), "identity": Usual(0.01),
    "names": Usual(0.03, 0.00025), "simulation": Usual(0.03, 0.0013), "rules": Usual(0.02, 0.0003),
    "snapshot": Usual(0.15, 0.0003), "notebooks": Usual(5.5), "pages": Usual(0.9),
}  # fmt: skip
_ORDER = tuple(USUAL)


def find_crowd() -> float:
    """Return how much longer a run takes because other programs want the cores of this machine too; at least 1."""
    from analysis.executor import count_cores  # noqa: PLC0415 - the command starts without pyarrow and numpy

    wanted = (1 + os.getloadavg()[0]) / count_cores()
    return max(1.0, 1 + _FELT * (wanted - 1))


@dataclass(slots=True)
class Remaining:
    """Hears of the progress of a run that ends with ``last``, one of ``USUAL``, and estimates what remains of it."""

    last: str
    now: Callable[[], float] = time.monotonic
    crowd: float = field(default_factory=find_crowd)
    _step: str = ""
    _share: float = 0.0
    _since: float = 0.0
    _heard: float = 0.0
    _files: int = 0
    _before: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._since = self._heard = self.now()

    def hear(self, step: str, done: int, total: int) -> None:
        """Note how far a step is; what passes until the next one begins counts for it."""
        if step != self._step:
            if self._step:
                self._before[self._step] = self.now() - self._since
                self._since = self.now()
            self._step = step
        self._heard = self.now()
        self._share = _find_share(step, done, total)
        if step == "scan":
            self._files = total

    def estimate(self) -> float | None:
        """Return the seconds that remain; None for a run of which nothing is known yet, or of unusual steps."""
        if self._step not in USUAL or self.last not in USUAL:
            return None
        later = _ORDER[_ORDER.index(self._step) + 1 : _ORDER.index(self.last) + 1]
        return self._estimate_step() + sum(self._find_usual(step) * self._find_pace(step) for step in later)

    def _estimate_step(self) -> float:
        """Return what remains of the step that is under way."""
        left = self._find_usual(self._step) - self._find_usual_part()
        return max(left * self._find_pace(self._step) - (self.now() - self._heard), _OVERDUE * left)

    def _find_usual_part(self) -> float:
        """Return what the step under way usually takes as far as it is: a step of many files first prepares itself."""
        usual, fixed = self._find_usual(self._step), self.crowd * USUAL[self._step].fixed
        if not self._share:
            return 0.0
        return usual * self._share if usual == fixed else fixed + (usual - fixed) * self._share

    def _find_usual(self, step: str) -> float:
        return self.crowd * (USUAL[step].fixed + USUAL[step].per_file * self._files)

    def _find_pace(self, step: str) -> float:
        """Return how much longer steps of this kind take in this run than usually; kinds: by size, and of one size."""
        kind = bool(USUAL[step].per_file)
        known = {name: self._find_usual(name) for name in self._before if name in USUAL}
        took, usual = dict(self._before), known
        if self._share and self._step in USUAL:
            took[self._step] = self._heard - self._since
            usual[self._step] = self._find_usual_part()
        alike = [name for name in usual if bool(USUAL[name].per_file) == kind]
        return (_BELIEF + sum(took[name] for name in alike)) / (_BELIEF + sum(usual[name] for name in alike))


def _find_share(step: str, done: int, total: int) -> float:
    """Return the part of a step that is done.

    When the first notebook has ended, the process that runs them has prepared itself and others are under way.
    """
    if step == "notebooks" and 0 < done < total:
        return (done + 1.5) / (total + 1)
    return done / total if total else 1.0


def write_remaining(seconds: float | None) -> str:
    """Return an estimate as words; empty where there is none, or next to nothing remains.

    >>> write_remaining(12.4), write_remaining(200.0), write_remaining(0.2)
    ('about 12 s left', 'about 3 min left', '')
    """
    if seconds is None or seconds < 0.5:
        return ""
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"
