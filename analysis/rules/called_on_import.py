"""Which functions modules of the product call while they are imported, by their names, directly or by others."""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import pyarrow.compute as pc

from analysis import tables
from analysis.cache import remember_text
from analysis.facts.source import parse
from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext

#: More files are not read for one question, and longer chains of functions are not followed.
_MOST_FILES = 40
_LONGEST = 3
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef)


def find_called(case: RuleContext, names: Iterable[str]) -> set[str]:
    """Return those of some last names of functions that a module of the product calls, or decorates with, on import."""
    wanted = {name for name in names if name.isidentifier()}
    programs = case.facts.programs
    if not wanted or not programs.num_rows:
        return set()
    pattern = "|".join(f'"{name}"' for name in sorted(wanted))
    programs = programs.filter(pc.match_substring_regex(programs["program"], pattern))
    called: set[str] = set()
    for path, program in tables.read_rows(programs, "path", "program"):
        if not is_test_file(path):
            called.update(list_called(program.encode()))
    return called & wanted


def find_called_through(case: RuleContext, names: Collection[str], paths: Iterable[str]) -> set[str]:
    """Return those of some last names of functions that run on import because others call them.

    ``paths`` are the files that may call them; at most forty are read.
    """
    callers = _find_callers(case, list(paths)[:_MOST_FILES])
    found = set()
    for name in sorted(names):
        above, reached = {name}, {name}
        for _ in range(_LONGEST):
            above = {caller for each in above for caller in callers.get(each, ())} - reached
            reached |= above
        if find_called(case, reached - {name}):
            found.add(name)
    return found


def _find_callers(case: RuleContext, paths: Iterable[str]) -> Mapping[str, set[str]]:
    """Return the functions of some files that call each name."""
    callers: dict[str, set[str]] = {}
    for path in paths:
        try:
            source = case.facts.tree.read_bytes(path)
        except OSError:
            continue
        for called, caller in _list_calls(source):
            callers.setdefault(called, set()).add(caller)
    return callers


@remember_text
def _list_calls(source: bytes) -> frozenset[tuple[str, str]]:
    """Return the last names that functions of a text call, each with the function."""
    tree = parse(source).tree
    return frozenset(
        (_name_last(node.func), function.name)
        for function in (ast.walk(tree) if tree is not None else ())
        if isinstance(function, _DEFINED)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
    )


def _name_last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@remember_text
def list_called(program: bytes) -> frozenset[str]:
    """Return the last names of what a program calls, given as it is kept."""
    return frozenset(_read_called(json.loads(program)))


def _read_called(program: list[Any]) -> Iterator[str]:
    """Yield the last names of what a program calls; see ``analysis/facts/program_expressions.py``."""
    waiting: list[Any] = [program]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            if len(node) > 2 and node[0] == "c":
                yield from _show_last(node[1])
            elif len(node) == 5 and node[0] == "\\":
                node = node[1][1]  # of a lambda only the defaults run
            elif len(node) > 5 and node[0] in ("def", "class"):
                for each in node[3] if node[0] == "def" else node[5]:
                    yield from _show_last(each)
            elif len(node) > 3 and node[0] == "if" and isinstance(node[2], list):
                # What stands under `if __name__ == "__main__"` runs when nobody imports the module.
                node = [node[3], *(each for each in node[2] if '"__name__"' not in json.dumps(each[0]))]
            waiting.extend(node)


def _show_last(node: Any) -> Iterator[str]:
    if isinstance(node, list) and node[:1] in (["n"], ["a"]):
        yield node[1 if node[0] == "n" else 2]
