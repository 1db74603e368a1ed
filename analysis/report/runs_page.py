"""The list of all runs below a folder of reports: by target, with the course of its score and of its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from analysis import store
from analysis.quantities import write_score
from analysis.remedy import format_minutes
from analysis.report.runs import ReportRun, find_runs
from analysis.report.templating import render
from analysis.wording import format_count

INDEX = "index.html"
#: Inside of a line's picture, in its own units.
_WIDTH, _HEIGHT = 160.0, 28.0
#: So many of the newest runs are drawn.
_MOST_DRAWN = 90
_FEWEST_DRAWN = 2


@dataclass(frozen=True, slots=True)
class RunCourse:
    """How one figure went from run to run: its name, the points of a line, and the same in words."""

    label: str
    points: str
    words: str


def list_targets(reports: Path) -> list[tuple[str, list[ReportRun]]]:
    """Return the runs below a folder by target, the newest run first."""
    runs = sorted(find_runs(reports), key=lambda run: (run.folder.parent.name, run.folder.name))
    return [(place, list(group)[::-1]) for place, group in groupby(runs, key=lambda run: run.folder.parent.name)]


def build_courses(runs: Sequence[ReportRun]) -> list[RunCourse]:
    """Return the course of the score, the number of findings and the debt; ``runs`` stand newest first.

    Runs without the figure are left out; nothing is drawn of fewer than two.
    """
    drawn = runs[:_MOST_DRAWN][::-1]
    scores = [run.score for run in drawn if run.score is not None]
    counts = [float(sum(run.findings.values())) for run in drawn if run.findings is not None]
    found = []
    if len(scores) >= _FEWEST_DRAWN:
        words = f"Score over {format_count(len(scores), 'run')}: from {write_score(scores[0])} to "
        found.append(RunCourse("Score", draw_line(scores), f"{words}{write_score(scores[-1])}"))
    if len(counts) >= _FEWEST_DRAWN:
        words = f"Findings over {format_count(len(counts), 'run')}: from {counts[0]:,.0f} to {counts[-1]:,.0f}"
        found.append(RunCourse("Findings", draw_line(counts), words))
    debts = [float(run.debt_minutes) for run in drawn if run.debt_minutes is not None]
    if len(debts) >= _FEWEST_DRAWN:
        first, last = (format_minutes(round(debts[index])) for index in (0, -1))
        words = f"Estimated work over {format_count(len(debts), 'run')}: from {first} to {last}"
        found.append(RunCourse("Estimated work", draw_line(debts), words))
    return found


def draw_line(values: Sequence[float]) -> str:
    """Return the points of a line through at least two values: even steps to the right, the largest value on top.

    >>> draw_line([1.0, 3.0, 2.0])
    '2.0,26.0 80.0,2.0 158.0,14.0'
    >>> draw_line([5.0, 5.0])
    '2.0,14.0 158.0,14.0'
    """
    margin, low, high = 2.0, min(values), max(values)
    step = (_WIDTH - 2 * margin) / (len(values) - 1)
    scale = (_HEIGHT - 2 * margin) / (high - low) if high > low else 0.0
    heights = [_HEIGHT - margin - (value - low) * scale if scale else _HEIGHT / 2 for value in values]
    return " ".join(f"{margin + index * step:.1f},{height:.1f}" for index, height in enumerate(heights))


def build_runs_page(reports: Path, *, is_served: bool = False) -> str:
    """Return the page that lists all targets and runs below a folder of reports, with links to each."""
    targets = [(place, runs, build_courses(runs)) for place, runs in list_targets(reports)]
    return render("runs.html.j2", targets=targets, is_served=is_served, has_networks=False)


def write_index(reports: Path) -> Path:
    """Write the list of all runs to ``index.html`` in the folder of reports; return the file."""
    place = reports / INDEX
    store.write_file(place, build_runs_page(reports))
    return place
