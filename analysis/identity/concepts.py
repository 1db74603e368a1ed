"""Families of classes that may be one concept: by the last word of the name, or by the policy.

A family counts its implementations. Abstract classes and protocols say what an implementation is, and a
class in an ``except`` block stands in for another: they belong to the family but do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate

import pandas as pd

from analysis.facts.test_files import is_test_file
from analysis.identity.census import build_census
from analysis.identity.evidence import ClassFacts
from analysis.policy import Concept as ConceptPolicy
from analysis.policy import Policy

ROLES = ("implementation", "abstract", "protocol", "fallback", "allowed")

_LAST_WORD = re.compile(r"(?:[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z0-9]+|[A-Z][A-Z0-9]*)$")
_VERSION = re.compile(r"(?:_?[vV]\d+|\d+|_+)+$")


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


COLUMNS = (
    "concept", "classes", "definitions", "names", "modules", "places", "max_classes", "canonical", "is_policy",
)  # fmt: skip


def find_concepts(facts: ClassFacts, policy: Policy) -> list[Concept]:
    """Return the concepts of the policy in its order, then the proposed families, largest first.

    Proposed is every last word of a class name (``*Registry``) that two or more definitions share. Exceptions,
    classes of test files and families that a policy's pattern names already are not proposed.
    """
    census = build_census(facts)
    counted = census[~census["is_local"]].sort_values("is_fallback", kind="stable").drop_duplicates("definition")
    own = [_find_by_policy(counted, rule) for rule in policy.concept]
    known = {pattern for rule in policy.concept for pattern in rule.match}
    return own + [concept for concept in _find_by_suffix(counted) if concept.name not in known]


def find_suffix(name: str) -> str:
    """Return the last capitalised word of a class name without version numbers; empty when there is none.

    >>> [find_suffix(name) for name in ("PluginRegistry", "HTTPServer", "EngineV2", "_Engine_", "cached_property")]
    ['Registry', 'Server', 'Engine', 'Engine', '']
    """
    found = _LAST_WORD.search(_VERSION.sub("", name))
    return found[0] if found else ""


def build_concepts_frame(concepts: Iterable[Concept]) -> pd.DataFrame:
    """Return one row per concept.

    Columns: concept, classes (implementations), definitions (all members), names (distinct class names),
    modules and places (``path:line``) of the members as lists, max_classes (0: none), canonical, is_policy.
    """
    rows = [
        (
            concept.name,
            concept.classes,
            len(concept.members),
            sorted({member.name for member in concept.members}),
            sorted({member.definition.partition(":")[0] for member in concept.members}),
            [f"{member.path}:{member.line}" for member in concept.members],
            concept.max_classes,
            concept.canonical,
            concept.is_policy,
        )
        for concept in concepts
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _find_by_policy(counted: pd.DataFrame, rule: ConceptPolicy) -> Concept:
    pattern = re.compile("|".join(translate(text) for text in rule.match) or r"(?!)")
    is_named = pd.Series([bool(pattern.match(name)) for name in counted["name"]], index=counted.index, dtype=bool)
    chosen = counted[is_named]
    if rule.within:
        inside = (chosen["module"] == rule.within) | chosen["module"].str.startswith(f"{rule.within}.")
        chosen = chosen[inside]
    members = _build_members(chosen, frozenset(rule.allow))
    return Concept(rule.name, True, _count(members), rule.max_classes, rule.canonical, members)


def _find_by_suffix(counted: pd.DataFrame) -> list[Concept]:
    is_exception = counted["marks"].map(lambda marks: "exception" in marks)
    is_test = counted["path"].map(is_test_file)
    chosen = counted[~is_exception.astype(bool) & ~is_test.astype(bool)]
    suffixes = chosen["name"].map(find_suffix)
    found = []
    for suffix, rows in chosen.groupby(suffixes, sort=True):
        if suffix and len(rows) > 1:
            members = _build_members(rows, frozenset())
            found.append(Concept(f"*{suffix}", False, _count(members), 0, "", members))
    return sorted(found, key=lambda concept: (-concept.classes, -len(concept.members), concept.name))


def _build_members(rows: pd.DataFrame, allowed: frozenset[str]) -> tuple[Member, ...]:
    columns = (rows[name] for name in ("definition", "name", "path", "line", "marks", "is_fallback"))
    members = [
        Member(definition, name, _find_role(definition, name, marks, is_fallback, allowed), path, int(line))
        for definition, name, path, line, marks, is_fallback in zip(*columns, strict=True)
    ]
    return tuple(sorted(members))


def _find_role(definition: str, name: str, marks: Iterable[str], is_fallback: bool, allowed: frozenset[str]) -> str:
    said = set(marks)
    if definition in allowed or name in allowed or definition.replace(":", ".") in allowed:
        return "allowed"
    if is_fallback:
        return "fallback"
    return next((mark for mark in ("protocol", "abstract") if mark in said), "implementation")


def _count(members: tuple[Member, ...]) -> int:
    return sum(member.role == "implementation" for member in members)
