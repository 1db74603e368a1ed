"""What a kind of fix yields: an offer with its edits, or a refusal with its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from analysis.facts import overlaid_tree
from analysis.facts.source_tree import SourceTree

Changes = overlaid_tree.Changes


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Bytes ``start`` to ``end`` of a file become ``text``; an empty span inserts. Spans of one file never overlap."""

    path: str
    start: int
    end: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that a fix leaves alone and somebody should look at: a doctest, a page of documentation."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A patch the size of a commit.

    ``kind`` is the name of the kind of fix (``canonical-imports``), ``subject`` what it is about (a class, a module, a
    cycle), ``reason`` one or two sentences for the head of the patch, ``clears`` the fingerprints of the findings that
    it means to clear. ``new_files`` are files that it adds, ``renamed`` says to which module the code of
    others goes. A scaffold is a beginning that somebody has to complete.
    """

    kind: str
    subject: str
    title: str
    reason: str
    clears: tuple[str, ...]
    edits: tuple[Edit, ...]
    new_files: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    mentions: tuple[Mention, ...] = ()
    is_scaffold: bool = False
    renamed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no patch for something: ``path`` and ``line`` say where it stands."""

    kind: str
    subject: str
    path: str
    line: int
    reason: str
    clears: tuple[str, ...] = ()


class OverlapError(ValueError):
    """Two edits of one offer touch the same bytes, or a new file is there already."""


def read_changes(tree: SourceTree, edits: Iterable[Edit], new_files: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """Return what the files become, from what they are now; bytes outside the spans stay as they are.

    Raises ``OverlapError``, and ``OSError`` where a file cannot be read.
    """
    by_path: dict[str, list[Edit]] = defaultdict(list)
    for edit in edits:
        by_path[edit.path].append(edit)
    changes: dict[str, bytes | None] = {}
    for path, content in sorted(new_files.items()):
        if tree.has_file(path) or path in by_path:
            raise OverlapError(f"{path} is there already")
        changes[path] = content
    for path, wanted in sorted(by_path.items()):
        changes[path] = apply_edits(tree.read_bytes(path), wanted)
    return changes


def apply_edits(content: bytes, edits: Iterable[Edit]) -> bytes:
    """Return a file's bytes with the edits of that file made; raises ``OverlapError``."""
    parts: list[bytes] = []
    position = 0
    for edit in sorted(set(edits)):
        if not position <= edit.start <= edit.end <= len(content):
            raise OverlapError(f"{edit.path}: two edits touch byte {edit.start}")
        parts += [content[position : edit.start], edit.text]
        position = edit.end
    return b"".join([*parts, content[position:]])
