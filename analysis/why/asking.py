"""Reads the answer from the tables of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis.errors import explain_unknown_module
from analysis.manifest import Manifest
from analysis.steps import read_left_names, read_statement
from analysis.tables.simulation import CIRCULAR
from analysis.why.answer import CitedStatement, Guilt, Swallowed, TriedCut, Why
from analysis.why.guilt import find_guilt
from analysis.why.sources import Snapshot, open_sources

#: Why a module has no first import that could be judged, by its kind.
_NOT_IMPORTED = {
    "namespace": "It is a folder without __init__.py: importing it runs no code",
    "extension": "It is compiled: its code cannot be read",
    "script": "It is a script that no import can name",
    "notebook": "It is a notebook, which nobody imports",
}


def explain_first_import(snapshot: Snapshot, module: str, *, with_authors: bool = False) -> Why:
    """Return what the first import of a module leads to: why it fails, what it swallows, which cut helps.

    Commits are shown without the names of their authors, unless these are asked for.

    Raises ``UnknownNameError`` with the nearest names when the target has no such module.
    """
    known = _find_rows(snapshot, "modules", "module", module)
    if not known:
        raise explain_unknown_module(module, sorted(set(snapshot.table("modules")["module"].to_pylist())))
    why = _Asking(snapshot, module, known).answer()
    return why if with_authors else replace(why, guilt=tuple(replace(each, author="") for each in why.guilt))


@dataclass(frozen=True)
class _Asking:
    """One question to one snapshot; ``known`` are the rows of the module in ``tables.MODULES``."""

    snapshot: Snapshot
    module: str
    known: Sequence[Mapping[str, Any]]

    def answer(self) -> Why:
        row = next(iter(_find_rows(self.snapshot, "simulated", "module", self.module)), None)
        own = next((each for each in self.known if not each["shadowed_by"]), self.known[0])
        why = Why(self.snapshot.manifest.target, self.module, own["path"], "not-simulated")
        if row is None:
            return self._complete(replace(why, reason=_find_reason(own)))
        why = replace(
            why, path=row["path"], outcome=row["outcome"], exception=row["exception"], message=row["message"],
            doubt=row["doubt"], chain=self._read_chain(row), modules_run=row["modules_run"],
            missing_module=row["failed_module"], missing_name=row["failed_name"],
        )  # fmt: skip
        if why.outcome == "not-simulated":
            why = replace(why, reason="There was no time left to simulate it: raise --simulation-budget")
        elif not why.is_known:
            why = replace(why, reason=f"It could not be followed to its end: {why.doubt or 'too many steps'}")
        return self._complete(self._explain_partial(why))

    def _complete(self, why: Why) -> Why:
        """Return the answer with what surrounds it, and with source lines and commits."""
        swallowed = tuple(self._find_swallowed())
        lost = [each for each in swallowed if each.is_circular]
        broken = [*why.chain, *(part for each in lost for part in (each.statement, each.caught))]
        is_circular = why.outcome in CIRCULAR or bool(lost)
        twice = _find_rows(self.snapshot, "simulated_executions", "entry", self.module)
        why = replace(
            why, swallowed=swallowed, cuts=tuple(self._find_cuts(broken)) if is_circular else (),
            executed_twice=tuple(sorted({each["module"] for each in twice})),
            imports=() if why.fails else self._find_imports(), observed=self._find_observed(),
        )  # fmt: skip
        return _add_guilt(_add_sources(why, self.snapshot), self.snapshot.manifest)

    def _read_chain(self, row: Mapping[str, Any]) -> tuple[CitedStatement, ...]:
        steps = [step for text in row["chain"] if (step := read_statement(text)) is not None]
        chain = [CitedStatement(step.path, step.line, step.module) for step in steps]
        failing = (row["failed_path"], row["failed_line"])
        if row["failed_path"] and (not chain or (chain[-1].path, chain[-1].line) != failing):
            chain.append(CitedStatement(*failing))
        return tuple(chain)

    def _explain_partial(self, why: Why) -> Why:
        """Return the answer with where the partially initialized module waits, and where it binds the name."""
        if why.outcome not in CIRCULAR or not why.missing_module:
            return why
        waiting = next((each for each in reversed(why.chain[:-1]) if each.module == why.missing_module), None)
        if not why.missing_name:
            return replace(why, waiting=waiting)
        names = self.snapshot.table("paths")
        chosen = pc.and_(
            pc.equal(names["module"].cast(pa.string()), why.missing_module),
            pc.equal(names["name"].cast(pa.string()), why.missing_name),
        )
        rows = names.filter(chosen).select(["path", "line"]).to_pylist()
        bound = min(
            (CitedStatement(row["path"], row["line"], why.missing_module) for row in rows), key=_rank, default=None
        )
        is_later = bound and waiting and bound.path == waiting.path and bound.line >= waiting.line
        return replace(why, waiting=waiting, bound_later=bound if is_later else None)

    def _find_swallowed(self) -> Iterator[Swallowed]:
        rows = _find_rows(self.snapshot, "simulated_swallowed", "entry", self.module)
        for row in sorted(rows, key=lambda row: (row["outcome"] not in CIRCULAR, row["path"], row["line"])):
            left = tuple((each.name, each.state) for each in read_left_names(row["left_as"]))
            yield Swallowed(
                CitedStatement(row["path"], row["line"]), row["outcome"], row["exception"], row["message"],
                CitedStatement(row["caught_path"], row["caught_line"]), left,
            )  # fmt: skip

    def _find_cuts(self, broken: Iterable[CitedStatement]) -> Iterator[TriedCut]:
        """Yield what was tried on the cycles at whose statements this first import fails, or loses something."""
        files = {each.path for each in broken}
        paths = dict(_read_pairs(self.snapshot.table("modules"), "module", "path"))
        members = dict(_read_pairs(self.snapshot.table("cycles"), "cycle", "modules"))
        for row in self.snapshot.table("cut_trials").to_pylist():
            on_way = any(paths.get(member, "") in files for member in members.get(row["cycle"], ()))
            if self.module in row["affected"] and on_way:
                steps = [step for text in row["statements"] if (step := read_statement(text)) is not None]
                yield TriedCut(
                    row["cycle"], tuple(CitedStatement(step.path, step.line, step.module) for step in steps),
                    len(row["restored"]), len(row["affected"]), self.module in row["restored"], row["tried"],
                )  # fmt: skip

    def _find_imports(self) -> tuple[CitedStatement, ...]:
        """Return what the module's own statements import on import; ``module`` is here what is imported."""
        rows = _find_rows(self.snapshot, "edges", "importer", self.module)
        chosen = [row for row in rows if row["scope"] in {"module", "class"} and not row["is_ancestor"]]
        chosen.sort(key=lambda row: (row["position"], row["imported"]))
        first = {row["imported"]: row for row in reversed(chosen)}
        named = sorted(first.values(), key=lambda row: (row["position"], row["imported"]))
        return tuple(CitedStatement(row["path"], row["line"], row["imported"]) for row in named)

    def _find_observed(self) -> str:
        rows = _find_rows(self.snapshot, "probed", "module", self.module)
        return str(rows[0]["outcome"]) if rows else ""


