"""What lies behind the findings, where they gather, what is at stake, and what was claimed before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.quantities import write_money
from analysis.report.packages import group_modules

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Cause, what it does, and the rules that show it.
_CAUSES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Copies instead of one definition",
        ("The same thing is defined in several places; which one a part of the program gets depends on the path it "
        "imports, and a repair in one place leaves the others broken."),
        ("concept-over-its-limit", "canonical-class-missing", "class-defined-more-than-once", "fallback-class",
         "shadowed-module", "factory-without-method", "folder-copied", "class-copied"),
    ),
    (
        "Several paths to one thing",
        (
            "A class is imported by paths that only happen to lead to it, or one name means different objects in "
            "different places; a change of a module on the way breaks or redirects those who pass through it."
        ),
        ("class-taken-from-elsewhere", "name-with-different-objects", "redirect-broken", "file-with-two-names",
         "instance-named-like-a-class"),
    ),
    (
        "Dependencies that run in circles",
        ("Modules need each other while they are imported or used, so that the first import decides what works, and "
        "none of them can be tested or replaced alone."),
        ("import-cycle", "import-cycle-through-packages", "deferred-cycle", "typing-cycle",
         "swallowed-circular-import", "module-fails-when-imported-first", "module-executed-twice",
         "class-alive-twice", "name-depends-on-import-order"),
    ),
    (
        "Imports that nobody checks",
        ("Statements name modules or names that are not there, or stand in files that do not parse; they fail when "
        "they run, or fail unseen where an exception is caught."),
        ("phantom-import", "phantom-name", "file-not-parsed", "import-stops-the-program"),
    ),
    (
        "State that users share",
        (
            "Classes that are there once, containers in class bodies, changed defaults and caches without a key carry "
            "what one user left to the next; it shows under load, and as tests that pass or fail by their order."
        ),
        ("singleton", "shared-class-attribute", "shared-default", "cached-getter", "global-rebound",
         "object-made-on-import", "factory-shares-objects", "factory-without-user-scope"),
    ),
    (
        "Decisions that the source does not carry",
        (
            "Redirects that do more than redirect, single sources that do not say so, exceptions without a reason "
            "or a use, and owners of nothing: who reads the source cannot know what was decided."
        ),
        ("redirect-unclean", "single-source-undocumented", "exception-unused", "exception-void",
         "owner-without-code"),
    ),
)  # fmt: skip
MOST_HOT_SPOTS = 3
_GROUPS = 60


@dataclass(frozen=True, slots=True)
class Cause:
    """One root cause: its findings by severity, the rules that show it, and the packages that appear most often."""

    title: str
    meaning: str
    count: int
    severities: Mapping[str, int]
    rules: tuple[str, ...]
    hot_spots: tuple[tuple[str, int], ...]


def find_causes(inv: Investigation) -> list[Cause]:
    """Return the root causes that have findings, those with the gravest first."""
    table = inv.table("findings").select(["rule", "severity", "evidence", "certainty"])
    rows = [row for row in table.to_pylist() if row["certainty"] != "refuted"]
    packages = _find_packages(inv)
    known = {rule for _, _, rules in _CAUSES for rule in rules}
    rest = tuple(sorted({row["rule"] for row in rows} - known))
    causes = []
    for title, meaning, rules in (*_CAUSES, ("Other findings", "Each is told below.", rest)):
        mine = [row for row in rows if row["rule"] in rules]
        if mine:
            spots = Counter(
                spot
                for row in mine
                for spot in {packages[place["path"]] for place in row["evidence"] if place["path"] in packages}
            )
            ranked = sorted(spots.items(), key=lambda spot: (-spot[1], spot[0]))[:MOST_HOT_SPOTS]
            counts = Counter(str(row["severity"]) for row in mine)
            shown = tuple(rule for rule in rules if any(row["rule"] == rule for row in mine))
            causes.append(Cause(title, meaning, len(mine), dict(sorted(counts.items())), shown, tuple(ranked)))
    return sorted(causes, key=lambda cause: (min(cause.severities), -cause.severities[min(cause.severities)]))


def _find_packages(inv: Investigation) -> dict[str, str]:
    """Return the package of each file, in the groups of the pictures."""
    modules = inv.table("modules").select(["module", "path"]).to_pylist()
    groups = group_modules([row["module"] for row in modules], _GROUPS)
    return {row["path"]: groups[row["module"]] for row in modules}


def format_stake(inv: Investigation) -> str:
    """Return the revenue at risk as the policy states it, or nothing.

    The kit measures no revenue; it repeats what the team has decided to be at stake.
    """
    business = inv.policy.business
    if business.revenue_at_risk is None:
        return ""
    return write_money(business.revenue_at_risk, business.currency)
