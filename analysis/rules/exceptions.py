"""Exceptions: findings that a team accepts, by a comment in the source or by ``[[ignore]]`` in the policy.

A comment ``# ssot: allow[rule] because …`` stands on the line of the place, or alone on the line above it. It accepts
that place; a finding whose places make it together (a cycle, the definitions of one name) it accepts as a whole.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.former_names import find_rule, list_rule_names
from analysis.policy import Ignore, Policy
from analysis.rules.context import RuleContext
from analysis.rules.families.exceptions import UNUSED, VOID
from analysis.rules.finding import MOST_EVIDENCE, Evidence, Finding, Place, build_finding
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_count

_COMMENT = re.compile(r"#\s*ssot:\s*allow\[([^\]]*)\](?:\s*,?\s*because\b[\s:]*((?:(?!#\s*ssot:).)*))?", re.IGNORECASE)
#: Meant as an exception, but not written as one.
_ALMOST = re.compile(r"#\s*ssot:\s*allow\b(?!\[)", re.IGNORECASE)


class Accepted(NamedTuple):
    """One finding, or part of one, that an exception accepts; the columns of ``tables.ACCEPTED``."""

    fingerprint: str
    rule: str
    severity: str
    subject: str
    message: str
    by: str
    reason: str
    until: str
    path: str
    line: int
    places: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """One comment: ``is_alone`` says that nothing else stands on its line."""

    path: str
    line: int
    rules: tuple[str, ...]
    reason: str
    is_alone: bool

    @property
    def target(self) -> Place:
        """The place that it speaks of."""
        return self.path, self.line + self.is_alone


def read_allowances(markers: pa.Table) -> list[Allowance]:
    """Return the exceptions that stand in comments of the source, in its order, from ``tables.MARKERS``."""
    columns = ("path", "line", "kind", "place", "text")
    rows = tables.read_rows(markers, *columns)
    found = []
    for path, line, kind, place, text in rows:
        is_comment = kind == "ssot" and place == "comment"
        for match in _COMMENT.finditer(text) if is_comment else ():
            rules = tuple(dict.fromkeys(find_rule(name.strip()) for name in match[1].split(",") if name.strip()))
            reason = (match[2] or "").strip()
            found.append(Allowance(path, line, rules, reason if re.search(r"\w", reason) else "", text.startswith("#")))
        if is_comment and _ALMOST.search(text):
            found.append(Allowance(path, line, (), "", text.startswith("#")))
    return _join_stacked(found)


def _join_stacked(allowances: Sequence[Allowance]) -> list[Allowance]:
    """Let comments that stand alone, one below the other, speak of the line below the last of them."""
    alone = {(each.path, each.line) for each in allowances if each.is_alone}
    found = []
    for each in allowances:
        last = each.line
        while each.is_alone and (each.path, last + 1) in alone:
            last += 1
        found.append(replace(each, line=last) if last != each.line else each)
    return found


def apply_exceptions(
    findings: Iterable[Finding],
    case: RuleContext,
    rules: Mapping[str, Rule],
    today: dt.date,
    failed: Collection[str] = (),
) -> tuple[list[Finding], list[Accepted]]:
    """Return the findings that remain, those about exceptions among them, and what was accepted.

    Of ``failed`` rules nobody knows whether an exception is needed.
    """
    allowances = read_allowances(case.facts.markers)
    valid = [each for each in allowances if each.reason and set(each.rules) & rules.keys()]
    by_place = find_allowed(valid, case.facts.imports)
    ignores = [each for each in case.policy.ignore if _find_fault(each, rules, today) == ""]
    used: set[Allowance | Ignore | tuple[Allowance, str]] = set()
    kept: list[Finding] = []
    accepted: list[Accepted] = []
    for finding in findings:
        remaining, found = _judge(finding, rules.get(finding.rule), by_place, ignores, used)
        accepted += found
        kept += [remaining] if remaining else []
    judged = {name for name, rule in rules.items() if name not in failed and _was_judged(rule, case)}
    kept += _report_void(allowances, case.policy.ignore, rules, today)
    kept += _report_unused([*valid, *ignores], used, judged)
    return kept, accepted


def find_allowed(allowances: Iterable[Allowance], imports: pa.Table) -> Mapping[Place, Sequence[Allowance]]:
    """Return the exceptions by the places that they accept: also by the first line of an import over several lines."""
    by_place: dict[Place, list[Allowance]] = defaultdict(list)
    known = list(allowances)
    starts = _find_starts(imports, {each.path for each in known})
    for each in known:
        by_place[each.target].append(each)
        start = starts.get(each.target)
        if start is not None and start != each.target:
            by_place[start].append(each)
    return by_place


def _find_starts(imports: pa.Table, paths: Collection[str]) -> dict[Place, Place]:
    """Return for each line of an import statement that spans several, in some files, the place of its first line."""
    chosen = imports.filter(
        pc.and_(
            pc.is_in(imports["path"].cast(tables.TEXT), pa.array(sorted(paths), tables.TEXT)),
            pc.greater(imports["end_line"], imports["line"]),
        )
    )
    rows = tables.read_rows(chosen, "path", "line", "end_line")
    return {(path, inner): (path, line) for path, line, end in rows for inner in range(line, end + 1)}


def _judge(
    finding: Finding, rule: Rule | None, allowances: Mapping[Place, Sequence[Allowance]], ignores: Iterable[Ignore],
    used: set[Allowance | Ignore | tuple[Allowance, str]],
) -> tuple[Finding | None, list[Accepted]]:  # fmt: skip
    """Return what is left of a finding, and what was accepted of it; note the exceptions that were needed.

    Of a rule of one's own there is no ``rule``: each of its places is a fault of its own.
    """
    for ignore in ignores:
        if _covers(ignore, finding):
            used.add(ignore)
            until = ignore.until.isoformat() if ignore.until else ""
            return None, [_accept(finding, "policy", ignore.reason, until, finding.cited)]
    allowed = {
        place: each for place in finding.cited for each in allowances.get(place, ()) if finding.rule in each.rules
    }
    if not allowed:
        return finding, []
    used.update((each, finding.rule) for each in allowed.values())
    by_reason: dict[str, list[Place]] = defaultdict(list)
    for place, each in allowed.items():
        by_reason[each.reason].append(place)
    accepted = [_accept(finding, "comment", reason, "", places) for reason, places in by_reason.items()]
    left = tuple(place for place in finding.cited if place not in allowed)
    if (rule is not None and rule.is_joint) or not left:
        return None, accepted
    counted = f"{format_count(len(allowed), 'place')} {choose_form(len(allowed), 'is', 'are')}"
    message = f"{finding.message}. {counted} accepted by comments"
    evidence = tuple(Evidence(path, line) for path, line in left[:MOST_EVIDENCE])
    return replace(finding, message=message, cited=left, places=len(left), evidence=evidence), accepted


def _accept(finding: Finding, by: str, reason: str, until: str, places: Sequence[Place]) -> Accepted:
    path, line = places[0] if places else ("", 0)
    return Accepted(
        finding.fingerprint, finding.rule, finding.severity, finding.subject, finding.message, by, reason, until, path,
        line, len(places),
    )  # fmt: skip


def _covers(ignore: Ignore, finding: Finding) -> bool:
    if not _is_named(finding.rule, ignore) or ignore.fingerprint not in {"", finding.fingerprint}:
        return False
    paths = {path for path, _ in finding.cited}
    by_path = bool(paths) and all(fnmatchcase(path, ignore.subject) for path in paths)
    return by_path or fnmatchcase(finding.subject, ignore.subject)


def _is_named(rule: str, ignore: Ignore) -> bool:
    return any(fnmatchcase(name, ignore.rule) for name in list_rule_names(rule))


def _find_end(ignore: Ignore, today: dt.date) -> dt.date | None:
    """Return the day until which an exception was, once it is over; None before."""
    return ignore.until if ignore.until is not None and ignore.until < today else None


def find_ended(policy: Policy) -> list[bool]:
    """Return which exceptions of a policy have ended: the only thing of a verdict that depends on the day (in UTC)."""
    today = dt.datetime.now(dt.UTC).date()
    return [_find_end(each, today) is not None for each in policy.ignore]


def _find_fault(ignore: Ignore, rules: Mapping[str, Rule], today: dt.date) -> str:
    """Return why an exception of the policy does not count; empty when it does."""
    if not any(_is_named(name, ignore) for name in rules):
        return _format_unknown([ignore.rule], rules)
    end = _find_end(ignore, today)
    if end is not None:
        return f"it was for the time until {end.isoformat()}"
    return ""


def _format_unknown(names: Sequence[str], rules: Iterable[str]) -> str:
    near = get_close_matches(names[0], list(rules), 1, 0.5) if names else []
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"there is no rule {', '.join(names)}{hint}" if names else "it names no rule: write allow[rule] because …"


def _report_void(
    allowances: Iterable[Allowance], ignores: Iterable[Ignore], rules: Mapping[str, Rule], today: dt.date
) -> Iterator[Finding]:
    for each in allowances:
        unknown = [name for name in each.rules if name not in rules]
        fault = "" if each.reason else "it gives no reason: write `because` and why"
        fault = _format_unknown(unknown, rules) if unknown or not each.rules else fault
        if fault:
            named = ", ".join(unknown) if unknown and each.reason else _name(each)
            yield _report(VOID, "P2", each, f"The exception for {named} does not count: {fault}")
    for ignore in ignores:
        fault = _find_fault(ignore, rules, today)
        if fault:
            yield _report(VOID, "P2", ignore, f"The exception for {_name(ignore)} does not count: {fault}")


def _report_unused(
    valid: Iterable[Allowance | Ignore], used: Collection[Allowance | Ignore | tuple[Allowance, str]], judged: set[str]
) -> Iterator[Finding]:
    """Report the exceptions, and the rules of exceptions, that no finding needs, as far as this run could judge."""
    for each in valid:
        if isinstance(each, Ignore):
            if each not in used and (each.rule in judged or "*" in each.rule):
                yield _report(UNUSED, "P3", each, f"The exception for {_name(each)} accepts nothing: delete it")
            continue
        idle = [name for name in each.rules if name in judged and (each, name) not in used]
        if idle:
            what = "it" if len(idle) == len(each.rules) else ", ".join(idle)
            message = f"The exception for {', '.join(idle)} accepts nothing: delete {what}"
            yield _report(UNUSED, "P3", replace(each, rules=tuple(idle)), message)


def _report(rule: str, severity: str, each: Allowance | Ignore, message: str) -> Finding:
    if isinstance(each, Ignore):
        marks = [each.subject, *filter(None, [each.fingerprint])]
        return build_finding(rule, severity, f"[[ignore]] {each.rule}", message, [], marks)
    place = (each.path, each.line)
    return build_finding(rule, severity, each.path, message, [place], [*each.rules, each.reason])


def _name(each: Allowance | Ignore) -> str:
    if isinstance(each, Allowance):
        return ", ".join(each.rules) or "nothing"
    return f"{each.rule} of {each.fingerprint or each.subject} (policy: {each.reason})"


def _was_judged(rule: Rule, case: RuleContext) -> bool:
    if rule.needs_probe:
        return case.is_probed
    return not rule.needs_simulation or case.is_probed or case.is_simulated
