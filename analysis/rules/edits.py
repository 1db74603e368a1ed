"""What the fix of findings changes, place by place, as far as the evidence says it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from analysis.policy import Policy

ReadTable = Callable[[str], pa.Table]


@dataclass(frozen=True, slots=True, order=True)
class PlannedEdit:
    """One change at one place: what to do there, and the fingerprint of the finding that it fixes.

    ``source`` is the line as it stands, empty where it is not kept; ``methods`` counts the methods that a class lacks
    and that another one hands over to it.
    """

    path: str
    line: int
    words: str = ""
    source: str = ""
    fingerprint: str = ""
    methods: int = 0


class PlannedWork(NamedTuple):
    """The findings that one step fixes, as rows of ``tables.FINDINGS``; how to read other tables; the policy."""

    rows: Sequence[Mapping[str, Any]]
    read_table: ReadTable
    policy: Policy


#: Lists the edits that findings of a rule ask for.
ListEdits = Callable[[PlannedWork], Iterable[PlannedEdit]]


def list_evidence(row: Mapping[str, Any], words: str = "") -> list[PlannedEdit]:
    """Return one edit for each place that a finding shows."""
    return [
        PlannedEdit(place["path"], place["line"], words, place["source"], row["fingerprint"])
        for place in row["evidence"]
    ]
