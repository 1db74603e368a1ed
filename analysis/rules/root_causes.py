"""The root causes behind findings: each rule names the one that it is evidence of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class RootCause:
    """One root cause: its place among those of equal weight, its title, and what it does to the code base."""

    order: int
    title: str
    meaning: str


COPIES = RootCause(
    1, "Copies instead of one definition",
    "The same thing is defined in several places; which one a part of the program gets depends on the path it imports, "
    "and a repair in one place leaves the others broken.",
)  # fmt: skip
PATHS = RootCause(
    2, "Several paths to one thing",
    "A class is imported by paths that only happen to lead to it, or one name means different objects in different "
    "places; a change of a module on the way breaks or redirects those who pass through it.",
)  # fmt: skip
CYCLES = RootCause(
    3, "Circular dependencies",
    "Modules need each other while they are imported or used, so the first import decides what works, and none of them "
    "can be tested or replaced alone.",
)  # fmt: skip
UNCHECKED_IMPORTS = RootCause(
    4, "Imports that nobody checks",
    "Statements name modules or names that do not exist, or stand in files that do not parse; they fail when they run, "
    "or are silently swallowed where an exception is caught.",
)  # fmt: skip
SHARED_STATE = RootCause(
    5, "State that users share",
    "Classes with a single object, containers in class bodies, changed defaults and caches without a key carry what "
    "one user left to the next; it shows under load, and as tests that pass or fail depending on their order.",
)  # fmt: skip
UNDOCUMENTED = RootCause(
    6, "Decisions that the source does not document",
    "Redirects that do more than redirect, single sources that do not say so, exceptions without a reason or a use, "
    "and owners of nothing: readers of the source cannot know what was decided.",
)  # fmt: skip
#: Of findings whose rule this version does not know, as those of an older snapshot.
OTHER = RootCause(7, "Other findings", "Each is described below.")
