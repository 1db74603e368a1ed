"""Which questions of the command line go on from a finding: each is one that the command answers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from analysis import tables
from analysis.steps import read_loop_step

if TYPE_CHECKING:
    from analysis.investigation import Investigation

_OF_NAMES = ("class", "instance", "function", *tables.CLASS_KINDS)


class CommandFinder:
    """Finds the commands for findings of one snapshot; all are made to be run in the folder of the target."""

    def __init__(self, inv: Investigation) -> None:
        self._modules = frozenset(tables.read_column(inv.table("modules"), "module"))
        self._loops = dict(_find_loops(inv))
        self._names: set[str] = set()
        columns = ("definition", "import_path", "name", "route", "kind")
        for definition, import_path, name, route, kind in tables.read_rows(inv.table("paths"), *columns):
            if route != "none" and kind in _OF_NAMES:
                self._names |= {definition, import_path, name}

    def find(self, row: Mapping[str, Any]) -> Iterator[str]:
        """Yield the commands: why an import of the module fails, why a cycle is one, which path a class should have."""
        subject = str(row["subject"])
        if subject in self._modules:
            if subject in self._loops and row["rule"].endswith("cycle"):
                yield f"ssot explain {' '.join(map(shlex.quote, self._loops[subject]))} --in ."
            yield f"ssot why {shlex.quote(subject)} --in ."
        elif subject in self._names:
            yield f"ssot paths {shlex.quote(subject)} --in ."


def _find_loops(inv: Investigation) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each module on a loop that is shown, with the first import of the loop as importer and imported."""
    for (loop,) in tables.read_rows(inv.table("cycles"), "loop"):
        steps = [read_loop_step(text) for text in loop]
        yield from ((step.importer, (step.importer, step.imported)) for step in steps)
