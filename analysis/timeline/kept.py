"""What is kept of a target's history: for each judged commit its figures, and which findings came and went.

One file for each target, code version and policy, in the data folder, to which whole lines are added: a process that
is killed leaves at most a line that is not read, and two at once leave a commit twice. A line names the commit that it
says the difference to; one whose base is lost is as good as none, and the commit is judged again.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.cache import append_line, build_key, read_lines, seal_line
from analysis.errors import StorageError
from analysis.history import KnownFinding
from analysis.policy import Policy
from analysis.targets import Target

#: What decides how a commit is judged: when its source changes, what was kept before is not read.
PROGRAM = (
    "facts", "resolve", "graph", "names", "simulation", "rules", "policy", "tables", "steps", "tree_state",
    "quantities", "former_names", "golden", "contracts", "pipeline", "case_building", "target_policy", "history",
    "timeline/judging", "timeline/kept",
)  # fmt: skip
FOLDER = "history"
_LABEL = "history"
#: States held at once: nearly all lines say the difference to the one before them.
_MOST_STATES = 24
#: After so many differences in a row a state is written whole.
_LONGEST_CHAIN = 250


@dataclass(frozen=True, slots=True)
class JudgedCommit:
    """The verdict on one commit: its figures by name, its findings by fingerprint, and why there is none, if so.

    ``renamed``: the fingerprint that a finding had at the commit judged before, where it is another one. ``is_whole``:
    what is not among the findings was not there; a commit without the target's folder has none for sure.
    """

    commit: str
    figures: Mapping[str, float] = field(default_factory=dict)
    findings: Mapping[str, KnownFinding] = field(default_factory=dict)
    problem: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    base: str = ""
    is_whole: bool = True


class KeptHistory:
    """The judged commits of one target; ``is_simulated``: with what only the import simulation sees."""

    def __init__(self, data: Path, target: Target, policy: Policy, *, is_simulated: bool = False) -> None:
        kind = "simulated" if is_simulated else "source"
        key = build_key(PROGRAM, _describe_policy(policy, is_simulated=is_simulated), kind)
        self.place = data / FOLDER / target.place / f"{kind}-{key}.lines"
        self._lines: dict[str, dict[str, Any]] = {}
        self._states: OrderedDict[str, JudgedCommit] = OrderedDict()
        for text in read_lines(self.place, _LABEL):
            line = _unpack(text)
            if line is not None:
                self._lines.setdefault(line["commit"], line)
        self._drop_broken()

    def __contains__(self, commit: str) -> bool:
        return commit in self._lines

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def read(self, commit: str) -> JudgedCommit:
        """Return the verdict on a commit that is kept."""
        chain: list[str] = []
        while commit and commit not in self._states:
            chain.append(commit)
            commit = self._lines[commit]["base"]
        state = self._states[commit] if commit else JudgedCommit("")
        for name in reversed(chain):
            state = _apply(state, self._lines[name])
            self._remember(state)
        return state

    def read_figures(self, commit: str) -> Mapping[str, float]:
        """Return the figures of a commit that is kept."""
        return self.read(commit).figures

    def add(self, judged: JudgedCommit, base: str = "") -> None:
        """Keep the verdict on a commit, as the difference to one that is kept; raises ``StorageError``."""
        before = self.read(base) if base and self._count_chain(base) < _LONGEST_CHAIN else JudgedCommit("")
        line = _compare(before, judged)
        try:
            append_line(self.place, seal_line(_LABEL, _pack(line)))
        except OSError as error:
            remedy = "Free some space, or set SSOT_DATA to a folder that can be written to"
            raise StorageError(f"cannot write {self.place}: {error.strerror}", remedy=remedy) from None
        self._lines[judged.commit] = line
        self._remember(judged)

    def _count_chain(self, commit: str) -> int:
        count = 0
        while commit:
            commit, count = self._lines[commit]["base"], count + 1
        return count

    def _remember(self, state: JudgedCommit) -> None:
        self._states[state.commit] = state
        self._states.move_to_end(state.commit)
        while len(self._states) > _MOST_STATES:
            self._states.popitem(last=False)

    def _drop_broken(self) -> None:
        """Forget what says the difference to a commit that is not there."""
        good = {""}
        for first in self._lines:
            chain, commit = set[str](), first
            while commit in self._lines and commit not in good and commit not in chain:
                chain.add(commit)
                commit = self._lines[commit]["base"]
            if commit in good:
                good |= chain
        self._lines = {commit: line for commit, line in self._lines.items() if commit in good}


def _describe_policy(policy: Policy, *, is_simulated: bool) -> dict[str, Any]:
    """Return what of a policy decides figures and findings of a commit."""
    document = policy.model_dump(mode="json", exclude={"claim", "golden_path", "business", "simulation"})
    target, compliance = document["target"], document["compliance"]
    for name in ("name", "source_url", "python", "probe", "pythonpath", "environment"):
        del target[name]
    del compliance["threshold"]
    return {**document, "budget": policy.simulation.budget_seconds if is_simulated else 0.0}


def _apply(before: JudgedCommit, line: Mapping[str, Any]) -> JudgedCommit:
    figures = {**before.figures, **line["figures"]}
    findings = {name: finding for name, finding in before.findings.items() if name not in set(line["gone"])}
    findings |= {row[0]: _read_finding(row) for row in line["come"]}
    return JudgedCommit(
        line["commit"], {name: value for name, value in figures.items() if value is not None}, findings,
        line["problem"], line["renamed"], line["base"], line["whole"],
    )  # fmt: skip


def _compare(before: JudgedCommit, judged: JudgedCommit) -> dict[str, Any]:
    old, new = before.findings, judged.findings
    figures: dict[str, float | None] = {
        name: value for name, value in judged.figures.items() if before.figures.get(name) != value
    }
    figures |= {name: None for name in before.figures if name not in judged.figures}
    return {
        "commit": judged.commit, "base": before.commit, "figures": figures, "problem": judged.problem,
        "whole": judged.is_whole,
        "come": [_write_finding(new[name]) for name in sorted(new) if old.get(name) != new[name]],
        "gone": sorted(name for name in old if name not in new), "renamed": dict(judged.renamed),
    }  # fmt: skip


def _write_finding(finding: KnownFinding) -> list[Any]:
    return [finding.fingerprint, finding.rule, finding.severity, finding.subject, finding.places, *finding.paths]


def _read_finding(row: list[Any]) -> KnownFinding:
    fingerprint, rule, severity, subject, places, *paths = row
    return KnownFinding.model_construct(
        fingerprint=fingerprint, rule=rule, severity=severity, subject=subject, places=places, paths=tuple(paths)
    )


def _pack(line: Mapping[str, Any]) -> str:
    text = json.dumps(line, separators=(",", ":"), sort_keys=True).encode("ascii")
    return base64.b85encode(zlib.compress(text, 9)).decode("ascii")


def _unpack(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(zlib.decompress(base64.b85decode(text)))
    except (ValueError, zlib.error):
        return None
    return line if isinstance(line, dict) and {"commit", "base", "come", "gone", "whole"} <= line.keys() else None
