"""The table of import paths: every name of every module, and the object behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.executor import paused_collection
from analysis.gaps import Gaps, NoGaps
from analysis.names.canonical import ALLOWED_ROUTES, ClassPath, choose_canonical
from analysis.names.fast_path import find_fast
from analysis.names.routes import Routes
from analysis.names.usage import Taken, Usage, find_usage
from analysis.resolve import TargetFacts, TargetResolver
from analysis.resolve.liveness import ALWAYS, TRIED
from analysis.resolve.modules import Module, ModuleIndex
from analysis.resolve.name_resolver import NameResolver
from analysis.resolve.namespaces import Namespaces
from analysis.resolve.statements import Statements
from analysis.resolve.values import Candidate, Key, Outcome, Value, choose
from analysis.steps import BindingStep, OtherDefinition, write_others

#: Longer chains are cut in the middle of nowhere; none that long was ever seen.
_LONGEST_CHAIN = 30
#: Of these a name elsewhere may be the same object: a call may return what existed before.
_UNCERTAIN = frozenset({"result", "compiled"})


@dataclass(frozen=True, slots=True)
class Resolution:
    """The resolved names of a target: ``paths`` as a table, and what answers further questions.

    ``involved`` are the names that modules bind in ways that take more than a look, by module number.
    """

    paths: pa.Table
    involved: Mapping[int, Collection[str]]
    index: ModuleIndex
    resolver: NameResolver
    statements: Statements
    routes: Routes
    usage: Usage
    canonical: Mapping[str, ClassPath]

    def find_used(self, wanted: pa.ChunkedArray | None = None) -> set[Taken]:
        """Return the names of ``paths`` that import statements take; ``wanted`` are the rows that count."""
        is_used = pc.greater(self.paths["statements"], 0)
        used = self.paths.filter(is_used if wanted is None else pc.and_(is_used, wanted))
        numbers = {module.name: module.number for module in self.modules}
        modules = [numbers[name] for name in tables.read_column(used, "module")]
        return set(zip(modules, tables.read_column(used, "name"), strict=True))

    def find_unlisted(self) -> list[Taken]:
        """Return what import statements take that is not in ``paths``: names that are not there, or not bound."""
        return sorted(self.usage.rows.keys() - self.find_used())

    @property
    def modules(self) -> Sequence[Module]:
        """The importable modules, sorted by name."""
        return self.index.modules


def build_resolution(
    facts: TargetFacts,
    stated: frozenset[str] = frozenset(),
    gaps: Gaps | None = None,
    *,
    resolver: TargetResolver | None = None,
) -> Resolution:
    """Resolve every name of every importable module; linear in the number of statements.

    ``stated`` are import paths that the policy names as canonical. ``paths`` has the columns of
    ``tables.PATHS``, sorted by module and name; names with two underscores at both ends are left out.
    ``gaps`` takes what fails inside the kit, module by module; without it such a failure is raised.
    """
    with paused_collection():
        return _build(resolver or TargetResolver(facts), stated, gaps or NoGaps())


def _build(target: TargetResolver, stated: frozenset[str], gaps: Gaps) -> Resolution:
    spaces, statements, resolver = target.spaces, target.statements, target.names
    routes = Routes(spaces, resolver.stars, statements, target.facts.markers)
    usage = find_usage(statements)
    plain = find_fast(spaces, resolver, routes, usage)
    others = PathRows(spaces, resolver, routes, usage).find(plain.others, plain.answered, gaps)
    paths, canonical = _choose(sort_rows(plain.table, others), stated)
    return Resolution(paths, plain.others, spaces.index, resolver, statements, routes, usage, canonical)


def sort_rows(*parts: pa.Table) -> pa.Table:
    """Return the rows of all parts, sorted by module and name."""
    table = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    order = np.lexsort([_rank(table, name) for name in ("name", "module")])
    return table.take(pa.array(order))


def _rank(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """Return the place of each text of a column in their order."""
    codes, texts = tables.read_codes(table, name)
    ranks = np.empty(len(texts), np.int64)
    ranks[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return ranks[codes] if texts else codes


def _choose(table: pa.Table, stated: frozenset[str]) -> tuple[pa.Table, dict[str, ClassPath]]:
    """Return the table with its last column, which tells the canonical path of each class, and these paths."""
    is_class = pc.is_in(table["kind"].cast(tables.TEXT), pa.array(tables.CLASS_KINDS))
    is_allowed = pc.is_in(table["route"].cast(tables.TEXT), pa.array(sorted({*ALLOWED_ROUTES, "shim"})))
    is_stated = pc.is_in(table["import_path"], pa.array(sorted(stated), tables.TEXT))
    rows = np.flatnonzero(pc.and_(is_class, pc.or_(is_allowed, is_stated)).to_numpy())
    wanted = table.select(ClassPath._fields[1:]).take(pa.array(rows))
    columns = (tables.read_column(wanted, name) for name in ClassPath._fields[1:])
    canonical = choose_canonical(map(ClassPath, rows.tolist(), *columns), stated)
    is_canonical = np.zeros(table.num_rows, bool)
    is_canonical[[path.row for path in canonical.values()]] = True
    return table.append_column(tables.PATHS.schema.field("is_canonical"), pa.array(is_canonical)), canonical


class PathRows:
    """Makes the rows of ``tables.PATHS``, one name after the other."""

    def __init__(self, spaces: Namespaces, resolver: NameResolver, routes: Routes, usage: Usage) -> None:
        self._spaces = spaces
        self._resolver = resolver
        self._routes = routes
        self._usage = usage
        self._modules = spaces.index.modules

    def find(
        self, wanted: Mapping[int, Collection[str]], answered: Mapping[int, Collection[str]], gaps: Gaps
    ) -> pa.Table:
        """Return the rows, without the last column, of ``wanted``, and of all that modules get but ``answered``.

        Both are names by module number.
        """
        rows: list[tuple[Any, ...]] = []
        taken = self._find_taken()
        for module in sorted(self._modules, key=lambda module: module.name):
            number = module.number
            find = partial(
                self._find_rows, module, wanted.get(number, ()), answered.get(number, ()), taken.get(number, ())
            )
            rows.extend(gaps.attempt("names", "paths", find, list, path=module.source))
        return _build_table(rows)

    def build(self, wanted: Sequence[tuple[Module, str, Outcome]]) -> pa.Table:
        """Return the rows, without the last column, of names that are answered already."""
        return _build_table([self._row(*each) for each in wanted])

    def _find_taken(self) -> dict[int, set[str]]:
        """Return the names that statements take from compiled modules, which have no statements that show them."""
        found: dict[int, set[str]] = {}
        for number, name in self._usage.rows:
            if self._resolver.is_compiled(self._modules[number]):
                found.setdefault(number, set()).add(name)
        return found

    def _find_rows(
        self, module: Module, wanted: Collection[str], answered: Collection[str], taken: Collection[str]
    ) -> list[tuple[Any, ...]]:
        names = {name for name in wanted if self._resolver.stars.binds(module, name)}
        names |= self._resolver.find_unbound(module).difference(answered)
        names.update(taken)
        return list(self._rows(module, names))

    def _rows(self, module: Module, names: Collection[str]) -> Iterator[tuple[Any, ...]]:
        for name in sorted(names):
            if name == "*" or (name.startswith("__") and name.endswith("__")):
                continue
            outcome = self._resolver.resolve(module, name)
            if outcome:
                yield self._row(module, name, outcome)

    def _row(self, module: Module, name: str, outcome: Outcome) -> tuple[Any, ...]:
        chosen = choose(outcome)
        value = chosen.value
        home = self._modules[value.module] if value.module >= 0 else None
        line = self._spaces.rows.line[chosen.row] if chosen.row >= 0 else 0
        return (
            f"{module.name}.{name}", module.name, name, module.source, line,
            value.target, home.source if home else "", value.line, value.kind, value.made_by,
            self._routes.find(module, name, value), self._chain(module, name, chosen),
            len(outcome), *_judge(outcome, chosen), *self._usage.count((module.number, name)),
        )  # fmt: skip

    def _chain(self, module: Module, name: str, candidate: Candidate) -> list[str]:
        """Return the places on the way to the definition, one text per hop."""
        lines = self._spaces.rows.line
        line = lines[candidate.row] if candidate.row >= 0 else 0
        chain = [BindingStep(f"{module.name}.{name}", module.source, line)]
        step: Key | None = candidate.step
        seen: set[Key] = set()  # names that no statement binds add nothing to the chain, and may lead to one another
        while step is not None and step not in seen and len(chain) < _LONGEST_CHAIN:
            seen.add(step)
            number, name, _ = step
            module = self._modules[number]
            candidate = self._resolver.find_candidate(step, candidate.value)
            if candidate.row >= 0:
                chain.append(BindingStep(f"{module.name}.{name}", module.source, lines[candidate.row]))
            step = candidate.step
        return list(map(str, chain))


def _build_table(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * (len(tables.PATHS.columns) - 1)
    return tables.Table("paths", "", tables.PATHS.columns[:-1]).from_columns(columns)


def _judge(outcome: Outcome, chosen: Candidate) -> tuple[str, str]:
    """Return certainty and reason of a choice among candidates."""
    value = chosen.value
    if value.kind == "unknown":
        return "unknown", value.reason
    if len(outcome) == 1:
        is_certain = chosen.level in {ALWAYS, TRIED} and value.kind not in _UNCERTAIN
        return ("certain" if is_certain else "conditional"), ""
    others = (_find_other(candidate.value, value) for candidate in outcome if candidate is not chosen)
    return "conditional", write_others(others)


def _find_other(value: Value, chosen: Value) -> OtherDefinition:
    is_same_name = bool(value.target) and value.target == chosen.target
    return OtherDefinition(value.target or value.reason or value.kind, value.line if is_same_name else 0)
