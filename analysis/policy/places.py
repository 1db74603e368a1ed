"""The places of keys and values in a TOML text, which the parser of the standard library does not report.

The text is one that the parser has accepted, so only what matters for places is looked at: keys, strings, brackets.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections import defaultdict
from contextlib import suppress
from typing import NamedTuple

Path = tuple[int | str, ...]
#: Line and column, from 1.
Place = tuple[int, int]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class TomlEntry(NamedTuple):
    """The place of a key, or of the header of a section, and that of its value."""

    key: Place
    value: Place


def find_entries(text: str) -> dict[Path, TomlEntry]:
    """Return where each key of a document stands, by the way to it: names, and numbers in lists; linear in the text.

    Of a text that the parser would not accept, what stands before the mistake: never an exception.
    """
    reader = _Reader(text)
    with suppress(ValueError, IndexError, RecursionError):
        reader.read()
    return reader.found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.found: dict[Path, TomlEntry] = {}
        self._counts: dict[Path, int] = defaultdict(int)

    def read(self) -> None:
        section: Path = ()
        while True:
            self._skip(_SPACE)
            if self._at >= len(self._text):
                return
            start = self._at
            if self._text.startswith("[", start):
                section = self._read_header()
                self._note(section, start + 1, start + 1)
            else:
                self._read_pair(section)

    def _read_header(self) -> Path:
        is_list = self._text.startswith("[[", self._at)
        start = self._at + 1
        self._at += 1 + is_list
        names = self._read_key()
        self._at = self._text.index("]", self._at) + 1 + is_list
        path = self._resolve(names[:-1])
        if is_list:
            path = (*path, names[-1])
            self._note(path, start, start)
            self._counts[path] += 1
            return (*path, self._counts[path] - 1)
        return self._resolve(names)

    def _resolve(self, names: list[str]) -> Path:
        """Return the way to a section: of a list of sections the last one is meant."""
        path: Path = ()
        for name in names:
            path = (*path, name)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _read_pair(self, section: Path) -> None:
        start = self._at
        path = (*section, *self._read_key())
        self._at = self._text.index("=", self._at) + 1
        self._skip(_BLANK)
        self._note(path, start, self._at)
        self._read_value(path)

    def _read_key(self) -> list[str]:
        names: list[str] = []
        while True:
            self._skip(_BLANK)
            string = _STRING.match(self._text, self._at)
            match = string or _BARE.match(self._text, self._at)
            if match is None:
                return names
            names.append(tomllib.loads(f"key = {match[0]}")["key"] if string else match[0])
            self._at = match.end()
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return names
            self._at += 1

    def _read_value(self, path: Path) -> None:
        opening = self._text[self._at : self._at + 1]
        if opening == "[":
            self._read_inside(path, "]")
        elif opening == "{":
            self._read_inside(path, "}")
        else:
            match = _STRING.match(self._text, self._at) or _SCALAR.match(self._text, self._at)
            self._at = match.end() if match else len(self._text)

    def _read_inside(self, path: Path, closing: str) -> None:
        self._at += 1
        for number in range(len(self._text)):
            self._skip(_SPACE)
            if self._at >= len(self._text) or self._text[self._at] == closing:
                break
            if closing == "}":
                self._read_pair(path)
            else:
                self._note((*path, number), self._at, self._at)
                self._read_value((*path, number))
            self._skip(_SPACE)
            self._at += self._text.startswith(",", self._at)
        self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _note(self, path: Path, key: int, value: int) -> None:
        self.found.setdefault(path, TomlEntry(self._place(key), self._place(value)))

    def _place(self, offset: int) -> Place:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
