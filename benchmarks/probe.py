"""The probe: seconds per module, against one fresh interpreter per module, and whether its modes say the same."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from analysis.bundled_case import build_bundled_case
from analysis.facts import Facts, scan
from analysis.graph import ImportGraph, build_import_graph
from analysis.runtime import ProbeOptions, ProbeResult, run_probe
from benchmarks.measure import Result, at_least, below
from benchmarks.targets import find_package

#: Fresh interpreters are slow: so many modules, chosen at random, stand for all.
_SAMPLE = 40
#: What two runs of one module need not have in common; the depth at which a recursion ends is in its message.
_FREE = frozenset({"seconds", "peak_memory", "message", "output"})


def measure_probe(runs: int) -> list[Result]:
    """Seconds per module of the case, sqlalchemy, django and networkx; ``runs`` is not used: each run is long."""
    del runs
    results = []
    facts, graph = _read(build_bundled_case())
    seconds, probed = _time(facts, graph)
    results.append(below("probe of the case", seconds, 30, "s", f"{_count(probed):,} modules"))
    for name in ("sqlalchemy", "django", "networkx"):
        root = find_package(name)
        facts, graph = _read(root)
        shared_seconds, shared = _time(facts, graph)
        forked_seconds, forked = _time(facts, graph, share=False)
        count = _count(shared)
        fresh = _time_fresh(root, [row["module"] for row in shared.tables["probed"].to_pylist()])
        note = f"{count:,} modules in {shared_seconds:.1f} s"
        results += [
            below(f"probe per module, {name}", shared_seconds / count, 0.25, "s", note),
            at_least(f"fresh interpreters / fork, {name}", fresh * count / forked_seconds, 3, "x",
                     f"{forked_seconds:.1f} s; a fresh interpreter takes {fresh:.2f} s (mean of {_SAMPLE})"),
            at_least(f"fresh interpreters / shared packages, {name}", fresh * count / shared_seconds, 8, "x", note),
            below(f"rows that differ between the modes, {name}", _count_different(shared, forked), 0, "rows"),
        ]  # fmt: skip
    results.append(_measure_overhead(find_package("networkx")))
    return results


def _read(root: Path) -> tuple[Facts, ImportGraph]:
    facts = scan(root)
    return facts, build_import_graph(facts)


def _time(facts: Facts, graph: ImportGraph, **options: Any) -> tuple[float, ProbeResult]:
    started = time.perf_counter()
    result = run_probe(facts, graph, ProbeOptions(**options))
    return time.perf_counter() - started, result


def _count(result: ProbeResult) -> int:
    return int(result.tables["probed"].num_rows)


def _time_fresh(root: Path, modules: list[str]) -> float:
    """Return the mean seconds of one fresh interpreter, two at a time as the probe does: half of what one takes."""
    chosen = random.Random(7).sample(modules, min(_SAMPLE, len(modules)))
    start = f"import sys; sys.path.insert(0, {str(root.parent)!r})"
    started = time.perf_counter()
    for pair in zip(chosen[::2], chosen[1::2], strict=False):
        processes = [
            subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", f"{start}; import {name}"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            )
            for name in pair
        ]  # fmt: skip
        for process in processes:
            process.wait()
    return (time.perf_counter() - started) / (2 * (len(chosen) // 2))


def _count_different(first: ProbeResult, second: ProbeResult) -> int:
    tables = [name for name in first.tables if name != "import_costs"]
    return sum(len(_keep(first, name) ^ _keep(second, name)) for name in tables)


def _keep(result: ProbeResult, table: str) -> set[tuple[str, ...]]:
    return {
        tuple(str(value) for column, value in row.items() if column not in _FREE)
        for row in result.tables[table].to_pylist()
    }


_BARE = (
    "import sys, time; sys.path.insert(0, {root!r}); t = time.perf_counter(); "
    "import {name}; print(time.perf_counter() - t)"
)
_WATCHED = (
    "import sys; sys.path[:0] = [{root!r}, {child!r}]; from child import witness; import time\n"
    "tree = witness.Tree(dict(root={package!r}, tops=[{name!r}])); witness.Recorder(tree).install()\n"
    "t = time.perf_counter(); import {name}; print(time.perf_counter() - t)"
)


def _measure_overhead(root: Path) -> Result:
    """The watching of imports, against an import that nobody watches; both warm, medians of 7."""
    names = {
        "root": str(root.parent), "name": root.name, "package": str(root),
        "child": str(Path(run_probe.__code__.co_filename).parent),
    }  # fmt: skip
    seconds = []
    for code in (_BARE, _WATCHED):
        command = [sys.executable, "-I", "-B", "-c", code.format(**names)]
        times = [
            float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])
            for _ in range(7)
        ]
        seconds.append(statistics.median(times))
    note = f"{seconds[0]:.3f} s against {seconds[1]:.3f} s"
    return below(f"overhead of watching, import {root.name}", seconds[1] / seconds[0] - 1, 0.25, "share", note)
