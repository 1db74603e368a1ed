"""The facts of a target with a note of all else that is asked of its files: what a verdict on it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.cache import build_key
from analysis.facts import Facts, Siblings
from analysis.facts.asked_files import AskedFiles, is_unchanged
from analysis.facts.source_tree import SourceTree

#: The tables of a scan that the hashes of the files do not tell, or that say which files there are.
_TABLES = ("files", "left_out", "modules", "start_evidence", "hooks", "not_analysed")


class WatchedFacts:
    """The facts of a target, and of the code beside it; what is asked of ``facts`` and ``siblings`` is noted."""

    def __init__(self, facts: Facts, siblings: Siblings | None) -> None:
        known = siblings.facts if siblings else facts
        self.asked = AskedFiles(dict(tables.read_rows(known.files, "path", "content_hash")))
        self.tree: SourceTree = replace(facts, context_top=known.context_top).tree
        self._columns = _read_all(facts)
        if siblings:
            self._columns += [_read_columns(siblings.table), *_read_all(siblings.facts)]
        self.facts = replace(facts, asked=self.asked)
        self.siblings = replace(siblings, facts=replace(siblings.facts, asked=self.asked)) if siblings else None

    def build_key(self, program: Sequence[str], *given: Any) -> str:
        """Return a key for an answer about the facts, by a program, from what else it is given."""
        return build_key(program, *given, self._columns)

    def holds(self, asked: AskedFiles) -> bool:
        """Return whether the files answer as they did when the same facts were looked at before."""
        return is_unchanged(self.tree, asked.answers.items())


def _read_all(facts: Facts) -> list[list[list[Any]]]:
    return [_read_columns(getattr(facts, name)) for name in _TABLES]


def _read_columns(table: pa.Table) -> list[list[Any]]:
    return [tables.read_column(table, name) for name in table.column_names]
