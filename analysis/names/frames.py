"""Concepts and repeated class names as pandas frames, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from analysis.names.concepts import Concept
from analysis.names.duplicate_names import DuplicateName
from analysis.tables.frames import build_frame

DUPLICATE_NAME_COLUMNS = ("name", "definitions", "nested", "fallbacks", "local_definitions", "modules", "places")
CONCEPT_COLUMNS = (
    "concept", "classes", "definitions", "names", "modules", "places", "max_classes", "canonical", "is_policy",
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd


def build_duplicate_names_frame(found: Iterable[DuplicateName]) -> pd.DataFrame:
    """Return one row per class name: the fields of ``DuplicateName`` as columns.

    Modules and places (``path:line``) are lists.
    """
    rows = [
        (item.name, item.definitions, item.nested, item.fallbacks, item.local_definitions,
         list(item.modules), [f"{path}:{line}" for path, line in item.places])
        for item in found
    ]  # fmt: skip
    return build_frame(rows, DUPLICATE_NAME_COLUMNS)


def build_concepts_frame(concepts: Iterable[Concept]) -> pd.DataFrame:
    """Return one row per concept.

    Columns: concept, classes (implementations), definitions (all members), names (distinct class names),
    modules and places (``path:line``) of the members as lists, max_classes (0: none), canonical, is_policy.
    """
    rows = [
        (
            concept.name,
            concept.classes,
            len(concept.members),
            sorted({member.name for member in concept.members}),
            sorted({member.definition.partition(":")[0] for member in concept.members}),
            [f"{member.path}:{member.line}" for member in concept.members],
            concept.max_classes,
            concept.canonical,
            concept.is_policy,
        )
        for concept in concepts
    ]
    return build_frame(rows, CONCEPT_COLUMNS)
