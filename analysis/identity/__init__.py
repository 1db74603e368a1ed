"""Which name leads to which class, and which classes should be one."""

from __future__ import annotations

from analysis.identity.answers import (
    build_class_frame,
    count_violations,
    find_class_identities,
    find_instances_like_classes,
    find_paths,
)
from analysis.identity.concepts import Concept, Member, build_concepts_frame, find_concepts
from analysis.identity.families import build_members_frame, build_methods_frame, build_users_frame
from analysis.identity.identity import Identity, build_identity
from analysis.identity.multiplicity import Multiplicity, build_multiplicity_frame, find_multiplicity
from analysis.identity.side_by_side import build_side_by_side

__all__ = [
    "Concept",
    "Identity",
    "Member",
    "Multiplicity",
    "build_class_frame",
    "build_concepts_frame",
    "build_identity",
    "build_members_frame",
    "build_methods_frame",
    "build_multiplicity_frame",
    "build_side_by_side",
    "build_users_frame",
    "count_violations",
    "find_class_identities",
    "find_concepts",
    "find_instances_like_classes",
    "find_multiplicity",
    "find_paths",
]
