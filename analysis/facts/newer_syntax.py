"""Syntax of later versions of Python, written with what the running interpreter knows; lines stay where they are.

Only for files that ``ast.parse`` refuses. What later versions added is replaced in the text, the text is parsed, and
what was replaced is noted at the nodes as those versions do: type parameters, type aliases, lazy imports. So names,
imports and what runs are known of these files as of all others.
"""

from __future__ import annotations

import ast
import keyword
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.facts.newer_nodes import Marks, note_marks
from analysis.facts.tokens import END, SIGN, TEXT, WORD, NoTokensError, Token, scan_tokens

#: The version of Python that each addition came with.
GENERICS, DEFAULTS, FORMATTED = (3, 12), (3, 13), (3, 12)
TEMPLATES, BARE_EXCEPT = (3, 14), (3, 14)
LAZY, UNPACKING = (3, 15), (3, 15)
_MOST_TOKENS = 3_000_000
_STARTS = frozenset({"\n", ";", ":"})
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Lowered:
    """A syntax tree, and the first version of Python that has such a file."""

    tree: ast.Module
    since: tuple[int, int]


@dataclass(slots=True)
class _Text:
    """A text with its changes: (start, end, replacement) in order, and what they mean for the node at a place."""

    text: str
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    marks: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)
    since: tuple[int, int] = (3, 0)

    def replace(self, start: int, end: int, replacement: str, since: tuple[int, int]) -> None:
        self.edits.append((start, end, replacement))
        self.since = max(self.since, since)

    def blank(self, start: int, end: int, since: tuple[int, int]) -> None:
        """Take something out of a logical line, which goes on over as many lines."""
        self.replace(start, end, "\\\n" * self.text.count("\n", start, end) or " ", since)


def parse_newer(text: str) -> Lowered | None:
    """Return the tree of a text that a later version of Python takes; None where no known version does.

    ``text`` has LF line ends. Raises ``RecursionError`` and ``MemoryError`` where its parser does.
    """
    try:
        found = _lower(text, 0)
        lowered, places = _apply(found)
        tree = _parse(lowered)
    except (SyntaxError, ValueError):
        return None
    note_marks(tree, lowered, places)
    return Lowered(tree, found.since) if found.edits else None


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _lower(text: str, nested: int) -> _Text:
    """Return the changes to a text, or to an expression inside a formatted literal."""
    found, tokens = _Text(text), []
    for token in scan_tokens(text, nested=nested):
        tokens.append(token)
        if len(tokens) > _MOST_TOKENS:
            raise NoTokensError("too many tokens")
    closing = _pair(tokens)
    for number, token in enumerate(tokens):
        if token.kind == TEXT and {"f", "t"} & set(token.prefix):
            _lower_literal(found, token, nested)
        elif token.kind == WORD and (not number or tokens[number - 1].text in _STARTS):
            _lower_statement(found, tokens, number, closing)
        elif token.kind == SIGN and token.text == "*" and number and tokens[number - 1].text in _OPENING:
            _lower_unpacking(found, tokens, number, closing)
    found.edits.sort()
    return found


def _pair(tokens: Sequence[Token]) -> dict[int, int]:
    """Return the number of the token that closes each opening bracket."""
    waiting: list[int] = []
    closing: dict[int, int] = {}
    for number, token in enumerate(tokens):
        if token.kind == SIGN and token.text in _OPENING:
            waiting.append(number)
        elif token.kind == SIGN and token.text in _CLOSING and waiting:
            closing[waiting.pop()] = number
    return closing


def _lower_literal(found: _Text, token: Token, nested: int) -> None:
    """Replace a formatted literal that the running interpreter does not take; its expressions must be valid."""
    is_template = "t" in token.prefix
    if not is_template and _is_expression(token.text):
        return
    for start, end in token.inner:
        inner = _lower(found.text[start:end], nested + 1)
        if not _is_expression(_apply(inner)[0]):
            raise SyntaxError("no expression inside a formatted literal")
        found.since = max(found.since, inner.since)
    lines = token.text.count("\n")
    shown = 'f"""{0}' + "\n" * lines + '"""'
    found.replace(token.start, token.end, shown, TEMPLATES if is_template else FORMATTED)


def _is_expression(text: str) -> bool:
    try:
        _parse(f"({text}\n)")
    except (SyntaxError, ValueError):
        return False
    return True


def _lower_statement(found: _Text, tokens: Sequence[Token], number: int, closing: dict[int, int]) -> None:
    token = tokens[number]
    following = tokens[number + 1] if number + 1 < len(tokens) else token
    if token.text in {"class", "def"}:
        _lower_parameters(found, tokens, number, closing)
    elif token.text == "async" and following.text == "def":
        _lower_parameters(found, tokens, number + 1, closing)
    elif token.text == "except":
        _lower_except(found, tokens, number)
    elif token.text == "type" and following.text.isidentifier() and not keyword.iskeyword(following.text):
        _lower_alias(found, tokens, number, closing)
    elif token.text == "lazy" and following.text in {"import", "from"}:
        found.replace(token.start, following.end, following.text, LAZY)
        found.marks.append((token.start, "lazy", ()))


