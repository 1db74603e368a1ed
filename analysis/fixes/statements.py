"""Statements as byte spans of their file: replace one, take it away, put one beside it, take names out of an import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analysis.fixes.offers import Edit
from analysis.fixes.source_text import SourceText, UnplacedError

_BLANK = rb"(?:[ \t\f]|\\(?:\r\n|\r|\n))"
_WORD = rb"[\w\x80-\xff]+"
_DOTS = re.compile(rb"from" + _BLANK + rb"*(?P<module>\.(?:" + _BLANK + rb"*\.)*)" + _BLANK + rb"*import\b")
_MODULE = re.compile(
    rb"from%b*(?P<module>(?:\.%b*)*%b(?:%b*\.%b*%b)*)%b*import\b"
    % (_BLANK, _BLANK, _WORD, _BLANK, _BLANK, _WORD, _BLANK)
)
_REST = re.compile(rb"[ \t\f]*(?P<comment>#[^\r\n]*)?(?=[\r\n]|\Z)")
_OWN_LINE = re.compile(rb"[ \t\f]*(?P<comma>,)?[ \t\f]*(?:#[^\r\n]*)?(?:[\r\n]|\Z)")
_COMMA = re.compile(rb"(?:[ \t\f\r\n\\]|#[^\r\n]*)*,[ \t\f]*")
_COMMENT_AFTER = re.compile(rb"[ \t\f]*(?P<comma>,)?[ \t\f]*(?P<comment>#[^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in the bytes of its file.

    ``start`` to ``end`` are its own bytes; ``line_end`` is where its last line ends, behind a comment that follows it.
    ``is_alone`` says that no other statement stands on its lines, ``is_only`` that its block has no other.
    """

    source: SourceText
    node: ast.stmt
    start: int
    end: int
    line_end: int
    indent: bytes
    comment: bytes
    is_alone: bool
    is_only: bool

    @property
    def text(self) -> bytes:
        """Its bytes."""
        return self.source.content[self.start : self.end]

    @property
    def line(self) -> int:
        """Its first line, from 1."""
        return self.node.lineno


def place_statement(source: SourceText, node: ast.stmt) -> Statement:
    """Return where a statement stands; raises ``UnplacedError``."""
    start, end = source.find_span(node)
    line_start = source.find_line_start(start)
    before = source.content[line_start:start]
    rest = _REST.match(source.content, end)
    continued = source.content[: max(line_start, 0)].rstrip(b"\r\n").endswith(b"\\") if line_start else False
    block = source.blocks.get(node, [node])
    return Statement(
        source, node, start, end, source.find_line_end(end), before if not before.strip() else b"",
        (rest["comment"] or b"") if rest else b"",
        is_alone=not before.strip() and rest is not None and not continued,
        is_only=len(block) == 1,
    )  # fmt: skip


def find_imports(source: SourceText) -> list[Statement]:
    """Return all import statements of a file in their order; raises ``UnplacedError``."""
    found = [node for node in source.blocks if isinstance(node, ast.Import | ast.ImportFrom)]
    return sorted((place_statement(source, node) for node in found), key=lambda each: each.start)


def find_module_span(statement: Statement) -> tuple[int, int]:
    """Return where ``from MODULE import`` has its module, dots included; raises ``UnplacedError``."""
    node = statement.node
    if not isinstance(node, ast.ImportFrom):
        raise UnplacedError(f"{statement.source.path}:{statement.line} is no from-import")
    pattern = _DOTS if node.module is None else _MODULE
    found = pattern.match(statement.source.content, statement.start, statement.end)
    if found is None:
        raise UnplacedError(f"{statement.source.path}:{statement.line}: the module is not found in the text")
    return found.span("module")


def replace_statement(statement: Statement, text: str) -> Edit:
    """Return the edit that puts a text in place of a statement; lines after the first get its indentation."""
    return Edit(statement.source.path, statement.start, statement.end, _indented(statement, text))


def redirect_definition(
    source: SourceText, node: ast.stmt, name: str, module: str, there: str = "", *, is_declared: bool = False
) -> Edit:
    """Return the edit by which a class or function of a file becomes an import from a module, where it stood.

    ``there`` is its name in that module, if it is another one. ``is_declared``: ``import X as X`` says that the name
    is for others.
    """
    bound = f"{there or name} as {name}" if is_declared or (there and there != name) else name
    return replace_statement(place_statement(source, node), f"from {module} import {bound}")


