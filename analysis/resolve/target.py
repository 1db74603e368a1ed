"""All that is resolved of one target, each part once, when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from analysis.resolve.answers import ImportAnswers, Numbers, answer_imports
from analysis.resolve.attributes import settle_attributes
from analysis.resolve.environments import DEFAULT, Supported
from analysis.resolve.evidence import FactTables
from analysis.resolve.imports import ImportFacts, ImportResolver
from analysis.resolve.loaded_files import list_loaded
from analysis.resolve.modules import Module, ModuleIndex
from analysis.resolve.name_resolver import NameResolver
from analysis.resolve.namespaces import Namespaces
from analysis.resolve.starts import Start, find_starts
from analysis.resolve.statements import Statements


class TargetFacts(ImportFacts, FactTables, Protocol):
    """The facts of a scan, or a few small tables in a test."""


class TargetResolver:
    """Answers which module an import yields, whether a statement can run, and what a name is bound to."""

    def __init__(self, facts: TargetFacts, supported: Supported = DEFAULT) -> None:
        self.facts = facts
        self.supported = supported
        self.imports = ImportResolver(facts)

    @property
    def index(self) -> ModuleIndex:
        """The modules of the target."""
        return self.imports.index

    @cached_property
    def _read(self) -> ImportAnswers:
        """The answers by module names alone: whether a package has an attribute of that name is not asked yet."""
        return answer_imports(self.imports)

    @cached_property
    def answers(self) -> ImportAnswers:
        """What each import statement yields, for each name of its file."""
        return settle_attributes(self._read, self)

    @cached_property
    def starts(self) -> list[Start]:
        """How the program can be started."""
        return find_starts(self.facts, self.index, list_loaded(self.imports, self.facts.loads))

    @property
    def liveness(self) -> Numbers:
        """Whether each import statement can run: a position in ``tables.LIVENESS``."""
        return self.statements.liveness

    @cached_property
    def statements(self) -> Statements:
        """The import statements of the modules that stand for their files."""
        return Statements(self.imports, self._read, self.supported)

    @cached_property
    def spaces(self) -> Namespaces:
        """What the statements of each file bind."""
        return Namespaces(self.facts, self.imports.bindings, self.index, self.supported)

    def is_nowhere(self, module: Module, name: str) -> bool:
        """Return whether a module never has a name, however far it runs: no statement binds it, no submodule is it."""
        if not self.index.is_importable(module) or self.index.find_child(module, name) is not None:
            return False
        asked = self.index.modules[module.primary]
        outcome = self.names.resolve(asked, name)
        is_by_star = name.startswith("_") and self.names.is_open_by_star(asked)  # a star takes no private name
        return all(
            candidate.value.is_missing or (is_by_star and candidate.row < 0 and candidate.value.kind == "unknown")
            for candidate in outcome
        )

    @cached_property
    def names(self) -> NameResolver:
        """What names are bound to."""
        return NameResolver(self.spaces, self.imports, self.statements)
