"""All that differs between two snapshots of a target: findings, interface, imports, score and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from analysis import tables
from analysis.history.changed_findings import ChangedFinding, ComparedSnapshot, find_changes
from analysis.history.changed_imports import (
    ChangedCycle,
    ChangedEdge,
    find_changed_cycles,
    find_changed_edges,
)
from analysis.history.changed_names import ChangedName, find_changed_names
from analysis.history.difference_lines import (
    TITLES,
    ChangedFigure,
    Side,
    format_cycle,
    format_edge,
    format_figure,
    format_finding,
    format_name,
    name_side,
)
from analysis.history.known_state import LIMIT, KnownState
from analysis.quantities import write_score
from analysis.wording import choose_form, make_harmless

if TYPE_CHECKING:
    import pandas as pd

#: So many rows of each kind are printed; the JSON and the frames have all.
_MOST_LINES = 30


@dataclass(frozen=True)
class Difference:
    """What differs between two snapshots; each part is computed when it is asked for.

    The frames ``findings``, ``names``, ``edges``, ``cycles`` and ``figures`` have the fields of ``ChangedFinding``,
    ``ChangedName``, ``ChangedEdge``, ``ChangedCycle`` and ``ChangedFigure`` as columns, also without rows.
    """

    older: ComparedSnapshot
    newer: ComparedSnapshot

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """The older and the newer snapshot."""
        older, newer = (_describe_side(each) for each in (self.older, self.newer))
        return older, newer

    @property
    def _has_tables(self) -> bool:
        """Whether more is known of the older state than what a baseline file says."""
        return not isinstance(self.older, KnownState)

    @cached_property
    def changed_findings(self) -> list[ChangedFinding]:
        """The findings that differ, by kind of change."""
        return find_changes(self.older, self.newer)

    @cached_property
    def changed_names(self) -> list[ChangedName]:
        """The modules and names that appear, vanish or mean another object."""
        return find_changed_names(self.older, self.newer) if self._has_tables else []

    @cached_property
    def changed_edges(self) -> list[ChangedEdge]:
        """The imports between modules that came, went, or run at another time."""
        return find_changed_edges(self.older, self.newer) if self._has_tables else []

    @cached_property
    def changed_cycles(self) -> list[ChangedCycle]:
        """The cycles that differ, with the edges that closed or opened them."""
        return find_changed_cycles(self.older, self.newer) if self._has_tables else []

    @cached_property
    def changed_figures(self) -> list[ChangedFigure]:
        """The measured numbers that differ, by name."""
        return list(_compare_figures(self.older, self.newer)) if self._has_tables else []

    @cached_property
    def scores(self) -> tuple[float | None, float | None]:
        """The score of the whole target before and after; None where it has no module."""
        return find_score(self.older), find_score(self.newer)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """What else differs than the code, so that not every change need come from it."""
        return tuple(find_other_differences(self.older, self.newer)) if self._has_tables else ()

    def count(self, change: str) -> int:
        """Return how many findings are ``new``, ``worse``, ``better``, ``moved`` or ``gone``."""
        return sum(each.change == change for each in self.changed_findings)

    @property
    def findings(self) -> pd.DataFrame:
        """The findings that differ as a frame."""
        return _build_frame(ChangedFinding, self.changed_findings)

    @property
    def names(self) -> pd.DataFrame:
        """The modules and names that differ as a frame."""
        return _build_frame(ChangedName, self.changed_names)

    @property
    def edges(self) -> pd.DataFrame:
        """The imports that differ as a frame."""
        return _build_frame(ChangedEdge, self.changed_edges)

    @property
    def cycles(self) -> pd.DataFrame:
        """The cycles that differ as a frame."""
        return _build_frame(ChangedCycle, self.changed_cycles)

    @property
    def figures(self) -> pd.DataFrame:
        """The measured numbers that differ as a frame."""
        return _build_frame(ChangedFigure, self.changed_figures)

    @property
    def summary(self) -> str:
        """The difference in one line."""
        return f"{self.format_findings()}; {self.format_score()}"

    def format_findings(self) -> str:
        """Return how many findings differ, as a clause."""
        words = {"gone": "fixed", "new": "new", "worse": "worse", "better": "better", "moved": "moved"}
        parts = [f"{self.count(change):,} {word}" for change, word in words.items()
                 if self.count(change) or change in {"gone", "new"}]  # fmt: skip
        return ", ".join(parts)

    def format_score(self) -> str:
        """Return the score before and after, as a clause."""
        before, after = ("none" if each is None else write_score(each) for each in self.scores)
        return f"score {before}" if before == after else f"score {before} → {after}"

    def as_record(self) -> dict[str, Any]:
        """Return the difference as the values of a JSON document."""
        older, newer = self.sides
        return {
            "older": older._asdict(), "newer": newer._asdict(), "cautions": list(self.cautions),
            "score": {"before": self.scores[0], "after": self.scores[1]},
            "findings": [each._asdict() for each in self.changed_findings],
            "names": [each._asdict() for each in self.changed_names],
            "edges": [each._asdict() for each in self.changed_edges],
            "cycles": [each._asdict() for each in self.changed_cycles],
            "figures": [each._asdict() for each in self.changed_figures],
        }  # fmt: skip

    def __str__(self) -> str:
        return "\n".join(make_harmless(line) for line in self._write_lines())

    def _write_lines(self) -> Iterator[str]:
        older, newer = self.sides
        yield f"{name_side(older)} → {name_side(newer)}"
        yield self.summary
        yield from (f"note: {each}" for each in self.format_cautions())
        for title, lines in self.list_parts():
            yield ""
            yield title
            yield from (f"  {line}" for line in lines[:_MOST_LINES])
            if len(lines) > _MOST_LINES:
                yield f"  and {len(lines) - _MOST_LINES:,} more: --json"

    def list_parts(self) -> Iterator[tuple[str, list[str]]]:
        """Yield a title and one line for each row of the parts that differ."""
        for change in dict.fromkeys(each.change for each in self.changed_findings):
            rows = [each for each in self.changed_findings if each.change == change]
            yield f"Findings {TITLES[change]} ({len(rows):,})", list(map(format_finding, rows))
        if self.changed_cycles:
            yield f"Cycles ({len(self.changed_cycles):,})", list(map(format_cycle, self.changed_cycles))
        if self.changed_names:
            yield f"Interface ({len(self.changed_names):,})", list(map(format_name, self.changed_names))
        if self.changed_edges:
            yield f"Imports ({len(self.changed_edges):,})", list(map(format_edge, self.changed_edges))
        if self.changed_figures:
            yield f"Figures ({len(self.changed_figures):,})", list(map(format_figure, self.changed_figures))

    def format_cautions(self) -> list[str]:
        """Return what else differs, and what is not compared, as sentences; none where only the code differs."""
        words = " and ".join(self.cautions)
        found = [f"{words} {choose_form(len(self.cautions), 'differs', 'differ')} too"] if words else []
        return found if self._has_tables else [LIMIT]

    def _repr_html_(self) -> str:
        parts = "".join(
            f"<h4>{escape(title)}</h4><ul>"
            + "".join(f"<li>{escape(make_harmless(line))}</li>" for line in lines[:_MOST_LINES])
            + "</ul>"
            for title, lines in self.list_parts()
        )
        older, newer = map(name_side, self.sides)
        return f"<p><strong>{escape(older)} → {escape(newer)}</strong><br>{escape(self.summary)}</p>{parts}"


def find_score(snapshot: ComparedSnapshot) -> float | None:
    """Return the score of the whole target; None where it has no module."""
    rows = tables.read_rows(snapshot.table("scores"), "package", "modules", "score")
    return next((score for package, modules, score in rows if not package and modules), None)


def find_other_differences(older: ComparedSnapshot, newer: ComparedSnapshot) -> Iterator[str]:
    """Yield what differs between two snapshots beside the code: the kit, the policy, the options, what was done."""
    old, new = older.manifest, newer.manifest
    pairs = {
        "the version of the kit": (old.tool_version, new.tool_version),
        "the policy": (older.policy, newer.policy),
        "the options": (old.options, new.options),
        "whether the probe ran": (old.probe is None, new.probe is None),
        "what was simulated in time": (bool(old.not_simulated), bool(new.not_simulated)),
    }
    return (name for name, (before, after) in pairs.items() if before != after)


def _describe_side(snapshot: ComparedSnapshot) -> Side:
    manifest = snapshot.manifest
    return Side(manifest.target, manifest.revision, manifest.created, str(snapshot.path))


def _compare_figures(older: ComparedSnapshot, newer: ComparedSnapshot) -> Iterator[ChangedFigure]:
    columns = ("metric", "value", "unit", "meaning")
    old, new = (
        {
            metric: (value, unit, meaning)
            for metric, value, unit, meaning in tables.read_rows(each.table("metrics"), *columns)
        }
        for each in (older, newer)
    )
    for metric in sorted(old.keys() | new.keys()):
        before, after = old.get(metric), new.get(metric)
        _, unit, meaning = after or before or (0.0, "", "")
        was, now = (each[0] if each else None for each in (before, after))
        if was != now:
            yield ChangedFigure(metric, unit, was, now, meaning)


def _build_frame(kind: type[Any], rows: Sequence[Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(kind._fields))
