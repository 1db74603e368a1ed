"""Which findings are new since the snapshot before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis import tables
from analysis.report.changes import find_older
from analysis.report.provenance import format_time

if TYPE_CHECKING:
    from analysis.investigation import Investigation


@dataclass(frozen=True, slots=True)
class Since:
    """The findings that were known before; ``words`` say when, and are empty where nothing is known of before."""

    words: str = ""
    known: frozenset[str] = frozenset()

    def is_new(self, fingerprint: str) -> bool:
        """Return whether a finding was not there before."""
        return bool(self.words) and fingerprint not in self.known


def find_since(inv: Investigation) -> Since:
    """Return what the snapshot before this one knew of the same target; nothing for the first one."""
    before = next(find_older(inv), None)
    if before is None:
        return Since()
    known = frozenset(tables.read_column(before.table("findings"), "fingerprint"))
    return Since(f"since the run of {format_time(before.manifest.created)}", known)
