"""The process that runs notebooks: it imports once what they all need, and forks a process for each of them.

Its functions are tasks of one worker: ``prepare`` and ``set_variables`` first, then ``start_notebook`` and
``wait_for_notebook``.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from analysis.errors import ReportError
from analysis.report.jupyter import import_exporters, import_papermill

_KERNEL = "python3"
#: The file in which the process of a notebook leaves how it ended.
_ENDING = "{pid}.ending.json"


@dataclass(frozen=True, slots=True, order=True)
class ExecutedNotebook:
    """One notebook that was run: its name, the executed copy, its seconds, and the error's line when it failed."""

    name: str
    path: Path
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Running:
    notebook: Path
    executed: Path
    ending: Path
    started: float


_running: dict[int, _Running] = {}


def prepare(environment: Mapping[str, str]) -> None:
    """Set the environment of all notebooks and import what they need; the process that asks imports none of it."""
    os.environ.update(environment)
    tempfile.tempdir = environment["TMPDIR"]
    import matplotlib.figure  # noqa: PLC0415, F401 - what the kit's notebooks import, directly or when they draw

    from analysis.report import notebook_shell, pictures, templating, views  # noqa: PLC0415, F401

    notebook_shell.register_engine()
    import_exporters()
    templating.build_environment().get_template("parts.j2")
    gc.freeze()


def set_variables(variables: Mapping[str, str]) -> None:
    """Set environment variables of the notebooks that are started from now on."""
    os.environ.update(variables)


def check_parameters(notebooks: Sequence[Path], parameters: Mapping[str, Any]) -> None:
    """Refuse what papermill only warns of: a parameter that a notebook does not know (``ReportError``)."""
    for notebook in notebooks:
        try:
            known = sorted(import_papermill().inspect_notebook(_literal(notebook)))
        except (ValueError, OSError, AttributeError) as error:
            raise ReportError(f"notebook {notebook} cannot be read: {error}".splitlines()[0]) from None
        for name in parameters:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                remedy = f"Did you mean {near[0]}?" if near else f"It has: {', '.join(known) or 'none'}"
                raise ReportError(f"notebook {notebook.stem} has no parameter {name!r}", remedy=remedy)


def start_notebook(notebook: Path, executed: Path, parameters: dict[str, Any], cell_seconds: int) -> None:
    """Run a notebook in a process of its own; a cell that takes longer fails."""
    folder = Path(tempfile.gettempdir())
    started = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        _run_and_end(notebook, executed, parameters, cell_seconds, folder)
    _running[pid] = _Running(notebook, executed, folder / _ENDING.format(pid=pid), started)


def wait_for_notebook() -> ExecutedNotebook:
    """Wait until one of the notebooks that were started has ended, and return how."""
    pid, status = os.waitpid(-1, 0)
    while pid not in _running:
        pid, status = os.waitpid(-1, 0)
    run = _running.pop(pid)
    error = _read_ending(run.ending, status)
    if not _is_whole(run.executed):  # the disk may be full
        error = error or "it could not be written"
        shutil.copyfile(run.notebook, run.executed)
    _clean(run.executed, error)
    return ExecutedNotebook(run.notebook.stem, run.executed, round(time.perf_counter() - run.started, 2), error)


def _is_whole(notebook: Path) -> bool:
    try:
        return bool(json.loads(notebook.read_bytes()))
    except (OSError, ValueError):
        return False


def _read_ending(ending: Path, status: int) -> str:
    try:
        return str(json.loads(ending.read_text("utf-8"))["error"])
    except ValueError:
        return "how it ended could not be written"
    except FileNotFoundError:
        code = os.waitstatus_to_exitcode(status)
        return f"its process was ended by {signal.Signals(-code).name}" if code < 0 else "its process ended early"


def _run_and_end(
    notebook: Path, executed: Path, parameters: dict[str, Any], cell_seconds: int, folder: Path
) -> NoReturn:
    """In the fork: run a notebook, leave how it ended, and end; the worker's pipes and files are not the fork's."""
    try:
        os.closerange(3, 1024)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        error = _execute(notebook, executed, parameters, cell_seconds)
        message = "" if error is None else _describe_error(error)
        (folder / _ENDING.format(pid=os.getpid())).write_text(json.dumps({"error": message}), "utf-8")
    finally:
        os._exit(0)


def _execute(notebook: Path, executed: Path, parameters: dict[str, Any], cell_seconds: int) -> Exception | None:
    from analysis.report.notebook_shell import ENGINE  # noqa: PLC0415 - imported by ``prepare``

    try:
        import_papermill().execute_notebook(
            _literal(notebook), _literal(executed), parameters, engine_name=ENGINE, kernel_name=_KERNEL,
            cwd=str(executed.parent), progress_bar=False, request_save_on_cell_execute=False,
            kept_at=executed, cell_seconds=cell_seconds,
        )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - any failure of a notebook or papermill is reported
        return error
    return None


def _literal(path: Path) -> str:
    """Return a path in which papermill finds no placeholders to fill in."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _describe_error(error: Exception) -> str:
    """Return an error of a notebook as one line: its type and the first line of its message."""
    name = str(getattr(error, "ename", "") or type(error).__name__)
    lines = str(getattr(error, "evalue", "") or ("" if hasattr(error, "ename") else error)).strip().splitlines()
    return f"{name}: {lines[0]}" if lines else name


def _clean(executed: Path, error: str) -> None:
    """Leave in the executed copy what a reader needs: no temporary paths, and the error where there was one."""
    notebook = json.loads(executed.read_text("utf-8"))
    metadata = notebook["metadata"]
    names = ("duration", "exception", "parameters", "version", "start_time", "end_time")
    metadata["papermill"] = {
        name: metadata["papermill"][name] for name in names if name in metadata.get("papermill", {})
    }
    if error:
        metadata["papermill"] |= {"exception": True, "error": error}
    executed.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")
