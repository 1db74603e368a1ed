"""Identity and near duplicates against the yardstick, their growth to 25,000 modules, and their memory."""

from __future__ import annotations

import cProfile
import gc
import os
import sys
from pathlib import Path

from analysis.executor import paused_collection
from analysis.facts import Facts, scan
from analysis.names import build_identity, find_concepts, find_duplicate_names
from analysis.policy import Policy
from benchmarks.measure import Result, below, measure_peak, time_median
from benchmarks.speed import parse_all, scratch
from benchmarks.targets import copy_packages, make_modules

_LARGE = 25_000
_MEMORY = (
    "import sys; from pathlib import Path; from analysis.facts import scan; from analysis.names import "
    "build_identity; from analysis.policy import Policy\n"
    "facts = scan(Path(sys.argv[1]), cache=Path(sys.argv[2]), jobs=1)\n"
    "print(build_identity(facts, Policy()).paths.num_rows)\n"
)


def _identify(facts: Facts) -> object:
    with paused_collection():  # as an investigation does
        return build_identity(facts, Policy()), find_duplicate_names(facts), find_concepts(facts, Policy())


def _time(facts: Facts, runs: int) -> float:
    return time_median(lambda: _identify(facts), runs, before=gc.collect)


def measure_identity(runs: int) -> list[Result]:
    """Everything about names and classes, near duplicates included, after the scan."""
    results = []
    with scratch() as folder:
        for names in (("sympy",), ("django", "sqlalchemy", "sympy")):
            root = copy_packages(folder / "-".join(names), names)
            facts = scan(root)
            yardstick = time_median(lambda root=root: parse_all(root), runs)
            seconds = _time(facts, runs)
            note = f"{facts.files.num_rows:,} files, {seconds:.2f} s, yardstick {yardstick:.2f} s"
            results.append(
                below(f"identity and near duplicates, {', '.join(names)}", seconds / yardstick, 0.3, note=note)
            )
        results += _measure_growth(folder, runs)
        results.append(_measure_memory(folder))
    return results


def _measure_growth(folder: Path, runs: int) -> list[Result]:
    """The calls show what the algorithm does; the time also shows that what is four times as large fits no cache."""
    small, large = (scan(make_modules(folder / str(count), count)) for count in (_LARGE // 4, _LARGE))
    seconds = _time(large, runs)
    calls = _count_calls(large)
    return [
        below("identity, calls at 4 x the modules", calls / _count_calls(small), 4.1, note=f"{calls:,} calls"),
        below(
            "identity, time at 4 x the modules",
            seconds / _time(small, runs),
            5.0,
            note=f"{_LARGE:,} modules: {seconds:.2f} s",
        ),
    ]


def _count_calls(facts: Facts) -> int:
    profile = cProfile.Profile()
    profile.runcall(_identify, facts)
    return sum(entry.callcount for entry in profile.getstats())  # type: ignore[attr-defined]


def _measure_memory(folder: Path) -> Result:
    cache = folder / "cache"
    scan(folder / str(_LARGE), cache=cache)
    command = [sys.executable, "-c", _MEMORY, str(folder / str(_LARGE)), str(cache)]
    _, peak, printed = measure_peak(command, dict(os.environ))
    note = f"{_LARGE:,} modules, {int(printed):,} names, facts included"
    return below("peak memory of identity", peak / 1e9, 1.5, "GB", note=note)
