"""What a report knows of the past of its target: read from what is kept, never judged for the report."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import AnalysisError
from analysis.history.changed_findings import ComparedSnapshot
from analysis.investigation import open_snapshot
from analysis.judged.kept import FOLDER
from analysis.report.edition import showing_authors, shows_authors
from analysis.targets import find_target
from analysis.timeline.introduced import Introduction
from analysis.timeline.points import Timeline, build_run_points
from analysis.timeline.sentences import say_introduction
from analysis.timeline.walk import TRACED, History, HistoryOptions, find_kept_introductions, read_history

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: With fewer there is no curve.
FEWEST_COMMITS, _FEWEST_RUNS = 2, 3
NOTEBOOK = "08_history"
#: What is said without one.
HOW = "No history is kept. To keep one: `ssot history TARGET --since 2026-01-01`."


def find_history(inv: Investigation) -> History | None:
    """Return what is kept of the history of an investigation's target; None where it is too little for a curve.

    Nothing is judged. A target without git, or that is not there any more, has the points of its runs only.
    """
    found = _read(str(inv.path), with_authors=shows_authors())
    is_enough = len(found.timeline.commits) >= FEWEST_COMMITS or len(found.timeline.runs) >= _FEWEST_RUNS
    return found if is_enough else None


@lru_cache(maxsize=4)
def _read(snapshot: str, *, with_authors: bool) -> History:
    inv = open_snapshot(snapshot)
    data, policy = inv.path.parents[2], inv.policy
    if _has_commits(inv):
        with contextlib.suppress(AnalysisError):  # the target is not there any more, or not under git
            options = HistoryOptions(policy, with_authors=with_authors, data=data)
            return read_history(name_source(inv), options)
    runs = tuple(build_run_points(data, inv.manifest.as_target)) if inv.manifest.root else ()
    return History(Timeline(inv.name, inv.manifest.root, runs=runs), policy=policy)


def _has_commits(inv: ComparedSnapshot) -> bool:
    """Return whether a history of this very target is kept; git is not asked for that of others."""
    manifest = inv.manifest
    target = find_target(Path(manifest.root), inv.policy.target.name) if manifest.root else manifest.as_target
    return not inv.manifest.changed and (inv.path.parents[2] / FOLDER / target.place).is_dir()


def name_source(inv: ComparedSnapshot) -> str:
    """Return the target at the commit that was analysed; a history ends there."""
    manifest = inv.manifest
    revision = manifest.commit or ("" if manifest.revision in {"", "no-git"} else manifest.revision)
    return f"{manifest.root}@{revision}" if revision else manifest.root


def leave_out_history(inv: Investigation, notebooks: Sequence[Path]) -> list[Path]:
    """Return the notebooks of a report without that of the history where none is kept."""
    is_kept = any(path.stem == NOTEBOOK for path in notebooks) and find_history(inv) is not None
    return [path for path in notebooks if is_kept or path.stem != NOTEBOOK]


def find_introductions(
    inv: ComparedSnapshot, fingerprints: Sequence[str], *, are_gone: bool = False
) -> dict[str, Introduction]:  # fmt: skip
    """Return since when some findings are there, or since when they are gone, as far as what is kept says it.

    Authors are named where the caller of the report asked for it.
    """
    if not _has_commits(inv):
        return {}
    options = HistoryOptions(inv.policy, with_authors=shows_authors(), data=inv.path.parents[2])
    try:
        found = find_kept_introductions(fingerprints, name_source(inv), options)
    except AnalysisError:
        return {}
    return {name: each for name, each in found.items() if (each.removed is not None) == are_gone}


def say_since(inv: Investigation, module: str, *, with_authors: bool = False) -> list[str]:
    """Return since when the severe findings about a module are there, a line for each, as far as it is kept."""
    rows = {row["fingerprint"]: row for row in inv.find_findings(module=module, severity=sorted(TRACED)).to_pylist()}
    with showing_authors(with_authors=with_authors):
        found = find_introductions(inv, sorted(rows))
    return [f"{rows[name]['rule']} {name}: {say_introduction(found[name])}" for name in sorted(found)]
