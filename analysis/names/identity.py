"""Everything about names and classes, in one go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from analysis.executor import paused_collection
from analysis.names.canonical import find_stated
from analysis.names.conflicts import build_conflicts
from analysis.names.duplicates import build_duplicates
from analysis.names.evidence import FactTables
from analysis.names.inheritance import Inheritance, find_inheritance, read_inheritance
from analysis.names.kept_names import KeptNames
from analysis.names.module_index import ModuleIndex
from analysis.names.paths import build_resolution
from analysis.names.phantom_names import build_phantom_names
from analysis.names.violations import build_violations
from analysis.policy import Policy


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


def build_identity(facts: FactTables, policy: Policy, *, cache: Path | None = None) -> Identity:
    """Resolve every name and say who takes what from the wrong place; linear in the number of statements.

    ``cache`` is a folder where names are kept: those of a target whose structure is the same are not resolved again.
    """
    stated = find_stated(policy)
    kept = KeptNames(cache, facts, stated)
    with paused_collection():
        found = kept.read()
        if found is None:
            found = _resolve(facts, stated)
            kept.write(found)
        index = ModuleIndex(facts.modules)
        duplicates, folder_copies = build_duplicates(facts.files, facts.definitions, facts.methods, index)
        return Identity(
            **found, duplicates=duplicates, folder_copies=folder_copies, inheritance=read_inheritance(found["bases"])
        )


def _resolve(facts: FactTables, stated: frozenset[str]) -> dict[str, pa.Table]:
    resolution = build_resolution(facts, stated)
    inheritance = find_inheritance(facts.definitions, resolution)
    return {
        "paths": resolution.paths,
        "violations": build_violations(resolution, stated),
        "phantom_names": build_phantom_names(resolution),
        "conflicts": build_conflicts(resolution, inheritance),
        "bases": inheritance.build_table(),
    }
