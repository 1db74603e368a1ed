"""The ratchet: findings that are new or worse than before, also after moves, renames and reformatting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from analysis.history.baseline import Baseline, KnownFinding, compare_sketches
from analysis.rules import RULES_BY_NAME
from analysis.rules.cycle_edges import MOST_SEVERE_FIRST
from analysis.rules.target_packages import ChosenCode

Status = Literal["new", "worse", "known"]
#: Returns the current names of files.
FindCurrent: TypeAlias = Callable[[Iterable[str]], set[str]]
#: Files with at least this similarity are one file under two names.
_SIMILAR = 0.5
#: A file with few names is only compared with files of the same name.
_FEW = 8 * 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """The status of each finding by its position, and the known findings that are gone.

    ``before`` are the findings that they were: of the rest of a cycle that was cut, the whole; of a new one, None.
    """

    statuses: tuple[Status, ...]
    gone: tuple[KnownFinding, ...]
    before: tuple[KnownFinding | None, ...] = ()

    @property
    def origins(self) -> tuple[str, ...]:
        """The fingerprint that each finding had before, by its position: empty for a new one."""
        return tuple(each.fingerprint if each is not None else "" for each in self.before)


def compare(
    old: Baseline, new: Baseline, present: Iterable[str] = (), *, renamed: Mapping[str, str] | None = None
) -> Comparison:
    """Compare the findings of ``new`` with those of ``old``.

    A finding is known when its fingerprint is, or when it is one of the same rule whose files were renamed; it is worse
    when it is more severe, has more places, or has a place in a file that had none. The rest of a cut cycle is known.
    ``present`` are all files of the new state: these were not renamed. Who knows the new name of each ``renamed`` file
    says so; otherwise files are compared by their names.
    """
    by_print: dict[str, list[KnownFinding]] = defaultdict(list)
    for known in old.findings:
        by_print[known.fingerprint].append(known)
    renames = _Renames(old, new, present, renamed)
    statuses: dict[int, Status] = {}
    before: dict[int, KnownFinding] = {}
    for index, finding in enumerate(new.findings):
        if by_print[finding.fingerprint]:
            before[index] = by_print[finding.fingerprint].pop(0)
            statuses[index] = _judge(before[index], finding, renames.apply)
    left = [known for rest in by_print.values() for known in rest]
    waiting = [index for index in range(len(new.findings)) if index not in statuses]
    if left and waiting:
        left = _match_renamed(left, waiting, new.findings, renames, statuses, before)
    for index, finding in enumerate(new.findings):
        whole = _find_whole(finding, old.findings, renames) if index not in statuses else None
        if whole is not None:
            statuses[index], before[index] = "known", whole
    gone = tuple(sorted(left, key=lambda known: (known.severity, known.rule, known.subject)))
    places = range(len(new.findings))
    return Comparison(
        tuple(statuses.get(index, "new") for index in places), gone, tuple(before.get(index) for index in places)
    )


def choose_known(chosen: ChosenCode | None, known: Iterable[KnownFinding]) -> tuple[KnownFinding, ...]:
    """Return the known findings in the chosen packages; those of other packages are not reported as gone.

    A baseline may have been written before the policy named packages.
    """
    return tuple(each for each in known if chosen is None or chosen.has_subject(each.subject, each.paths))


class _Renames:
    """The current names of renamed files, computed on first use."""

    def __init__(self, old: Baseline, new: Baseline, present: Iterable[str], renamed: Mapping[str, str] | None) -> None:
        self._old, self._new, self._present = old.sketches, new.sketches, present
        self._given = renamed

    @cached_property
    def _known(self) -> Mapping[str, str]:
        return self._given if self._given is not None else find_renames(self._old, self._new, self._present)

    def apply(self, paths: Iterable[str]) -> set[str]:
        """Return the current names."""
        return {self._known.get(path, path) for path in paths}


def _judge(known: KnownFinding, finding: KnownFinding, find_current: FindCurrent) -> Status:
    return "worse" if is_worse(known, finding, find_current) else "known"


def is_worse(known: KnownFinding, finding: KnownFinding, find_current: FindCurrent) -> bool:
    """Return whether a finding is worse than it was: more severe, with more places, or with one in a further file."""
    if finding.severity < known.severity or finding.places > known.places:
        return True
    paths = set(finding.paths)
    return not paths <= set(known.paths) and not paths <= find_current(known.paths)


def _find_whole(
    finding: KnownFinding, known: Iterable[KnownFinding], renames: _Renames
) -> KnownFinding | None:  # fmt: skip
    """Return the known cycle of which a cycle is the rest: it was cut, or its imports were deferred; None without."""
    rank = _rank_cycle(finding.rule)
    if rank is None:
        return None
    ranked = ((each, _rank_cycle(each.rule)) for each in known)
    wider = (each for each, own in ranked if own is not None and own <= rank)
    return next(
        (each for each in wider
         if finding.places <= each.places and finding.severity >= each.severity
         and set(finding.paths) <= renames.apply(each.paths)),
        None,
    )  # fmt: skip


def _rank_cycle(rule: str) -> int | None:
    """Return the rank of a rule about cycles, from the most severe; None for any other rule.

    Deferring an import turns a cycle of one rule into one of a later rule.
    """
    cycle = RULES_BY_NAME[rule].cycle if rule in RULES_BY_NAME else None
    return None if cycle is None else MOST_SEVERE_FIRST.index(cycle)


def find_renames(old: Mapping[str, str], new: Mapping[str, str], present: Iterable[str] = ()) -> dict[str, str]:
    """Return the new name of each file that is gone, if one of the new files is nearly the same.

    Each new file is matched with one old file, the most similar pair first.
    """
    gone = [path for path in old if path not in new and path not in set(present)]
    fresh = [path for path in new if path not in old]
    by_hash: dict[str, set[str]] = defaultdict(set)
    for path in fresh:
        for start in range(0, len(new[path]), 8):
            by_hash[new[path][start : start + 8]].add(path)
    pairs = []
    for path in gone:
        hashes = {old[path][start : start + 8] for start in range(0, len(old[path]), 8)}
        for other in set().union(*(by_hash.get(one, ()) for one in hashes)):
            similarity = compare_sketches(old[path], new[other])
            has_name = PurePosixPath(path).name == PurePosixPath(other).name
            if similarity >= _SIMILAR and (len(old[path]) >= _FEW or has_name or similarity == 1):
                pairs.append((-similarity, not has_name, path, other))
    found: dict[str, str] = {}
    for *_, path, other in sorted(pairs):
        if path not in found and other not in found.values():
            found[path] = other
    return found


def _match_renamed(
    left: Sequence[KnownFinding], waiting: Sequence[int], findings: Sequence[KnownFinding], renames: _Renames,
    statuses: dict[int, Status], before: dict[int, KnownFinding],
) -> list[KnownFinding]:  # fmt: skip
    """Match old findings with new ones of the same rule in the same, renamed files; return the unmatched ones."""
    by_files: dict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
    for index in waiting:
        by_files[findings[index].rule, findings[index].paths].append(index)
    remaining = []
    for known in left:
        paths = tuple(sorted(renames.apply(known.paths)))
        candidates = by_files.get((known.rule, paths), []) if paths else []
        tail = _cut_tail(known.subject)
        chosen = next((index for index in candidates if _cut_tail(findings[index].subject) == tail), None)
        if chosen is None and candidates and paths != known.paths:
            chosen = candidates[0]
        if chosen is None:
            remaining.append(known)
        else:
            candidates.remove(chosen)
            statuses[chosen], before[chosen] = _judge(known, findings[chosen], renames.apply), known
    return remaining


def _cut_tail(subject: str) -> str:
    return subject.replace(":", ".").rpartition(".")[2]
