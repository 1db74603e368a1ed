"""One file under two names: Python loads it once for each, with classes and state of its own.

Several finders fill one table; each says which statement uses which name, and what gives the file its second one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

import pyarrow as pa

from analysis import tables
from analysis.resolve.uses import Use


@dataclass(frozen=True, slots=True, order=True)
class SecondName:
    """A file that is loaded under two names; the fields are the columns of ``tables.SECOND_NAMES``."""

    path: str
    kind: str
    first_name: str
    second_name: str
    first_path: str = ""
    first_line: int = 0
    second_path: str = ""
    second_line: int = 0
    evidence_path: str = ""
    evidence_line: int = 0
    start: str = ""
    taken: str = ""
    is_deferred: bool = False
    is_test: bool = False
    also_taken: str = ""


def build_second_name(path: str, kind: str, first: tuple[str, Use], second: tuple[str, Use]) -> SecondName:
    """Return a second name that two import statements give, each with the name that it says."""
    one, other = first[1], second[1]
    return SecondName(
        path, kind, first[0], second[0], one.path, one.line, other.path, other.line, other.path, other.line,
        taken=one.name, is_deferred=one.is_deferred or other.is_deferred, is_test=one.is_test or other.is_test,
        also_taken=other.name,
    )  # fmt: skip


def build_second_names_table(found: Iterable[SecondName]) -> pa.Table:
    """Return the Arrow table ``second_names``, sorted."""
    return tables.SECOND_NAMES.from_rows(astuple(each) for each in sorted(set(found)))
