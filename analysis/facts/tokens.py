"""Tokens of Python of any version, for text that the running interpreter's own tokenizer may refuse.

Only what is needed to see where statements begin and texts end: words, string literals (with the expressions inside
formatted ones, nested to any quotes), single characters, and the ends of logical lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

WORD, TEXT, SIGN, END = "word", "text", "sign", "end"
_PREFIXES = frozenset({"r", "u", "b", "br", "rb", "ur", "f", "fr", "rf", "t", "tr", "rt"})
_SKIPPED = re.compile(r"(?:[ \t\f]|\\\n|#[^\n]*)*+")
_WORD = re.compile(r"\w++")
_QUOTE = re.compile(r"'''|\"\"\"|'|\"")
_REST = {
    "'": re.compile(r"(?:[^'\\\n]|\\.)*+'", re.DOTALL),
    '"': re.compile(r'(?:[^"\\\n]|\\.)*+"', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]|\\.|'(?!''))*+'''", re.DOTALL),
    '"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*+"""', re.DOTALL),
}
_PLAIN = r"\\[^{}]|\{\{|\}\}"
_STOP = {quote: re.compile(rf"(\\N\{{[^}}\n]*\}}|{_PLAIN})|[{{}}\n]|{quote}", re.DOTALL) for quote in _REST}
_RAW_STOP = {quote: re.compile(rf"({_PLAIN})|[{{}}\n]|{quote}", re.DOTALL) for quote in _REST}
_CONVERSION = re.compile(r"[rsa]\s*([}:])")
_SPEC_STOP = re.compile(r"[{}]")
#: Deeper formatted literals inside each other are taken for no Python.
_DEEPEST = 40


class NoTokensError(ValueError):
    """A text ends inside a literal, or is nested too deeply."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``depth`` counts the brackets around it, ``inner`` are the expressions of a formatted literal."""

    kind: str
    text: str
    start: int
    end: int
    depth: int
    inner: tuple[tuple[int, int], ...] = ()

    @property
    def prefix(self) -> str:
        """The letters before the quotes of a literal, in lower case."""
        return self.text[: len(self.text) - len(self.text.lstrip("bBfFrRtTuU"))].lower()


def scan_tokens(text: str, start: int = 0, *, nested: int = 0) -> Iterator[Token]:
    """Yield the tokens of a text from a place on; line ends are LF. Raises ``NoTokensError``.

    Inside a formatted literal (``nested``) there are no ends of lines.
    """
    if nested > _DEEPEST:
        raise NoTokensError("formatted literals are nested too deeply")
    depth, place = 0, start
    while True:
        place = _skip(text, place)
        if place >= len(text):
            return
        letter = text[place]
        if letter == "\n":
            place += 1
            if not depth and not nested:
                yield Token(END, "\n", place - 1, place, 0)
            continue
        token = _read(text, place, depth, nested)
        if letter in ")]}":
            depth = max(0, depth - 1)
            token = Token(SIGN, letter, place, place + 1, depth)
        yield token
        depth += letter in "([{" and token.kind == SIGN
        place = token.end


def _skip(text: str, place: int) -> int:
    found = _SKIPPED.match(text, place)
    return found.end() if found else place


def _read(text: str, start: int, depth: int, nested: int) -> Token:
    """Return the token at a place that is neither blank nor the end of a line."""
    word = _WORD.match(text, start)
    place = word.end() if word else start
    quote = _QUOTE.match(text, place)
    prefix = word[0].lower() if word else ""
    if quote and (not word or prefix in _PREFIXES):
        if "f" in prefix or "t" in prefix:
            end, inner = _find_formatted_end(text, quote.end(), quote[0], "r" in prefix, nested)
            return Token(TEXT, text[start:end], start, end, depth, inner)
        rest = _REST[quote[0]].match(text, quote.end())
        if rest is None:
            raise NoTokensError("a literal has no end")
        return Token(TEXT, text[start : rest.end()], start, rest.end(), depth)
    if word:
        return Token(WORD, word[0], start, place, depth)
    return Token(SIGN, text[start], start, start + 1, depth)


def _find_formatted_end(
    text: str, place: int, quote: str, is_raw: bool, nested: int
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Return where a formatted literal ends, and the places of its expressions."""
    stops = (_RAW_STOP if is_raw else _STOP)[quote]
    inner: list[tuple[int, int]] = []
    while True:
        stop = stops.search(text, place)
        if stop is None or stop[0] == "}" or (stop[0] == "\n" and len(quote) == 1):
            raise NoTokensError("a formatted literal has no end")
        place = stop.end()
        if stop[0] == quote:
            return place, tuple(inner)
        if stop[0] == "{":
            place = _skip_field(text, place, inner, nested)


def _skip_field(text: str, start: int, inner: list[tuple[int, int]], nested: int) -> int:
    """Return where a replacement field ends; its expression, and those of its format, are added to ``inner``."""
    for token in scan_tokens(text, start, nested=nested + 1):
        if token.depth or token.kind != SIGN or token.text not in "}:!":
            continue
        if token.text == "!" and text[token.end : token.end + 1] == "=":
            continue
        inner.append((start, _drop_sign(text, start, token.start)))
        if token.text == "}":
            return token.end
        if token.text == ":":
            return _skip_spec(text, token.end, inner, nested)
        conversion = _CONVERSION.match(text, token.end)
        if conversion is None:
            break
        return conversion.end() if conversion[1] == "}" else _skip_spec(text, conversion.end(), inner, nested)
    raise NoTokensError("a replacement field has no end")


def _skip_spec(text: str, place: int, inner: list[tuple[int, int]], nested: int) -> int:
    while stop := _SPEC_STOP.search(text, place):
        if stop[0] == "}":
            return stop.end()
        place = _skip_field(text, stop.end(), inner, nested + 1)
    raise NoTokensError("a replacement field has no end")


def _drop_sign(text: str, start: int, end: int) -> int:
    """Return where the expression of ``{value = }`` ends: before the sign."""
    shown = text[start:end].rstrip()
    is_shown = shown.endswith("=") and not shown.endswith(("==", "!=", "<=", ">=", ":="))
    return start + len(shown) - 1 if is_shown else end
