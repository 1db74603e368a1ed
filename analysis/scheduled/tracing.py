"""Judges the commits that say who brought in what is new since the base of a run; the pages of its report read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.errors import AnalysisError
from analysis.progress import Progress, ignore_progress
from analysis.report.base import Base, find_difference
from analysis.report.kept_history import name_source
from analysis.report.provenance import NO_REVISION
from analysis.timeline.walk import TRACED, HistoryOptions, find_introductions

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: So many findings are traced at most, the most severe first: after a larger change nobody reads them one by one.
MOST_TRACED = 50


def trace_changes(inv: Investigation, base: Base, *, progress: Progress = ignore_progress) -> str:
    """Judge the commits that brought in, or removed, the severe findings that differ; return why not, if so.

    The newest commit is judged in any case, so that the search of the next run begins there. What is judged is kept.
    """
    manifest = inv.manifest
    if manifest.revision in {"", NO_REVISION} or not manifest.root:
        return "the target is not under git"
    found = find_difference(inv, base)
    changed = [each for each in found.changed_findings if each.severity in TRACED] if found else []
    changed = [each for each in changed if each.change in {"new", "worse", "gone"}]
    names = [each.fingerprint for each in sorted(changed, key=lambda each: each.severity)][:MOST_TRACED]
    known = found.older.manifest.revision if found and base.kind in {"run", "scan"} else ""
    options = HistoryOptions(inv.policy, data=inv.path.parents[2])
    try:
        find_introductions(
            names, name_source(inv), options, known="" if known == NO_REVISION else known, progress=progress
        )
    except AnalysisError as error:
        return error.what
    return ""
