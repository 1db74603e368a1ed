"""What the running interpreter says of what the source was found to say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from analysis import tables
from analysis.rules.context import RuleContext
from analysis.rules.cycle_outcomes import CIRCULAR
from analysis.rules.finding import Finding, Place

#: What an import raises whose module or name is not there.
_ABSENT = frozenset({"missing-in-tree", "missing-name", "circular"})
#: Blocks that run whenever the module does.
_RUNS = frozenset({"none", "with", "try"})


@dataclass(frozen=True)
class Witness:
    """The probe's rows, indexed by what findings speak of."""

    case: RuleContext

    @cached_property
    def raised(self) -> Mapping[Place, set[str]]:
        """The outcomes seen at each import statement that raised, or whose handler swallowed what came through it."""
        found: dict[Place, set[str]] = defaultdict(set)
        for path, line, outcome in (
            *_read(self.case, "probed", "failed_path", "failed_line", "outcome"),
            *_read(self.case, "swallowed", "path", "line", "outcome"),
            *_read(self.case, "swallowed", "caught_path", "caught_line", "outcome"),
        ):
            if path:
                found[path, line].add(outcome)
        return found

    @cached_property
    def imported(self) -> frozenset[str]:
        """The files of the modules whose first import succeeded."""
        return frozenset(path for path, outcome in _read(self.case, "probed", "path", "outcome") if outcome == "ok")

    @cached_property
    def unconditional(self) -> frozenset[Place]:
        """The import statements that run whenever their module does."""
        return frozenset(
            (path, line)
            for path, line, scope, guard in tables.read_rows(self.case.facts.imports, "path", "line", "scope", "guard")
            if scope in {"module", "class"} and guard in _RUNS
        )

    @cached_property
    def bound(self) -> Mapping[str, tuple[str, str]]:
        """What each import path holds in the running program: its kind, and where its source says it is from."""
        columns = ("module", "name", "kind", "definition")
        return {
            f"{module}.{name}": (kind, definition)
            for module, name, kind, definition in _read(self.case, "live_bindings", *columns)
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


def settle(findings: Iterable[Finding], case: RuleContext) -> list[Finding]:
    """Return the findings, those the probe can speak of confirmed or refuted; none changes without a probe."""
    if not case.is_probed:
        return list(findings)
    witness = Witness(case)
    return [
        replace(finding, certainty=_JUDGES[finding.rule](finding, witness))
        if finding.rule in _JUDGES and finding.certainty == "static"
        else finding
        for finding in findings
    ]


def _read(case: RuleContext, table: str, *names: str) -> Iterator[tuple[Any, ...]]:
    return tables.read_rows(case.runtime_table(table), *names)


def _places(finding: Finding) -> list[Place]:
    return list(finding.cited)


def _judge_absent(finding: Finding, witness: Witness) -> str:
    """An import of what does not exist: confirmed when one raised, refuted when all ran and none did."""
    places = _places(finding)
    if any(witness.raised.get(place, set()) & _ABSENT for place in places):
        return "confirmed"
    ran = [place in witness.unconditional and place[0] in witness.imported for place in places]
    return "refuted" if ran and all(ran) and not any(place in witness.raised for place in places) else "static"


def _judge_swallowed(finding: Finding, witness: Witness) -> str:
    """A suspect: confirmed when a circle raised there, refuted when the module imports and nothing ever raised."""
    places = _places(finding)
    if any(witness.raised.get(place, set()) & CIRCULAR for place in places):
        return "confirmed"
    ran = all(place in witness.unconditional and place[0] in witness.imported for place in places)
    return "refuted" if ran and not any(place in witness.raised for place in places) else "static"


def _judge_cycle(finding: Finding, witness: Witness) -> str:
    """A cycle exists in the source whatever happens; it is confirmed when a first import stumbles over it."""
    return "confirmed" if any(witness.raised.get(place, set()) & CIRCULAR for place in _places(finding)) else "static"


def _judge_classes(finding: Finding, witness: Witness) -> str:
    """Several classes where one should be: confirmed when the program holds two or more of them."""
    return "confirmed" if sum(place in witness.live_classes for place in _places(finding)) > 1 else "static"


def _judge_taken(finding: Finding, witness: Witness) -> str:
    """A class taken from elsewhere: confirmed when the paths lead to it, refuted when each leads to another object."""
    seen = [
        witness.bound[path] == witness.bound[canonical]
        for path, canonical in sorted(witness.detours.get(finding.subject, ()))
        if path in witness.bound and canonical in witness.bound
    ]
    return "static" if not seen else "confirmed" if any(seen) else "refuted"


def _judge_instance(finding: Finding, witness: Witness) -> str:
    kind, _ = witness.bound.get(finding.subject, ("", ""))
    return {"instance": "confirmed", "class": "refuted"}.get(kind, "static")


def _judge_redirect(finding: Finding, witness: Witness) -> str:
    redirects = (redirect.paths for redirect in witness.case.policy.redirect if redirect.paths[0] == finding.subject)
    paths = [path.replace(":", ".") for path in next(redirects, ())]
    seen = {witness.bound[path] for path in paths if path in witness.bound}
    if len(seen) > 1:
        return "confirmed"
    return "refuted" if seen and all(path in witness.bound for path in paths) else "static"


def _judge_objects(finding: Finding, witness: Witness) -> str:
    """One name, different objects: confirmed when modules that the finding cites hold different ones."""
    for paths in witness.homonyms.get(finding.subject, ()):
        seen = [witness.bound[path] for path in paths if path in witness.bound]
        if len(set(seen)) > 1:
            return "confirmed"
        if seen and len(seen) == len(paths) and all(definition for _, definition in seen):
            return "refuted"
    return "static"


def _judge_two_names(finding: Finding, witness: Witness) -> str:
    files = {path for path, _ in _places(finding)}
    rows = _read(witness.case, "executions", "path", "names")
    return "confirmed" if any(path in files and len(names) > 1 for path, names in rows) else "static"


def _judge_unparsed(finding: Finding, witness: Witness) -> str:
    files = {path for path, _ in _places(finding)}
    outcomes = {outcome for path, outcome in _read(witness.case, "probed", "path", "outcome") if path in files}
    return "confirmed" if "syntax" in outcomes else "refuted" if outcomes == {"ok"} else "static"


_JUDGES: Mapping[str, Callable[[Finding, Witness], str]] = {
    "phantom-import": _judge_absent,
    "phantom-name": _judge_absent,
    "swallowed-circular-import": _judge_swallowed,
    "import-cycle": _judge_cycle,
    "import-cycle-through-packages": _judge_cycle,
    "class-defined-more-than-once": _judge_classes,
    "concept-over-its-limit": _judge_classes,
    "class-taken-from-elsewhere": _judge_taken,
    "instance-named-like-a-class": _judge_instance,
    "redirect-broken": _judge_redirect,
    "name-with-different-objects": _judge_objects,
    "file-with-two-names": _judge_two_names,
    "file-not-parsed": _judge_unparsed,
}
