"""Class names that are defined more than once.

Counted are definitions: one ``pkg.mod:Qual`` counts once, also when both branches of an ``if`` define it.
A class in an ``except`` block is a fallback for another one, and a class inside a function is nobody else's
business: both are counted apart. What counts at all is said in ``analysis.identity.census``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from analysis.identity.census import build_census
from analysis.identity.evidence import ClassFacts


@dataclass(frozen=True, slots=True, order=True)
class Multiplicity:
    """One class name with several definitions.

    ``definitions`` of them are at module or class level (``nested`` of these in the body of a class);
    ``fallbacks`` in ``except`` blocks and ``local_definitions`` in functions come on top.
    ``modules`` and ``places`` (``path:line``) belong to ``definitions``, in the order of the module names.
    """

    name: str
    definitions: int
    nested: int
    fallbacks: int
    local_definitions: int
    modules: tuple[str, ...]
    places: tuple[str, ...]


COLUMNS = ("name", "definitions", "nested", "fallbacks", "local_definitions", "modules", "places")


def find_multiplicity(facts: ClassFacts) -> list[Multiplicity]:
    """Return the class names with two or more definitions, most definitions first, then by name."""
    census = build_census(facts)
    counted = census[~census["is_local"] & ~census["is_fallback"]].drop_duplicates("definition")
    counts = counted["name"].value_counts()
    repeated = counted[counted["name"].isin(counts.index[counts > 1])]
    fallbacks = census.loc[census["is_fallback"], "name"].value_counts().to_dict()
    local = census.loc[census["is_local"], "name"].value_counts().to_dict()
    found = [
        Multiplicity(
            name=str(name),
            definitions=len(rows),
            nested=int(rows["is_nested"].sum()),
            fallbacks=int(fallbacks.get(name, 0)),
            local_definitions=int(local.get(name, 0)),
            modules=tuple(rows["module"]),
            places=tuple(f"{path}:{line}" for path, line in zip(rows["path"], rows["line"], strict=True)),
        )
        for name, rows in repeated.groupby("name", sort=True)
    ]
    return sorted(found, key=lambda item: (-item.definitions, item.name))


def build_multiplicity_frame(found: Iterable[Multiplicity]) -> pd.DataFrame:
    """Return one row per class name: the fields of ``Multiplicity`` as columns; modules and places are lists."""
    rows = [
        (item.name, item.definitions, item.nested, item.fallbacks, item.local_definitions,
         list(item.modules), list(item.places))
        for item in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
