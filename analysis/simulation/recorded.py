"""What is kept of one body or function: its records, and whether taking them down has been worth its time so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.simulation.events import Record

#: So many records of one body, and of one function, are kept.
_MOST_RECORDS = 6
#: Nothing is recorded any more once it came to nothing so often, and so many times more for each repeated run.
_MOST_MISSES, _MISSES_PER_HIT = 4, 3


@dataclass(slots=True)
class Recorded:
    """The records of a body or a function, the one that fitted last first.

    ``hits`` counts the runs that a record stood for, ``misses`` those that were compared with the records in vain.
    Most bodies run once: every later process takes over what that run has left. So the first run only counts.
    """

    records: list[Record] = field(default_factory=list)
    runs: int = 0
    hits: int = 0
    misses: int = 0

    def is_worth_it(self) -> bool:
        """Return whether the next run is to be compared with the records, and to be recorded where none fits."""
        return self.misses <= _MOST_MISSES + _MISSES_PER_HIT * self.hits

    def hit(self, record: Record) -> None:
        """Note that a record stood for a run."""
        self.hits += 1
        if self.records[0] is not record:  # somebody may be going through the list
            self.records = [record, *(each for each in self.records if each is not record)]

    def miss(self) -> None:
        """Note a run that no record stood for."""
        self.misses += 1

    def keep(self, record: Record | None) -> None:
        """Keep the record of such a run, if it gave one."""
        if record is not None:
            self.records = [record, *self.records[: _MOST_RECORDS - 1]]
