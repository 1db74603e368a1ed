"""What the rules judge: everything measured of one target, and its source lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analysis.facts import Facts
from analysis.facts.source import decode, detect_encoding
from analysis.graph import Cycle, ImportGraph
from analysis.identity import Concept, Identity, Multiplicity
from analysis.policy import Policy
from analysis.rules.finding import MOST_EVIDENCE, Evidence

LONGEST_SOURCE = 200


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

    def cite(self, places: Iterable[tuple[str, int]]) -> tuple[Evidence, ...]:
        """Return the first dozen different places with their source lines, in the order given."""
        chosen = list(dict.fromkeys(places))[:MOST_EVIDENCE]
        return tuple(Evidence(path, line, self.read_line(path, line)) for path, line in chosen)

    def read_line(self, path: str, line: int) -> str:
        """Return one line of a file of the target, stripped and cut; empty when it cannot be read."""
        lines = _read_lines(str(self.facts.root), path)
        return lines[line - 1].strip()[:LONGEST_SOURCE] if 0 < line <= len(lines) else ""


@lru_cache(maxsize=256)
def _read_lines(root: str, path: str) -> tuple[str, ...]:
    try:
        source = (Path(root) / path).read_bytes()
    except (OSError, ValueError):
        return ()
    text = decode(source, detect_encoding(source)[0]).replace("\r\n", "\n").replace("\r", "\n")
    return tuple(text.split("\n"))


def keep(table: pa.Table, column: str, value: str) -> pa.Table:
    """Return the rows of a table whose text column has a value."""
    return table.filter(pc.equal(table.column(column).cast(pa.string()), value))


def tell(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    >>> tell(1, "module"), tell(1200, "module"), tell(2, "class", "classes")
    ('1 module', '1,200 modules', '2 classes')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


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
