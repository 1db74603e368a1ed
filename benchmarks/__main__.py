"""Run the benchmarks, print them with their targets, and keep them in ``benchmarks/results.json``."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from analysis.executor import count_cores
from benchmarks.agreement import measure_agreement
from benchmarks.edges import measure_edges
from benchmarks.explorer import measure_explorer
from benchmarks.figures import measure_target
from benchmarks.gate import measure_gate
from benchmarks.golden import measure_golden
from benchmarks.identity_accuracy import measure_accuracy
from benchmarks.identity_precision import measure_precision
from benchmarks.identity_speed import measure_identity
from benchmarks.measure import Result
from benchmarks.probe import measure_probe
from benchmarks.simulation import measure_simulation
from benchmarks.simulation_speed import measure_simulation_speed
from benchmarks.speed import SPEED

BENCHMARKS: dict[str, Callable[[int], list[Result]]] = {
    **SPEED,
    "agreement": measure_agreement,
    "edges": measure_edges,
    "explorer": measure_explorer,
    "identity": measure_identity,
    "accuracy": measure_accuracy,
    "precision": measure_precision,
    "gate": measure_gate,
    "golden": measure_golden,
    "probe": measure_probe,
    "simulation": measure_simulation,
    "simulation-speed": measure_simulation_speed,
}
RESULTS = Path(__file__).with_name("results.json")
_PEERS = ("grimp", "networkx", "pyarrow", "django", "sqlalchemy", "sympy", "pandas")


def run(
    only: Annotated[list[str] | None, typer.Option(help=f"Only these: {', '.join(BENCHMARKS)}.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs per figure; the median counts.")] = 5,
    target: Annotated[Path | None, typer.Option(help="Print the figures of this tree instead.")] = None,
) -> None:
    """Measure, print, keep."""
    console = Console(soft_wrap=True)
    if target is not None:
        _print(console, str(target.name), measure_target(target))
        return
    unknown = set(only or ()) - BENCHMARKS.keys()
    if unknown:
        raise typer.BadParameter(f"no benchmark {min(unknown)}; there are {', '.join(BENCHMARKS)}")
    kept = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {"results": {}}
    for name in only or BENCHMARKS:
        results = BENCHMARKS[name](runs)
        _print(console, name, results)
        kept["results"][name] = [asdict(result) for result in results]
    kept["machine"] = {
        "measured": datetime.now(UTC).date().isoformat(),
        "cores": count_cores(),
        "python": platform.python_version(),
        "versions": {peer: version(peer) for peer in _PEERS},
        "runs": runs,
    }
    RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def _print(console: Console, name: str, results: list[Result]) -> None:
    table = Table(title=name, title_justify="left", box=None, pad_edge=False)
    for column, justify in (("figure", "left"), ("value", "right"), ("target", "left"), ("", "left"), ("note", "left")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for result in results:
        verdict = "" if result.is_met is None else "[green]met[/]" if result.is_met else "[red]missed[/]"
        digits = f"{result.value:,.0f}" if result.value == int(result.value) else f"{result.value:,.3f}"
        table.add_row(result.name, f"{digits} {result.unit}", result.target, verdict, result.note)
    console.print(table)
    console.print()


if __name__ == "__main__":
    typer.run(run)
