"""The interest of the debt by churn: how much of it is in files that change often, where it costs at each change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import AnalysisError
from analysis.facts.revisions import find_source
from analysis.investigation import open_snapshot
from analysis.remedy import format_minutes
from analysis.report.kept_history import name_source
from analysis.report.provenance import NO_REVISION
from analysis.timeline.commits import open_log
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: The days before the analysed commit that count.
DAYS = 90


@dataclass(frozen=True, slots=True)
class ChangedDebt:
    """The estimated minutes of findings in files that changed lately, and the number of commits that changed any file.

    A finding counts when one of its files was changed.
    """

    minutes: int
    commits: int
    days: int = DAYS

    def as_record(self) -> dict[str, Any]:
        """Return it as the values of a JSON document."""
        return {"days": self.days, "commits": self.commits, "minutes": self.minutes}

    @property
    def words(self) -> str:
        """It as a clause."""
        return (
            f"{format_minutes(self.minutes)} of it in files that changed in the last {self.days} days, in which "
            f"{format_count(self.commits, 'commit')} touched the code"
        )


def find_changed_debt(inv: Investigation) -> ChangedDebt | None:
    """Return how much of the debt is in files that changed lately; None where git does not say what changed."""
    return _find(str(inv.path)) if inv.manifest.root and inv.manifest.revision not in {"", NO_REVISION} else None


@lru_cache(maxsize=4)
def _find(snapshot: str) -> ChangedDebt | None:
    inv = open_snapshot(snapshot)
    try:
        source = find_source(name_source(inv))
        with open_log(Path(source.root)) as log:
            commits, changed = log.count_recent(source.commit or "HEAD", DAYS)
    except AnalysisError:  # the target is not there any more, or its repository is not asked
        return None
    minutes = inv.minutes_by_finding()
    rows = inv.table("findings").select(["fingerprint", "paths"]).to_pylist()
    touched = {row["fingerprint"] for row in rows if any(path in changed for path in row["paths"])}
    return ChangedDebt(sum(share for name, share in minutes.items() if name in touched), commits)
