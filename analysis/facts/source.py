"""From the bytes of a file to a syntax tree, or to the reason why there is none."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from dataclasses import dataclass, replace

from analysis.facts.lines import find_offsets, normalise_line_ends
from analysis.facts.newer_syntax import parse_newer
from analysis.facts.older_syntax import find_python_two
from analysis.facts.rows import MOST_PARTS

#: A file beyond this size is not parsed: its syntax tree would take some gigabytes.
LARGEST_FILE_BYTES = 32_000_000


_IMPORT = re.compile(rb"\b(?:import|from)\b(?:[\w \t\f.,\x80-\xff]++|\\\r?\n|\\\r)*+")
_LONG_NAME = re.compile(
    rb"((?:[\w\x80-\xff]++[ \t\f\\\r\n]*+\.[ \t\f\\\r\n]*+){%d}[\w\x80-\xff]++)([\w \t\f.\\\r\n\x80-\xff]++)"
    % MOST_PARTS
)
_NAME_GOES_ON = re.compile(rb"(?:[ \t\f\\\r\n]*+\.[ \t\f\\\r\n]*+[\w\x80-\xff]++)*+")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed file: ``tree`` is None exactly when ``status`` is not ok.

    ``since`` is the first version of Python with its syntax where the running interpreter refuses it, for the
    ``reason``; 2 for a file of Python 2.
    """

    tree: ast.Module | None
    status: str
    reason: str
    error_line: int
    encoding: str
    since: str = ""


def parse(source: bytes) -> Parsed:
    """Parse the bytes of one file as the running interpreter would (PEP 263 encodings, BOM); never raises.

    What the interpreter takes is ok, also when ``tokenize`` would refuse its encoding.
    """
    if len(source) > LARGEST_FILE_BYTES:
        return Parsed(None, "too-large", f"{len(source):,} bytes, the limit is {LARGEST_FILE_BYTES:,}", 0, "utf-8")
    encoding, problem = detect_encoding(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Parsed(ast.parse(_shorten_names(source)), "ok", "", 0, encoding)
    except SyntaxError as error:
        return _read_other(_explain(error, source, encoding, problem), source)
    except (RecursionError, MemoryError) as error:
        return Parsed(None, "parser-crash", f"nested too deeply for the parser ({type(error).__name__})", 0, encoding)
    except Exception as error:  # noqa: BLE001 - the parser's own failures are the target's doing
        return Parsed(None, "syntax-error", _one_line(error), 0, encoding)


def _read_other(refused: Parsed, source: bytes) -> Parsed:
    """Return a file that the running interpreter refuses as a later version of Python takes it, if one does."""
    if refused.status != "syntax-error" or b"\0" in source:
        return refused
    text = decode(normalise_line_ends(_shorten_names(source)), refused.encoding).removeprefix("\ufeff")
    try:
        lowered = parse_newer(text)
    except (RecursionError, MemoryError):
        return refused
    if lowered is not None:
        return replace(refused, tree=lowered.tree, status="ok", since=f"{lowered.since[0]}.{lowered.since[1]}")
    sign = find_python_two(text)
    return replace(refused, reason=f"Python 2 ({sign}): {refused.reason}", since="2") if sign else refused


def _shorten_names(source: bytes) -> bytes:
    """Blank what an import names beyond the part after ``MOST_PARTS``: lines and columns stay.

    For each part of a dotted name the parser keeps a copy of all parts before it: 100,000 take 10 GB.
    """
    if source.count(b".") < MOST_PARTS or not any(map(_has_long_import, (source, source), (b"import", b"from"))):
        return source
    pieces, start = [], 0
    for statement in _IMPORT.finditer(source):
        if statement[0].count(b".") >= MOST_PARTS:
            for name in _LONG_NAME.finditer(source, *statement.span()):
                rest = _find_rest(name[2])
                pieces += [source[start : name.start(2)], re.sub(rb"[^\\\r\n]", b" ", rest)]
                start = name.start(2) + len(rest)
    return b"".join([*pieces, source[start:]]) if pieces else source


def _has_long_import(source: bytes, word: bytes) -> bool:
    """Return whether an import that begins with a word may name as many parts: plain text is found faster."""
    found = (_IMPORT.match(source, offset) for offset in find_offsets(source, word))
    return any(each is not None and each[0].count(b".") >= MOST_PARTS for each in found)


def _find_rest(text: bytes) -> bytes:
    """Return how far a dotted name goes on at the beginning of a text."""
    found = _NAME_GOES_ON.match(text)
    return found[0] if found else b""


def _explain(error: SyntaxError, source: bytes, encoding: str, problem: str) -> Parsed:
    """Distinguish a file that cannot be decoded from one that cannot be parsed."""
    reason = _one_line(error.msg or error)
    if problem:
        return Parsed(None, "decode-error", problem, 1, encoding)
    try:
        source.decode(encoding)
        status = "syntax-error"
    except Exception as decode_error:  # noqa: BLE001 - a codec may raise whatever it likes: "undefined" does
        status, reason = "decode-error", _one_line(decode_error)
    return Parsed(None, status, reason, int(error.lineno or 0), encoding)


def detect_encoding(source: bytes) -> tuple[str, str]:
    """Return the encoding by PEP 263 and BOM, and what is wrong with it (empty when nothing is)."""
    try:
        return tokenize.detect_encoding(io.BytesIO(source).readline)[0], ""
    except SyntaxError as error:
        return "utf-8", _one_line(error.msg or error)


def decode(source: bytes, encoding: str) -> str:
    """Decode for showing: what cannot be decoded is replaced; codecs that cannot replace give way to UTF-8."""
    try:
        return source.decode(encoding, errors="replace")
    except Exception:  # noqa: BLE001 - "idna" and "punycode" know no replacement, "undefined" nothing at all
        return source.decode("utf-8", errors="replace")


def _one_line(problem: object) -> str:
    text = " ".join(str(problem).split())
    return text.encode("utf-8", "backslashreplace").decode()[:200]
