"""IPython's own syntax in a cell of a notebook, taken out: what is left is Python, line by line."""

from __future__ import annotations

import ast
import re
import shlex
import warnings

from analysis.facts.tokens import END, NoTokensError, scan_tokens

#: Line of the cell and what ``%run`` names there: a path that begins with ``./``, or a dotted module.
Runs = list[tuple[int, str]]
#: Cell magics whose body is Python that runs in the notebook's own namespace. All others hide what follows.
_PYTHON_CELLS = frozenset({
    "time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "snakeviz", "scalene", "heat", "wandb", "debug",
    "pyinstrument", "chime", "skip", "code_wrap",
})  # fmt: skip
#: Line magics that run a statement.
_RUNNING = frozenset({"time", "timeit", "prun", "memit"})
_ASSIGNED = re.compile(r"(\s*)([^\W\d][\w.]*(?:\s*,\s*[^\W\d][\w.]*)*)\s*=\s*[!%](?![=])")
_HELP = re.compile(r"\s*(?:\?{1,2}\s*[\w%.*]+|%{0,2}[\w.*\[\]'\"]+\?{1,2})\s*(?:#.*)?")
_MAGIC = re.compile(r"\s*%{1,2}([\w.]+)[ \t]*(.*)")
_SHELL = re.compile(r"\s*!|[/,;]")
_AUTOMAGIC = re.compile(
    r"\s*(?:(pip|conda|mamba|micromamba|uv|cd|ls|ll|cat|man|less|more|mkdir|rm|rmdir|cp|mv|load_ext|matplotlib)|(run))"
    r"[ \t]+(.*)"
)
_OPTIONS = re.compile(r"(?:-[a-zA-Z]++\d*+[ \t]++(?:\d++[ \t]++)?+)*+")
_WITH_VALUE = frozenset({"-s", "-l", "-T", "-D", "-b"})


def strip_magics(text: str) -> tuple[str, Runs]:
    """Return the Python of a cell, with as many lines, and what ``%run`` names.

    >>> strip_magics("%run b.py -v")
    ('pass', [(1, './b.py')])
    """
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        found = _MAGIC.match(lines[first])
        if not found or found[1] not in _PYTHON_CELLS:
            return "\n" * (len(lines) - 1), []
        lines[first], first = "", first + 1
    _remove_indent(lines, first)
    return _strip_lines(lines)


def _remove_indent(lines: list[str], first: int) -> None:
    """A cell may be indented as a whole: by as much as its first line is."""
    start = next((line for line in lines[first:] if line.strip()), "")
    indent = start[: len(start) - len(start.lstrip())]
    if indent:
        lines[:] = [line.removeprefix(indent) for line in lines]


def _strip_lines(lines: list[str]) -> tuple[str, Runs]:
    text = "\n".join(lines)
    runs: Runs = []
    number, start = 0, 0
    while number < len(lines):
        count = _count_continued(lines, number)
        python = _read_magic("\n".join(lines[number : number + count]), number + 1, runs)
        if python is None:
            count, is_open = _count_logical(text, start)
            if is_open:
                break
            python = "\n".join(lines[number : number + count])
            python = python if count > 1 else _read_automagic(python, number + 1, runs)
        start += sum(len(line) + 1 for line in lines[number : number + count])
        lines[number : number + count] = (python + "\n" * (count - 1 - python.count("\n"))).split("\n")
        number += count
    return "\n".join(lines), runs


def _count_continued(lines: list[str], number: int) -> int:
    """Return on how many lines a shell command or magic goes on, by backslashes."""
    count = 1
    while lines[number + count - 1].endswith("\\") and number + count < len(lines):
        count += 1
    return count


def _count_logical(text: str, start: int) -> tuple[int, bool]:
    """Return the lines of the logical line at a place, and whether it has no end."""
    try:
        for token in scan_tokens(text, start):
            if token.kind == END:
                return text.count("\n", start, token.end), False
    except NoTokensError:
        return 1, True
    return text.count("\n", start) + 1, False


def _read_magic(line: str, number: int, runs: Runs) -> str | None:
    """Return the Python for a line of IPython's own syntax; None for one of Python."""
    indent = line[: len(line) - len(line.lstrip())]
    assigned = _ASSIGNED.match(line)
    if assigned:
        return f"{assigned[1]}{assigned[2]} = get_ipython()"
    if _SHELL.match(line) or _HELP.fullmatch(line):
        return f"{indent}pass"
    magic = _MAGIC.match(line)
    if magic is None:
        return None
    name, rest = magic.groups()
    if name == "run":
        _note_run(rest, number, runs)
    elif name in _RUNNING:
        statement = rest[_OPTIONS.match(rest).end() :]  # type: ignore[union-attr]
        if statement and _is_python(statement):
            return f"{indent}{statement}"
    return f"{indent}pass"


def _read_automagic(line: str, number: int, runs: Runs) -> str:
    """``pip install a`` without a percent sign is a magic where it is no Python."""
    found = _AUTOMAGIC.match(line)
    if found is None or _is_python(line.strip()):
        return line
    if found[2]:
        _note_run(found[3], number, runs)
    return line[: len(line) - len(line.lstrip())] + "pass"


def _is_python(statement: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(statement)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _note_run(arguments: str, number: int, runs: Runs) -> None:
    """Note the file or module that ``%run`` names, where it is written out."""
    try:
        words = shlex.split(arguments, comments=True)
    except ValueError:
        return
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "-m" and words:
            if all(part.isidentifier() for part in words[0].split(".")):
                runs.append((number, words[0]))
            return
        if option in _WITH_VALUE and words:
            words.pop(0)
    if not words or words[0][:1] in {"/", "~"} or set("${}*?\\") & set(words[0]):
        return
    path = words[0] if words[0].endswith((".py", ".ipynb", ".ipy")) else f"{words[0]}.py"
    runs.append((number, f"./{path}"))
