"""The command `ssot golden-path`: measure, store, judge."""

from __future__ import annotations

import glob
import os
import shlex
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis import store
from analysis.errors import GoldenError, TargetError
from analysis.facts.git import read_revision
from analysis.golden.measure import GoldenOptions, measure_golden_path
from analysis.golden.records import find_golden, read_golden, write_golden
from analysis.golden.statistics import Interval, Verdict, estimate_rate, judge_rate
from analysis.golden.summary import (
    Change,
    count_base,
    find_change_since,
    format_cause,
    format_change,
    summarise_levers,
    summarise_seeds,
    summarise_tests,
)
from analysis.policy import GoldenPath, read_policy
from analysis.progress import Progress, ignore_progress
from analysis.targets import Target, find_target

_RUNS = 100


@dataclass(frozen=True, slots=True)
class GoldenRequest:
    """The options of the command line; the policy supplies the others."""

    target: str
    command: tuple[str, ...] = ()
    policy: str = ""
    runs: int = 0
    parallel: int = 1
    seed: int = 0
    timeout: float = 600.0
    levers: int = 0
    early: bool = False
    junit: tuple[str, ...] = ()
    repeat_seeds: int = 0


@dataclass(frozen=True, slots=True)
class GoldenAnswer:
    """A stored measurement and its verdict."""

    folder: Path
    target: str
    passed: int
    runs: int
    interval: Interval
    verdict: Verdict
    stopped: bool
    cause: str
    change: str
    tests: list[Any]
    levers: list[Any]
    seeds: list[Any]

    def describe(self) -> dict[str, Any]:
        """Return the JSON description."""
        rows = {name: [row._asdict() for row in getattr(self, name)] for name in ("tests", "levers", "seeds")}
        return {
            "target": self.target, "folder": str(self.folder), "passed": self.passed, "runs": self.runs,
            "interval": asdict(self.interval), "verdict": asdict(self.verdict), "stopped": self.stopped,
            "cause": self.cause, "change": self.change, **rows,
        }  # fmt: skip


def run_request(
    asked: GoldenRequest, *, data: Path | None = None, progress: Progress = ignore_progress
) -> GoldenAnswer:
    """Measure, store the rows, and return the result.

    Raises ``TargetError``, ``PolicyError`` or ``GoldenError``, each with one line.
    """
    root = Path(asked.target).expanduser().resolve()
    if not root.is_dir():
        raise TargetError(f"no such folder: {asked.target}", remedy="Name the folder to run the command in")
    policy = read_policy(Path(asked.policy).expanduser() if asked.policy else None, target=root)
    own = policy.golden_path
    options = _complete(asked, own, root)
    result = measure_golden_path(root, options, progress=progress)
    target = find_target(root, policy.target.name)
    folder_of_data, revision = data or store.find_data_folder(), read_revision(root)
    folder = write_golden(folder_of_data, target, revision, result)
    found, _ = read_golden(folder)
    runs, tests = found["golden_runs"], found["golden_tests"]
    passed, count = count_base(runs)
    change = find_change_at(folder_of_data, target, revision, runs)
    return GoldenAnswer(
        folder, target.name, passed, count, estimate_rate(passed, count, own.confidence),
        judge_rate(passed, count, own.target, own.confidence), result.stopped, format_cause(runs),
        format_change(change, passed, count) if change else "",
        summarise_tests(runs, tests, own.confidence), summarise_levers(runs), summarise_seeds(runs),
    )  # fmt: skip


def find_change_at(data: Path, target: Target, revision: str, runs: pa.Table) -> Change | None:
    """Return the change since the newest measurement at another revision; None if there is none."""
    before = find_golden(data, target, other_than=revision)
    if before is None:
        return None
    found, about = read_golden(before)
    return find_change_since(found["golden_runs"], str(about["revision"]), runs)


def _complete(asked: GoldenRequest, own: GoldenPath, root: Path) -> GoldenOptions:
    command = _choose_python(list(asked.command) or shlex.split(own.command), root)
    patterns = asked.junit or (() if command else own.junit)
    files = [Path(path) for pattern in patterns for path in _expand(pattern, root)]
    if patterns and not files:
        raise GoldenError(
            f"no file matches {', '.join(patterns)}", remedy="Pass a pattern of JUnit XML files to --junit"
        )
    return GoldenOptions(
        command, runs=asked.runs or own.runs or _RUNS, parallel=asked.parallel, seed=asked.seed, timeout=asked.timeout,
        early=asked.early, levers=asked.levers, repeat_seeds=asked.repeat_seeds, junit=files, target=own.target,
        confidence=own.confidence,
    )  # fmt: skip


def _expand(pattern: str, root: Path) -> list[str]:
    """Return the files of a pattern, relative to the current folder, else to the target."""
    here = glob.glob(os.path.expanduser(pattern), recursive=True)  # noqa: PTH111, PTH207
    return sorted(here or glob.glob(str(root / pattern), recursive=True))  # noqa: PTH207


def _choose_python(arguments: list[str], root: Path) -> list[str]:
    """Replace ``python`` by the target's own interpreter, as the probe does, else by the kit's."""
    if arguments[:1] in (["python"], ["python3"]):
        own = root / ".venv" / "bin" / "python"
        arguments[0] = str(own) if own.exists() else sys.executable
    return arguments
