"""The rows of a difference as lines that people read."""

from __future__ import annotations

from typing import NamedTuple

from analysis.history.changed_findings import ChangedFinding
from analysis.history.changed_imports import ChangedCycle, ChangedEdge
from analysis.history.changed_names import ChangedName
from analysis.wording import format_count


class Side(NamedTuple):
    """One of the two: the target, its revision, when it was analysed (ISO), its snapshot."""

    target: str
    revision: str
    created: str
    snapshot: str


class ChangedFigure(NamedTuple):
    """One measured number that differs; None where a side does not have it."""

    metric: str
    unit: str
    before: float | None
    after: float | None
    meaning: str


TITLES = {
    "new": "that are new", "worse": "that are worse", "gone": "that are gone", "better": "that are better",
    "moved": "that moved",
}  # fmt: skip


def name_side(side: Side) -> str:
    """Return how a side is called: the target, its revision if the name does not say it, and when, in UTC, if known."""
    revision = "" if side.revision in side.target or side.revision == "no-git" else f" at {side.revision}"
    created = f" ({side.created[:16].replace('T', ' ')})" if side.created else ""
    return f"{side.target}{revision}{created}"


def format_finding(each: ChangedFinding) -> str:
    """Return a finding that differs as one line, with what it was where that says more."""
    was = []
    if each.severity_before and each.severity_before != each.severity:
        was.append(each.severity_before)
    if each.places_before and each.places_before != each.places:
        was.append(f"{format_count(each.places_before, 'place')}, now {each.places:,}")
    if each.subject_before and each.subject_before != each.subject:
        was.append(each.subject_before)
    before = f" (was: {'; '.join(was)})" if was else ""
    return f"{each.severity} {each.rule} {each.place or each.subject}: {each.message}{before} [{each.fingerprint}]"


def format_cycle(each: ChangedCycle) -> str:
    """Return a cycle that differs as one line, with the edges that closed it."""
    size = format_count(each.size or each.size_before, "module")
    was = f", before {each.size_before:,}" if each.size and each.size_before and each.size != each.size_before else ""
    verb = "opened by" if each.change in {"gone", "smaller", "later"} else "closed by"
    edges = f"; {verb} {', '.join(each.edges[:3])}" if each.edges else ""
    more = f" and {len(each.edges) - 3:,} more" if len(each.edges) > 3 else ""
    names = f"{', '.join(each.modules[:4])}{' …' if len(each.modules) > 4 else ''}"
    way = " through parent packages" if each.is_through_packages else ""
    return f"{each.change} {each.kind} cycle{way} of {size}{was}: {names}{edges}{more}"


def format_name(each: ChangedName) -> str:
    """Return a module, a name or a method that differs as one line."""
    place = f"{each.path}:{each.line}"
    if each.what == "module":
        was = f", before {each.object_before}," if each.change == "moves" else ""
        return f"{each.change}: module {each.import_path}{was} with {format_count(each.names, 'name')} ({place})"
    if each.what == "method":
        return f"{each.change}: method {each.import_path} {place}"
    meaning = each.object or each.kind or each.object_before or each.kind_before
    was = f", before {each.object_before or each.kind_before}" if each.change in {"moves", "changes"} else ""
    users = f"; {format_count(each.statements, 'import statement')} in the target" if each.statements else ""
    return f"{each.change}: {each.import_path} ({meaning}{was}) {place}{users}"


def format_edge(each: ChangedEdge) -> str:
    """Return an import that differs as one line."""
    was = f", before {each.kind_before}" if each.kind and each.kind_before else ""
    kind = each.kind or each.kind_before
    return f"{each.change}: {each.importer} -> {each.imported} ({kind}{was}) {each.path}:{each.line}"


def format_figure(each: ChangedFigure) -> str:
    """Return a number that differs as one line."""
    before, after = ("none" if value is None else f"{value:g}" for value in (each.before, each.after))
    return f"{each.metric}: {before} → {after} ({each.unit})"
