"""Everything about names and classes, in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from analysis import tables
from analysis.executor import paused_collection
from analysis.gaps import Gaps, NoGaps
from analysis.names.cached_names import NAMES, CachedNames
from analysis.names.canonical import find_stated
from analysis.names.conflicts import build_conflicts
from analysis.names.decorated import doubt_decorated
from analysis.names.duplicates import build_duplicates
from analysis.names.inheritance import Inheritance, find_inheritance, read_inheritance
from analysis.names.paths import build_resolution
from analysis.names.phantom_names import build_phantom_names
from analysis.names.violations import build_violations
from analysis.policy import Policy
from analysis.resolve import TargetFacts, TargetResolver


@dataclass(frozen=True, slots=True)
class Identity:
    """Tables with the schemas of ``analysis.tables``, and what answers questions of inheritance."""

    paths: pa.Table
    violations: pa.Table
    phantom_names: pa.Table
    conflicts: pa.Table
    bases: pa.Table
    duplicates: pa.Table
    folder_copies: pa.Table
    inheritance: Inheritance

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The tables by the name that a snapshot gives them."""
        names = ("paths", "violations", "phantom_names", "conflicts", "bases", "duplicates", "folder_copies")
        return {name: getattr(self, name) for name in names}


def build_identity(
    facts: TargetFacts,
    policy: Policy,
    *,
    cache: Path | None = None,
    gaps: Gaps | None = None,
    resolver: TargetResolver | None = None,
) -> Identity:
    """Resolve every name and say who takes what from the wrong place; linear in the number of statements.

    ``cache`` is a folder where names are cached: those of a target whose structure is the same are not resolved again.
    ``gaps`` takes what fails inside the kit, table by table; without it such a failure is raised.
    """
    gaps = gaps or NoGaps()
    with paused_collection():
        resolver = resolver or TargetResolver(facts)
        found = _find_names(resolver, find_stated(policy), cache, gaps)
        doubt = partial(doubt_decorated, found["paths"], resolver)
        found["paths"] = gaps.attempt("names", "decorated classes", doubt, lambda: found["paths"])
        copies = gaps.attempt("names", "duplicates", lambda: _find_copies(resolver), _find_no_copies)
        inheritance = gaps.attempt("names", "inheritance", lambda: read_inheritance(found["bases"]), _inherit_nothing)
        return Identity(**found, duplicates=copies[0], folder_copies=copies[1], inheritance=inheritance)


def build_empty_identity() -> Identity:
    """Return tables without rows: what is left where no name could be resolved."""
    duplicates, folder_copies = _find_no_copies()
    found = {name: tables.TABLES[name].empty() for name in NAMES}
    return Identity(**found, duplicates=duplicates, folder_copies=folder_copies, inheritance=_inherit_nothing())


def _find_names(
    resolver: TargetResolver, stated: frozenset[str], cache: Path | None, gaps: Gaps
) -> dict[str, pa.Table]:
    """Return the tables that are cached from run to run; what is not complete is not cached."""
    cached = gaps.attempt("names", "cached names", lambda: CachedNames(cache, resolver, stated), lambda: None)
    found = gaps.attempt("names", "cached names", cached.read, lambda: None) if cached else None
    if found is None:
        failures = len(gaps.rows)
        found = _resolve(resolver, stated, gaps)
        if cached and len(gaps.rows) == failures:
            gaps.attempt("names", "keeping names", partial(cached.write, found), lambda: None)
    return found


def _resolve(resolver: TargetResolver, stated: frozenset[str], gaps: Gaps) -> dict[str, pa.Table]:
    build = partial(build_resolution, resolver.facts, stated, gaps, resolver=resolver)
    resolution = gaps.attempt("names", "paths", build, lambda: None)
    if resolution is None:
        return {name: tables.TABLES[name].empty() for name in NAMES}
    bases = gaps.attempt(
        "names", "bases", lambda: find_inheritance(resolver.facts.definitions, resolution), _inherit_nothing
    )
    builders: dict[str, Callable[[], pa.Table]] = {
        "violations": lambda: build_violations(resolution, stated),
        "phantom_names": lambda: build_phantom_names(resolution),
        "conflicts": lambda: build_conflicts(resolution, bases),
        "bases": bases.build_table,
    }
    found = {name: gaps.attempt("names", name, build, tables.TABLES[name].empty) for name, build in builders.items()}
    return {"paths": resolution.paths, **found}


def _find_copies(resolver: TargetResolver) -> tuple[pa.Table, pa.Table]:
    facts = resolver.facts
    return build_duplicates(facts.files, facts.definitions, facts.methods, resolver.index)


def _find_no_copies() -> tuple[pa.Table, pa.Table]:
    return tables.DUPLICATES.empty(), tables.FOLDER_COPIES.empty()


def _inherit_nothing() -> Inheritance:
    return read_inheritance(tables.BASES.empty())
