"""Which statements import a module: each answer looked through once, however many modules are asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.resolve.target import TargetResolver


class Use(NamedTuple):
    """One statement that imports a module, also on the way to another one; sorts the plainest first.

    ``name`` is what it takes of the module; empty for the module itself, a dot for nothing of it.
    """

    is_test: bool
    is_deferred: bool
    is_ancestor: bool
    path: str
    line: int
    name: str
    importer: int
    condition: str
    is_fallback: bool


def find_uses(
    resolver: TargetResolver, wanted: Collection[int], *, with_own: bool = False
) -> Mapping[int, Sequence[Use]]:
    """Return the statements that import each of some modules, by its number; those that run on import come first.

    Those for type checkers and those that never run are left out, and so are imports of a module by itself;
    ``with_own``: also what a module says of the packages around it, which run before it.
    """
    asked = resolver.answers
    hits = {
        place: found
        for place, answer in enumerate(asked.answers)
        if (found := [(each, False) for each in answer.imported if each in wanted]
            + [(each, True) for each in answer.ancestors if each in wanted])
    }  # fmt: skip
    if not hits:
        return {}
    chosen = np.flatnonzero(np.isin(asked.which, np.array(list(hits), np.int64)))
    rows = asked.rows[chosen]
    never = tables.LIVENESS.index("never")
    liveness = resolver.liveness[rows]
    part = resolver.imports.statements.take(rows)
    columns = tables.read_rows(part, "path", "line", "name", "scope", "condition", "guard")
    uses: dict[int, set[Use]] = defaultdict(set)
    for place, (path, line, name, scope, condition, guard), live in zip(
        chosen.tolist(), columns, liveness, strict=True
    ):
        if scope == "type_checking" or live == never:
            continue
        importer = int(asked.importers[place])
        for number, is_ancestor in hits[int(asked.which[place])]:
            is_own = is_ancestor and number in resolver.index.all[importer].own
            if resolver.index.all[number].path != path and (with_own or not is_own):
                taken = "." if is_ancestor else name if asked.answers[int(asked.which[place])].base == number else ""
                use = Use(
                    is_test_file(path), scope == "function", is_ancestor, path, line, taken, importer, condition,
                    guard == "except",
                )  # fmt: skip
                uses[number].add(use)
    return {number: sorted(found) for number, found in uses.items()}
