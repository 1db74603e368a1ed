"""Notebooks run by papermill: in parallel, each in a fresh kernel of this very interpreter.

A run needs no kernel that a user installed, no writable home, and imports nothing from the folder it was
started in: the target's files must never be taken for modules.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed, wait
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from traitlets.config import Config

import analysis
from analysis import children, store
from analysis.errors import ReportError
from analysis.executor import LostTaskError, open_executor
from analysis.progress import Progress, ignore_progress
from analysis.report.jupyter import import_papermill

CELL_TIMEOUT_SECONDS = 900
START_TIMEOUT_SECONDS = 60
LONGEST_SOCKET_NAME = 90
_KERNEL = "python3"


@dataclass(frozen=True, slots=True, order=True)
class ExecutedNotebook:
    """One notebook that was run: its name, the executed copy, its seconds, and the error's line when it failed."""

    name: str
    path: Path
    seconds: float
    error: str = ""


def find_notebooks(folder: Path) -> list[Path]:
    """Return the notebooks of a report in the order of their numbers; ``ReportError`` when there are none."""
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise ReportError(f"no notebooks at {folder}", remedy="Use a checkout of the kit, or name another folder")
    return found


def run_notebooks(
    notebooks: Sequence[Path],
    folder: Path,
    parameters: Mapping[str, Any],
    *,
    jobs: int = 2,
    progress: Progress = ignore_progress,
) -> list[ExecutedNotebook]:
    """Run notebooks with the same parameters and write the executed copies into ``folder``.

    A failed notebook is stored with its error and does not stop the others. Raises ``ReportError`` for a
    parameter that a notebook does not know, before any of them runs.
    """
    done: list[ExecutedNotebook] = []
    workers = max(1, min(jobs, len(notebooks)))
    # Sockets are in there: the name must be short.
    with open_executor(workers) as executor, children.scratch_folder("ssot-") as scratch:
        # The processes import papermill while this one does and checks the parameters.
        warming = [executor.submit(_warm_up) for _ in range(workers)]
        for notebook in notebooks:
            _check_parameters(notebook, parameters)
        wait(warming)
        progress("notebooks", 0, len(notebooks))
        environment = build_environment(scratch)
        futures = [
            executor.submit(run_notebook, notebook, folder / notebook.name, dict(parameters), environment)
            for notebook in notebooks
        ]
        for future in as_completed(futures):
            try:
                done.append(future.result())
            except LostTaskError as error:
                raise ReportError(f"a process that ran notebooks was killed: {error}") from None
            progress("notebooks", len(done), len(notebooks))
    return sorted(done)


def _warm_up() -> None:
    import_papermill()


def _check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Refuse what papermill only warns of: a parameter that the notebook does not know."""
    try:
        known = sorted(import_papermill().inspect_notebook(_literal(notebook)))
    except (ValueError, OSError, AttributeError) as error:
        raise ReportError(f"notebook {notebook} cannot be read: {error}".splitlines()[0]) from None
    for name in parameters:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            remedy = f"Did you mean {near[0]}?" if near else f"It has: {', '.join(known) or 'none'}"
            raise ReportError(f"notebook {notebook.stem} has no parameter {name!r}", remedy=remedy)


def build_environment(scratch: Path) -> dict[str, str]:
    """Return the environment variables of a run: every folder that Jupyter and notebooks write to is below ``scratch``.

    The kernel named python3 is this interpreter, whatever kernels a user or system has installed.
    """
    kernel = scratch / "kernels" / _KERNEL
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    described = {"argv": command, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(described), "utf-8")
    inherited = os.environ.get("PYTHONPATH", "")
    ours = str(Path(analysis.__file__).resolve().parent.parent)
    return {
        "TMPDIR": str(scratch),
        "JUPYTER_PATH": str(scratch),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "JUPYTER_DATA_DIR": str(scratch / "data"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "MPLCONFIGDIR": str(_find_font_cache(scratch)),
        "MPLBACKEND": "agg",
        "PYTHONPATH": os.pathsep.join(filter(None, (ours, inherited))),
        "PYTHONSAFEPATH": "1",
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
        "SSOT_DATA": str(store.find_data_folder()),
    }


def _find_font_cache(scratch: Path) -> Path:
    """Return a folder that outlives the run where possible: to list all fonts takes matplotlib seconds."""
    folder = store.find_data_folder() / "cache" / "matplotlib"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder if os.access(folder, os.W_OK) else scratch


@contextlib.contextmanager
def _using(environment: Mapping[str, str]) -> Iterator[None]:
    before, folder = {name: os.environ.get(name) for name in environment}, tempfile.tempdir
    os.environ.update(environment)
    tempfile.tempdir = environment["TMPDIR"]  # connection files too go where the guard removes them
    try:
        yield
    finally:
        tempfile.tempdir = folder
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def run_notebook(
    notebook: Path, executed: Path, parameters: dict[str, Any], environment: Mapping[str, str]
) -> ExecutedNotebook:
    """Run one notebook in this process; only a kernel that does not start is tried a second time."""
    started = time.perf_counter()
    with _using(environment):
        error = _execute(notebook, executed, parameters)
        if error is not None and not _has_run(executed, error):
            error = _execute(notebook, executed, parameters)
    message = "" if error is None else _describe_error(error)
    if not executed.is_file():
        shutil.copyfile(notebook, executed)
    _clean(executed, message)
    return ExecutedNotebook(notebook.stem, executed, round(time.perf_counter() - started, 2), message)


def _execute(notebook: Path, executed: Path, parameters: dict[str, Any]) -> Exception | None:
    try:
        with tempfile.TemporaryDirectory(prefix="") as sockets:
            import_papermill().execute_notebook(
                _literal(notebook), _literal(executed), parameters,
                kernel_name=_KERNEL, cwd=str(executed.parent), progress_bar=False, start_timeout=START_TIMEOUT_SECONDS,
                execution_timeout=CELL_TIMEOUT_SECONDS, config=_build_transport(Path(sockets) / "kernel"),
            )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - any failure of a notebook, its kernel or papermill is reported
        return error
    return None


def _build_transport(socket: Path) -> Config:
    """Return Jupyter's configuration: sockets in a folder of this kernel's own instead of ports that others may take.

    The name must be given: by default all kernels of one folder share theirs. Socket names must be short.
    """
    if sys.platform == "win32" or len(str(socket)) > LONGEST_SOCKET_NAME:
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": str(socket)}})


def _literal(path: Path) -> str:
    """Return a path in which papermill finds no placeholders to fill in."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _has_run(executed: Path, error: Exception) -> bool:
    """Return whether a cell was reached; if none was, the kernel did not start."""
    if getattr(error, "exec_count", None) is not None:
        return True
    if not executed.is_file():
        return False
    cells = json.loads(executed.read_text("utf-8"))["cells"]
    return any(cell["cell_type"] == "code" and (cell["execution_count"] or cell["outputs"]) for cell in cells)


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
