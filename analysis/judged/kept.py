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
from pathlib import Path
from typing import Any, TypeVar

from analysis.cache import append_line, build_key, read_lines, seal_line
from analysis.errors import StorageError
from analysis.history import KnownFinding
from analysis.judged.verdict import JudgedCommit
from analysis.policy import Policy
from analysis.rules.exceptions import find_ended
from analysis.targets import Target

#: What decides how a commit is judged: when its source changes, what was kept before is not read.
PROGRAM = (
    "facts", "resolve", "graph", "names", "simulation", "rules", "policy", "tables", "steps", "tree_state",
    "quantities", "former_names", "golden", "contracts", "pipeline", "case_building", "target_policy", "history",
    "judged",
)  # fmt: skip
FOLDER = "history"
_LABEL = "history"
#: States held at once: nearly all lines say the difference to the one before them.
_MOST_STATES = 24
_KEYS = frozenset({"commit", "base", "come", "gone", "whole", "figures", "sketches", "unread", "renamed", "problem"})
_Value = TypeVar("_Value")
#: After so many differences in a row a state is written whole.
_LONGEST_CHAIN = 250


class KeptHistory:
    """The judged commits of one target; ``is_simulated``: with what only the import simulation sees."""

    def __init__(self, data: Path, target: Target, policy: Policy, *, is_simulated: bool = False) -> None:
        kind = "simulated" if is_simulated else "source"
        key = build_key(PROGRAM, _describe_policy(policy), kind)
        self._is_simulated = is_simulated
        self.place = data / FOLDER / target.place / f"{kind}-{key}.lines"
        self._lines: dict[str, dict[str, Any]] = {}
        self._passing: set[str] = set()
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
            state = _apply(state, self._lines[name], is_simulated=self._is_simulated)
            self._remember(state)
        return state

    def add(self, judged: JudgedCommit, base: str = "") -> None:
        """Keep the verdict on a commit, as the difference to one that is kept; raises ``StorageError``.

        One that does not last is known to this process only.
        """
        is_near = base and base not in self._passing and self._count_chain(base) < _LONGEST_CHAIN
        before = self.read(base) if is_near else JudgedCommit("")
        line = _compare(before, judged)
        try:
            if judged.lasts:
                append_line(self.place, seal_line(_LABEL, _pack(line)))
            else:
                self._passing.add(judged.commit)
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


def _describe_policy(policy: Policy) -> tuple[dict[str, Any], list[bool], list[bytes]]:
    """Return what of a policy decides figures and findings of a commit, with the content of its rule files."""
    document = policy.model_dump(mode="json", exclude={"claim", "golden_path", "business", "simulation"})
    target, compliance = document["target"], document["compliance"]
    for name in ("name", "source_url", "python", "probe", "pythonpath", "environment"):
        del target[name]
    del compliance["threshold"]
    files = [Path(name) for name in policy.target.rules]
    return document, find_ended(policy), [file.read_bytes() if file.is_file() else b"" for file in files]


def _apply(before: JudgedCommit, line: Mapping[str, Any], *, is_simulated: bool) -> JudgedCommit:
    figures = {**before.figures, **line["figures"]}
    gone, sketches = set(line["gone"]), {**before.sketches, **line["sketches"]}
    findings = {name: finding for name, finding in before.findings.items() if name not in gone}
    findings |= {row[0]: _read_finding(row) for row in line["come"]}
    return JudgedCommit(
        line["commit"], _drop_none(figures), findings, line["problem"], line["renamed"], line["base"], line["whole"],
        _drop_none(sketches), tuple((path, reason) for path, reason in line["unread"]), is_simulated,
    )  # fmt: skip


def _drop_none(values: Mapping[str, _Value | None]) -> dict[str, _Value]:
    return {name: value for name, value in values.items() if value is not None}


def _find_changed(before: Mapping[str, _Value], after: Mapping[str, _Value]) -> dict[str, _Value | None]:
    """Return the values that differ, None for one that is not there any more."""
    changed: dict[str, _Value | None] = {name: value for name, value in after.items() if before.get(name) != value}
    return changed | {name: None for name in before if name not in after}


def _compare(before: JudgedCommit, judged: JudgedCommit) -> dict[str, Any]:
    old, new = before.findings, judged.findings
    return {
        "commit": judged.commit, "base": before.commit, "problem": judged.problem,
        "figures": _find_changed(before.figures, judged.figures),
        "sketches": _find_changed(before.sketches, judged.sketches), "unread": judged.unread,
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
    return line if isinstance(line, dict) and line.keys() >= _KEYS else None