def _lower_alias(found: _Text, tokens: Sequence[Token], number: int, closing: dict[int, int]) -> None:
    """``type X[T] = value`` is an assignment whose value is not evaluated now."""
    start, name, after = tokens[number], tokens[number + 1], number + 2
    if after < len(tokens) and tokens[after].text == "[" and after in closing:
        _read_parameters(found, tokens, after, closing[after])
        found.blank(tokens[after].start, tokens[closing[after]].end, GENERICS)
        after = closing[after] + 1
    if after < len(tokens) and tokens[after].text == "=":
        found.replace(start.start, name.start, "", GENERICS)
        found.marks.append((start.start, "alias", (name.text,)))


def _lower_parameters(found: _Text, tokens: Sequence[Token], number: int, closing: dict[int, int]) -> None:
    """``class A[T](B)`` and ``def f[T]()``."""
    opening = number + 2
    if opening not in closing or tokens[opening].text != "[" or tokens[number + 1].kind != WORD:
        return
    names = _read_parameters(found, tokens, opening, closing[opening])
    found.blank(tokens[opening].start, tokens[closing[opening]].end, GENERICS)
    first = tokens[number - 1] if number and tokens[number - 1].text == "async" else tokens[number]
    found.marks.append((first.start, "parameters", names))


def _read_parameters(found: _Text, tokens: Sequence[Token], opening: int, end: int) -> tuple[str, ...]:
    """Return the names of the type parameters between two brackets; ``SyntaxError`` where they are none."""
    depth = tokens[opening].depth + 1
    parts: list[list[Token]] = [[]]
    for token in tokens[opening + 1 : end]:
        if token.depth == depth and token.text == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    names = tuple(_read_parameter(found, part, depth) for part in (parts if parts[-1] else parts[:-1]))
    if not names:
        raise SyntaxError("no type parameters")
    return names


def _read_parameter(found: _Text, part: Sequence[Token], depth: int) -> str:
    """Return the name of one type parameter; its bound and default must be expressions."""
    named = [token for token in part if token.text != "*"][:1]
    if not named or not named[0].text.isidentifier() or keyword.iskeyword(named[0].text):
        raise SyntaxError("no type parameter")
    signs = [token for token in part if token.depth == depth and token.text in {":", "="}]
    if any(token.text == "=" for token in signs):
        found.since = max(found.since, DEFAULTS)
    ends = [*(token.start for token in signs[1:]), part[-1].end]
    for sign, end in zip(signs, ends, strict=False):
        if not _is_expression(f"[{found.text[sign.end : end]}\n]"):
            raise SyntaxError("no expression in a type parameter")
    return named[0].text


def _lower_except(found: _Text, tokens: Sequence[Token], number: int) -> None:
    """``except A, B:`` without parentheses; with ``as`` they must be there."""
    first = number + 2 if tokens[number + 1 : number + 2] and tokens[number + 1].text == "*" else number + 1
    has_comma = False
    for place in range(first, len(tokens)):
        token = tokens[place]
        if token.depth == tokens[number].depth and token.kind == SIGN and token.text == ":":
            if has_comma:
                found.replace(tokens[first].start, tokens[first].start, "(", BARE_EXCEPT)
                found.replace(token.start, token.start, ")", BARE_EXCEPT)
            return
        if token.kind == END or (token.kind == WORD and token.text == "as" and not token.depth):
            return
        has_comma = has_comma or (token.depth == tokens[number].depth and token.text == ",")


def _lower_unpacking(found: _Text, tokens: Sequence[Token], number: int, closing: dict[int, int]) -> None:
    """``[*each for each in many]`` and ``{**each for ...}``: unpacking in a comprehension."""
    end, depth = closing.get(number - 1, 0), tokens[number].depth
    for token in tokens[number + 1 : end]:
        if token.depth == depth and token.text == ",":
            return
        if token.depth == depth and token.kind == WORD and token.text == "for":
            stars = 2 if tokens[number + 1].text == "*" else 1
            found.replace(tokens[number].start, tokens[number + stars - 1].end, " ", UNPACKING)
            return


# From places in the text to nodes


def _apply(found: _Text) -> tuple[str, Marks]:
    """Return the changed text, and what the marks say by their places in it."""
    pieces, done, shift = [], 0, 0
    marks = sorted(found.marks)
    moved: Marks = {}
    waiting = iter([*marks, (len(found.text) + 1, "", ())])
    mark = next(waiting)
    for start, end, replacement in found.edits:
        if start < done:
            raise NoTokensError("changes inside of changes")
        while mark[0] <= start:
            moved.setdefault(mark[0] + shift, []).append(mark[1:])
            mark = next(waiting)
        pieces += [found.text[done:start], replacement]
        shift += len(replacement) - (end - start)
        done = end
    pieces.append(found.text[done:])
    return "".join(pieces), moved
