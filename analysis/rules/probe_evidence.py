"""What the probe saw, indexed by what findings cite: it confirms or refutes what the source was found to say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from analysis import tables
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, Place
from analysis.tables.simulation import CIRCULAR

#: What an import raises whose module or name is not there.
_ABSENT = frozenset({"missing-in-tree", "missing-name", "circular"})
#: Blocks that run whenever the module does.


@dataclass(frozen=True)
class ProbeEvidence:
    """The probe's rows, indexed by what findings speak of."""

    case: RuleContext

    def read_rows(self, table: str, *names: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table of the probe, of each some columns."""
        return tables.read_rows(self.case.runtime_table(table), *names)

    @cached_property
    def raised(self) -> Mapping[Place, set[str]]:
        """The outcomes seen at each import statement that raised, or whose handler swallowed what came through it."""
        found: dict[Place, set[str]] = defaultdict(set)
        for path, line, outcome in (
            *self.read_rows("probed", "failed_path", "failed_line", "outcome"),
            *self.read_rows("swallowed", "path", "line", "outcome"),
            *self.read_rows("swallowed", "caught_path", "caught_line", "outcome"),
        ):
            if path:
                found[path, line].add(outcome)
        return found

    @cached_property
    def imported(self) -> frozenset[str]:
        """The files of the modules whose first import succeeded."""
        return frozenset(path for path, outcome in self.read_rows("probed", "path", "outcome") if outcome == "ok")

    @cached_property
    def unconditional(self) -> frozenset[Place]:
        """The import statements that run whenever their module does."""
        graph, columns = self.case.graph, ("path", "line", "scope", "liveness")
        return frozenset(
            (path, line)
            for table in (graph.edges, graph.externals, graph.phantoms)
            for path, line, scope, liveness in tables.read_rows(table, *columns)
            if scope in {"module", "class"} and liveness == "always"
        )

    @cached_property
    def bound(self) -> Mapping[str, tuple[str, str]]:
        """What each import path holds in the running program: its kind, and where its source says it is from."""
        columns = ("module", "name", "kind", "definition")
        return {
            f"{module}.{name}": (kind, definition)
            for module, name, kind, definition in self.read_rows("live_bindings", *columns)
        }

    @cached_property
    def live_classes(self) -> frozenset[Place]:
        """The places of the class statements of which some module was seen to hold the class."""
        found = (definition.rpartition(":") for kind, definition in self.bound.values() if kind == "class")
        return frozenset((path, int(line)) for path, _, line in found if line.isdigit())

    @cached_property
    def detours(self) -> Mapping[str, set[tuple[str, str]]]:
        """The paths by which each class is taken from elsewhere, each with the one that should be used."""
        found: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for definition, path, canonical in tables.read_rows(
            self.case.identity.violations, "definition", "import_path", "canonical"
        ):
            found[definition].add((path, canonical))
        return found

    @cached_property
    def homonyms(self) -> Mapping[str, list[list[str]]]:
        """The paths that have one name and different objects, by name."""
        found: dict[str, list[list[str]]] = defaultdict(list)
        for name, paths in tables.read_rows(self.case.identity.conflicts, "name", "import_paths"):
            found[name].append(paths)
        return found


#: What the evidence makes of a static finding: its certainty.
Confirm = Callable[[Finding, ProbeEvidence], str]


def confirm_findings(
    findings: Iterable[Finding], case: RuleContext, confirmers: Mapping[str, Confirm]
) -> list[Finding]:
    """Return the findings, those that the probe can speak of confirmed or refuted; none changes without a probe.

    ``confirmers`` are those of the rules, by the rule's name.
    """
    if not case.is_probed:
        return list(findings)
    evidence = ProbeEvidence(case)
    return [
        replace(finding, certainty=confirmers[finding.rule](finding, evidence))
        if finding.rule in confirmers and finding.certainty == "static"
        else finding
        for finding in findings
    ]


def confirm_absent(finding: Finding, evidence: ProbeEvidence) -> str:
    """An import of what does not exist: confirmed when one raised, refuted when all ran and none did."""
    places = finding.cited
    if any(evidence.raised.get(place, set()) & _ABSENT for place in places):
        return "confirmed"
    ran = [place in evidence.unconditional and place[0] in evidence.imported for place in places]
    return "refuted" if ran and all(ran) and not any(place in evidence.raised for place in places) else "static"


def confirm_cycle(finding: Finding, evidence: ProbeEvidence) -> str:
    """A cycle exists in the source whatever happens; it is confirmed when a first import stumbles over it."""
    return "confirmed" if any(evidence.raised.get(place, set()) & CIRCULAR for place in finding.cited) else "static"


def confirm_classes(finding: Finding, evidence: ProbeEvidence) -> str:
    """Several classes where one should be: confirmed when the program holds two or more of them."""
    return "confirmed" if sum(place in evidence.live_classes for place in finding.cited) > 1 else "static"
