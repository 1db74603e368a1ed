"""Answers of simulations kept from an earlier run, by what they came to: those about unchanged modules hold."""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from analysis import tables
from analysis.cache import Value, build_key, pack_table, read_entry, unpack_table, write_entry
from analysis.resolve import TargetFacts, TargetResolver
from analysis.resolve.namespace_parts import describe_parts
from analysis.simulation.kept import (
    FILES,
    PLACES,
    TOPS,
    Tops,
    build_places,
    build_tops,
    find_changed,
    find_moved,
    list_files,
)
from analysis.simulation.places import Places
from analysis.simulation.sources import Environment


class KeptAnswers:
    """Answers by name, each made of what JSON knows, in a folder that several processes may use; without one none.

    ``program`` names the modules of the kit that decide them. An answer holds while none of the modules that it came
    to has another file, means something else by an import, or asked for something that is there now or is no more.
    """

    def __init__(
        self, cache: Path | None, kind: str, program: Sequence[str], facts: TargetFacts, resolver: TargetResolver,
        environment: Environment | None,
    ) -> None:  # fmt: skip
        self._cache, self._kind, self._files = cache, kind, list_files(facts)
        modules = [tables.read_column(facts.modules, name) for name in facts.modules.column_names]
        elsewhere = describe_parts(facts.modules, facts.tree) if cache is not None else []
        self._key = build_key(program, modules, environment, resolver.supported, elsewhere) if cache is not None else ""
        self._known: dict[str, tuple[int, Any]] = {}
        self._asked: set[str] = set()
        #: Whether there is a new answer to keep.
        self.is_fresh = False
        self._tops, self._places = TOPS.empty_table(), PLACES.empty_table()
        kept = read_entry(cache, kind, self._key)
        if kept is not None:
            self._tops, self._places = unpack_table(kept["tops"], TOPS), unpack_table(kept["places"], PLACES)
            changed = find_changed(unpack_table(kept["files"], FILES), self._tops, self._files, resolver.imports)
            changed |= self._find_moved(facts, resolver)
            answers = json.loads(bytes(kept["answers"]))
            self._known = {
                name: (int(needs, 16), answer) for name, needs, answer in answers if not int(needs, 16) & changed
            }

    def _find_moved(self, facts: TargetFacts, resolver: TargetResolver) -> int:
        """Return the modules for which something else lies in the tree; all, where a main program asked for it."""
        numbers = {module.name: module.number for module in resolver.imports.index.all}
        bits = 0
        for name in find_moved(self._places, Places(facts.tree)):
            bits |= 1 << numbers[name] if name in numbers else (1 << len(numbers)) - 1
        return bits

    def find(self, name: str) -> Any:
        """Return an answer, if one is known; else None."""
        self._asked.add(name)
        return self._known[name][1] if name in self._known else None

    def add(self, name: str, answer: Any, needs: int) -> None:
        """Note an answer and the modules that it depends on, a bit for each, beside those of an answer before it."""
        self._known[name] = self._known.get(name, (0, None))[0] | needs, answer
        self.is_fresh = True

    def write(self, tops: Tops, places: Places) -> None:
        """Keep what was asked for in this run, and what that depended on; nothing where nothing is new.

        ``tops`` and ``places`` are all that the simulation has asked for, which may have been for other answers.
        """
        if self.is_fresh:
            write_entry(self._cache, self._kind, self._key, self._pack(tops, places))

    def _pack(self, tops: Tops, places: Places) -> Iterator[tuple[str, Value]]:
        known = sorted(self._known.items(), key=lambda item: item[0])
        answers = [(name, needs, answer) for name, (needs, answer) in known if name in self._asked]
        needed = functools.reduce(operator.or_, (needs for _, needs, _ in answers), 0)
        own = {key: module for key, module in tops.items() if needed >> key[0] & 1}
        yield "answers", json.dumps([(name, f"{needs:x}", answer) for name, needs, answer in answers]).encode("ascii")
        yield "tops", pack_table(build_tops(self._tops, own))
        yield "places", pack_table(build_places(self._places, places))
        yield "files", pack_table(self._files)
