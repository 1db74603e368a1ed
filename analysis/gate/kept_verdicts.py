"""Verdicts kept from an earlier check: they hold while the files, the policy and all that was asked of them do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.cache import Value, read_entry, write_entry
from analysis.facts import Facts, Siblings
from analysis.facts.asked_files import is_unchanged
from analysis.judged.watched import WatchedFacts
from analysis.policy import Policy
from analysis.rules import Finding, Judgement
from analysis.rules.exceptions import Accepted, find_ended
from analysis.rules.finding import Evidence
from analysis.rules.score import Score, ScorePart

#: What decides a verdict: when its source changes, what was kept before is never read.
PROGRAM = (
    "facts", "resolve", "graph", "names", "simulation", "runtime", "rules", "policy", "tables", "steps", "wording",
    "tree_state", "quantities", "former_names", "gaps", "golden", "contracts", "manifest", "store", "checksums",
    "targets", "pipeline", "case_building", "target_policy", "judged", "gate",
)  # fmt: skip
_KIND = "verdicts"


@dataclass(frozen=True, slots=True)
class WholeVerdict:
    """What all rules say of a target, and its scores."""

    judgement: Judgement
    scores: Sequence[Score]
    parts: Sequence[ScorePart]


class KeptVerdict:
    """The verdict on a target in a folder that several processes may use; without one nothing is kept.

    What is asked of the files of ``facts`` and ``siblings``, as this object has them, is noted.
    """

    def __init__(
        self, cache: Path | None, facts: Facts, siblings: Siblings | None, policy: Policy, *, with_sources: bool
    ) -> None:  # fmt: skip
        self._cache, self._watched = cache, WatchedFacts(facts, siblings)
        given = (policy.model_dump(mode="json"), find_ended(policy), with_sources)
        self._key = self._watched.build_key(PROGRAM, *given) if cache is not None else ""
        self.facts, self.siblings = self._watched.facts, self._watched.siblings

    def read(self) -> WholeVerdict | None:
        """Return the verdict of an earlier check, if all that it depended on is as it was."""
        kept = read_entry(self._cache, _KIND, self._key)
        if kept is None:
            return None
        asked = json.loads(bytes(kept["asked"]))
        if not is_unchanged(self._watched.tree, (((*question,), answer) for question, answer in asked)):
            return None
        found = json.loads(bytes(kept["verdict"]))
        judgement = Judgement(
            [_build_finding(row) for row in found["findings"]], [Accepted(*row) for row in found["accepted"]]
        )
        return WholeVerdict(
            judgement, [Score(*row) for row in found["scores"]], [ScorePart(*row) for row in found["parts"]]
        )

    def write(self, verdict: WholeVerdict) -> None:
        """Keep a verdict that nothing cut short, unless the files changed while it was found."""
        if self._watched.asked.is_steady:
            write_entry(self._cache, _KIND, self._key, self._pack(verdict))

    def _pack(self, verdict: WholeVerdict) -> Iterator[tuple[str, Value]]:
        found = {
            "findings": [_describe(finding) for finding in verdict.judgement.findings],
            "accepted": verdict.judgement.accepted, "scores": list(verdict.scores), "parts": list(verdict.parts),
        }  # fmt: skip
        yield "asked", json.dumps(sorted(self._watched.asked.answers.items())).encode("ascii")
        yield "verdict", json.dumps(found).encode("ascii")


def _describe(finding: Finding) -> list[Any]:
    return [
        finding.severity, finding.rule, finding.subject, finding.message, finding.fingerprint, finding.certainty,
        [(place.path, place.line, place.source) for place in finding.evidence], finding.places, finding.owner,
        finding.cause, finding.cited,
    ]  # fmt: skip


def _build_finding(row: list[Any]) -> Finding:
    severity, rule, subject, message, fingerprint, certainty, shown, places, owner, cause, cited = row
    evidence = tuple(Evidence(*place) for place in shown)
    return Finding(
        severity, rule, subject, message, fingerprint, certainty, evidence, places, owner, cause,
        tuple((path, line) for path, line in cited),
    )  # fmt: skip
