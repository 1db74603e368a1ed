"""Places where the source mentions a single source of truth or deprecation."""

from __future__ import annotations

import re
import sys
import tokenize
from collections.abc import Iterator

from analysis.facts.lines import find_lines
from analysis.facts.rows import Row
from analysis.facts.source import decode

_WORDS = (b"ssot", b"single source of truth", b"deprecat")
_MENTION = re.compile(r"ssot|single source of truth|(deprecat)", re.IGNORECASE | re.ASCII)
#: Comments, and what may hold a ``#`` that is none: texts, of which the longest quotes come first.
_TOKEN = re.compile(
    r"(#[^\n]*+)"
    r'|"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'(?:[^'\\\n]|\\.)*+'",
    re.DOTALL,
)
#: Before 3.12, where also no text has a quote of its own kind inside.
_IS_TOKENIZER_SLOW = bool(sys.version_info < (3, 12))
TEXT_LIMIT = 200


def find_markers(source: bytes, docstrings: list[tuple[int, int]], encoding: str) -> list[Row]:
    """Return rows of ``markers``: at most one per line and kind, in the order of the lines.

    ``source`` has LF line ends and can be parsed; ``docstrings`` are pairs of first and last line. Only what stands in
    a comment for Python is called one: a ``#`` in a text is none.
    """
    lowered = source.lower()
    if not any(word in lowered for word in _WORDS):
        return []
    text = decode(source, encoding)
    lines = text.split("\n")
    mentions = list(_find_mentions(lines, find_lines(lowered, _WORDS)))
    is_comment_possible = any("#" in lines[number - 1] for number, *_ in mentions)
    comments = dict(_find_comments(text, lines)) if is_comment_possible else {}
    inside = {line for first, last in docstrings for line in range(first, last + 1)}
    found: dict[tuple[int, str], Row] = {}
    for number, column, kind in mentions:
        line, start = lines[number - 1], comments.get(number, -1)
        known = found.get((number, kind))
        if 0 <= start <= column:  # what a comment says counts, not what a text on its line says too
            if known is None or known[2] != "comment":
                found[number, kind] = (number, kind, "comment", _show_comment(line, start, column))
        elif known is None:
            place = "docstring" if number in inside else "code"
            found[number, kind] = (number, kind, place, line.strip()[:TEXT_LIMIT])
    return [found[key] for key in sorted(found)]


def _find_mentions(lines: list[str], numbers: list[int]) -> Iterator[tuple[int, int, str]]:
    """Yield line, column and kind of every mention in some lines."""
    for number in numbers:
        for found in _MENTION.finditer(lines[number - 1]):
            yield number, found.start(), "deprecated" if found[1] else "ssot"


def _find_comments(text: str, lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield line and column of every comment."""
    if _IS_TOKENIZER_SLOW:
        line, start = 1, 0
        for found in _TOKEN.finditer(text):
            if found[1]:
                line += text.count("\n", start, found.start())
                start = found.start()
                yield line, start - text.rfind("\n", 0, start) - 1
        return
    waiting = iter(lines)
    try:
        for token in tokenize.generate_tokens(lambda: next(waiting) + "\n"):
            if token.type == tokenize.COMMENT:
                yield token.start
    except (tokenize.TokenError, SyntaxError, StopIteration):
        return


def _show_comment(line: str, start: int, mention: int) -> str:
    """Return a line with a comment so that its first ``#`` is a comment, and what is mentioned is in the text."""
    code, comment = line[:start].strip(), line[start:].strip()
    if "#" not in code and len(line.strip()) <= TEXT_LIMIT:
        return line.strip()
    if len(comment) > TEXT_LIMIT:
        nearest = line.rfind("#", start, mention)
        comment = line[nearest:].strip() if nearest == start or code else f"# … {line[nearest:].strip()}"
    return (f"… {comment}" if code else comment)[:TEXT_LIMIT]
