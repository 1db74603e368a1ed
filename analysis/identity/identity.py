"""Everything about names and classes, in one go."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from analysis.engine import paused_collection
from analysis.identity.canonical import find_stated
from analysis.identity.conflicts import build_conflicts
from analysis.identity.duplicates import build_duplicates
from analysis.identity.evidence import FactTables
from analysis.identity.inheritance import Inheritance
from analysis.identity.paths import Resolution, build_resolution
from analysis.identity.phantom_names import build_phantom_names
from analysis.identity.violations import build_violations
from analysis.policy import Policy


@dataclass(frozen=True, slots=True)
class Identity:
    """Tables with the schemas of ``analysis.tables``, and what answers further questions."""

    paths: pa.Table
    violations: pa.Table
    phantom_names: pa.Table
    conflicts: pa.Table
    bases: pa.Table
    duplicates: pa.Table
    folder_copies: pa.Table
    resolution: Resolution
    inheritance: Inheritance

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The tables by the name that a snapshot gives them."""
        names = ("paths", "violations", "phantom_names", "conflicts", "bases", "duplicates", "folder_copies")
        return {name: getattr(self, name) for name in names}


def build_identity(facts: FactTables, policy: Policy) -> Identity:
    """Resolve every name and say who takes what from the wrong place; linear in the number of statements."""
    stated = find_stated(policy)
    with paused_collection():
        resolution = build_resolution(facts, stated)
        inheritance = Inheritance(facts.definitions, resolution)
        duplicates, folder_copies = build_duplicates(facts.files, facts.definitions, facts.methods, resolution.index)
        return Identity(
            paths=resolution.paths,
            violations=build_violations(resolution, stated),
            phantom_names=build_phantom_names(resolution),
            conflicts=build_conflicts(resolution, inheritance),
            bases=inheritance.build_table(),
            duplicates=duplicates,
            folder_copies=folder_copies,
            resolution=resolution,
            inheritance=inheritance,
        )
