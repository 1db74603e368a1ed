"""The statements of a block as they stand one level further out."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from analysis.fixes.source_text import SourceText, UnplacedError
from analysis.fixes.statements import place_statement


def lift_block(source: SourceText, block: Sequence[ast.stmt], indent: bytes) -> bytes:
    """Return the text of a block, with its comments, indented otherwise; without a line end.

    The first line has no indentation: it stands where the statement stood that had the block. What is inside of a text
    over several lines stays as it is. Raises ``UnplacedError``.
    """
    first, last = place_statement(source, block[0]), place_statement(source, block[-1])
    if not first.is_alone and source.content[source.find_line_start(first.start) : first.start].strip():
        return source.content[first.start : last.line_end]  # on the line of its header: ``try: import a``
    if source.newline == b"\r":
        raise UnplacedError(f"{source.path} ends its lines by carriage returns alone")
    start = _find_comments_above(source, source.find_line_start(first.start))
    own = first.indent
    kept = {line for node in block for line in _list_lines_in_texts(node)}
    number = first.line - source.content[start : source.find_line_start(first.start)].count(b"\n")
    lines = []
    for offset, line in enumerate(source.content[start : last.line_end].split(b"\n")):
        is_kept = number + offset in kept or not line.startswith(own)
        lines.append(line if is_kept else indent + line[len(own) :])
    return b"\n".join(lines).removeprefix(indent)


def _find_comments_above(source: SourceText, start: int) -> int:
    """Return where the comments begin that stand right above a line."""
    while start:
        above = source.find_line_start(start - 1)
        if not source.content[above:start].strip().startswith(b"#"):
            return start
        start = above
    return start


def _list_lines_in_texts(node: ast.AST) -> set[int]:
    """Return the lines that begin inside of a text."""
    texts = (each for each in ast.walk(node) if isinstance(each, ast.Constant | ast.JoinedStr))
    return {line for each in texts for line in range(each.lineno + 1, (each.end_lineno or each.lineno) + 1)}
