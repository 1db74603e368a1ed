"""Source lines around the places of findings, each line once, within a limit."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.report.escaping import plain
from analysis.why import open_sources

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Lines before and after a place; places of a finding that get them.
_AROUND = 3
_MOST_PLACES = 3
_LONGEST_LINE = 160
#: Of all lines together: beyond it places have their own line only.
MOST_CHARACTERS = 1_500_000


def build_excerpts(inv: Investigation, rows: Sequence[Mapping[str, Any]], most: int = MOST_CHARACTERS) -> str:
    """Return the lines as JSON, by path and line; it can stand in a script element, whatever the lines hold.

    A file that has changed since the snapshot, or is not there, gives nothing but the lines that are in the findings.
    """
    found: dict[str, dict[int, str]] = defaultdict(dict)
    sources, size = open_sources(inv), 0
    for place in (place for row in rows for place in row["evidence"]):
        lines = sources.read_all(place["path"])  # with the white space before it, which the finding does not keep
        source = lines[place["line"] - 1] if 0 < place["line"] <= len(lines) else place["source"]
        if source:
            found[place["path"]].setdefault(place["line"], _cut(source))
    for path, line in _find_places(rows):
        lines = sources.read_all(path)
        for number in range(max(1, line - _AROUND), min(len(lines), line + _AROUND) + 1):
            if size > most:
                break
            text = _cut(lines[number - 1])
            size += len(text)
            found[path][number] = text
    text = json.dumps({path: found[path] for path in sorted(found)}, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _find_places(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """Yield the first place of every finding, then the second ones, then the third ones: each once."""
    for number in range(_MOST_PLACES):
        chosen = (row["evidence"][number] for row in rows if len(row["evidence"]) > number)
        yield from dict.fromkeys((place["path"], place["line"]) for place in chosen)


def _cut(text: str) -> str:
    shown = plain(text.expandtabs(4).rstrip())
    return shown if len(shown) <= _LONGEST_LINE else f"{shown[: _LONGEST_LINE - 1]}…"
