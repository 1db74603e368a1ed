"""Run a test command many times: each in its own process group, with a time limit and a folder of its own."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis import children
from analysis.golden.junit import CaseOutcome, JunitRun, read_junit

#: What loads first in the interpreter of a run: ``sitecustomize.py`` and a pytest plugin.
_HOOKS = Path(__file__).with_name("hooks")
_LONGEST_DETAIL = 300


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One run to make: its number, seed, and the lever that it pulls (``base`` for none)."""

    number: int
    seed: int
    lever: str = "base"
    setting: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One run that was made, or read from a file; ``tests`` is empty when only the exit code is known."""

    number: int
    seed: int
    outcome: str
    seconds: float
    exit_code: int
    started: str
    lever: str = "base"
    setting: str = ""
    source: str = "command"
    detail: str = ""
    tests: tuple[CaseOutcome, ...] = ()
    modules: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether it succeeded."""
        return self.outcome == "passed"


def list_seeds(seed: int, count: int) -> list[int]:
    """Return the seeds of the runs, one after the other from ``seed``: the same on every machine.

    >>> list_seeds(5, 3)
    [5, 6, 7]
    """
    return list(range(seed, seed + count))


def run_plans(
    plans: Sequence[RunPlan], command: Sequence[str], folder: Path, *, parallel: int = 1, timeout: float = 600.0,
    is_done: Callable[[Run], bool] = lambda _: False,
) -> Iterator[Run]:  # fmt: skip
    """Make runs and yield each as it ends; no new one begins after ``is_done`` said so of one.

    Every run has ``SSOT_RUN``, ``SSOT_SEED``, ``TMPDIR`` and ``SSOT_JUNIT`` (a file that it may write) in its
    environment; ``{junit}`` and ``{seed}`` in the command are replaced.
    """
    waiting = iter(plans)
    with ThreadPoolExecutor(parallel) as pool, Running() as alive:
        running: set[Future[Run]] = set()
        is_over = False
        while True:
            while not is_over and len(running) < parallel and (plan := next(waiting, None)) is not None:
                running.add(pool.submit(make_run, plan, command, folder, timeout, alive))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                run = future.result()
                is_over = is_done(run) or is_over
                yield run


class Running:
    """The runs that are being made; when an error or an interrupt ends the block they are ended at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._is_over = False

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_over = True
            for process in self._processes:
                children.end(process)

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a run; ``OSError`` when it cannot be, also because all of them are over."""
        with self._lock:
            if self._is_over:
                raise InterruptedError
            process = children.start(command, **options)
            self._processes.add(process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End a run with whatever it left running."""
        children.end(process)
        with self._lock:
            self._processes.discard(process)


def make_run(
    plan: RunPlan, command: Sequence[str], folder: Path, timeout: float, alive: Running
) -> Run:  # fmt: skip
    """Make one run and return what came of it; whatever it left running is killed."""
    with children.scratch_folder("ssot-golden-") as scratch:
        junit, modules = scratch / "junit.xml", scratch / "modules.txt"
        started, clock = datetime.now(UTC).isoformat(timespec="milliseconds"), time.perf_counter()
        words = [word.replace("{junit}", str(junit)).replace("{seed}", str(plan.seed)) for word in command]
        with (scratch / "output.txt").open("w+b") as output:
            process = alive.start(
                words, cwd=folder, env=_build_environment(plan, scratch, junit, modules), stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
            is_late = _wait(process, timeout, alive)
            seconds = time.perf_counter() - clock
            output.seek(max(0, output.seek(0, os.SEEK_END) - 4000))
            lines = output.read().decode("utf-8", "replace").strip().splitlines()
        read = read_junit(junit) if junit.is_file() else []
        outcome = "timeout" if is_late else _find_outcome(process.returncode, read)
        detail = "" if outcome == "passed" else (read[0].problem if read and read[0].problem else "\n".join(lines[-1:]))
        return Run(
            plan.number, plan.seed, outcome, round(seconds, 4), process.returncode, started, plan.lever, plan.setting,
            detail=detail[-_LONGEST_DETAIL:], tests=tuple(test for each in read for test in each.tests),
            modules=tuple(modules.read_text("utf-8", "replace").splitlines()) if modules.is_file() else (),
        )  # fmt: skip


def _build_environment(plan: RunPlan, scratch: Path, junit: Path, modules: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SSOT_")}
    temporary = scratch / "tmp"
    temporary.mkdir()
    path = os.pathsep.join(part for part in (str(_HOOKS), kept.get("PYTHONPATH", "")) if part)
    return {
        **kept, "SSOT_RUN": str(plan.number), "SSOT_SEED": str(plan.seed), "SSOT_JUNIT": str(junit),
        "SSOT_MODULES": str(modules), "TMPDIR": str(temporary), "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1", **plan.environment,
    }  # fmt: skip


def _wait(process: subprocess.Popen[bytes], timeout: float, alive: Running) -> bool:
    """Wait for a run and end what it left; return whether it took too long.

    A wait with a time limit looks only every 50 ms: a timer lets this one end when the run does.
    """
    is_late = threading.Event()

    def end() -> None:
        is_late.set()
        process.kill()

    timer = threading.Timer(timeout, end)
    timer.daemon = True
    timer.start()
    try:
        process.wait()
    finally:
        timer.cancel()
        alive.end(process)
    return is_late.is_set()


def _find_outcome(exit_code: int, read: Sequence[JunitRun]) -> str:
    """Return the outcome by the exit code, and by what the JUnit file says where there is one."""
    if any(each.outcome == "malformed" for each in read):
        return "malformed"
    if exit_code < 0:
        return "crashed"
    if any(each.outcome == "failed" for each in read):
        return "failed"
    return "passed" if exit_code == 0 else "failed"


def read_results(paths: Sequence[Path]) -> list[Run]:
    """Return the runs of existing JUnit files, one row each, in the order of the files."""
    found: list[Run] = []
    for path in paths:
        for each in read_junit(path):
            number = len(found)
            seconds = sum(test.seconds for test in each.tests)
            found.append(
                Run(number, 0, each.outcome, round(seconds, 4), 0, each.started, "base", "", each.source, each.problem,
                    each.tests)
            )  # fmt: skip
    return found
