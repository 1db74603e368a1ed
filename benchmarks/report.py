"""What `ssot report` costs, against an earlier checkout of the kit: ``python -m benchmarks.report ../kit-0.1.0``.

Both take turns, so that what else the machine does weighs on both. CPU seconds are those of the command and all its
children; they say more than the wall where cores are shared.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from analysis.bundled_case import build_bundled_case
from benchmarks.measure import HERE, Result, below

SMALL_FILES = 15
#: Snapshots younger than this are made again: the clock of file systems is coarse.
_REST_SECONDS = 2.5


class Cost(NamedTuple):
    """Seconds of one run."""

    wall: float
    cpu: float


def measure_report(earlier: Path, runs: int) -> list[Result]:
    """Return the costs of reports against those of an earlier checkout, nothing changed, and the size of the file."""
    with tempfile.TemporaryDirectory() as folder:
        small = make_small(Path(folder) / "shop")
        case = build_bundled_case()
        return [
            *_compare("15 files, cold", small, earlier, runs, Path(folder) / "a", 0.40, is_warm=False),
            *_compare("bundled case, cold", case, earlier, runs, Path(folder) / "b", 0.45, is_warm=False),
            *_compare("bundled case, warm", case, earlier, runs, Path(folder) / "c", 0.35, is_warm=True),
            *_measure_unchanged(small, Path(folder) / "d", runs),
        ]


def make_small(folder: Path) -> Path:
    """Write a program of 15 files in a ring of imports and return its folder."""
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for number in range(SMALL_FILES - 1):
        other = (number + 1) % (SMALL_FILES - 1)
        text = f"from shop.m{other} import Order{other}\n\n\nclass Order{number}: ...\n\n\nclass Registry: ...\n"
        (folder / f"m{number}.py").write_text(text)
    return folder


def _compare(
    name: str, target: Path, earlier: Path, runs: int, place: Path, limit: float, *, is_warm: bool
) -> Iterator[Result]:
    """Yield wall and CPU of both checkouts as ratios; warm: the cache knows the files, and one of them has changed."""
    spent: dict[Path, list[Cost]] = {earlier: [], HERE: []}
    for number in range(runs):
        for turn, kit in enumerate((earlier, HERE)):
            data = place / (f"{turn}" if is_warm else f"{number}-{turn}")
            if is_warm and not number:
                run_report(kit, target, data)
                time.sleep(_REST_SECONDS)
            if is_warm:
                os.utime(min(target.rglob("*.py")))
            spent[kit].append(run_report(kit, target, data))
    for part in Cost._fields:
        then, now = (statistics.median(getattr(cost, part) for cost in spent[kit]) for kit in (earlier, HERE))
        note = f"{now:.1f} s of {then:.1f} s"
        yield below(f"report, {name}: {part}", now / then, limit, "of the earlier", note)
    (newest,) = sorted((place / ("1" if is_warm else f"{runs - 1}-1")).glob("reports/*/latest/report.html"))
    yield below(f"report.html, {name}", newest.stat().st_size / 1e6, 6, "MB")


def _measure_unchanged(target: Path, data: Path, runs: int) -> Iterator[Result]:
    run_report(HERE, target, data)
    time.sleep(_REST_SECONDS)
    spent = [run_report(HERE, target, data) for _ in range(runs)]
    wall, cpu = (statistics.median(part) for part in zip(*spent, strict=True))
    yield below("report, 15 files, nothing changed: wall", wall, 3, "s", f"{cpu:.1f} s of CPU")


def run_report(kit: Path, target: Path, data: Path) -> Cost:
    """Run the command of a checkout and return what it cost."""
    environment = {**os.environ, "PYTHONPATH": str(kit), "SSOT_DATA": str(data)}
    command = [sys.executable, "-m", "analysis.cli", "report", str(target), "--out", str(data / "reports"), "--quiet"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=kit, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise typer.BadParameter(f"{kit}: {done.stderr[-500:]}")
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def run(
    earlier: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="An earlier checkout of the kit.")],
    runs: Annotated[int, typer.Option(min=1, help="Runs of each; the median counts.")] = 3,
) -> None:
    """Measure and print."""
    for result in measure_report(earlier.resolve(), runs):
        met = "met" if result.is_met else "missed"
        typer.echo(f"{result.name}: {result.value:.2f} {result.unit} ({result.target}, {met}) {result.note}".rstrip())


if __name__ == "__main__":
    typer.run(run)
