"""Which findings are new since the base of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.report.base import find_base, find_difference

if TYPE_CHECKING:
    from analysis.investigation import Investigation


@dataclass(frozen=True, slots=True)
class Since:
    """The findings that were not there before; ``words`` say when, and are empty where nothing is known of before."""

    words: str = ""
    new: frozenset[str] = frozenset()

    def is_new(self, fingerprint: str) -> bool:
        """Return whether a finding was not there before."""
        return fingerprint in self.new


def find_since(inv: Investigation) -> Since:
    """Return what is new since the base of this run; nothing for the first one."""
    base = find_base(inv)
    found = find_difference(inv, base)
    if found is None:
        return Since()
    new = frozenset(each.fingerprint for each in found.changed_findings if each.change == "new")
    return Since(f"since {base.format_since(found.sides[0].created)}", new)
