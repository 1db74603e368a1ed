"""What a patch does, found out by investigating the tree that it makes: findings cleared, remaining and new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from analysis import tables
from analysis.fixes.offers import Offer
from analysis.history.changed_findings import ChangedFinding, ComparedSnapshot, find_changes
from analysis.history.changed_names import ChangedName, find_changed_names
from analysis.history.difference import find_score
from analysis.quantities import write_score
from analysis.tables.simulation import CIRCULAR, UNKNOWN_OUTCOMES
from analysis.wording import format_some

#: By these routes others may import a name; one that a module only happens to have is nobody's interface.
_PUBLIC = frozenset({"definition", "facade", "shim"})
#: A score is compared as far as it is printed.
_SMALLEST_LOSS = 0.05


@dataclass(frozen=True)
class Proof:
    """What the tree is with some offers taken together, compared with the same tree without them.

    ``cleared``, ``eased`` and ``new`` are findings that are gone, have fewer places or a lower severity, and came or
    became worse; ``remaining`` are fingerprints that the offers mean to clear and that are left. ``moved`` are public
    names that are defined elsewhere now, ``gone`` names that a module only happened to have. ``objections`` say why the
    offers must not be made; ``scores`` are before and after. ``was_simulated`` is False where time ended before all
    first imports were simulated: then it is unknown whether more of them fail.
    """

    cleared: tuple[ChangedFinding, ...]
    eased: tuple[ChangedFinding, ...]
    remaining: tuple[str, ...]
    new: tuple[ChangedFinding, ...]
    moved: tuple[str, ...]
    gone: tuple[str, ...]
    scores: tuple[float | None, float | None]
    objections: tuple[str, ...]
    was_simulated: bool

    def as_record(self) -> dict[str, Any]:
        """Return the proof as the values of a JSON document."""
        return {
            "cleared": [each._asdict() for each in self.cleared], "eased": [each._asdict() for each in self.eased],
            "remaining": list(self.remaining), "new": [each._asdict() for each in self.new],
            "moved_names": list(self.moved), "gone_names": list(self.gone),
            "score": {"before": self.scores[0], "after": self.scores[1]}, "objections": list(self.objections),
            "was_simulated": self.was_simulated,
        }  # fmt: skip


def prove(before: ComparedSnapshot, after: ComparedSnapshot, offers: Sequence[Offer]) -> Proof:
    """Return what some offers do to a target; scaffolds are exempt from every objection."""
    changes = find_changes(before, after)
    cleared, eased = (tuple(each for each in changes if each.change == kind) for kind in ("gone", "better"))
    new = tuple(each for each in changes if each.change in {"new", "worse"})
    names = [each for each in find_changed_names(before, after) if each.change != "appears"]
    scores = find_score(before), find_score(after)
    objections = [
        *_find_failing(before, after),
        *_find_missing_names(before, after, names),
        *_find_loss(scores),
        *_find_severe(_list_really_new(new, cleared, offers), [*cleared, *eased]),
    ]
    if not cleared and not eased:
        objections.append("it clears no finding")
    left = set(tables.read_column(after.table("findings"), "fingerprint"))
    return Proof(
        cleared=cleared, eased=eased, new=new, scores=scores,
        remaining=tuple(sorted(left & {name for offer in offers for name in offer.clears})),
        moved=tuple(each.import_path for each in names if each.change in {"moves", "changes"}),
        gone=tuple(each.import_path for each in names if each.change == "vanishes"),
        objections=() if all(offer.is_scaffold for offer in offers) else tuple(objections),
        was_simulated=after.manifest.not_simulated <= before.manifest.not_simulated,
    )  # fmt: skip


def _find_failing(before: ComparedSnapshot, after: ComparedSnapshot) -> Iterator[str]:
    """Yield the first imports that fail, or swallow more circular imports, and did not before."""
    old, new = _read_outcomes(before), _read_outcomes(after)
    failing = sorted(
        module
        for module, outcome in new.items()
        if outcome not in {"ok", *UNKNOWN_OUTCOMES} and old.get(module, "ok") in {"ok", *UNKNOWN_OUTCOMES}
    )
    if failing:
        yield f"the first import of {format_some(failing)} would fail"
    lost = _count_swallowed(after) - _count_swallowed(before)
    swallowing = sorted(lost.keys() - set(failing))
    if swallowing:
        yield f"the first import of {format_some(swallowing)} would silently swallow a circular import"


def _read_outcomes(snapshot: ComparedSnapshot) -> dict[str, str]:
    return dict(tables.read_rows(snapshot.table("simulated"), "module", "outcome"))


def _count_swallowed(snapshot: ComparedSnapshot) -> Counter[str]:
    rows = tables.read_rows(snapshot.table("simulated_swallowed"), "entry", "outcome")
    return Counter(entry for entry, outcome in rows if outcome in CIRCULAR)


def _find_missing_names(
    before: ComparedSnapshot, after: ComparedSnapshot, names: Iterable[ChangedName]
) -> Iterator[str]:
    """Yield the public names and modules that vanish, or mean another object than what the offers put in its place."""
    routes = dict(tables.read_rows(before.table("paths"), "import_path", "route"))
    defined = set(tables.read_column(after.table("paths"), "definition"))
    second = _find_second_names(before, after)
    vanished, changed = [], []
    for each in names:
        if each.import_path in second or each.import_path.rpartition(".")[0] in second:
            continue
        is_public = routes.get(each.import_path) in _PUBLIC and not each.import_path.rpartition(".")[2].startswith("_")
        if each.change == "vanishes" and (each.what == "module" or is_public or each.statements):
            vanished.append(each.import_path)
        elif each.change == "changes" and is_public and not _is_replaced(each, defined):
            changed.append(each.import_path)
    if vanished:
        yield f"{format_some(vanished)} would be missing"
    if changed:
        yield f"{format_some(changed)} would mean another object"


def _find_second_names(before: ComparedSnapshot, after: ComparedSnapshot) -> set[str]:
    """Return the names by which files were loaded a second time, of those that still have their own."""
    columns = ("module", "path", "is_primary")
    left = {path for _, path, is_primary in tables.read_rows(after.table("modules"), *columns) if is_primary}
    rows = tables.read_rows(before.table("modules"), *columns)
    return {module for module, path, is_primary in rows if not is_primary and path in left}


def _is_replaced(name: ChangedName, defined: set[str]) -> bool:
    """Return whether a name means what took the place of an object that is no more, or what was unknown before."""
    is_same_name = name.object.rpartition(":")[2] == name.object_before.rpartition(":")[2]
    return name.kind_before == "unknown" or (is_same_name and bool(name.object) and name.object_before not in defined)


def _find_loss(scores: tuple[float | None, float | None]) -> Iterator[str]:
    before, after = scores
    if before is not None and after is not None and before - after >= _SMALLEST_LOSS:
        yield f"the score would fall from {write_score(before)} to {write_score(after)}"


def _list_really_new(
    new: Iterable[ChangedFinding], cleared: Iterable[ChangedFinding], offers: Iterable[Offer]
) -> list[ChangedFinding]:
    """Return the new findings without those that were there before, of a module whose code has another name now."""
    renamed = {former: home for offer in offers for former, home in offer.renamed.items()}
    if not renamed:
        return list(new)
    former = Counter((each.rule, each.severity, renamed.get(each.subject, each.subject)) for each in cleared)
    found = []
    for each in new:
        key = each.rule, each.severity, each.subject
        if former[key]:
            former[key] -= 1
        else:
            found.append(each)
    return found


def _find_severe(new: Sequence[ChangedFinding], better: Sequence[ChangedFinding]) -> Iterator[str]:
    """Yield the new findings that are as severe as the most severe of those that are cleared."""
    worst = min((each.severity_before or each.severity for each in better), default="P9")
    severe = [each for each in new if each.severity <= worst]
    if severe:
        listed = format_some([f"{each.severity} {each.rule} of {each.subject}" for each in severe])
        yield f"it would bring {listed}"
