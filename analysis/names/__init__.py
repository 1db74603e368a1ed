"""Identity: import paths, routes, violations, conflicts, duplicates, concepts.

What answers with pandas frames is in ``frames``, ``answers``, ``families`` and ``side_by_side``: the gate needs none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "Concept": "concepts",
    "DuplicateName": "duplicate_names",
    "Identity": "identity",
    "Member": "concepts",
    "build_empty_identity": "identity",
    "build_identity": "identity",
    "find_concepts": "concepts",
    "find_duplicate_names": "duplicate_names",
}


def __getattr__(name: str) -> Any:
    """Import the parts on first use: one question about a snapshot needs few of them."""
    if name in _HOMES:
        return getattr(import_module(f"analysis.names.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
