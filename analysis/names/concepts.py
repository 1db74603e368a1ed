"""Families of classes that may be one concept: by the last word of the name, or by the policy.

A family counts its implementations. Abstract classes and protocols say what an implementation is, and a
class in an ``except`` block stands in for another: they belong to the family but do not count.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate

from analysis.facts.test_files import is_test_file
from analysis.names.class_index import Counted, build_class_index
from analysis.policy import ConceptPolicy, Policy
from analysis.resolve.evidence import ClassFacts

ROLES = ("implementation", "abstract", "protocol", "fallback", "allowed")

_LAST_WORD = re.compile(r"(?:[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z0-9]+|[A-Z][A-Z0-9]*)$")
_VERSION = re.compile(r"(?:_?[vV]\d++|\d++|_++)++$")
#: Both look from every character to the end: of longer names only the end counts.
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """One class of a family; ``role`` says whether it counts (``implementation``) or why not."""

    definition: str
    name: str
    role: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, order=True)
class Concept:
    """One family of classes.

    ``classes`` counts the implementations, to be held against ``max_classes`` (0: no limit is set);
    ``members`` lists all, sorted by definition. ``canonical`` is the definition that the policy names.
    """

    name: str
    is_policy: bool
    classes: int
    max_classes: int
    canonical: str
    members: tuple[Member, ...]


def find_concepts(facts: ClassFacts, policy: Policy) -> list[Concept]:
    """Return the concepts of the policy in its order, then the proposed families, largest first.

    Proposed is every last word of a class name (``*Registry``) that two or more definitions share. Exceptions,
    classes of test files and families that a policy's pattern names already are not proposed.
    """
    counted_classes = [each for each in build_class_index(facts) if not each.is_local]
    # A class in an except block stands for itself only when nothing else has its definition.
    counted = list(
        {each.definition: each for each in sorted(counted_classes, key=lambda each: not each.is_fallback)}.values()
    )
    own = [_find_by_policy(counted, rule) for rule in policy.concept]
    known = {pattern for rule in policy.concept for pattern in rule.match}
    return own + [concept for concept in _find_by_suffix(counted) if concept.name not in known]


def find_suffix(name: str) -> str:
    """Return the last capitalised word of a class name without version numbers; empty when there is none.

    >>> [find_suffix(name) for name in ("PluginRegistry", "HTTPServer", "EngineV2", "_Engine_", "cached_property")]
    ['Registry', 'Server', 'Engine', 'Engine', '']
    """
    found = _LAST_WORD.search(_VERSION.sub("", name[-_LONGEST_NAME:]))
    return found[0] if found else ""


def _find_by_policy(counted: Iterable[Counted], rule: ConceptPolicy) -> Concept:
    pattern = re.compile("|".join(translate(text) for text in rule.match) or r"(?!)")
    chosen = [each for each in counted if pattern.match(each.name)]
    if rule.within:
        chosen = [each for each in chosen if f"{each.module}.".startswith(f"{rule.within}.")]
    members = _build_members(chosen, frozenset(rule.allow))
    return Concept(rule.name, True, _count(members), rule.max_classes, rule.canonical, members)


def _find_by_suffix(counted: Iterable[Counted]) -> list[Concept]:
    families: dict[str, list[Counted]] = defaultdict(list)
    for each in counted:
        if "exception" not in each.marks and not is_test_file(each.path):
            families[find_suffix(each.name)].append(each)
    found = []
    for suffix, rows in families.items():
        if suffix and len(rows) > 1:
            members = _build_members(rows, frozenset())
            found.append(Concept(f"*{suffix}", False, _count(members), 0, "", members))
    return sorted(found, key=lambda concept: (-concept.classes, -len(concept.members), concept.name))


def _build_members(rows: Iterable[Counted], allowed: frozenset[str]) -> tuple[Member, ...]:
    return tuple(
        sorted(
            Member(
                row.definition, row.name, _find_role(row.definition, row.name, row.marks, row.is_fallback, allowed),
                row.path, row.line,
            )
            for row in rows
        )
    )  # fmt: skip


def _find_role(definition: str, name: str, marks: Iterable[str], is_fallback: bool, allowed: frozenset[str]) -> str:
    said = set(marks)
    if definition in allowed or name in allowed or definition.replace(":", ".") in allowed:
        return "allowed"
    if is_fallback:
        return "fallback"
    return next((mark for mark in ("protocol", "abstract") if mark in said), "implementation")


def _count(members: tuple[Member, ...]) -> int:
    return sum(member.role == "implementation" for member in members)
