"""Compare the findings of a target with a baseline on the same basis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from analysis import tables
from analysis.facts import Facts
from analysis.gaps import Gaps
from analysis.history.baseline import (
    Baseline,
    KnownFinding,
    SketchedFacts,
    build_baseline,
    build_known,
    know_finding,
)
from analysis.history.ratchet import Comparison, Status, choose_known, compare
from analysis.rules import RULES_BY_NAME, Finding, RuleContext, judge
from analysis.rules.target_packages import ChosenCode

#: Finds the findings from the source alone, which is seldom needed and takes its time.
FindPlain: TypeAlias = Callable[[], Sequence[Finding]]


class JudgedTarget(Protocol):
    """What a comparison needs to know of a target that was judged."""

    @property
    def facts(self) -> Facts | SketchedFacts:
        """Its facts."""

    @property
    def chosen(self) -> ChosenCode | None:
        """The packages that findings are about; None when they are about all."""

    @property
    def not_simulated(self) -> int:
        """Of how many modules the first import was not simulated."""

    @property
    def is_simulated(self) -> bool:
        """Whether the first import of every module was simulated."""


@dataclass(frozen=True, slots=True)
class JudgedFinding:
    """A finding as a baseline knows it, with its certainty."""

    known: KnownFinding
    certainty: str


def judge_source(case: RuleContext) -> list[Finding]:
    """Return the findings from the source alone, without those that only the simulation sees."""
    return judge(replace(case, runtime_tables={}), with_sources=False, gaps=Gaps()).findings


def build_case_baseline(
    case: JudgedTarget, findings: Sequence[Finding], find_plain: FindPlain, *, target: str = "", revision: str = "",
    score: float = 0.0,
) -> Baseline:  # fmt: skip
    """Return the baseline of a target: findings from source and simulation, or from the source alone without time left.

    Findings that only the probe sees are not in it, because no later check can see them.
    """
    chosen = findings if case.is_simulated else find_plain()
    kept = [finding for finding in chosen if finding.certainty != "observed"]
    built = build_baseline(kept, case.facts, target=target, revision=revision, score=score)
    return built.model_copy(update={"simulated": case.is_simulated})


def compare_case(
    case: JudgedTarget, findings: Sequence[Finding], known: Baseline, find_plain: FindPlain, *,
    failed: Collection[str] = (),
) -> Comparison:  # fmt: skip
    """Return the status of each finding against a baseline, and what is gone; see ``compare_judged``."""
    judged = [JudgedFinding(know_finding(finding), finding.certainty) for finding in findings]
    return compare_judged(case, judged, known, lambda: list(map(know_finding, find_plain())), failed=failed)


def compare_judged(
    case: JudgedTarget, findings: Sequence[JudgedFinding], known: Baseline,
    find_plain: Callable[[], Sequence[KnownFinding]], *, failed: Collection[str] = (),
) -> Comparison:  # fmt: skip
    """Return the status of each finding against a baseline, and what is gone.

    A baseline without simulated findings (from version 0.1.0, or after the time budget) is compared with the findings
    from the source alone; findings that only the simulation sees count as known. A known finding is gone only if its
    rule could judge everything: not for ``failed`` rules, nor for rules of the simulation if it ran out of time.
    Refuted findings count as known.
    """
    found = _compare(case, findings, known, find_plain)
    unknown = set(failed)
    if case.not_simulated:
        unknown |= {name for name, rule in RULES_BY_NAME.items() if rule.needs_simulation}
    gone = tuple(each for each in choose_known(case.chosen, found.gone) if each.rule not in unknown)
    return replace(found, gone=gone)


def _compare(
    case: JudgedTarget, findings: Sequence[JudgedFinding], known: Baseline,
    find_plain: Callable[[], Sequence[KnownFinding]],
) -> Comparison:  # fmt: skip
    present = tables.read_column(case.facts.files, "path")
    if known.simulated:
        counted = [finding.known for finding in findings if finding.certainty != "refuted"]
        found = compare(known, build_known(counted, case.facts), present)
        pairs = _pair(found)
        return _join([("known", None) if each.certainty == "refuted" else next(pairs) for each in findings], found)
    plain = find_plain()
    found = compare(known, build_known(plain, case.facts), present)
    by_print: dict[str, list[_Pair]] = defaultdict(list)
    for finding, pair in zip(plain, _pair(found), strict=True):
        by_print[finding.fingerprint].append(pair)
    waiting = (by_print[each.known.fingerprint] for each in findings)
    return _join([left.pop(0) if left else ("known", None) for left in waiting], found)


#: The status of a finding, and what it was before.
_Pair: TypeAlias = tuple[Status, KnownFinding | None]


def _pair(found: Comparison) -> Iterator[_Pair]:
    return iter(zip(found.statuses, found.before, strict=True))


def _join(pairs: Sequence[_Pair], found: Comparison) -> Comparison:
    return Comparison(tuple(status for status, _ in pairs), found.gone, tuple(before for _, before in pairs))
