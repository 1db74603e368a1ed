"""Findings about one object that all users share: the most severe of them is the cause of the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, Place
from analysis.rules.kept_objects import find_kept_objects
from analysis.rules.shared_state import find_module_objects

_MADE = "object-made-on-import"
#: Rules that say what an object, or the one object of a class, carries from one user to the next.
_CARRYING = frozenset({
    "argument-kept-for-all", "object-keeps-request", "object-keeps-argument", "factory-keeps-object", "singleton",
    "cached-getter",
})  # fmt: skip


def find_same_objects(findings: Sequence[Finding], case: RuleContext) -> dict[str, str]:
    """Return the cause of each finding about an object of which a more severe one speaks, by fingerprints.

    An object is known by its name and by where it is made. That a module makes objects is a consequence only where
    every one of them is known to carry something.
    """
    carrying = sorted(each for each in findings if each.rule in _CARRYING)
    made = [each for each in findings if each.rule == _MADE]
    if not carrying or len(carrying) + len(made) < 2:
        return {}
    names = _name_objects(case)
    first: dict[str, Finding] = {}
    causes: dict[str, str] = {}
    for finding in carrying:
        keys = _list_keys(finding, names)
        known = next((first[key] for key in keys if key in first), None)
        if known is not None:
            causes[finding.fingerprint] = causes.get(known.fingerprint, known.fingerprint)
        for key in keys:
            first.setdefault(key, finding)
    for finding in made:
        own = [first.get(name) for place in finding.cited for name in names.get(place, ())]
        known = own[0] if own and all(own) else None
        if known is not None:
            causes[finding.fingerprint] = causes.get(known.fingerprint, known.fingerprint)
    return causes


def _name_objects(case: RuleContext) -> Mapping[Place, list[str]]:
    """Return the names of the objects that modules make, by the place where they are made."""
    found: dict[Place, list[str]] = defaultdict(list)
    for item in sorted([*find_module_objects(case), *find_kept_objects(case)]):
        found[item.path, item.line].append(f"{item.module}.{item.name}")
    return found


def _list_keys(finding: Finding, names: Mapping[Place, Iterable[str]]) -> list[str]:
    """Return the objects of which a finding speaks: its subject, and those that are made at one of its places."""
    return list(dict.fromkeys([finding.subject, *(name for place in finding.cited for name in names.get(place, ()))]))
