"""Which name leads to which class, and which classes should be one.

What answers with pandas frames is in ``frames``, ``answers``, ``families`` and ``side_by_side``: the gate needs none.
"""

from __future__ import annotations

from analysis.names.concepts import Concept, Member, find_concepts
from analysis.names.identity import Identity, build_empty_identity, build_identity
from analysis.names.multiplicity import Multiplicity, find_multiplicity

__all__ = [
    "Concept",
    "Identity",
    "Member",
    "Multiplicity",
    "build_empty_identity",
    "build_identity",
    "find_concepts",
    "find_multiplicity",
]
