"""What the rules judge: everything measured of one target, and its source lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from analysis.facts import Facts
from analysis.graph import Cycle, ImportGraph
from analysis.identity import Concept, Identity, Multiplicity
from analysis.policy import Policy
from analysis.rules.finding import MOST_EVIDENCE, Evidence, Place


@dataclass(frozen=True)
class CaseFile:
    """The evidence of one target: facts, import graph, cycles, classes, names, and the policy it is held against."""

    facts: Facts
    graph: ImportGraph
    cycles: tuple[Cycle, ...]
    multiplicity: tuple[Multiplicity, ...]
    concepts: tuple[Concept, ...]
    identity: Identity
    policy: Policy = field(default_factory=Policy)

    def cite(self, places: Iterable[Place]) -> tuple[Evidence, ...]:
        """Return the first dozen different places, in the order given; ``find_findings`` adds their source lines."""
        chosen = list(dict.fromkeys(places))[:MOST_EVIDENCE]
        return tuple(Evidence(path, line) for path, line in chosen)


def keep(table: pa.Table, column: str, value: str) -> pa.Table:
    """Return the rows of a table whose text column has a value."""
    return table.filter(pc.equal(table.column(column).cast(pa.string()), value))


def is_test(path: str) -> bool:
    """Return whether a file belongs to the tests, by its name or folder.

    >>> is_test("a/tests/x.py"), is_test("a/test_x.py"), is_test("a/contest.py")
    (True, True, False)
    """
    folders, _, name = path.rpartition("/")
    parts = folders.split("/")
    return name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py" or bool(
        {"tests", "test", "testing"} & set(parts)
    )  # fmt: skip
