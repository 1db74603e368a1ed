"""Scaffolds in place of shared state: values of contexts for globals, and the methods that the policy requires."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cached_property

from analysis import tables
from analysis.facts.source_tree import SourceTree
from analysis.fixes.context_state import build_context_edits
from analysis.fixes.deferred_imports import UnmovableError
from analysis.fixes.factory_methods import build_method_edits
from analysis.fixes.findings import find_open_findings
from analysis.fixes.name_takers import NameTakers
from analysis.fixes.offers import Edit, Offer, Refusal
from analysis.fixes.source_text import UnplacedError
from analysis.fixes.target_sources import TargetSources
from analysis.investigation import Investigation
from analysis.names.inheritance import Inheritance, read_inheritance
from analysis.rules.families.factories import find_missing_methods
from analysis.wording import format_some

KIND = "scaffold-state"
REBOUND, LACKING = "global-rebound", "factory-without-method"
#: By its name the value belongs to a user or request; what only gets constants, or its value once, is not looked at.
_PERSONAL, _OPEN = frozenset({"P0", "P1"}), "P2"


def offer_scaffolds(investigation: Investigation, tree: SourceTree) -> Iterator[Offer | Refusal]:
    """Yield scaffolds for rebound globals and for factories that lack methods, and what is refused."""
    scaffolding = _Scaffolding(investigation, TargetSources(investigation, tree))
    yield from scaffolding.offer_contexts()
    yield from scaffolding.offer_methods()


class _Scaffolding:
    def __init__(self, investigation: Investigation, sources: TargetSources) -> None:
        self._investigation, self._sources = investigation, sources
        self._takers = NameTakers(investigation, sources)

    def offer_contexts(self) -> Iterator[Offer | Refusal]:
        """Yield a scaffold for each global that functions bind to values that differ from call to call."""
        findings = find_open_findings(self._investigation.table, REBOUND)
        columns = ("fingerprint", "severity")
        severities = dict(tables.read_rows(self._investigation.table("findings"), *columns))
        for subject, key in sorted(findings.fingerprints.items()):
            module, _, name = subject.rpartition(".")
            path = self._paths.get(module, "")
            if not path or severities[key] not in {*_PERSONAL, _OPEN}:
                continue
            try:
                if severities[key] == _OPEN:
                    raise UnmovableError(
                        1, "nothing shows that the value belongs to a user or request: it may be the process's"
                    )
                source = self._sources.parse(path)
                takers = self._takers.find(module, path, name)
                if takers.by_text:
                    raise UnmovableError(1, f"{format_some(takers.by_text)} names {subject} in a text")
                self._refuse_writers(module, name, path)
                edits = build_context_edits(source, name, takers)
            except (UnmovableError, UnplacedError) as problem:
                yield self._refuse(subject, path, key, problem)
                continue
            title = f"Keep {subject} for each request or task"
            reason = (
                f"Functions bind the global {subject} to values of one call. Each context has its own value now, in a "
                "ContextVar with a getter and a setter; the comment says what is left to do."
            )
            yield Offer(KIND, subject, title, reason, (key,), _sort(edits), is_scaffold=True)

    def offer_methods(self) -> Iterator[Offer | Refusal]:
        """Yield a scaffold for each factory that lacks methods which the policy requires."""
        for definition, key in sorted(find_open_findings(self._investigation.table, LACKING).fingerprints.items()):
            module, _, name = definition.partition(":")
            path = self._paths.get(module, "")
            offered = sorted(
                {
                    each
                    for owner in (definition, *self._inheritance.find_ancestors(definition))
                    for each in self._members.get(owner, ())
                }
            )
            missing = find_missing_methods(self._investigation.policy.factory, name.rpartition(".")[2], offered)
            try:
                source = self._sources.parse(path)
                node = next(
                    (each for each in source.tree.body if isinstance(each, ast.ClassDef) and each.name == name), None
                )
                if node is None:
                    raise UnmovableError(1, "the class does not stand at module level by itself")
                edits = build_method_edits(source, node, missing, offered)
            except (UnmovableError, UnplacedError) as problem:
                yield self._refuse(definition, path, key, problem)
                continue
            listed = format_some([f"{each}()" for each in missing])
            title = f"Add {listed} to {name}"
            reason = f"The policy requires {listed} of {definition}. The comments say what is left to do."
            yield Offer(KIND, definition, title, reason, (key,), _sort(edits), is_scaffold=True)

    def _refuse(self, subject: str, path: str, key: str, problem: UnmovableError | UnplacedError) -> Refusal:
        """Return a refusal at the line of the problem; where that is the whole file, at that of the finding."""
        line = problem.line if isinstance(problem, UnmovableError) else 1
        return Refusal(KIND, subject, path, line if line > 1 else self._lines.get(key, 1), str(problem), (key,))

    def _refuse_writers(self, module: str, name: str, path: str) -> None:
        """Raise ``UnmovableError`` where another file binds the name of the module."""
        last = module.rpartition(".")[2]
        for other, content in self._sources.read_all():
            if other == path or name.encode() not in content or last.encode() not in content:
                continue
            for node in ast.walk(self._sources.parse(other).tree):
                if isinstance(node, ast.Attribute) and node.attr == name and not isinstance(node.ctx, ast.Load):
                    raise UnmovableError(1, f"{other}:{node.lineno} binds .{name}, perhaps that of {module}")

    @cached_property
    def _paths(self) -> Mapping[str, str]:
        """The file of each module."""
        return dict(tables.read_rows(self._investigation.table("modules"), "module", "path"))

    @cached_property
    def _lines(self) -> Mapping[str, int]:
        """The line of the first place of each finding."""
        rows = tables.read_rows(self._investigation.table("findings"), "fingerprint", "evidence")
        return {key: places[0]["line"] for key, places in rows if places}

    @cached_property
    def _inheritance(self) -> Inheritance:
        return read_inheritance(self._investigation.table("bases"))

    @cached_property
    def _members(self) -> Mapping[str, list[str]]:
        """The methods and attributes of each class."""
        modules = {path: module for module, path in self._paths.items()}
        columns = ("path", "qualname", "methods", "attributes")
        return {
            f"{modules.get(path, '')}:{qualname}": [*methods, *attributes]
            for path, qualname, methods, attributes in tables.read_rows(
                self._investigation.table("definitions"), *columns
            )
        }


def _sort(edits: list[Edit]) -> tuple[Edit, ...]:
    return tuple(sorted(edits))
