"""Which findings differ between two snapshots of a target: new, worse, better, moved, gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from analysis import tables
from analysis.history.baseline import Baseline, KnownFinding, SketchedFacts, build_known
from analysis.history.comparing import JudgedFinding, compare_judged
from analysis.history.known_state import KnownState
from analysis.manifest import Manifest
from analysis.policy import Policy
from analysis.rules import RULES_BY_NAME
from analysis.rules.target_packages import ChosenCode, choose_code

#: What may have become of a finding, in the order in which a reader wants to know.
CHANGES = ("new", "worse", "gone", "better", "moved")


class ComparedSnapshot(Protocol):
    """What is asked of a snapshot."""

    @property
    def manifest(self) -> Manifest:
        """What it says of itself."""

    @property
    def policy(self) -> Policy:
        """The policy that was in force."""

    @property
    def path(self) -> Path:
        """Its folder."""

    def table(self, name: str) -> pa.Table:
        """Return one table."""


class ChangedFinding(NamedTuple):
    """One finding that differs; ``before`` is empty for a new one, of one that is gone all is as it was.

    ``path`` and ``line`` are its first place. ``severity_before``, ``places_before`` and ``subject_before`` say what it
    was; ``cause`` is the fingerprint of the finding whose fix removes this one.
    """

    change: str
    severity: str
    rule: str
    subject: str
    message: str
    path: str
    line: int
    places: int
    fingerprint: str
    cause: str
    severity_before: str = ""
    places_before: int = 0
    subject_before: str = ""

    @property
    def place(self) -> str:
        """Its first place, as ``file:line`` or, where the line is not known, ``file``; empty without one."""
        return f"{self.path}:{self.line}" if self.path and self.line else self.path


class _Tables:
    """The tables of a snapshot, as attributes."""

    def __init__(self, snapshot: ComparedSnapshot) -> None:
        self._snapshot = snapshot

    def __getattr__(self, name: str) -> pa.Table:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._snapshot.table(name)


def read_facts(snapshot: ComparedSnapshot) -> SketchedFacts:
    """Return the tables of a snapshot as attributes."""
    return _Tables(snapshot)


@dataclass(frozen=True)
class _Judged:
    """A snapshot as a target that was judged."""

    snapshot: ComparedSnapshot

    @property
    def facts(self) -> SketchedFacts:
        return _Tables(self.snapshot)

    @property
    def chosen(self) -> ChosenCode | None:
        packages = self.snapshot.policy.target.packages
        return choose_code(packages, self.snapshot.table("modules"), self.snapshot.table("siblings"))

    @property
    def not_simulated(self) -> int:
        return self.snapshot.manifest.not_simulated

    @property
    def is_simulated(self) -> bool:
        return not self.not_simulated


def find_changes(before: ComparedSnapshot, after: ComparedSnapshot) -> list[ChangedFinding]:
    """Return the findings that differ, by ``CHANGES``, then the most severe first.

    It is the comparison of ``ssot check --since``, and of a baseline. Refuted findings are none; those that only the
    probe sees count where both snapshots have it.
    """
    is_probed = before.manifest.probe is not None and after.manifest.probe is not None
    rows = [_read_rows(each, is_probed=is_probed) for each in (before, after)]
    new = list(map(_judge_row, rows[1]))
    case = _Judged(after)
    compared = compare_judged(
        case, new, _build_baseline(before, rows[0]), lambda: _find_plain(new), failed=_failed(after)
    )
    found = [
        change
        for row, status, was in zip(rows[1], compared.statuses, compared.before, strict=True)
        if (change := _describe(row, status, was)) is not None
    ]
    found += _find_gone(rows[0], compared.gone)
    return sorted(found, key=lambda each: (CHANGES.index(each.change), each.severity, each.rule, each.subject))


def _read_rows(snapshot: ComparedSnapshot, *, is_probed: bool) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = snapshot.table("findings").to_pylist()
    left_out = {"refuted"} if is_probed else {"refuted", "observed"}
    return [row for row in rows if row["certainty"] not in left_out]


def _judge_row(row: Mapping[str, Any]) -> JudgedFinding:
    """Return a finding of a snapshot; of one of an earlier version only the files of the places shown are known."""
    paths = row["paths"] or sorted({place["path"] for place in row["evidence"]})
    known = KnownFinding(
        fingerprint=row["fingerprint"], rule=row["rule"], severity=row["severity"], subject=row["subject"],
        places=row["places"], paths=tuple(paths),
    )  # fmt: skip
    return JudgedFinding(known, row["certainty"])


def _find_plain(findings: Iterable[JudgedFinding]) -> list[KnownFinding]:
    """Return the findings of rules that need no simulation: what a snapshot has of the source alone."""
    rules = {name for name, rule in RULES_BY_NAME.items() if rule.needs_simulation}
    return [each.known for each in findings if each.known.rule not in rules]


def read_known(snapshot: ComparedSnapshot) -> Baseline:
    """Return what was known at a snapshot, as a baseline; what only the probe sees no check can see."""
    return _build_baseline(snapshot, _read_rows(snapshot, is_probed=False))


def _build_baseline(snapshot: ComparedSnapshot, rows: Sequence[Mapping[str, Any]]) -> Baseline:
    if isinstance(snapshot, KnownState):
        return snapshot.baseline
    judged, findings = _Judged(snapshot), list(map(_judge_row, rows))
    known = [each.known for each in findings] if judged.is_simulated else _find_plain(findings)
    return build_known(known, judged.facts).model_copy(update={"simulated": judged.is_simulated})


def _failed(snapshot: ComparedSnapshot) -> set[str]:
    """Return the rules that could not be applied."""
    rows = tables.read_rows(snapshot.table("not_analysed"), "step", "part")
    return {part for step, part in rows if step == "rules"}


def _describe(row: Mapping[str, Any], status: str, was: KnownFinding | None) -> ChangedFinding | None:
    """Return a finding that differs from what it was; None for one that does not."""
    change = status if status != "known" else _find_improvement(row, was)
    if not change:
        return None
    found = _build(change, row)
    if was is None:
        return found
    return found._replace(severity_before=was.severity, places_before=was.places, subject_before=was.subject)


def _find_improvement(row: Mapping[str, Any], was: KnownFinding | None) -> str:
    """Return whether a known finding is better, or moved to another file or name; empty where it is neither."""
    if was is None:
        return ""
    paths = row["paths"] or sorted({place["path"] for place in row["evidence"]})
    if row["severity"] > was.severity or row["places"] < was.places or set(paths) < set(was.paths):
        return "better"
    return "moved" if tuple(paths) != was.paths or row["subject"] != was.subject else ""


def _build(change: str, row: Mapping[str, Any]) -> ChangedFinding:
    first: Mapping[str, Any] = row["evidence"][0] if row["evidence"] else {"path": "", "line": 0}
    return ChangedFinding(
        change, row["severity"], row["rule"], row["subject"], row["message"], first["path"], first["line"],
        row["places"], row["fingerprint"], row["cause"],
    )  # fmt: skip


def _find_gone(rows: Iterable[Mapping[str, Any]], gone: Iterable[KnownFinding]) -> Iterator[ChangedFinding]:
    by_print: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_print.setdefault(row["fingerprint"], []).append(row)
    for each in gone:
        yield _build("gone", by_print[each.fingerprint].pop())
