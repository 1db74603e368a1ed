"""Identity: import paths, routes, violations, conflicts, duplicates, concepts.

What answers with pandas frames is in ``frames``, ``answers``, ``families`` and ``side_by_side``: the gate needs none.
"""

from __future__ import annotations

from analysis.names.concepts import Concept, Member, find_concepts
from analysis.names.duplicate_names import DuplicateName, find_duplicate_names
from analysis.names.identity import Identity, build_empty_identity, build_identity

__all__ = [
    "Concept",
    "DuplicateName",
    "Identity",
    "Member",
    "build_empty_identity",
    "build_identity",
    "find_concepts",
    "find_duplicate_names",
]
