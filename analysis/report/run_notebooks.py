"""Notebooks run by papermill: in parallel, each in a process of its own with this very interpreter.

A run needs no kernel that a user installed, no writable home, and imports nothing from the folder it was
started in: the target's files must never be taken for modules.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import children, store
from analysis.errors import ReportError
from analysis.executor import LostTaskError, TaskExecutor, open_executor
from analysis.progress import Progress, ignore_progress
from analysis.report.edition import list_decided
from analysis.report.notebook_processes import (
    ExecutedNotebook,
    check_parameters,
    prepare,
    set_variables,
    start_notebook,
    wait_for_notebook,
)

CELL_TIMEOUT_SECONDS = 900


def find_notebooks(folder: Path) -> list[Path]:
    """Return the notebooks of a report in the order of their numbers; ``ReportError`` when there are none."""
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise ReportError(f"no notebooks at {folder}", remedy="Use a checkout of the kit, or name another folder")
    return found


@dataclass(frozen=True, slots=True)
class Warm:
    """A process that is importing, or has imported, what notebooks need."""

    tasks: TaskExecutor
    prepared: Future[None]


@contextlib.contextmanager
def open_notebook_process() -> Iterator[Warm]:
    """Start the process that runs notebooks; it imports what they need while the caller does something else."""
    # The process is a new one: threads that an earlier task may have started would not survive its forks.
    with open_executor(1, fresh=True) as tasks, children.scratch_folder("ssot-") as scratch:
        yield Warm(tasks, tasks.submit(prepare, build_environment(scratch)))


def run_notebooks(
    notebooks: Sequence[Path],
    folder: Path,
    parameters: Mapping[str, Any],
    *,
    jobs: int = 2,
    progress: Progress = ignore_progress,
    process: Warm | None = None,
    cell_seconds: int = CELL_TIMEOUT_SECONDS,
) -> list[ExecutedNotebook]:
    """Run notebooks with the same parameters and write the executed copies into ``folder``.

    A failed notebook is stored with its error and does not stop the others; one of its cells that takes longer than
    ``cell_seconds`` fails. ``process`` is one that the caller has
    opened before (default: one for this call). Raises ``ReportError`` for a parameter that a notebook does not know,
    before any of them runs.
    """
    if process is None:
        with open_notebook_process() as new:
            return run_notebooks(
                notebooks, folder, parameters, jobs=jobs, progress=progress, process=new, cell_seconds=cell_seconds
            )
    progress("notebooks", 0, len(notebooks))
    _ask(process.prepared)
    _ask(process.tasks.submit(set_variables, list_decided()))
    _ask(process.tasks.submit(check_parameters, list(notebooks), dict(parameters)))
    done = []

    def start(notebook: Path) -> None:
        _ask(process.tasks.submit(start_notebook, notebook, folder / notebook.name, dict(parameters), cell_seconds))

    for executed in _run_in_turn(notebooks, start, process.tasks, max(1, jobs)):
        done.append(executed)
        progress("notebooks", len(done), len(notebooks))
    return sorted(done)


def _run_in_turn(
    notebooks: Sequence[Path], start: Callable[[Path], None], tasks: TaskExecutor, jobs: int
) -> Iterator[ExecutedNotebook]:
    """Yield the notebooks as they end, ``jobs`` of them at a time."""
    waiting, running = deque(notebooks), 0
    while waiting or running:
        while waiting and running < jobs:
            start(waiting.popleft())
            running += 1
        yield _ask(tasks.submit(wait_for_notebook))
        running -= 1


def _ask(answer: Future[Any]) -> Any:
    try:
        return answer.result()
    except LostTaskError as error:
        raise ReportError(f"the process that runs notebooks was killed: {error}") from None


def build_environment(scratch: Path) -> dict[str, str]:
    """Return the environment variables of a run: all folders that notebooks write to are below ``scratch``."""
    return {
        "TMPDIR": str(scratch),
        "JUPYTER_PATH": str(scratch),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "JUPYTER_DATA_DIR": str(scratch / "data"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "MPLCONFIGDIR": str(_find_font_cache(scratch)),
        "MPLBACKEND": "agg",
        "SSOT_DATA": str(store.find_data_folder()),
    }


def _find_font_cache(scratch: Path) -> Path:
    """Return a folder that outlives the run where possible: to list all fonts takes matplotlib seconds."""
    folder = store.find_data_folder() / "cache" / "matplotlib"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder if os.access(folder, os.W_OK) else scratch
