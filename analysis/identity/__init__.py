"""Which name leads to which class, and which classes should be one."""

from __future__ import annotations

from analysis.identity.concepts import Concept, Member, build_concepts_frame, find_concepts
from analysis.identity.identity import Identity, build_identity
from analysis.identity.multiplicity import Multiplicity, build_multiplicity_frame, find_multiplicity

__all__ = [
    "Concept",
    "Identity",
    "Member",
    "Multiplicity",
    "build_concepts_frame",
    "build_identity",
    "build_multiplicity_frame",
    "find_concepts",
    "find_multiplicity",
]
