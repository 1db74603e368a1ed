"""Signs of Python 2 in a file that no version of Python 3 takes."""

from __future__ import annotations

import re

from analysis.facts.tokens import TEXT, WORD, NoTokensError, Token, scan_tokens

_OCTAL = re.compile(r"0[0-7]+[lL]?")
_LONG = re.compile(r"(?:0[xX][0-9a-fA-F]+|\d+)[lL]")
_MOST_TOKENS = 1_000_000
_BEGINNING = frozenset({"\n", ";", ":", ""})
_NO_VALUE = frozenset({"in", "is", "and", "or", "not", "if", "else"})


def find_python_two(text: str) -> str:
    """Return what in a text is only Python 2; empty where nothing is.

    >>> find_python_two("print 'x'"), find_python_two("raise B, 'b'"), find_python_two("def f(:")
    ('the print statement', 'raise with a comma', '')
    """
    before, last = "", None
    try:
        for number, token in enumerate(scan_tokens(text)):
            found = _judge(before, last, token)
            if found or number > _MOST_TOKENS:
                return found
            before = before if last is None else last.text
            last = token
    except NoTokensError:
        return ""
    return ""


def _judge(before: str, last: Token | None, token: Token) -> str:
    """Return what a token, after the last one and the one before that, says."""
    if last is None:
        return ""
    is_value = token.kind == TEXT or (token.kind == WORD and token.text not in _NO_VALUE)
    begins = last.kind == WORD and before in _BEGINNING
    signs = {
        f"the {last.text} statement": begins and last.text in {"print", "exec"} and (is_value or token.text == ">"),
        "backquotes": token.text == "`",
        "the operator <>": last.text == "<" and token.text == ">" and last.end == token.start,
        "raise with a comma": before == "raise" and last.kind == WORD and token.text == ",",
        "a literal with the prefix ur": token.kind == TEXT and token.prefix == "ur",
        f"the number {token.text[:20]}": token.kind == WORD and _is_old_number(token.text),
    }
    return next((sign for sign, is_there in signs.items() if is_there), "")


def _is_old_number(text: str) -> bool:
    return bool(_LONG.fullmatch(text) or (_OCTAL.fullmatch(text) and text.strip("0")))
