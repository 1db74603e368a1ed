"""All rules, and their verdicts on one target."""

from __future__ import annotations

import datetime as dt
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from pathlib import Path

from analysis.errors import PolicyError
from analysis.executor import paused_collection
from analysis.gaps import Gaps, NoGaps
from analysis.policy import Policy
from analysis.policy.reading import find_place
from analysis.rules import families
from analysis.rules.consequences import name_causes
from analysis.rules.context import RuleContext
from analysis.rules.exceptions import Accepted, apply_exceptions
from analysis.rules.finding import Finding, add_sources, say_tests
from analysis.rules.own_rules import find_own
from analysis.rules.owners import name_owners
from analysis.rules.probe_evidence import Confirm, confirm_findings
from analysis.rules.rule import Rule
from analysis.rules.score import Score, ScorePart, build_scores
from analysis.rules.source_lines import read_source_lines
from analysis.rules.target_packages import choose_paths, choose_places


def find_rules() -> tuple[Rule, ...]:
    """Return the rules of all modules of ``analysis.rules.families``, sorted by name; two of one name are an error."""
    found: dict[str, Rule] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(families.__path__)):
        for rule in getattr(import_module(f"{families.__name__}.{module}"), "RULES", ()):
            if rule.name in found:
                raise ValueError(f"two rules are named {rule.name}; one is in {module}")
            found[rule.name] = rule
    return tuple(found[name] for name in sorted(found))


RULES: tuple[Rule, ...] = find_rules()
RULES_BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}
CONFIRMERS: Mapping[str, Confirm] = {rule.name: rule.confirm for rule in RULES if rule.confirm is not None}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all rules say of one target: the findings that count, the most severe first, and those that are accepted."""

    findings: list[Finding]
    accepted: list[Accepted]


def judge(
    case: RuleContext, *, today: dt.date | None = None, with_sources: bool = True, gaps: Gaps | None = None
) -> Judgement:
    """Return the verdicts of all rules, sorted by severity, rule and subject; exceptions count as of ``today``.

    ``with_sources``: the evidence shows its source lines, for which files are read again. ``gaps`` takes what fails
    inside the kit, rule by rule; without it such a failure is raised.
    """
    gaps, day = gaps or NoGaps(), today or dt.datetime.now(dt.UTC).date()
    with paused_collection():
        found = [finding for rule in RULES for finding in _check(rule, case, gaps)]
        found += find_own(case, RULES_BY_NAME, gaps)
        confirm = partial(confirm_findings, found, case, CONFIRMERS)
        found = gaps.attempt("rules", "what the probe confirms", confirm, partial(list, found))
        apply = partial(apply_exceptions, found, case, RULES_BY_NAME, day, gaps.failed_rules)
        kept, accepted = gaps.attempt("rules", "exceptions", apply, lambda: (found, []))
        target = partial(_apply_target, found, kept, accepted, case)
        kept, accepted = gaps.attempt("rules", "packages and owners", target, lambda: (kept, accepted))
        kept = gaps.attempt("rules", "causes", partial(name_causes, kept, case), partial(list, kept))
        kept = [say_tests(finding) for finding in kept]
        if with_sources:
            kept = gaps.attempt("rules", "source lines", partial(_add_sources, kept, case), partial(list, kept))
        return Judgement(sorted(kept), sorted(accepted))


def _check(rule: Rule, case: RuleContext, gaps: Gaps) -> list[Finding]:
    """Return what one rule finds: all of it, or nothing where it does not apply or the rule itself fails."""
    check = rule.check
    if check is None or not rule.applies(case):
        return []
    return gaps.attempt("rules", rule.name, lambda: list(check(case)), list)


def _add_sources(findings: list[Finding], case: RuleContext) -> list[Finding]:
    places = {(place.path, place.line) for finding in findings for place in finding.evidence}
    return add_sources(findings, read_source_lines(case.facts.tree, places))


def _apply_target(
    found: Iterable[Finding], kept: list[Finding], accepted: list[Accepted], case: RuleContext
) -> tuple[list[Finding], list[Accepted]]:
    """Return what is about the packages that the policy names, each finding with its owner.

    Exceptions come first: one that accepts a finding about other code is used, and no fault.
    """
    chosen = case.chosen
    if chosen is not None:
        own = {finding.fingerprint for finding in found if chosen.has_finding(finding)}
        kept = [chosen.order_places(finding) for finding in kept if chosen.has_finding(finding)]
        accepted = [each for each in accepted if each.fingerprint in own]
    return name_owners(kept, case), accepted


def _needs_probe(rule: str) -> bool:
    return rule in RULES_BY_NAME and RULES_BY_NAME[rule].needs_probe


def find_findings(case: RuleContext) -> list[Finding]:
    """Return the findings of all rules, the most severe first, then by rule and subject; without those accepted."""
    return judge(case).findings


def find_scores(case: RuleContext, findings: Iterable[Finding]) -> tuple[list[Score], list[ScorePart]]:
    """Return the compliance scores of a target, the whole first, and what each rule costs.

    The policy's weights come before those of the rules. The score is what source and simulation say: what only the
    probe sees does not count, so that a score does not depend on who was asked. With ``[target] packages``
    modules and places of others do not count.
    """
    findings = [each for each in findings if each.certainty != "observed" and not _needs_probe(each.rule)]
    weights = {rule.name: 0.0 if rule.needs_probe else rule.weight for rule in RULES}
    modules = choose_paths(case.chosen, case.facts.modules)
    return build_scores(choose_places(case.chosen, findings), modules, weights | dict(case.policy.compliance.weights))


def score_case(case: RuleContext, findings: Iterable[Finding], gaps: Gaps) -> tuple[list[Score], list[ScorePart]]:
    """Return what ``find_scores`` does; nothing where the kit failed on what a score is made of."""
    if gaps.is_blind:
        return [], []
    return gaps.attempt("rules", "scores", lambda: find_scores(case, findings), lambda: ([], []))


def check_weights(policy: Policy, source: Path | None = None) -> None:
    """Raise ``PolicyError`` when the policy gives points or minutes to a rule that does not exist.

    ``source`` is its file.
    """
    given = (("compliance", "weights", policy.compliance.weights), ("debt", "minutes", policy.debt.minutes))
    for section, key, name in ((section, key, name) for section, key, names in given for name in names):
        if name not in RULES_BY_NAME:
            near = get_close_matches(name, list(RULES_BY_NAME), 1, 0.5)
            remedy = f"Did you mean {near[0]}?" if near else "The rules are in docs/rules.md"
            where = find_place(source, (section, key, name))
            raise PolicyError(f"{where}[{section}.{key}] knows no rule {name!r}", remedy=remedy)
