"""How long the simulation takes, against the yardstick: ``ast.parse`` of the same files in one process."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from analysis.facts import Facts, scan
from analysis.resolve import TargetResolver
from analysis.runtime import find_entries
from analysis.simulation import simulate_entries
from benchmarks.measure import HERE, Result, below, measure_peak
from benchmarks.speed import parse_all, scratch
from benchmarks.targets import copy_packages

#: Another tree than django is measured where this variable names one; it is copied.
TARGET = "SSOT_BENCH_TREE"
#: So many files get another import, one after the other, each of another part of the tree.
_CHANGES = 7
_PEAK = "import sys; from benchmarks.simulation_speed import simulate_tree; simulate_tree(sys.argv[1])"


def _star_all(at: int, of: int) -> str:
    return "".join(f"from m{other} import *\n" for other in range(of) if other != at) + f"X{at} = 1\n"


#: Name, number of modules, what stands in each of them (its number and that of all), and the most seconds.
_SHAPES: tuple[tuple[str, int, Callable[[int, int], str], float], ...] = (
    ("a ring of 1,500 modules", 1500, lambda at, of: f"import m{(at + 1) % of}\n", 30),
    ("a ring of 1,500 modules, with names", 1500, lambda at, of: f"X = 1\nfrom m{(at + 1) % of} import X as Y\n", 30),
    ("a chain of 1,000 stars", 1000, lambda at, of: f"from m{at + 1} import *\nX{at} = 1\n" * (at + 1 < of), 10),
    ("150 modules that star-import each other", 150, _star_all, 120),
)  # fmt: skip


def measure_simulation_speed(_: int = 1) -> list[Result]:
    """Cold, with one import changed and with nothing changed; rings and chains; memory of all processes together."""
    with scratch() as folder:
        tree = folder / "tree"
        if TARGET in os.environ:
            shutil.copytree(os.environ[TARGET], tree, symlinks=True, ignore_dangling_symlinks=True)
        else:
            copy_packages(tree, ("django",))
        results = _measure_tree(tree, folder / "cache")
        for number, (name, count, write, limit) in enumerate(_SHAPES):
            results.append(_measure_shape(folder / f"shape{number}", name, count, write, limit))
    return results


def simulate_tree(root: str) -> None:
    """Scan and simulate a tree: what the memory is measured of."""
    _simulate(scan(Path(root)), None)


def _simulate(facts: Facts, cache: Path | None) -> tuple[float, int]:
    """Return the seconds of the processor, and how many first imports there are."""
    resolver = TargetResolver(facts)
    entries = [(entry.module, entry.path) for entry in find_entries(facts, finder=resolver.imports)]
    started = time.process_time()
    simulate_entries(facts, entries, cache=cache, resolver=resolver)
    return time.process_time() - started, len(entries)


def _measure_tree(root: Path, cache: Path) -> list[Result]:
    started = time.process_time()
    parse_all(root)
    yardstick = time.process_time() - started
    facts = scan(root, cache=cache)
    cold, count = _simulate(facts, cache)
    nothing, _ = _simulate(facts, cache)
    paths = [row["path"] for row in facts.files.to_pylist() if row["status"] == "ok" and row["path"].count("/") > 1]
    changes = []
    for number in range(_CHANGES):
        file = root / paths[len(paths) * (2 * number + 1) // (2 * _CHANGES)]
        file.write_bytes(file.read_bytes() + b"\nimport json\n")
        changes.append(_simulate(scan(root, cache=cache), cache)[0])
    peak = measure_peak([sys.executable, "-c", _PEAK, str(root)], {**os.environ, "PYTHONPATH": str(HERE)})[1]
    of = f"{count:,} first imports; the yardstick takes {yardstick:.2f} s"
    middle = sorted(changes)[len(changes) // 2]
    worst = f"median of {len(changes)} files; the worst is {max(changes) / yardstick:.2f} x"
    return [
        below("simulation, cold", cold / yardstick, 1.0, "x", of),
        below("simulation, one import changed", middle / yardstick, 0.15, "x", worst),
        below("simulation, nothing changed", nothing, max(0.05, 0.01 * yardstick), "s"),
        below("peak memory, scan and simulation", peak / 2**30, 1.2, "GiB"),
    ]


def _measure_shape(root: Path, name: str, count: int, write: Callable[[int, int], str], limit: float) -> Result:
    root.mkdir()
    for number in range(count):
        (root / f"m{number}.py").write_text(write(number, count))
    seconds, _ = _simulate(scan(root), None)
    return below(f"simulation, {name}", seconds, limit, "s")
