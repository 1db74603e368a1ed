"""What the rules judge: everything measured of one target, and its source lines."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts import Facts, Siblings
from analysis.facts.test_files import is_test_file
from analysis.graph import Cycle, ImportGraph
from analysis.graph.framework_names import find_models, find_tasks, name_frameworks
from analysis.graph.loaded_again import find_loaded_again
from analysis.graph.main_twins import find_main_twins
from analysis.graph.reach import Reach
from analysis.names import Concept, DuplicateName, Identity
from analysis.names.attribute_uses import MissingAttribute, NamedModules, find_missing_attributes, list_named_modules
from analysis.names.class_index import find_importable
from analysis.names.products import NameMeanings
from analysis.policy import Policy
from analysis.resolve import TargetResolver
from analysis.resolve.linked_files import find_linked_files
from analysis.resolve.loaded_anew import find_loaded_anew
from analysis.resolve.path_names import find_path_names
from analysis.resolve.second_names import SecondName
from analysis.rules.cycle_edges import CycleEdge, find_cycle_edges, find_cycle_places
from analysis.rules.cycle_outcomes import CycleOutcome, find_cycle_outcomes
from analysis.rules.stored_state import Store, read_stores
from analysis.rules.target_packages import ChosenCode, choose_code
from analysis.simulation import count_not_simulated

Rest = ParamSpec("Rest")
Answer = TypeVar("Answer")
#: What is computed once and depends on no table of simulation and probe.
_OF_THE_SOURCE = (
    "second_names", "tasks", "named_modules", "missing_attributes", "phantom_names", "chosen", "homes",
    "files_by_module", "meanings", "stores",
    "policy_classes", "cycle_edges", "cycle_places", "cycle_edges_with_packages",
)  # fmt: skip


@dataclass(frozen=True)
class RuleContext:
    """The evidence of one target: facts, import graph, cycles, classes, names, and the policy it is held against.

    ``runtime_tables`` holds the tables of the import simulation, and of the probe when it was asked for;
    ``resolver`` is what graph, names and simulation ask. ``facts`` are those of the target alone; ``siblings`` is the
    code beside it, which graph, names and simulation know too. ``is_cut_short``: there was no time to try all cuts.
    """

    facts: Facts
    graph: ImportGraph
    cycles: tuple[Cycle, ...]
    duplicate_names: tuple[DuplicateName, ...]
    concepts: tuple[Concept, ...]
    identity: Identity
    policy: Policy = field(default_factory=Policy)
    runtime_tables: Mapping[str, pa.Table] = field(default_factory=dict)
    resolver: TargetResolver | None = field(default=None, repr=False, compare=False)
    siblings: Siblings | None = field(default=None, repr=False, compare=False)
    is_cut_short: bool = False
    answers: dict[tuple[Hashable, ...], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def with_tables(self, found: Mapping[str, pa.Table], *, is_cut_short: bool = False) -> RuleContext:
        """Return the case with more tables of simulation and probe; what the source decides is not computed again."""
        case = replace(self, runtime_tables={**self.runtime_tables, **found}, is_cut_short=is_cut_short)
        case.__dict__.update({name: self.__dict__[name] for name in _OF_THE_SOURCE if name in self.__dict__})
        return case

    def runtime_table(self, name: str) -> pa.Table:
        """Return a table of the simulation or of the probe; without rows when it was not asked for."""
        return self.runtime_tables[name] if name in self.runtime_tables else tables.TABLES[name].empty()

    @cached_property
    def target_resolver(self) -> TargetResolver:
        """What graph, names and simulation ask; where that failed, one of its own for the rules."""
        return self.resolver or TargetResolver(self.facts)

    @cached_property
    def second_names(self) -> tuple[SecondName, ...]:
        """The files that Python can load under two names, sorted; every finder of them is named here."""
        resolver = self.target_resolver
        reach = Reach(resolver)
        mains = find_main_twins(resolver, self.facts.programs, reach)
        linked = set(find_linked_files(resolver, self.facts.files))
        known = {(each.path, frozenset((each.first_name, each.second_name))) for each in linked}
        by_path = {
            each
            for each in find_path_names(resolver, self.tasks.keys())
            if (each.path, frozenset((each.first_name, each.second_name))) not in known
        }
        models = find_models(self.facts.definitions, self.facts.imports, {each.path for each in by_path})
        loaded = find_loaded_again(resolver, self.facts.loads, reach)
        anew = find_loaded_anew(resolver, self.facts.loads)
        return tuple(sorted({*name_frameworks(by_path, models, self.tasks), *linked, *mains, *loaded, *anew}))

    @cached_property
    def tasks(self) -> Mapping[str, Sequence[str]]:
        """The functions that become tasks of a queue under the name of their module, by file."""
        return find_tasks(self.facts.programs)

    @cached_property
    def named_modules(self) -> NamedModules:
        """By file, the names that its imports bind to modules of the tree, where no import says otherwise."""
        return list_named_modules(self.target_resolver)

    @cached_property
    def missing_attributes(self) -> list[MissingAttribute]:
        """The uses of attributes that modules of the tree do not have."""
        return find_missing_attributes(self.target_resolver, self.facts.tree, self.named_modules)

    @cached_property
    def phantom_names(self) -> list[dict[str, Any]]:
        """The imports of names that do not exist; ``made`` says why a submodule is missing from the tree alone."""
        rows: list[dict[str, Any]] = self.identity.phantom_names.to_pylist()
        imports = self.target_resolver.imports if rows else None
        modules = {module.name: module for module in imports.index.all} if imports else {}
        for row in rows:
            package = modules.get(row["module"]) if row["reason"] == "no-such-name" else None
            row["made"] = imports.find_made(package, row["name"]) if imports and package else ""
        return rows

    @property
    def is_probed(self) -> bool:
        """Whether the target's modules were imported."""
        return bool(self.runtime_table("probed").num_rows)

    @cached_property
    def not_simulated(self) -> int:
        """Of how many modules the first import was not simulated, for lack of time."""
        return count_not_simulated(self.runtime_table("simulated"))

    @cached_property
    def simulated_well(self) -> frozenset[str]:
        """The files whose first import succeeds in the simulation, without any doubt."""
        columns = ("path", "outcome", "doubt")
        rows = tables.read_rows(self.runtime_table("simulated"), *columns)
        return frozenset(path for path, outcome, doubt in rows if outcome == "ok" and not doubt)

    @property
    def is_simulated(self) -> bool:
        """Whether the first import of every module was simulated."""
        return "simulated" in self.runtime_tables and not self.not_simulated

    @cached_property
    def chosen(self) -> ChosenCode | None:
        """The packages that findings are about; None when they are about all."""
        beside = self.siblings.table if self.siblings else None
        return choose_code(self.policy.target.packages, self.facts.modules, beside)

    @property
    def known_facts(self) -> Facts:
        """The facts of the target, and of the code beside it where that takes part."""
        return self.siblings.facts if self.siblings else self.facts

    def is_chosen(self, path: str) -> bool:
        """Return whether findings are about a file."""
        return self.chosen is None or self.chosen.has_path(path)

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """The primary module name of every file that Python imports under that name, by path."""
        return find_importable(self.facts.modules)

    @cached_property
    def files_by_module(self) -> Mapping[str, str]:
        """The file of each of these modules."""
        return {module: path for path, module in self.homes.items()}

    @cached_property
    def meanings(self) -> NameMeanings:
        """What names of modules mean, and of which class the results of calls are."""
        return NameMeanings(self.identity.paths, self.facts.returned, self.homes)

    @cached_property
    def stores(self) -> tuple[Store, ...]:
        """What functions store where it outlives the call, tests last."""
        found = read_stores(self.facts, self.homes, self.meanings, self.identity.inheritance)
        return tuple(sorted(found, key=lambda store: (store.is_test, store)))

    @cached_property
    def policy_classes(self) -> frozenset[str]:
        """The definitions of the classes that belong to a concept of the policy."""
        return frozenset(member.definition for each in self.concepts if each.is_policy for member in each.members)

    @cached_property
    def cycle_edges(self) -> Mapping[str, Sequence[CycleEdge]]:
        """The imports inside each import-time cycle, by the cycle's identifier."""
        return find_cycle_edges(self.graph, self.cycles, with_ancestors=False)

    @cached_property
    def cycle_places(self) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Every import statement inside each cycle of any kind, by the cycle's identifier."""
        return find_cycle_places(self.graph, self.cycles)

    @cached_property
    def cycle_outcomes(self) -> Mapping[str, CycleOutcome]:
        """What first imports make of each import-time cycle, by the cycle's identifier."""
        cycles = {cycle.cycle: cycle.modules for cycle in self.cycles if cycle.kind == "import-time"}
        simulated, swallowed = self.runtime_table("simulated"), self.runtime_table("simulated_swallowed")
        return find_cycle_outcomes(cycles, simulated.to_pylist(), swallowed.to_pylist())

    @cached_property
    def cut_trials(self) -> Mapping[str, Mapping[str, Any]]:
        """The rows of ``tables.CUT_TRIALS`` by the identifier of the cycle."""
        return {row["cycle"]: row for row in self.runtime_table("cut_trials").to_pylist()}

    @cached_property
    def cycle_edges_with_packages(self) -> Mapping[str, Sequence[CycleEdge]]:
        """The same for the cycles that count the packages that run on the way."""
        return find_cycle_edges(self.graph, self.cycles, with_ancestors=True)


def ask_once(
    ask: Callable[Concatenate[RuleContext, Rest], Answer],
) -> Callable[Concatenate[RuleContext, Rest], Answer]:
    """Return a question that is answered once for each case and what else it is given: several rules ask it.

    Who asks must not change the answer.
    """

    @wraps(ask)
    def answer(case: RuleContext, /, *rest: Rest.args, **named: Rest.kwargs) -> Answer:
        key = (ask.__module__, ask.__qualname__, *rest, *sorted(named.items()))
        if key not in case.answers:
            case.answers[key] = ask(case, *rest, **named)
        found: Answer = case.answers[key]
        return found

    return answer


@ask_once
def find_importing_files(case: RuleContext, module: str) -> frozenset[str]:
    """Return the files that import a module, tests left out."""
    rows = tables.read_rows(keep(case.graph.edges, "imported", module), "path")
    return frozenset(path for (path,) in rows if not is_test_file(path))


def keep(table: pa.Table, column: str, value: str) -> pa.Table:
    """Return the rows of a table whose text column has a value."""
    return table.filter(pc.equal(table.column(column).cast(pa.string()), value))
