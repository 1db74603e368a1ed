"""Names that an import statement takes from another module than before: the name that each binds stays."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from analysis.facts.absolute import absolute_name
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import UnplacedError
from analysis.fixes.statements import Statement, find_comment, find_module_span, insert_after, remove_names

#: A new statement that is longer than this is put in parentheses.
_LONGEST_LINE = 100
#: Comments that speak to tools about the whole statement, and so about what is split from it.
_FOR_TOOLS = re.compile(rb"#\s*(?:noqa|type:|pylint:|isort:|pragma|ruff:|flake8:|pyright:|mypy:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Move:
    """One name of a from-import: the module to take it from, as it must be written, and its name there."""

    alias: ast.alias
    module: str
    name: str

    @property
    def written(self) -> str:
        """The name as an import statement takes it: what it binds stays, and so does a redundant ``as``."""
        bound = self.alias.asname or self.alias.name
        return self.name if bound == self.name and not self.alias.asname else f"{self.name} as {bound}"


def write_module(package: str, level: int, module: str) -> str:
    """Return a module as a statement names it: with dots where it was relative, if the package allows that.

    ``package`` is where the relative imports of the file start, ``level`` the number of dots that it has now.

    >>> write_module("a.b", 1, "a.b.c"), write_module("a.b", 2, "a.x"), write_module("a.b", 1, "z.y")
    ('.c', '..x', 'z.y')
    >>> write_module("a.b", 1, "a.b"), write_module("a.b", 0, "a.b.c"), write_module("a.b", 1, "a")
    ('.', 'a.b.c', '..')
    """
    own, parts = package.split(".") if package else [], module.split(".")
    common = 0
    while common < min(len(own), len(parts)) and own[common] == parts[common]:
        common += 1
    if not level or not common:
        return module
    return "." * (len(own) - common + 1) + ".".join(parts[common:])


def move_names(statement: Statement, moves: Sequence[Move]) -> list[Edit]:
    """Return the edits that make a from-import take some of its names elsewhere; raises ``UnplacedError``.

    Where all names go to one module, the statement only names another module; else what moves gets a statement of
    its own behind it, with the comments that it had.
    """
    node = statement.node
    if not isinstance(node, ast.ImportFrom):
        raise UnplacedError(f"{statement.source.path}:{statement.line} is no from-import")
    groups: dict[str, list[Move]] = defaultdict(list)
    for move in moves:
        groups[move.module].append(move)
    edits: list[Edit] = []
    if len(moves) == len(node.names):
        staying = moves[0].module
        edits.append(Edit(statement.source.path, *find_module_span(statement), statement.source.encode(staying)))
        edits += _rename(statement, groups.pop(staying))
    if groups:
        gone = [move.alias for group in groups.values() for move in group]
        edits += remove_names(statement, gone)
        edits.append(_write_behind(statement, groups))
    return edits


def _rename(statement: Statement, moves: Iterable[Move]) -> Iterator[Edit]:
    for move in moves:
        if move.name != move.alias.name:
            written = statement.source.encode(move.written)
            yield Edit(statement.source.path, *statement.source.find_span(move.alias), written)


def _write_behind(statement: Statement, groups: dict[str, list[Move]]) -> Edit:
    """Return the edit that puts a statement for each module behind the one that had the names."""
    own = statement.comment if _FOR_TOOLS.match(statement.comment) else b""
    lines = []
    for module, moves in groups.items():
        plain = [move.written for move in moves if not find_comment(statement, move.alias)]
        if plain:
            lines.append(write_statement(module, plain, _decode(statement, own)))
        for move in moves:
            comment = find_comment(statement, move.alias)
            if comment:
                lines.append(write_statement(module, [move.written], _decode(statement, comment)))
    if not statement.is_alone and any("#" in line or "\n" in line for line in lines):
        raise UnplacedError(f"{statement.source.path}:{statement.line} shares its line with another statement")
    return insert_after(statement, ("\n" if statement.is_alone else "; ").join(lines))


def write_statement(module: str, names: Sequence[str], comment: str) -> str:
    """Return a from-import of names as written, ``X as Y`` included; in parentheses where it would be long."""
    line = f"from {module} import {', '.join(names)}" + (f"  {comment}" if comment else "")
    if len(line) <= _LONGEST_LINE or len(names) == 1:
        return line
    listed = "".join(f"    {name},\n" for name in names)
    return f"from {module} import ({f'  {comment}' if comment else ''}\n{listed})"


def _decode(statement: Statement, comment: bytes) -> str:
    return comment.decode(statement.source.encoding)


def find_taken_module(statement: Statement, package: str) -> str:
    """Return the absolute name of the module from which a from-import takes its names; empty beyond the top."""
    node = statement.node
    return absolute_name(package, node.level, node.module or "") if isinstance(node, ast.ImportFrom) else ""
