"""Makes redirects of duplicate classes: modules take the class from its single source, and warn who asks them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from analysis import tables
from analysis.facts.source_tree import SourceTree
from analysis.facts.test_files import is_test_file
from analysis.fixes.class_differences import (
    DefinedClass,
    find_differences,
    find_missing,
)
from analysis.fixes.findings import find_open_findings
from analysis.fixes.offers import Offer, Refusal
from analysis.fixes.redirects import ClassRedirect, redirect_classes
from analysis.fixes.source_text import UnplacedError
from analysis.fixes.target_sources import TargetSources
from analysis.investigation import Investigation
from analysis.rules.registrations import LoadedModules
from analysis.wording import format_some

KIND, RULE = "redirect-duplicate", "class-defined-more-than-once"


class _Rival(NamedTuple):
    """One of several definitions of a class name at module level."""

    name: str
    module: str
    path: str
    line: int
    uses: int


class _Redirect(NamedTuple):
    """One class that becomes a redirect to its canonical definition."""

    rival: _Rival
    canonical: str
    node: ast.ClassDef
    clears: str


def offer_redirects(investigation: Investigation, tree: SourceTree) -> Iterator[Offer | Refusal]:
    """Yield for each module with duplicate classes a patch, and for each class that has to stay the reason."""
    yield from _Redirecting(investigation, TargetSources(investigation, tree)).offer()


class _Redirecting:
    def __init__(self, investigation: Investigation, sources: TargetSources) -> None:
        self._investigation, self._sources = investigation, sources
        self._findings = find_open_findings(investigation.table, RULE)
        self._loaded = LoadedModules(investigation.table("edges"), lambda _: ())
        self._redirected: dict[str, set[str]] = defaultdict(set)  # where each module takes classes from then

    def offer(self) -> Iterator[Offer | Refusal]:
        by_module: dict[str, list[_Redirect]] = defaultdict(list)
        refusals: list[Refusal] = []
        for name in sorted(self._findings.fingerprints):
            rivals = self._rivals.get(name, [])
            if len(rivals) < 2:
                continue
            for found in self._judge(name, rivals):
                if isinstance(found, Refusal):
                    refusals.append(found)
                else:
                    by_module[found.rival.module].append(found)
        for _, redirects in sorted(by_module.items()):
            try:
                yield self._build(redirects)
            except UnplacedError as problem:
                refusals.append(self._refuse(redirects[0].rival, str(problem)))
        yield from refusals

    def _judge(self, name: str, rivals: Sequence[_Rival]) -> Iterator[_Redirect | Refusal]:
        """Yield what becomes of each definition of a name but the canonical one."""
        stated = self._stated.get(name, "")
        canonical = next((each for each in rivals if f"{each.module}:{name}" == stated), None) or max(
            rivals, key=lambda each: (not is_test_file(each.path), each.uses, -len(each.module), each.module)
        )
        others = [each for each in rivals if each is not canonical]
        clears = self._findings.fingerprints[name] if len(others) == 1 else ""
        for other in others:
            try:
                reason = self._find_obstacle(other, canonical, is_stated=stated == f"{canonical.module}:{name}")
            except UnplacedError as problem:
                reason = str(problem)
            if reason:
                yield self._refuse(other, reason)
            else:
                self._redirected[other.module].add(canonical.module)
                yield _Redirect(other, canonical.module, self._define(other).node, clears)

    def _find_obstacle(self, other: _Rival, canonical: _Rival, *, is_stated: bool) -> str:
        """Return why a class cannot become a redirect; empty where it can."""
        accepted = self._findings.find_acceptance(other.name, other.path, other.line)
        if accepted:
            return f"it is accepted: {accepted}"
        if is_test_file(other.path) and not is_test_file(canonical.path):
            return "it belongs to the tests, which may have a class of their own"
        first, second = self._define(other), self._define(canonical)
        if is_test_file(other.path) and any(name.startswith("test") for name in first.methods):
            return "test runners find its tests in its own file"
        differences = find_differences(first, second, self._find_meaning)
        if differences and is_stated and first.code != second.code:
            differences = find_missing(first, second)
        if not differences and not is_stated and first.is_small:
            return "so short a class, or an exception, may be alike by chance; no [[concept]] names the canonical one"
        if differences:
            return f"{other.name} is not {canonical.module}.{other.name}: {'; '.join(differences)}"
        source = first.source
        bound = [node for node in ast.walk(source.tree) if getattr(node, "name", "") == other.name]
        if len(bound) > 1:
            return f"other statements of the file bind {other.name} too"
        if self._reaches(canonical.module, other.module):
            return (
                f"{canonical.module} imports {other.module}, or takes another class from there then, so that a "
                "redirect would close an import cycle"
            )
        return ""

    def _build(self, redirects: Sequence[_Redirect]) -> Offer:
        """Return the patch of one module."""
        source = self._sources.parse(redirects[0].rival.path)
        module = redirects[0].rival.module
        names = {each.rival.name for each in redirects}
        edits, how = redirect_classes(
            source, module, [ClassRedirect(each.rival.name, each.node, each.canonical) for each in redirects]
        )
        homes = sorted({each.canonical for each in redirects})
        listed = format_some(sorted(names))
        title = f"Redirect {listed} of {module} to {format_some(homes)}"
        reason = f"{listed} is defined in {format_some(homes)} too. {module} takes it from there and {how}."
        clears = tuple(sorted({each.clears for each in redirects if each.clears}))
        return Offer(KIND, module, title, reason, clears, tuple(sorted(edits)))

    def _define(self, rival: _Rival) -> DefinedClass:
        source = self._sources.parse(rival.path)
        for node in source.tree.body:
            if isinstance(node, ast.ClassDef) and node.name == rival.name:
                return DefinedClass(rival.module, source, node)
        raise UnplacedError(f"{rival.path}:{rival.line}: the class does not stand at module level by itself")

    def _reaches(self, start: str, wanted: str) -> bool:
        """Return whether a module loads another one, also once the redirects before are made."""
        waiting, seen = [start], set[str]()
        while waiting:
            fresh = self._loaded.find_loaded(waiting.pop()) - seen
            seen |= fresh
            waiting += sorted({home for module in fresh for home in self._redirected.get(module, ())} - seen)
        return wanted in seen

    @staticmethod
    def _refuse(rival: _Rival, reason: str) -> Refusal:
        return Refusal(KIND, f"{rival.module}:{rival.name}", rival.path, rival.line, reason)

    def _find_meaning(self, module: str, name: str) -> str:
        return self._meanings.get(f"{module}.{name}", "")

    @cached_property
    def _meanings(self) -> Mapping[str, str]:
        """What import paths surely lead to: classes and functions of the tree, and what is outside of it."""
        columns = ("import_path", "definition", "certainty", "kind")
        return {
            path: definition
            for path, definition, certainty, kind in tables.read_rows(self._investigation.table("paths"), *columns)
            if certainty == "certain" and kind not in {"instance", "result", "constant", "none", "unknown"}
        }

    @cached_property
    def _stated(self) -> Mapping[str, str]:
        """The canonical definition that the policy names for each class name."""
        found = {}
        for concept in self._investigation.policy.concept:
            if ":" in concept.canonical:
                found[concept.canonical.rpartition(":")[2]] = concept.canonical
            elif concept.canonical:
                module, _, name = concept.canonical.rpartition(".")
                found[name] = self._meanings.get(concept.canonical, f"{module}:{name}")
        return found

    @cached_property
    def _rivals(self) -> Mapping[str, list[_Rival]]:
        """The definitions of each class name at module level of modules that can be imported, sorted."""
        modules = {
            path: module
            for module, path, kind, is_primary, shadow in tables.read_rows(
                self._investigation.table("modules"), "module", "path", "kind", "is_primary", "shadowed_by"
            )
            if is_primary and not shadow and kind in {"module", "package"}
        }
        uses: dict[str, int] = defaultdict(int)
        for definition, count in tables.read_rows(self._investigation.table("paths"), "definition", "statements"):
            uses[definition] += count
        found: dict[str, list[_Rival]] = defaultdict(list)
        columns = ("path", "line", "name", "qualname")
        for path, line, name, qualname in tables.read_rows(self._investigation.table("definitions"), *columns):
            if name == qualname and path in modules:
                module = modules[path]
                found[name].append(_Rival(name, module, path, line, uses[f"{module}:{name}"]))
        return {name: sorted(rivals) for name, rivals in found.items()}
