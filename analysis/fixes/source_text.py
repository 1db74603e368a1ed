"""The bytes of one file with its syntax tree, and where each node of the tree stands in the bytes."""

from __future__ import annotations

import ast
from bisect import bisect_right
from functools import cached_property

from analysis.facts.source import parse
from analysis.facts.source_tree import SourceTree

_BOM = b"\xef\xbb\xbf"
_DECORATED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class UnplacedError(ValueError):
    """A place of the syntax tree that is not found in the bytes, or a file without a tree; the text says which."""


class SourceText:
    """A parsed file: positions of the tree as offsets into its bytes, whatever its encoding and its line ends.

    The parser counts columns in UTF-8 of a line without its byte order mark; the file may be written otherwise.
    """

    def __init__(self, path: str, content: bytes) -> None:
        """Parse a file; raises ``UnplacedError`` where the running interpreter cannot."""
        parsed = parse(content)
        if parsed.tree is None or parsed.since:
            raise UnplacedError(f"{path} cannot be parsed: {parsed.reason}")
        self.path, self.content, self.tree = path, content, parsed.tree
        self.encoding = parsed.encoding

    @cached_property
    def newline(self) -> bytes:
        """The end of the file's first line, LF where it has none."""
        for line in self.content.splitlines(keepends=True)[:1]:
            if line.endswith(b"\r\n"):
                return b"\r\n"
            if line.endswith(b"\r"):
                return b"\r"
        return b"\n"

    @cached_property
    def blocks(self) -> dict[ast.stmt, list[ast.stmt]]:
        """For each statement the statements of the block in which it stands, itself included."""
        found: dict[ast.stmt, list[ast.stmt]] = {}
        for node in ast.walk(self.tree):
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list):
                    found.update((each, block) for each in block)
        return found

    def find_span(self, node: ast.expr | ast.stmt | ast.alias | ast.ExceptHandler) -> tuple[int, int]:
        """Return from where to where a node stands; of a definition with its decorators. Raises ``UnplacedError``."""
        line, column = node.lineno, node.col_offset
        if isinstance(node, _DECORATED) and node.decorator_list:
            first = node.decorator_list[0]
            start = self.content.rfind(b"@", 0, self.find_offset(first.lineno, first.col_offset))
        else:
            start = self.find_offset(line, column)
        if node.end_lineno is None or node.end_col_offset is None:
            raise UnplacedError(f"{self.path}:{line} has no end")
        return start, self.find_offset(node.end_lineno, node.end_col_offset)

    def cut(self, node: ast.expr | ast.stmt | ast.alias | ast.ExceptHandler) -> bytes:
        """Return the bytes of a node; raises ``UnplacedError``."""
        start, end = self.find_span(node)
        return self.content[start:end]

    def find_offset(self, line: int, column: int) -> int:
        """Return the offset of a line (from 1) and column (bytes of UTF-8, from 0); raises ``UnplacedError``."""
        if not 1 <= line <= len(self._starts):
            raise UnplacedError(f"{self.path} has no line {line}")
        start = self._starts[line - 1]
        if line == 1 and self.content.startswith(_BOM):
            start += len(_BOM)
        if self.encoding in ("utf-8", "utf-8-sig") or not column:
            return start + column
        raw = self.content[start : self._starts[line] if line < len(self._starts) else len(self.content)]
        try:
            before = raw.decode(self.encoding).encode()[:column].decode().encode(self.encoding)
        except ValueError:
            raise UnplacedError(f"{self.path}:{line} cannot be written in {self.encoding} as it was read") from None
        if not raw.startswith(before):  # encodings with a state write other bytes for a part of a line
            raise UnplacedError(f"{self.path}:{line} is written in other bytes than {self.encoding} writes")
        return start + len(before)

    def find_line_start(self, offset: int) -> int:
        """Return where the line of an offset begins, behind a byte order mark."""
        start = self._starts[bisect_right(self._starts, offset) - 1]
        return start + len(_BOM) if not start and self.content.startswith(_BOM) else start

    def find_line_end(self, offset: int) -> int:
        """Return where the line of an offset ends, before its line end."""
        index = bisect_right(self._starts, offset)
        end = self._starts[index] if index < len(self._starts) else len(self.content)
        for mark in (b"\n", b"\r"):
            if self.content[:end].endswith(mark, offset):
                end -= 1
        return end

    def find_next_line(self, offset: int) -> int:
        """Return where the line after that of an offset begins, or where the file ends."""
        index = bisect_right(self._starts, offset)
        return self._starts[index] if index < len(self._starts) else len(self.content)

    def encode(self, text: str) -> bytes:
        """Return a text as the file writes it: its encoding, its line ends; raises ``UnplacedError``."""
        try:
            return text.encode("utf-8" if self.encoding == "utf-8-sig" else self.encoding).replace(b"\n", self.newline)
        except UnicodeError:
            raise UnplacedError(f"{self.path} cannot hold {text!r} in {self.encoding}") from None

    @cached_property
    def _starts(self) -> list[int]:
        starts, position = [0], 0
        size = len(self.content)
        while position < size:
            feed, carriage = self.content.find(b"\n", position), self.content.find(b"\r", position)
            if feed < 0 and carriage < 0:
                break
            if carriage < 0 or 0 <= feed < carriage:
                position = feed + 1
            else:
                position = carriage + (2 if feed == carriage + 1 else 1)
            starts.append(position)
        return starts


def read_source(tree: SourceTree, path: str) -> SourceText:
    """Read and parse a file of a target; raises ``UnplacedError``, also where it cannot be read."""
    if is_beside(path):
        raise UnplacedError(f"{path} lies beside the target, where no fix changes anything")
    try:
        return SourceText(path, tree.read_bytes(path))
    except OSError as error:
        raise UnplacedError(f"{path} cannot be read: {error.strerror}") from None


def is_beside(path: str) -> bool:
    """Return whether a file is read for the imports of a target, and is none of its own."""
    return path.startswith("../")
