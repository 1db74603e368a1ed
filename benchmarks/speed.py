"""The scan, the graph and the report against the yardstick: ``ast.parse`` of every file in one process."""

from __future__ import annotations

import ast
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.bundled_case import build_bundled_case
from analysis.facts import Facts, scan
from analysis.graph import build_import_graph, find_cycles
from analysis.names import find_concepts, find_duplicate_names
from analysis.policy import Policy
from benchmarks.measure import Result, below, measure_peak, time_median
from benchmarks.targets import copy_packages, find_package, make_modules


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="ssot-bench-") as folder:
        yield Path(folder)


def parse_all(root: Path) -> None:
    """The yardstick: read and parse every file, one after the other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for folder, _, names in os.walk(root):
            for name in names:
                if name.endswith(".py"):
                    try:
                        ast.parse((Path(folder) / name).read_bytes())
                    except (SyntaxError, ValueError):
                        continue


def measure_scan(runs: int) -> list[Result]:
    """Cold, warm and with one file changed, on django, sqlalchemy and sympy."""
    with scratch() as folder:
        root, cache = copy_packages(folder / "tree"), folder / "cache"
        yardstick = time_median(lambda: parse_all(root), runs)
        cold = time_median(
            lambda: scan(root, cache=cache), runs, before=lambda: shutil.rmtree(cache, ignore_errors=True)
        )
        time.sleep(2.5)  # files and state must be older than the clock is coarse
        count = scan(root, cache=cache).files.num_rows
        shutil.rmtree(cache)
        scan(root, cache=cache)
        warm = time_median(lambda: scan(root, cache=cache), runs)
        victim = root / "django" / "apps" / "config.py"
        numbers = iter(range(1000))
        changed = time_median(
            lambda: scan(root, cache=cache), runs,
            before=lambda: victim.write_text(victim.read_text() + f"\n# {next(numbers)}\n"),
        )  # fmt: skip
    note = f"{count:,} files, yardstick {yardstick:.2f} s"
    return [
        Result("yardstick: ast.parse of every file", yardstick, "s", note=f"{count:,} files"),
        below("scan, cold", cold / yardstick, 0.8, note=f"{cold:.2f} s; {note}"),
        below("scan, nothing changed", warm / yardstick, 0.05, note=f"{warm:.3f} s"),
        below("scan, one file changed", changed / yardstick, 0.06, note=f"{changed:.3f} s"),
    ]


def _time_graph(facts: Facts, runs: int) -> float:
    return time_median(lambda: find_cycles(build_import_graph(facts)), runs)


def measure_graph(runs: int) -> list[Result]:
    """Graph and cycles together, and whether four times the modules take four times the time."""
    results = []
    with scratch() as folder:
        root = copy_packages(folder / "tree")
        yardstick = time_median(lambda: parse_all(root), runs)
        seconds = _time_graph(scan(root), runs)
        results.append(below("graph and cycles", seconds / yardstick, 0.15, note=f"{seconds:.2f} s"))
        times = {}
        for count in (6_250, 25_000):
            facts = scan(make_modules(folder / str(count), count))
            times[count] = _time_graph(facts, runs)
        ratio = times[25_000] / times[6_250]
        results.append(
            below("graph and cycles, 4 x the modules", ratio, 4.4, note=f"25,000 modules: {times[25_000]:.2f} s")
        )
    return results


def measure_classes(runs: int) -> list[Result]:
    """Names defined more than once and concepts, on the same packages."""
    with scratch() as folder:
        root = copy_packages(folder / "tree")
        facts = scan(root)
        seconds = time_median(lambda: (find_duplicate_names(facts), find_concepts(facts, Policy())), runs)
    return [Result("duplicate_names and concepts", seconds, "s")]


def measure_memory(_: int) -> list[Result]:
    """Peak memory of a cold scan of 4,000 files, all processes together, and the bytes that a fact takes."""
    with scratch() as folder:
        root = make_large(folder)
        code = (
            "import sys, json; from pathlib import Path; from analysis.facts import scan; from analysis import tables\n"
            "facts = scan(Path(sys.argv[1]))\n"
            "parts = [getattr(facts, table.name) for table in tables.FACT_TABLES]\n"
            "print(json.dumps([facts.files.num_rows, sum(p.num_rows for p in parts), sum(p.nbytes for p in parts)]))"
        )
        _, peak, printed = measure_peak([sys.executable, "-c", code, str(root)], dict(os.environ))
    files, facts, size = (int(part) for part in printed.strip(" []\n").split(","))
    return [
        below("peak memory of a scan", peak / 1e9, 1.0, "GB", note=f"{files:,} files, {facts:,} facts"),
        below("memory of one fact", size / facts, 300, "bytes"),
    ]


def make_large(folder: Path) -> Path:
    """Return a tree of about 4,000 real files: packages side by side, some of them twice."""
    root = copy_packages(folder / "large")
    for number, name in enumerate(("pandas", "networkx", "django")):
        shutil.copytree(
            find_package(name), root / f"{name}_copy{number}", ignore=shutil.ignore_patterns("__pycache__", "*.so")
        )
    return root


def measure_report(runs: int) -> list[Result]:
    """The whole command, as a user runs it: on the bundled case, cold and warm, and on 4,000 files."""
    results = []
    with scratch() as folder:
        case = build_bundled_case()
        environment = {**os.environ, "SSOT_DATA": str(folder / "data"), "SSOT_REPORTS": str(folder / "reports")}

        def report(target: Path) -> None:
            measure_peak([sys.executable, "-m", "analysis.cli", "report", str(target), "-q"], environment)

        few = min(runs, 3)
        cold = time_median(lambda: report(case), few, before=lambda: shutil.rmtree(folder / "data", ignore_errors=True))
        warm = time_median(lambda: report(case), few)
        newest = max((folder / "reports").glob("*/latest/report.html"), key=lambda path: path.stat().st_mtime)
        size = newest.stat().st_size / 1e6
        large = make_large(folder)
        slow = time_median(lambda: report(large), 1)
        results += [
            below("ssot report on the case, cold", cold, 60, "s"),
            below("ssot report on the case, warm", warm, 30, "s"),
            below("report.html of the case", size, 6, "MB"),
            below("ssot report on 4,000 files, cold", slow, 120, "s", note="one run"),
        ]
    return results


SPEED: dict[str, Callable[[int], list[Result]]] = {
    "scan": measure_scan,
    "graph": measure_graph,
    "classes": measure_classes,
    "memory": measure_memory,
    "report": measure_report,
}
