"""Source lines of a target, read to be shown as evidence. Each file is read once, however many lines are wanted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from analysis.facts.source import LARGEST_FILE_BYTES, detect_encoding
from analysis.facts.source_tree import SourceTree, read_if_any
from analysis.wording import make_harmless

LONGEST_SOURCE = 200


def read_source_lines(tree: SourceTree, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return the lines at some places (path relative to the root, line from 1), stripped and cut at 200 characters.

    Never raises: a place has no entry when its file is gone, is no regular file below the root, is too large, or
    is shorter. Bytes that its encoding does not know are replaced, control characters are written out.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for path, line in places:
        wanted[path].add(line)
    return {
        (path, line): text
        for path, lines in sorted(wanted.items())
        for line, text in _pick(read_if_any(tree, path, most_bytes=LARGEST_FILE_BYTES), lines).items()
    }


def _pick(source: bytes, lines: Iterable[int]) -> Mapping[int, str]:
    if not source:
        return {}
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    rows = source.split(b"\n")
    encoding = detect_encoding(b"\n".join(rows[:2]))[0]
    return {line: _show(rows[line - 1], encoding) for line in lines if 0 < line <= len(rows)}


def _show(line: bytes, encoding: str) -> str:
    try:
        text = line.decode(encoding, errors="replace")
    except (LookupError, ValueError):  # an encoding that is none for text, or that refuses everything
        text = line.decode("utf-8", errors="replace")
    return make_harmless(text.removeprefix("\ufeff").replace("\t", " ").strip()[:LONGEST_SOURCE])
