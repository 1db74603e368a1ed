"""How several classes become one, or as many as a policy allows: which stays, and what the others hand over to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.rules.edits import PlannedEdit, PlannedWork, list_evidence
from analysis.wording import format_count, format_some

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Rival:
    """One of several classes: where it stands, what it is called, how often it is imported, and its methods."""

    edit: PlannedEdit
    definition: str
    statements: int
    methods: frozenset[str]

    @property
    def name(self) -> str:
        return self.definition.rpartition(":")[2]


def list_merges(work: PlannedWork) -> Iterator[PlannedEdit]:
    """Yield an edit for each class that has to go: into which it is merged, and the methods that this one lacks.

    The class that the policy calls canonical stays, then those that are imported most; the product before tests.
    """
    found = [(row, edit) for row in work.rows for edit in list_evidence(row)]
    rivals = _read_rivals(work, [edit for _, edit in found])
    limits = {concept.name: (concept.max_classes, concept.canonical) for concept in work.policy.concept}
    for row in work.rows:
        own = [rivals[edit.path, edit.line] for edit in list_evidence(row) if (edit.path, edit.line) in rivals]
        own = [replace(rival, edit=replace(rival.edit, fingerprint=row["fingerprint"])) for rival in own]
        if row["rule"] == "concept-over-its-limit":
            most, canonical = limits.get(row["subject"], (1, ""))
            yield from _merge(own, max(1, most), canonical)
        elif row["subject"] in row["paths"]:
            yield from _join_twins(row)
        elif row["severity"] == "P3":
            yield from _look(row)
        else:
            yield from _merge(own, 1, "", "; or rename it")


def _merge(rivals: Sequence[_Rival], most: int, canonical: str, otherwise: str = "") -> Iterator[PlannedEdit]:
    wanted = canonical.replace(":", ".")
    ranked = sorted(
        rivals,
        key=lambda each: (
            each.definition.replace(":", ".") != wanted, is_test_file(each.edit.path), -each.statements,
            each.definition,
        ),
    )  # fmt: skip
    kept = ranked[:most]
    for rival in ranked[most:]:
        home = max(kept, key=lambda each: (len(each.methods & rival.methods), each.name == rival.name))
        lacking = sorted(rival.methods - home.methods)
        more = ""
        if lacking:
            more = f"; move over {format_count(len(lacking), 'method')} that it lacks ({format_some(lacking)})"
        words = f"merge {rival.name} into {home.definition}{more}, and leave an import of it here{otherwise}"
        yield replace(rival.edit, words=words, methods=len(lacking))


def _join_twins(row: Mapping[str, Any]) -> Iterator[PlannedEdit]:
    """Yield an edit for each file that defines the classes of another one again: one decision for all of them."""
    lines: dict[str, int] = {}
    for place in row["evidence"]:
        lines.setdefault(place["path"], place["line"])
    for path in row["paths"]:
        if path != row["subject"]:
            words = f"take the classes from {row['subject']}, or generate both files from one source"
            yield PlannedEdit(path, lines.get(path, 1), words, "", row["fingerprint"])


def _look(row: Mapping[str, Any]) -> Iterator[PlannedEdit]:
    """Yield one edit for classes that merely share a name: one decision, which may be to change nothing."""
    for edit in list_evidence(row)[:1]:
        count = format_count(row["places"], "class", "classes")
        words = f"look at the {count} of this name: give them names that say how they differ, or let them be"
        yield replace(edit, words=words)


def _read_rivals(work: PlannedWork, edits: Iterable[PlannedEdit]) -> dict[Place, _Rival]:
    """Return the classes at some places."""
    at = {(edit.path, edit.line): edit for edit in edits}
    classes = _choose(work.read_table("definitions"), at)
    methods: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path, owner, name in tables.read_rows(_choose(work.read_table("methods"), at), "path", "owner", "name"):
        methods[path, owner].add(name)
    homes = _find_homes(work)
    statements = _count_statements(work.read_table("paths"))
    found = {}
    for path, line, qualname in tables.read_rows(classes, "path", "line", "qualname"):
        if (path, line) in at:
            definition = f"{homes.get(path, path)}:{qualname}"
            own = frozenset(name for name in methods[path, qualname] if not name.startswith("__"))
            found[path, line] = _Rival(at[path, line], definition, statements.get(definition, 0), own)
    return found


def _find_homes(work: PlannedWork) -> Mapping[str, str]:
    modules = work.read_table("modules")
    rows = tables.read_rows(modules, "path", "module", "is_primary")
    return {path: module for path, module, is_primary in rows if is_primary}


def _choose(table: pa.Table, at: Iterable[Place]) -> pa.Table:
    paths = pa.array(sorted({path for path, _ in at}), type=pa.string())
    return table.filter(pc.is_in(table.column("path").cast(pa.string()), paths))


def _count_statements(paths: pa.Table) -> Mapping[str, int]:
    """Return for each definition how many import statements mean it, by whichever path."""
    used = paths.select(["definition", "statements"]).filter(pc.greater(paths.column("statements"), 0))
    found: dict[str, int] = defaultdict(int)
    for definition, count in tables.read_rows(used, "definition", "statements"):
        found[definition] += count
    return found
