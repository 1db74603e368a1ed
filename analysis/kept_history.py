"""What the kept snapshots of a target say over time, as frames: figures of each snapshot, and its findings by rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from analysis import store
from analysis.errors import AnalysisError
from analysis.history.changed_findings import ComparedSnapshot
from analysis.history.difference import find_score
from analysis.tables import SEVERITIES

if TYPE_CHECKING:
    import pandas as pd

    from analysis.remedy import Debt

_SNAPSHOT = {
    "snapshot": "str", "created": "datetime64[s, UTC]", "revision": "str", "tool_version": "str",
}  # fmt: skip
#: The columns of one row per snapshot, with their types. ``score`` is missing where there is no module.
FIGURES = {
    **_SNAPSHOT, "score": "float64", "findings": "int64", **dict.fromkeys(SEVERITIES, "int64"), "debt_minutes": "int64",
}  # fmt: skip
#: The columns of one row per snapshot, rule and severity.
BY_RULE = {
    **_SNAPSHOT, "rule": "str", "severity": "str", "findings": "int64", "places": "int64", "debt_minutes": "int64",
}  # fmt: skip


class KeptSnapshot(ComparedSnapshot, Protocol):
    """What is read of an opened snapshot."""

    def debt(self) -> Debt:
        """Return its debt."""

    def minutes_by_finding(self) -> dict[str, int]:
        """Return the share of the debt that each finding is."""


#: Opens a snapshot by its folder; raises ``SnapshotError``.
Open: TypeAlias = Callable[[Path], KeptSnapshot]
Kept = TypeVar("Kept", bound=ComparedSnapshot)


def list_kept(inv: ComparedSnapshot) -> list[Path]:
    """Return the folders of the kept snapshots beside one, up to this one, the oldest first.

    Beside one of a changed tree, which is in memory alone, there is none.
    """
    if inv.manifest.changed:
        return []
    found = (place.parent for place in inv.path.parent.glob(f"[!.]*/{store.MANIFEST}"))
    return sorted(folder for folder in found if folder.name <= inv.path.name)


def read_kept(folder: Path, inv: Kept, open_folder: Callable[[Path], Kept], names: Iterable[str]) -> Kept | None:
    """Return a kept snapshot of the same target; None for another target's, and where a named table is damaged."""
    try:
        kept = inv if folder == inv.path else open_folder(folder)
        for name in names:
            kept.table(name)
    except AnalysisError:  # damaged, or of another version
        return None
    return kept if kept.manifest.as_target.is_same(inv.manifest.as_target) else None


def find_kept(inv: KeptSnapshot, open_kept: Open) -> Iterator[KeptSnapshot]:
    """Yield the kept snapshots of the same target up to this one, the oldest first; none that cannot be read."""
    for folder in list_kept(inv):
        kept = read_kept(folder, inv, open_kept, ("findings", "scores", "golden_runs"))
        if kept is not None:
            yield kept


def build_figures(inv: KeptSnapshot, open_kept: Open) -> pd.DataFrame:
    """Return one row per kept snapshot, the oldest first, with the columns of ``FIGURES``."""
    return _build_frame([_describe(kept) for kept in find_kept(inv, open_kept)], FIGURES)


def build_by_rule(inv: KeptSnapshot, open_kept: Open) -> pd.DataFrame:
    """Return one row per kept snapshot, rule and severity, with the columns of ``BY_RULE``.

    A rule without findings in a snapshot has no row there.
    """
    return _build_frame([row for kept in find_kept(inv, open_kept) for row in _count_rules(kept)], BY_RULE)


def _name(kept: KeptSnapshot) -> dict[str, Any]:
    manifest = kept.manifest
    return {
        "snapshot": kept.path.name, "created": manifest.created, "revision": manifest.revision,
        "tool_version": manifest.tool_version,
    }  # fmt: skip


def _read_findings(kept: KeptSnapshot) -> list[dict[str, Any]]:
    """Return the findings with a cause of their own that nothing refutes, as the report counts them."""
    columns = ["fingerprint", "rule", "severity", "places", "certainty", "cause"]
    rows: list[dict[str, Any]] = kept.table("findings").select(columns).to_pylist()
    return [row for row in rows if row["certainty"] != "refuted" and not row["cause"]]


def _describe(kept: KeptSnapshot) -> dict[str, Any]:
    found = _read_findings(kept)
    counts = {severity: sum(row["severity"] == severity for row in found) for severity in SEVERITIES}
    score = find_score(kept)
    return {
        **_name(kept), "score": float("nan") if score is None else score, "findings": len(found), **counts,
        "debt_minutes": kept.debt().minutes,
    }  # fmt: skip


def _count_rules(kept: KeptSnapshot) -> Iterator[dict[str, Any]]:
    minutes = kept.minutes_by_finding()
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in _read_findings(kept):
        groups[row["rule"], row["severity"]].append(row)
    for (rule, severity), rows in sorted(groups.items()):
        yield {
            **_name(kept), "rule": rule, "severity": severity, "findings": len(rows),
            "places": sum(row["places"] for row in rows),
            "debt_minutes": sum(minutes.get(row["fingerprint"], 0) for row in rows),
        }  # fmt: skip


def _build_frame(rows: list[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - frames are made on request

    frame = pd.DataFrame(rows, columns=list(columns))
    frame["created"] = pd.to_datetime(frame["created"], utc=True)
    return frame.astype(columns)
