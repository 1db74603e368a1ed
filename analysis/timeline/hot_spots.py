"""Hot spots: files that change often and have much to fix; there a fix pays first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analysis.history import KnownFinding
from analysis.rules.score import POINTS


@dataclass(frozen=True, slots=True)
class HotSpot:
    """One file: the commits that changed it, the lines they changed, its findings, and their points by severity.

    ``heat`` is commits × points. ``owner`` is empty where nobody owns it.
    """

    path: str
    commits: int
    lines: int
    findings: int
    points: float
    owner: str = ""

    @property
    def heat(self) -> float:
        """Commits times points."""
        return round(self.commits * self.points, 3)


def find_hot_spots(
    findings: Iterable[KnownFinding], churn: Mapping[str, tuple[int, int]], owners: Mapping[str, str]
) -> list[HotSpot]:
    """Return the files that have findings and were changed, the hottest first.

    ``churn`` are commits and changed lines by file. A finding counts in each of its files with the points that its
    severity costs.
    """
    counts: dict[str, int] = defaultdict(int)
    points: dict[str, float] = defaultdict(float)
    for finding in findings:
        for path in set(finding.paths):
            counts[path] += 1
            points[path] += POINTS[finding.severity]
    found = [
        HotSpot(path, *churn[path], counts[path], round(points[path], 3), owners.get(path, ""))
        for path in counts
        if path in churn
    ]
    return sorted(found, key=lambda each: (-each.heat, each.path))
