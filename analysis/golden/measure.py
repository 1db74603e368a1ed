"""Measure the golden path: as many runs as asked for; on request an early end, repeated seeds, and levers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis.errors import GoldenError
from analysis.golden.running import Run, RunPlan, list_seeds, read_results, run_plans
from analysis.golden.statistics import is_clear
from analysis.progress import Progress, ignore_progress

#: Name, setting, and what it puts into the environment of a run; each is pulled alone, on the seeds of the base.
LEVERS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("switch interval", "1 µs", {"SSOT_SWITCH_INTERVAL": "0.000001"}),
    ("switch interval", "1 s", {"SSOT_SWITCH_INTERVAL": "1"}),
    ("hash seed", "0", {"PYTHONHASHSEED": "0"}),
    ("hash seed", "1", {"PYTHONHASHSEED": "1"}),
    ("test order", "shuffled", {"PYTEST_ADDOPTS": "-p ssot_order"}),
)
PARALLEL = "parallel runs"
#: With levers so many failing seeds are repeated, each so often.
_REPEATED, _TIMES = 5, 3


@dataclass(frozen=True, slots=True)
class GoldenOptions:
    """How to measure. ``runs`` are made, no more and no fewer; ``early`` ends them where the answer is clear.

    ``levers`` is the number of runs for each lever, ``repeat_seeds`` the number of failing seeds to run again, three
    times each; both ask for further runs. With ``levers`` five seeds are repeated unless said otherwise. ``junit`` are
    files of results that exist already: then nothing is run.
    """

    command: Sequence[str] = ()
    runs: int = 100
    parallel: int = 1
    seed: int = 0
    timeout: float = 600.0
    early: bool = False
    levers: int = 0
    junit: Sequence[Path] = ()
    repeat_seeds: int = 0
    target: float = 0.999
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """All runs: the base first, then repeated seeds and levers; ``stopped`` says that the base ended early."""

    runs: tuple[Run, ...]
    stopped: bool = False
    options: GoldenOptions = field(default_factory=GoldenOptions)

    @property
    def base(self) -> list[Run]:
        """The runs that the rate is made of, in their order."""
        return [run for run in self.runs if run.lever == "base"]


def measure_golden_path(
    folder: Path, options: GoldenOptions, *, progress: Progress = ignore_progress
) -> GoldenResult:  # fmt: skip
    """Run the command of the golden path in a folder, or read results that exist; return every run.

    Raises ``GoldenError`` when there is neither a command nor a file, or the command cannot be started.
    """
    if options.junit:
        return GoldenResult(tuple(read_results(sorted(options.junit))), options=options)
    if not options.command:
        raise GoldenError(
            "no command to run", remedy="Pass one after --, or set it in the policy: [golden_path] command"
        )
    try:
        base, stopped = _run_base(folder, options, progress)
        more = _repeat_failing(folder, options, base, progress)
        pulled = _pull_levers(folder, options, progress) if options.levers else []
    except OSError as error:
        raise GoldenError(
            f"cannot start {options.command[0]}: {error.strerror or error}", remedy="Check the command after --"
        ) from None
    return GoldenResult((*base, *more, *pulled), stopped, options)


def _run_base(folder: Path, options: GoldenOptions, progress: Progress) -> tuple[list[Run], bool]:
    plans = [RunPlan(number, seed) for number, seed in enumerate(list_seeds(options.seed, options.runs))]
    done: list[Run] = []

    def is_done(run: Run) -> bool:
        done.append(run)
        good = sum(each.is_good for each in done)
        return options.early and is_clear(good, len(done), options.target, options.confidence)

    runs = list(_tell(_start(options, plans, folder, is_done), "golden path", len(plans), progress))
    runs.sort(key=lambda run: run.number)
    return runs, len(runs) < len(plans)


def _start(
    options: GoldenOptions, plans: Sequence[RunPlan], folder: Path, is_done: Callable[[Run], bool] = lambda _: False,
    parallel: int = 0,
) -> Iterator[Run]:  # fmt: skip
    """Return the runs of some plans, as they end."""
    return run_plans(
        plans, options.command, folder, parallel=parallel or options.parallel, timeout=options.timeout, is_done=is_done
    )


def _tell(runs: Iterator[Run], step: str, total: int, progress: Progress) -> list[Run]:
    found: list[Run] = []
    for run in runs:
        found.append(run)
        progress(step, len(found), total)
    if len(found) < total:
        progress(step, total, total)
    return found


def _repeat_failing(folder: Path, options: GoldenOptions, base: Sequence[Run], progress: Progress) -> list[Run]:
    """Run the first failing seeds again where that is asked for: a seed that always fails is no race."""
    most = options.repeat_seeds or (_REPEATED if options.levers else 0)
    seeds = [run.seed for run in base if not run.is_good][:most]
    if not seeds:
        return []
    plans = [
        RunPlan(len(base) + index, seed, "repeated seed", str(seed))
        for index, seed in enumerate(seed for seed in seeds for _ in range(_TIMES))
    ]
    return _tell(_start(options, plans, folder), "repeated seeds", len(plans), progress)


def _pull_levers(folder: Path, options: GoldenOptions, progress: Progress) -> list[Run]:
    seeds = list_seeds(options.seed, max(options.levers, options.runs))[: options.levers]
    found: list[Run] = []
    number = 10 * options.runs
    for name, setting, environment in LEVERS:
        plans = [RunPlan(number + index, seed, name, setting, environment) for index, seed in enumerate(seeds)]
        found += _tell(_start(options, plans, folder), f"{name}: {setting}", len(plans), progress)
        number += len(seeds)
    several = max(4, 2 * options.parallel)
    plans = [RunPlan(number + index, seed, PARALLEL, str(several)) for index, seed in enumerate(seeds)]
    found += _tell(_start(options, plans, folder, parallel=several), f"{PARALLEL}: {several}", len(plans), progress)
    return found
