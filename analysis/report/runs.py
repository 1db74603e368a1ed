"""The runs below a folder of reports: what each was of, when, and how it ended."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import store
from analysis.history.difference import find_score

if TYPE_CHECKING:
    from analysis.investigation import Investigation
    from analysis.report.executive import Executive

#: A file of this name in the folder of a run, or of a snapshot, keeps it: see ``analysis.scheduled.retention``.
PINNED = "PINNED"
FORMAT = 1
_FAILED = re.compile(r"\.failed(\.\d+)?$")


@dataclass(frozen=True, slots=True)
class ReportRun:
    """One run: its folder, what it was of, and its main figures. ``score`` is None where there is none.

    ``passed``: whether the score reaches the policy's threshold; None without a score, and in reports of older
    versions. ``debt_minutes`` is the estimated work of the plan. ``unfinished`` are sentences on the runs before it
    that did not end.
    """

    folder: Path
    target: str = ""
    revision: str = ""
    created: str = ""
    snapshot: str = ""
    verdict: str = ""
    score: float | None = None
    findings: Mapping[str, int] | None = None
    passed: bool | None = None
    debt_minutes: int | None = None
    unfinished: Sequence[str] = ()

    @property
    def is_pinned(self) -> bool:
        """Whether the run is kept whatever its age."""
        return (self.folder / PINNED).exists()


def describe_run(inv: Investigation, report: Executive, unfinished: Sequence[str] = ()) -> str:
    """Return what a run says of itself, without its folder, as a JSON document."""
    run = ReportRun(
        Path(), inv.name, inv.manifest.revision, inv.manifest.created, str(inv.path), report.verdict,
        find_score(inv), {row["severity"]: row["count"] for row in report.impact["severities"]},
        report.score.is_met if report.score else None, report.debt.minutes, tuple(unfinished),
    )  # fmt: skip
    described = asdict(run)
    del described["folder"]
    return json.dumps({"format": FORMAT, **described}, indent=1) + "\n"


def read_run(folder: Path) -> ReportRun:
    """Return a run; what its file does not say is empty. Of a file that cannot be read nothing is known."""
    try:
        document = json.loads((folder / store.RUN).read_text("utf-8"))
        known = {field.name for field in fields(ReportRun)} - {"folder"}
        return ReportRun(folder, **{name: value for name, value in document.items() if name in known})
    except (OSError, ValueError, AttributeError):
        return ReportRun(folder)


def find_runs(reports: Path) -> list[ReportRun]:
    """Return all complete runs below a folder of reports, by target and time."""
    return [run for parent in sorted(reports.glob("[!.]*")) for run in list_runs(parent)]


def list_runs(parent: Path) -> list[ReportRun]:
    """Return the complete runs of one target, the oldest first; ``parent`` is the folder of its reports."""
    found = sorted(place.parent for place in parent.glob(f"[0-9]*/{store.RUN}"))
    return [read_run(folder) for folder in found if not is_failed(folder)]


def is_failed(folder: Path) -> bool:
    """Return whether a folder is what a failed run left for diagnosis, by its name.

    >>> names = ("20260401T060000-a", "20260401T060000-a.failed", "20260401T060000-a.failed.2")
    >>> [is_failed(Path(name)) for name in names]
    [False, True, True]
    """
    return bool(_FAILED.search(folder.name))
