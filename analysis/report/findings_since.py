"""Which findings are new since the snapshot before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis import store, tables
from analysis.errors import AnalysisError
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
    found = inv.path.parent.glob(f"[!.]*/{store.MANIFEST}")
    before = [manifest for manifest in found if manifest.parent.name < inv.path.name]
    for manifest in sorted(before, reverse=True):
        try:
            about = store.read_manifest(manifest.parent)
            known = frozenset(tables.read_column(store.read_table(manifest.parent, "findings"), "fingerprint"))
        except AnalysisError:
            continue  # a damaged one, or one of another version
        if about.as_target.is_same(inv.manifest.as_target):
            return Since(f"since the run of {format_time(about.created)}", known)
    return Since()