def remove_statement(statement: Statement) -> Edit:
    """Return the edit that takes a statement away: with its lines and its comment where no other stands on them.

    ``pass`` takes the place of the only statement of a block, and of one that shares its line.
    """
    if statement.is_only or not statement.is_alone:
        return replace_statement(statement, "pass")
    source = statement.source
    begin = source.find_line_start(statement.start)
    return Edit(source.path, begin, source.find_next_line(statement.end), b"")


def insert_after(statement: Statement, text: str) -> Edit:
    """Return the edit that puts statements behind one, on lines of their own where it has its lines for itself."""
    source = statement.source
    if not statement.is_alone:
        if "\n" in text:
            raise UnplacedError(f"{source.path}:{statement.line} shares its line with another statement")
        return Edit(source.path, statement.end, statement.end, source.encode(f"; {text}"))
    inserted = source.newline + statement.indent + _indented(statement, text)
    return Edit(source.path, statement.line_end, statement.line_end, inserted)


def insert_before(statement: Statement, text: str) -> Edit:
    """Return the edit that puts statements before one, on lines of their own where it has its lines for itself."""
    source = statement.source
    if not statement.is_alone:
        if "\n" in text:
            raise UnplacedError(f"{source.path}:{statement.line} shares its line with another statement")
        return Edit(source.path, statement.start, statement.start, source.encode(f"{text}; "))
    inserted = _indented(statement, text) + source.newline + statement.indent
    return Edit(source.path, statement.start, statement.start, inserted)


def remove_names(statement: Statement, removed: Iterable[ast.alias]) -> Iterator[Edit]:
    """Yield the edits that take some names, not all, out of an import; comments of the others stay.

    A comment behind a name that has a line for itself goes with it: ``find_comment`` returns it. Raises
    ``UnplacedError`` where all names would go, or a comment with no name of its own.
    """
    source, aliases = statement.source, _list_aliases(statement)
    gone = set(removed)
    if gone.issuperset(aliases) or not gone.issubset(aliases):
        raise UnplacedError(f"{source.path}:{statement.line}: some names have to stay")
    last_kept = max(index for index, alias in enumerate(aliases) if alias not in gone)
    tail_start = source.find_span(aliases[last_kept])[1]
    tail_end = source.find_span(aliases[-1])[1]
    after = _COMMENT_AFTER.match(source.content, tail_end, statement.end)
    is_one = b"#" not in source.content[tail_start:tail_end] and after is None
    if is_one and tail_start < tail_end:
        yield Edit(source.path, tail_start, tail_end, b"")
    for alias in aliases[: last_kept if is_one else len(aliases)]:
        if alias in gone:
            yield Edit(source.path, *_find_name_span(statement, alias), b"")


def find_comment(statement: Statement, alias: ast.alias) -> bytes:
    """Return the comment behind a name on a line of its own, within the statement; empty without one."""
    source = statement.source
    start, end = source.find_span(alias)
    found = _COMMENT_AFTER.match(source.content, end, statement.end)
    if found is None or source.content[source.find_line_start(start) : start].strip(b" \t\f"):
        return b""
    return found["comment"].rstrip()


def _find_name_span(statement: Statement, alias: ast.alias) -> tuple[int, int]:
    """Return what goes with a name: its comma and the space behind it; its whole line where it has one for itself."""
    source = statement.source
    start, end = source.find_span(alias)
    line_start = source.find_line_start(start)
    comma = _COMMA.match(source.content, end, statement.end)
    if line_start > statement.start and not source.content[line_start:start].strip(b" \t\f"):
        own = _OWN_LINE.match(source.content, end)
        if own is not None and (own["comma"] or comma is None):
            return line_start, source.find_next_line(end)
    stop = comma.end() if comma else end
    if b"#" in source.content[end:stop]:
        raise UnplacedError(f"{source.path}:{statement.line}: a comment stands between a name and its comma")
    return start, stop


def _list_aliases(statement: Statement) -> list[ast.alias]:
    if not isinstance(statement.node, ast.Import | ast.ImportFrom):
        raise UnplacedError(f"{statement.source.path}:{statement.line} is no import")
    return statement.node.names


def _indented(statement: Statement, text: str) -> bytes:
    encoded = statement.source.encode(text)
    newline = statement.source.newline
    inside = encoded.replace(newline, newline + statement.indent)
    return inside.replace(newline + statement.indent + newline, newline + newline)  # no line of spaces alone
