"""From the JSON of a notebook to the Python of its code cells, each line with the line of the file it stands on.

IPython's own syntax is taken out: shell commands, help, magics. ``%run`` becomes an import of kind ``run``. Cells of
other languages, and those that do not parse, say nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.facts.magics import Runs, strip_magics
from analysis.facts.source import LARGEST_FILE_BYTES, parse

#: How a notebook is called that is fine, but none that is read.
NOT_READ = "notebook-not-read"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]:,]|\n', re.DOTALL)
_OPENING = {"{": "", "[": "[]"}
_CELL = ["cells", "[]"]
_SOURCES = ([*_CELL, "source"], [*_CELL, "source", "[]"])
_OLDEST_FORMAT = 4
#: No cookie of PEP 263 in a cell counts: it could only stand on the first two lines.
_BLANK_LINES = 2


@dataclass(frozen=True, slots=True)
class NotebookProblem:
    """Why a notebook is not read, or which cell of it is no Python: a status of ``files``, the reason, and its line."""

    status: str
    reason: str
    line: int = 0


@dataclass(slots=True)
class Notebook:
    """The code of a notebook: its ``lines``, and for each the line of the file; ``runs`` are what ``%run`` names."""

    lines: list[str] = field(default_factory=lambda: [""] * _BLANK_LINES)
    places: list[int] = field(default_factory=lambda: [1] * _BLANK_LINES)
    runs: list[tuple[int, str]] = field(default_factory=list)
    problem: NotebookProblem | None = None

    @property
    def code(self) -> bytes:
        """The code as bytes; half of a surrogate pair is written out."""
        return "\n".join([*self.lines, ""]).encode("utf-8", "backslashreplace")

    def find_place(self, line: int) -> int:
        """Return the line of the file on which a line of the code stands."""
        return self.places[line - 1] if 0 < line <= len(self.places) else 1


def read_notebook(source: bytes) -> Notebook:
    """Return the code of a notebook, or why it is not read; never raises."""
    if len(source) > LARGEST_FILE_BYTES:
        reason = f"{len(source):,} bytes, the limit is {LARGEST_FILE_BYTES:,}"
        return Notebook(problem=NotebookProblem("too-large", reason))
    try:
        text = source.decode("utf-8-sig")
        data = json.loads(text)
    except UnicodeDecodeError as error:
        return Notebook(problem=NotebookProblem("decode-error", f"no UTF-8: {error.reason}", 1))
    except json.JSONDecodeError as error:
        return Notebook(problem=NotebookProblem("syntax-error", f"no valid JSON: {error.msg}", error.lineno))
    except (RecursionError, ValueError) as error:
        return Notebook(problem=NotebookProblem("syntax-error", f"no valid JSON: {type(error).__name__}", 1))
    problem = _find_problem(data)
    return Notebook(problem=problem) if problem else _read_cells(text, data["cells"])


def _find_problem(data: Any) -> NotebookProblem | None:
    """Return why a notebook is not read: an older format, another language, or no notebook at all."""
    if not isinstance(data, dict) or not ("nbformat" in data or isinstance(data.get("cells"), list)):
        return NotebookProblem(NOT_READ, "JSON, but no notebook")
    version = data.get("nbformat", _OLDEST_FORMAT)
    if not isinstance(version, int) or version < _OLDEST_FORMAT:
        reason = f"nbformat {str(version)[:20]}: Jupyter converts it to nbformat 4 when it is opened and saved"
        return NotebookProblem(NOT_READ, reason)
    language = _find_language(data.get("metadata"))
    if "python" not in language.casefold():
        return NotebookProblem(NOT_READ, f"its language is {language[:40]}")
    return None if isinstance(data.get("cells"), list) else NotebookProblem(NOT_READ, "it has no list of cells")


def _find_language(metadata: Any) -> str:
    """Return the language of a notebook's kernel; a notebook that does not say is taken for Python."""
    for section, key in (("kernelspec", "language"), ("language_info", "name")):
        inner = metadata.get(section) if isinstance(metadata, dict) else None
        found = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(found, str) and found:
            return found
    return "python"


def _read_cells(text: str, found: Sequence[Any]) -> Notebook:
    notebook = Notebook()
    cells = [cell for cell in found if isinstance(cell, dict)]
    for number, (cell, places) in enumerate(zip(cells, _find_sources(text, len(cells)), strict=True), 1):
        if cell.get("cell_type") != "code" or not places:
            continue
        lines, lines_at = _join(cell.get("source"), places)
        code, runs = strip_magics("\n".join(lines))
        parsed = parse(b"\n" * _BLANK_LINES + code.encode("utf-8", "backslashreplace"))
        _add_runs(notebook, runs, lines_at)
        if parsed.tree is None:
            line = min(max(1, parsed.error_line - _BLANK_LINES), len(lines_at))
            reason = f"cell {number}, line {line}: {parsed.reason}"
            notebook.problem = notebook.problem or NotebookProblem("syntax-error", reason, lines_at[line - 1])
        else:
            notebook.lines += code.split("\n")
            notebook.places += lines_at
    return notebook


def _add_runs(notebook: Notebook, runs: Runs, places: Sequence[int]) -> None:
    notebook.runs += [(places[line - 1], path) for line, path in runs]


def _join(source: Any, places: Sequence[int]) -> tuple[list[str], list[int]]:
    """Return the lines of a cell, and the line of the file on which each begins."""
    parts = source if isinstance(source, list) else [source]
    lines, at, is_new = [""], [places[0]], True
    for part, place in zip(parts, places, strict=False):
        if is_new:
            at[-1] = place
        pieces = str(part).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        lines[-1] += pieces[0]
        lines += pieces[1:]
        at += [place] * (len(pieces) - 1)
        is_new = len(pieces) > 1 and not pieces[-1]
    return lines, at


def _find_sources(text: str, count: int) -> list[list[int]]:
    """Return, for each of the cells, the lines of the file on which the strings of its source stand.

    ``text`` is valid JSON. A file that has several lists ``cells`` has no lines.
    """
    found: list[list[int]] = []
    way: list[str] = []  # the key, or [] of a list, at each depth
    line, last, is_key = 1, "", False
    for match in _TOKEN.finditer(text):
        sign = match[0]
        if sign == "\n":
            line += 1
        elif sign in _OPENING:
            if sign == "{" and way == _CELL:
                found.append([])
            way.append(_OPENING[sign])
            is_key = sign == "{"
        elif sign in "}]":
            way.pop()
        elif sign == ",":
            is_key = way[-1] != "[]"
        elif sign == ":":
            way[-1], is_key = last, False
        elif is_key:
            last = json.loads(sign)
        elif way in _SOURCES and found:
            found[-1].append(line)
    return found if len(found) == count else [[] for _ in range(count)]
