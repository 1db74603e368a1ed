"""Places where the source speaks of a single source of truth, or of deprecation."""

from __future__ import annotations

from analysis.facts.lines import find_words
from analysis.facts.rows import Row

_WORDS = ((b"ssot", "ssot"), (b"single source of truth", "ssot"), (b"deprecat", "deprecated"))
TEXT_LIMIT = 200


def find_markers(source: bytes, docstrings: list[tuple[int, int]], encoding: str) -> list[Row]:
    """Return rows of ``markers``: at most one per line and kind, in the order of the lines.

    ``source`` has LF line ends; ``docstrings`` are pairs of first and last line.
    """
    lowered = source.lower()
    if not any(word in lowered for word, _ in _WORDS):
        return []
    inside = {line for first, last in docstrings for line in range(first, last + 1)}
    found: dict[tuple[int, str], Row] = {}
    for word, kind in _WORDS:
        for line, offset in find_words(lowered, word):
            start, end = source.rfind(b"\n", 0, offset) + 1, source.find(b"\n", offset)
            raw = source[start : end if end >= 0 else len(source)]
            is_comment = b"#" in source[start:offset]
            place = "docstring" if line in inside else "comment" if is_comment else "code"
            text = raw.decode(encoding, "replace").strip()
            if is_comment and len(text) > TEXT_LIMIT:  # what a comment says counts, not how long the code before it is
                text = f"… {text[text.rfind('#', 0, text.lower().find(word.decode())) :]}"
            text = text[:TEXT_LIMIT]
            found.setdefault((line, kind), (line, kind, place, text))
    return [found[key] for key in sorted(found)]