def _find_reason(own: Mapping[str, Any]) -> str:
    if own["shadowed_by"]:
        return f"Python imports {own['shadowed_by']} under this name"
    if not own["is_primary"]:
        return f"It is another name of {own['path']}: ask for its main name"
    return _NOT_IMPORTED.get(own["kind"], "No import statement can reach it by this name")


def _rank(statement: CitedStatement) -> tuple[str, int]:
    return statement.path, statement.line


def _find_rows(snapshot: Snapshot, table: str, column: str, value: str) -> list[dict[str, Any]]:
    found = snapshot.table(table)
    return list(found.filter(pc.equal(found[column].cast(pa.string()), value)).to_pylist())


def _read_pairs(table: pa.Table, key: str, value: str) -> Iterator[tuple[str, Any]]:
    return zip(table[key].to_pylist(), table[value].to_pylist(), strict=True)


def _add_sources(why: Why, snapshot: Snapshot) -> Why:
    """Return the answer with the source line of each statement."""
    lines = open_sources(snapshot)

    def add(each: CitedStatement) -> CitedStatement:
        return replace(each, source=lines.read(each.path, each.line))

    why = replace(
        why,
        chain=tuple(map(add, why.chain)),
        waiting=add(why.waiting) if why.waiting else None,
        bound_later=add(why.bound_later) if why.bound_later else None,
        cuts=tuple(replace(cut, statements=tuple(map(add, cut.statements))) for cut in why.cuts),
        imports=tuple(map(add, why.imports)),
        swallowed=tuple(
            replace(each, statement=add(each.statement), caught=add(each.caught)) for each in why.swallowed
        ),
    )
    return replace(why, has_changed=bool(lines.changed))


def _add_guilt(why: Why, manifest: Manifest) -> Why:
    """Return the answer with who wrote the failing line, and those that a cut defers."""
    failing = why.chain[-1:] if why.fails else ()
    statements = [*failing, *(each for cut in why.cuts for each in cut.statements)]
    wanted = [each for each in statements if each.source]  # of another file than the snapshot's the line is another one
    guilt: tuple[Guilt, ...] = ()
    if wanted and manifest.revision != "no-git":
        once = {(each.path, each.line): each for each in wanted}
        guilt = find_guilt(Path(manifest.root), once.values(), at=manifest.commit)
    return replace(why, guilt=guilt)
