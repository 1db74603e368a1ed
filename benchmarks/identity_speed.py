"""Identity and near duplicates against the yardstick, their growth to 25,000 modules, and their memory."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from analysis.facts import Facts, scan
from analysis.identity import build_identity, find_concepts, find_multiplicity
from analysis.policy import Policy
from benchmarks.measure import Result, below, measure_peak, time_median
from benchmarks.speed import parse_all, scratch
from benchmarks.targets import copy_packages, make_modules

_LARGE = 25_000
_MEMORY = (
    "import sys; from pathlib import Path; from analysis.facts import scan; from analysis.identity import "
    "build_identity; from analysis.policy import Policy\n"
    "facts = scan(Path(sys.argv[1]), cache=Path(sys.argv[2]), jobs=1)\n"
    "print(build_identity(facts, Policy()).paths.num_rows)\n"
)


def _identify(facts: Facts) -> object:
    return build_identity(facts, Policy()), find_multiplicity(facts), find_concepts(facts, Policy())


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
        times = {count: _time(scan(make_modules(folder / str(count), count)), runs) for count in (_LARGE // 4, _LARGE)}
        note = f"{_LARGE:,} modules: {times[_LARGE]:.2f} s"
        results.append(below("identity, 4 x the modules", times[_LARGE] / times[_LARGE // 4], 4.4, note=note))
        results.append(_measure_memory(folder))
    return results


def _measure_memory(folder: Path) -> Result:
    cache = folder / "cache"
    scan(folder / str(_LARGE), cache=cache)
    command = [sys.executable, "-c", _MEMORY, str(folder / str(_LARGE)), str(cache)]
    _, peak, printed = measure_peak(command, dict(os.environ))
    note = f"{_LARGE:,} modules, {int(printed):,} names, facts included"
    return below("peak memory of identity", peak / 1e9, 1.5, "GB", note=note)
