"""A best-effort, line-based pass over files that do not parse: it still recovers their import statements.

Scopes and guards come from the indentation and the headers of the enclosing blocks. Every row has the
kind ``recovered``, so that nobody takes it for a parsed statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analysis.facts.rows import Row

_HEADER = re.compile(r"(?:async\s+)?(def|class|try|except|finally|if|elif|else|with|for|while)\b\s*([\w.]*)")
_TAKING = re.compile(r"(?<=[\s.])import\s")
_DOTTED = re.compile(r"\s*+(\.*+)\s*+([\w.]*+)\s*+")
_IMPORT = re.compile(r"import\s+([\w., ]+)")
_NAME = re.compile(r"([\w.]+|\*)(?:\s+as\s+(\w+))?\s*$")
_QUOTES = re.compile(r"\"\"\"|'''")
_GUARDS = {"try": "try", "except": "except", "if": "if", "elif": "else", "else": "else", "with": "with",
           "for": "loop", "while": "loop"}  # fmt: skip
#: A parenthesised list of names that runs on further than this is not an import.
_LONGEST_STATEMENT_LINES = 500


def recover_imports(text: str) -> Iterator[Row]:
    """Yield rows of ``imports`` (path apart) with the kind ``recovered``."""
    position = 0
    blocks: list[tuple[int, str, str]] = []
    for number, end, statement, indent in _find_statements(text):
        while blocks and blocks[-1][0] >= indent:
            blocks.pop()
        header = _HEADER.match(statement)
        if header:
            blocks.append((indent, header.group(1), header.group(2)))
            continue
        for level, module, name, bound in _read(statement):
            scope, guard, caught, owner = _find_context(blocks)
            yield (
                position,
                number,
                end,
                "recovered",
                level,
                module,
                name,
                bound,
                scope,
                guard,
                "",
                caught,
                owner,
                False,
            )
            position += 1


def _find_statements(text: str) -> Iterator[tuple[int, int, str, int]]:
    """Yield first line, last line, text and indentation of the lines that may be headers or imports."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    number, is_in_text = 0, False
    while number < len(lines):
        line = lines[number]
        number += 1
        quotes = len(_QUOTES.findall(line))
        if is_in_text or quotes % 2:
            is_in_text = is_in_text != bool(quotes % 2)
            continue
        stripped = line.strip()
        if not stripped.startswith(("from ", "import ")) and not _HEADER.match(stripped):
            continue
        first, parts = number, [stripped.partition("#")[0].rstrip()]
        is_import = stripped.startswith(("from ", "import "))
        limit = min(len(lines), first + _LONGEST_STATEMENT_LINES)
        depth = parts[0].count("(") - parts[0].count(")")
        while is_import and number < limit and (parts[-1].endswith("\\") or depth > 0):
            parts[-1] = parts[-1].removesuffix("\\")
            parts.append(lines[number].partition("#")[0].strip())
            depth += parts[-1].count("(") - parts[-1].count(")")
            number += 1
        yield first, number, " ".join(parts), len(line) - len(line.lstrip())


def _read(statement: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield level, module, name and bound name of an import statement."""
    statement = statement.partition(";")[0]
    taking = _TAKING.search(statement) if statement.startswith("from") else None
    match = _DOTTED.fullmatch(statement, 4, taking.start()) if taking else None
    if match and taking:
        level, module = len(match.group(1)), match.group(2).strip(".")
        for part in statement[taking.end() :].replace("(", " ").replace(")", " ").split(","):
            name = _NAME.match(part.strip())
            if name and "." not in name.group(1) and (module or level):
                yield level, module, name.group(1), name.group(2) or name.group(1)
        return
    match = _IMPORT.match(statement)
    for part in match.group(1).split(",") if match else ():
        name = _NAME.match(part.strip())
        if name and name.group(1).strip("."):
            yield 0, name.group(1).strip("."), "", name.group(2) or name.group(1).partition(".")[0]


def _find_context(blocks: list[tuple[int, str, str]]) -> tuple[str, str, str, str]:
    """Return scope, guard, what is caught (unknown: ?) and owner from the headers of the enclosing blocks."""
    keywords = [keyword for _, keyword, _ in blocks]
    owner = ".".join(name for _, keyword, name in blocks if keyword in {"def", "class"} and name)
    scope = "function" if "def" in keywords else "class" if "class" in keywords else "module"
    for _, keyword, test in blocks:
        if keyword == "if" and test.rpartition(".")[2] == "TYPE_CHECKING":
            scope = "type_checking"
    last = keywords[-1] if keywords else ""
    guard = _GUARDS.get(last, "none")
    return scope, guard, "?" if guard == "try" else "", owner
