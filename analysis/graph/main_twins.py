"""The twin of the main program: a file that is run as ``__main__``, and that its own imports import again by name.

Its body then runs a second time. A script that nobody imports has no twin, and neither has one that is imported only
by modules that its own start never loads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.graph.reach import MAIN, Reach
from analysis.resolve import Module, TargetResolver
from analysis.resolve.second_names import SecondName
from analysis.resolve.uses import Use, find_uses

#: ``if __name__ == "__main__"`` in a program of ``analysis.facts.program``.
_GUARD = re.compile(
    r'\["if",(\d+),\[\[\["o","==",(?:\["n","__name__",\d+\],\["k","__main__"\]|\["k","__main__"\],\["n","__name__",)'
)
#: Starts that run a file as the main program.
_COMMANDS = frozenset({"python-m", "script"})
#: Importers of one main program that become rows.
_MOST_ROWS = 5


@dataclass(frozen=True, slots=True)
class MainProgram:
    """A file that can be run and imported: the module that it is by name, and the place that says that it is run."""

    module: Module
    path: str
    line: int

    @property
    def command(self) -> str:
        """The command that starts it."""
        name = self.module.plain
        if name.endswith(f".{MAIN}"):
            return f"python -m {name.removesuffix(f'.{MAIN}')}"
        return f"python -m {name}" if "." in name else f"python {self.module.path}"


def find_main_twins(resolver: TargetResolver, programs: pa.Table, reach: Reach) -> Iterator[SecondName]:
    """Yield a row for each statement that imports a main program again, where its own start comes to it.

    ``programs`` is the table of the facts. A start that only calls may come to it is ``is_deferred``.
    """
    starts = find_main_programs(resolver, programs)
    uses = find_uses(resolver, {start.module.number for start in starts}, with_own=True)
    for start in starts:
        candidates = uses.get(start.module.number, ())
        if candidates:
            yield from _build(start, _find_reached(reach, start, candidates))


def find_main_programs(resolver: TargetResolver, programs: pa.Table) -> list[MainProgram]:
    """Return the files that are run by themselves, sorted: ``__main__.py``, and those that ask for it or are started.

    Of a file that a command starts, and that does not ask, the command is the evidence.
    """
    wanted = programs.filter(pc.match_substring(programs.column("program"), f'"{MAIN}"'))
    places = {
        each.path: (each.evidence_path, each.evidence_line)
        for each in reversed(resolver.starts)
        if each.kind in _COMMANDS and each.main and each.evidence_line
    }
    places |= {path: (path, 1) for path in resolver.index.paths if path.rpartition("/")[2] == f"{MAIN}.py"}
    places |= {
        path: (path, int(found[1]))
        for path, program in tables.read_rows(wanted, "path", "program")
        if (found := _GUARD.search(program))
    }
    return [
        MainProgram(module, *place)
        for path, place in sorted(places.items())
        for module in resolver.index.find_names(path)
        if module.kind == "module" and resolver.index.is_importable(module) and module.plain != MAIN
    ]


def _build(start: MainProgram, found: Sequence[tuple[Use, bool]]) -> Iterator[SecondName]:
    path = start.module.path
    for use, is_deferred in found[:_MOST_ROWS]:
        yield SecondName(
            path, "main", start.module.name, MAIN, use.path, use.line, "", 0, start.path, start.line, start.command,
            use.name, is_deferred, is_test_file(path) or use.is_test,
        )  # fmt: skip


def _find_reached(reach: Reach, start: MainProgram, uses: Sequence[Use]) -> list[tuple[Use, bool]]:
    """Return the uses in modules that a start loads, with whether calls are needed; the surest first."""
    uses = [use for use in uses if MAIN not in use.condition]  # another main program does not run
    importers = {use.importer for use in uses}
    surely = reach.find_on_import(start.module, importers)
    perhaps = importers if surely == importers else reach.find_at_all(start.module, importers)
    found = [(use, use.is_deferred or use.importer not in surely) for use in uses if use.importer in perhaps]
    return sorted(found, key=lambda each: (each[1], each[0]))
