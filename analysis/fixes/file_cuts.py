"""What a cut does to one file: the imports that it removes, and the edits that do so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from analysis.fixes.offers import Edit


class CutImport(NamedTuple):
    """One import that a cut removes: who imports what by which statement."""

    importer: str
    imported: str
    path: str
    line: int


class FileCut(NamedTuple):
    """What a cut does to one file: its imports, of a cycle with some ``modules``."""

    importer: str
    path: str
    modules: tuple[str, ...]
    cut: tuple[CutImport, ...]


@dataclass(frozen=True)
class CutEdits:
    """What one way makes of a file, and what it says of it.

    ``is_hidden``: functions go on to import the module, so that the cycle is one of deferred imports then.
    ``is_loaded``: the module is still loaded by the file.
    """

    edits: Sequence[Edit]
    said: Sequence[str]
    new_files: Mapping[str, bytes] = field(default_factory=dict)
    is_hidden: bool = False
    is_loaded: bool = False
