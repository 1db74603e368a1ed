"""A first plan: phases in the order in which mending one makes the next possible.

First every entry point must import, or nothing can be tested; then there must be one definition of each thing, and one
path to it; then it must stay so, and what is merely worth knowing can be tidied. Within a phase the gravest come first.
The effort is counted in places to touch: of a cycle the imports of its cheapest cut, of misplaced imports their
statements, else the places of the findings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.rules import RULES

#: Name and goal of each phase, and its rules with the titles of their steps. Their order is that of the steps where
#: severities are equal.
_PHASES: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    (
        "Make every entry point import",
        "No import fails, silently or loudly, whichever module comes first.",
        {
            "module-fails-when-imported-first": "Cut the circles on which first imports fail",
            "import-cycle": "Break the import-time cycles at the cheapest imports",
            "phantom-import": "Correct or delete imports of modules that do not exist",
            "phantom-name": "Correct or delete imports of names that their module does not have",
            "swallowed-circular-import": "Remove the try blocks that hide failing imports",
            "module-executed-twice": "Let every module run once",
            "class-alive-twice": "Let every class be made once",
            "name-depends-on-import-order": "Make names independent of the order of imports",
            "import-stops-the-program": "Put work done on import behind functions",
            "file-not-parsed": "Repair the files that are no valid Python",
            "import-cycle-through-packages": "Free the __init__ files on the way from imports",
        },
    ),
    (
        "One definition of each thing",
        "Every concept has one class, and every name of a class one definition.",
        {
            "concept-over-its-limit": "Merge rival classes into the canonical one",
            "factory-without-method": "Give factories the methods that callers rely on",
            "canonical-class-missing": "Settle which class is the single source",
            "shadowed-module": "Delete or rename files that Python never imports",
            "fallback-class": "Replace fallback classes by one explicit choice",
            "class-defined-more-than-once": "Merge or rename classes that share a name",
            "folder-copied": "Delete copies of whole folders",
            "class-copied": "Merge classes with the same body",
        },
    ),
    (
        "One path to each thing",
        "Every class is imported from where it is defined or offered, and every file has one name.",
        {
            "redirect-broken": "Let all paths of a redirect yield one object",
            "redirect-unclean": "Let redirects redirect, and say that they do",
            "file-with-two-names": "Import every file by one name",
            "class-taken-from-elsewhere": "Import every class from where it is defined",
            "name-with-different-objects": "Give different objects different names",
        },
    ),
    (
        "State of its own for each user",
        "No object, container or cache carries what one user left to the next.",
        {
            "singleton": "Replace singletons by objects that are passed on",
            "factory-shares-objects": "Let factories make an object for each call",
            "factory-without-user-scope": "Tell factories for whom they make",
            "shared-class-attribute": "Move containers from class bodies into __init__",
            "shared-default": "Make defaults inside the functions",
            "cached-getter": "Give cached getters what tells users apart",
            "global-rebound": "Return values instead of binding globals",
            "object-made-on-import": "Make objects where the program starts",
        },
    ),
    (
        "Keep it so",
        "What was mended cannot come back unnoticed.",
        {
            "deferred-cycle": "Invert the dependencies that imports inside functions hide",
            "instance-named-like-a-class": "Name objects in lower case",
            "typing-cycle": "Move shared types below their users",
            "single-source-undocumented": "Say in the source which class is the single one",
            "exception-void": "Mend exceptions that do not count",
            "exception-unused": "Delete exceptions that accept nothing",
            "owner-without-code": "Correct or delete owners of code that is not there",
        },
    ),
)
_TITLES = {rule: title for _, _, titles in _PHASES for rule, title in titles.items()}
_ORDER = {rule: place for place, rule in enumerate(_TITLES)}
#: Findings of this severity are no reason to hold a phase up: they wait for the last one.
_MINOR = "P3"
_TAKEN = "class-taken-from-elsewhere"
_SMALL, _MEDIUM = 5, 50
_MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: which rule's findings it mends, how many, in how many places, and the first of them.

    ``effort`` is small (up to 5 places), medium (up to 50) or large. ``why`` is what the finding means, ``how`` the
    way to mend it, ``owners`` who owns the findings, the one with most of them first.
    """

    title: str
    rule: str
    severity: str
    findings: int
    places: int
    effort: str
    examples: tuple[str, ...]
    why: str = ""
    how: str = ""
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps that belong together, and the goal they reach."""

    name: str
    goal: str
    steps: tuple[Step, ...]


def build_plan(findings: pa.Table, cycles: pa.Table, violations: pa.Table) -> list[Phase]:
    """Return the phases that have something to do, from the tables ``findings``, ``cycles`` and ``violations``.

    A rule that has no place in the plan is work for the last phase. Findings that are refuted are none.
    """
    home = {rule: number for number, (_, _, titles) in enumerate(_PHASES) for rule in titles}
    last = len(_PHASES) - 1
    rows: dict[tuple[int, str, bool], list[dict[str, Any]]] = defaultdict(list)
    for row in findings.to_pylist():
        if row["certainty"] != "refuted":
            is_minor = row["severity"] == _MINOR
            number = last if is_minor else home.get(row["rule"], last)
            rows[number, row["rule"], is_minor].append(row)
    counts = _count_cuts(cycles) | {_TAKEN: _count_statements(violations)}
    steps: dict[int, list[Step]] = defaultdict(list)
    for (number, rule, _), chosen in rows.items():
        steps[number].append(_build_step(rule, chosen, counts))
    return [
        Phase(name, goal, tuple(sorted(steps[number], key=_rank)))
        for number, (name, goal, _) in enumerate(_PHASES)
        if number in steps
    ]


def _rank(step: Step) -> tuple[str, int, str]:
    return (step.severity, _ORDER.get(step.rule, len(_ORDER)), step.rule)


def _count_cuts(cycles: pa.Table) -> dict[str, int]:
    """Return per rule on cycles the number of imports that the cheapest cuts remove."""
    counts = Counter[str]()
    for kind, with_ancestors, cut in tables.read_rows(cycles, "kind", "with_ancestors", "cut"):
        rule = {"import-time": "import-cycle"}.get(kind, f"{kind}-cycle")
        if not with_ancestors:
            counts[rule] += len(cut)
        elif kind == "import-time":
            counts["import-cycle-through-packages"] += len(cut)
    return dict(counts)


def _count_statements(violations: pa.Table) -> int:
    """Return the number of statements: one that takes two classes is in two findings, but is mended once."""
    return len(set(tables.read_rows(violations, "path", "line")))


def _build_step(rule: str, rows: Sequence[dict[str, Any]], counts: Mapping[str, int]) -> Step:
    places = counts.get(rule) or sum(max(1, row["places"]) for row in rows)
    effort = "small" if places <= _SMALL else "medium" if places <= _MEDIUM else "large"
    known = next((known for known in RULES if known.name == rule), None)
    return Step(
        _TITLES.get(rule, f"Mend: {rule}"), rule, min(row["severity"] for row in rows), len(rows), places, effort,
        tuple(_find_examples(rows))[:_MOST_EXAMPLES], known.meaning if known else "", known.remedy if known else "",
        _find_owners(rows),
    )  # fmt: skip


def _find_owners(rows: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    counts = Counter(row["owner"] for row in rows if row.get("owner"))
    return tuple(sorted(counts, key=lambda owner: (-counts[owner], owner)))


def _find_examples(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the first place of each finding, the gravest and widest first."""
    for row in sorted(rows, key=lambda row: (row["severity"], -row["places"], row["subject"])):
        if row["evidence"]:
            yield f"{row['evidence'][0]['path']}:{row['evidence'][0]['line']}"
