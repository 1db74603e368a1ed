"""The states of the bundled case: as it is, after `ssot fix`, after the edits by hand, after `ssot fix` again.

Nothing of the case is changed: each state is some changed files that are nowhere, investigated like any other tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from analysis import Investigation, tables
from analysis.facts.overlaid_tree import Changes
from analysis.fixes.choosing import Choice, choose_fixes
from analysis.fixes.fixing import change_with, find_fixes
from analysis.fixes.trial_runs import copy_target
from analysis.progress import Progress, ignore_progress
from analysis.remedy import SuccessMetric, build_success_metrics
from analysis.rules.metrics.runtime import measure_golden_runs
from analysis.targets import find_target
from tools.demo.golden_runs import GoldenRuns, list_folders, list_kept, measure
from tools.demo.hand_edits import EditedFile, apply_patch


@dataclass(frozen=True)
class DemoState:
    """One state: its name, what investigating it found, its files that differ from the case, and its golden path."""

    name: str
    inv: Investigation
    changes: Changes
    runs: GoldenRuns

    @property
    def metrics(self) -> pa.Table:
        """The table ``metrics`` with the golden path of this state, whatever the target has."""
        policy = self.inv.policy.golden_path
        own = measure_golden_runs(self.runs.found["golden_runs"], self.runs.found["golden_tests"], policy)
        others = (
            row
            for row in tables.read_rows(self.inv.table("metrics"), "metric", "value", "unit", "meaning")
            if not row[0].startswith("golden-path")
        )
        return tables.METRICS.from_rows([*others, *own])

    @property
    def goals(self) -> list[SuccessMetric]:
        """The success metrics in this state."""
        return build_success_metrics(self.metrics, self.inv.policy)


@dataclass(frozen=True)
class DemoCourse:
    """What was done to the case: its states in their order, both rounds of fixes, and the files edited by hand."""

    states: Sequence[DemoState]
    rounds: tuple[Choice, Choice]
    edited: Sequence[EditedFile] = field(default_factory=list)


def run_course(
    first: Investigation, patch: Path, *, data: Path | None = None, progress: Progress = ignore_progress
) -> DemoCourse:  # fmt: skip
    """Fix the case, edit it by a patch, and fix it again; with ``data`` its golden path is measured at full length.

    ``data`` is the folder in which such a measurement is kept.
    """
    root = Path(first.manifest.root)
    fixed = find_fixes(first, progress=progress)
    by_hand, edited = apply_patch(root, fixed.changes, patch)
    investigate_changed = change_with(first)
    again = choose_fixes(
        investigate_changed(by_hand), investigate_changed, changes=by_hand, progress=progress
    )  # fmt: skip
    found = (
        ("as it is", first, {}), ("after ssot fix", fixed.last, fixed.changes),
        ("after edits by hand", again.first, by_hand), ("after ssot fix again", again.last, again.changes),
    )  # fmt: skip
    states = _measure_states(found, data, progress)
    return DemoCourse(states, (fixed, again), edited)


def _measure_states(
    found: Sequence[tuple[str, Investigation, Changes]], data: Path | None, progress: Progress
) -> list[DemoState]:
    """Return the states with their golden path; what the last one loads is measured at full length when asked.

    Of the case as it is the newest measurement counts, as in every report of it.
    """
    states: list[DemoState] = []
    for place, (name, inv, changes) in reversed(list(enumerate(found))):
        root, is_asked = Path(inv.manifest.root), data is not None and not states
        with copy_target(root, changes) as copy:
            if place:
                measured = [each.runs for each in states]
                kept = (each for each in (*measured, *list_kept(list_folders())) if each.is_of(copy))
            else:
                kept = iter(list_kept(list_folders(), find_target(root, inv.policy.target.name)))
            runs = None if is_asked else next(kept, None)
            if runs is None:
                runs = measure(copy, inv.policy.golden_path, data=data if is_asked else None, progress=progress)
        states.append(DemoState(name, inv, changes, runs))
    return states[::-1]
