"""Runs the cells of a notebook for papermill in an IPython shell of this very process.

A kernel is a second process, four sockets and a second of processor time for each notebook. A process that was forked
for one notebook is as separate, and has everything imported already.
"""

from __future__ import annotations

import faulthandler
import io
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, cast

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from analysis.report.jupyter import import_nbformat, import_papermill

#: The name that papermill knows this engine by.
ENGINE = "ssot"
#: How long a cell may go on after its time is up, for instance in compiled code, before its process ends.
GRACE_SECONDS = 30
#: A notebook that is killed leaves its cells up to so many seconds before.
SAVE_SECONDS = 2.0

#: One output of a cell, as a notebook keeps it.
Output = dict[str, Any]


class _Stream(io.TextIOBase):
    """Standard output or error of a cell; what is written without a break is one output."""

    def __init__(self, name: str, outputs: list[Output]) -> None:
        self._name, self._outputs = name, outputs

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        last = self._outputs[-1] if self._outputs else {}
        if last.get("output_type") == "stream" and last["name"] == self._name:
            last["text"] += text
        elif text:
            self._outputs.append({"output_type": "stream", "name": self._name, "text": text})
        return len(text)


class _Display(DisplayPublisher):
    """Keeps what ``display`` shows."""

    def publish(self, data: dict[str, Any], metadata: dict[str, Any] | None = None, **_: Any) -> None:  # type: ignore[override]
        self.shell.outputs.append({"output_type": "display_data", "data": data, "metadata": metadata or {}})

    def clear_output(self, wait: bool = False) -> None:  # noqa: ARG002 - IPython's signature
        self.shell.outputs.clear()


class _Result(DisplayHook):
    """Keeps the value of a cell's last expression."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        count, outputs = self.prompt_count, cast(_Shell, self.shell).outputs
        outputs.append(
            {"output_type": "execute_result", "data": format_dict, "metadata": md_dict or {}, "execution_count": count}
        )

    def finish_displayhook(self) -> None:
        self._is_active = False


class _Shell(InteractiveShell):
    """An IPython shell without a terminal, a history or files of its own."""

    def __init__(self, **settings: Any) -> None:
        #: Those of the cell that runs.
        self.outputs: list[Output] = []
        super().__init__(**settings)  # type: ignore[no-untyped-call]

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        self.outputs.append(
            {"output_type": "error", "ename": etype.__name__, "evalue": str(evalue), "traceback": list(stb)}
        )


def register_engine() -> None:
    """Make papermill know the engine."""
    import_papermill().engines.papermill_engines.register(ENGINE, _build_engine())


def _build_engine() -> type:
    class ShellEngine(import_papermill().engines.Engine):  # type: ignore[misc]
        """Runs a notebook's code cells one after the other and stops at the first that fails."""

        @classmethod
        def execute_managed_notebook(
            cls, manager: Any, kernel_name: str, *, kept_at: Path, cell_seconds: int, **_: Any
        ) -> None:
            del kernel_name
            shell = _start_shell()
            saved = -math.inf
            for index, cell in enumerate(manager.nb.cells):
                manager.cell_start(cell, index)
                if time.monotonic() - saved > SAVE_SECONDS:
                    import_papermill().iorw.write_ipynb(manager.nb, str(kept_at))
                    saved = time.monotonic()
                is_good = cell.cell_type != "code" or not cell.source.strip() or _run(shell, cell, cell_seconds)
                if not is_good:
                    manager.cell_exception(cell, index)
                manager.cell_complete(cell, index)
                if not is_good:
                    return

    return ShellEngine


def _start_shell() -> _Shell:
    shell = _Shell(
        display_pub_class=_Display, displayhook_class=_Result, colors="nocolor",
        config=Config({"HistoryManager": {"enabled": False}}),
    )  # fmt: skip
    for kind in (InteractiveShell, _Shell):  # for ``get_ipython`` and ``display``
        kind._instance = shell  # type: ignore[assignment]
    shell.builtin_trap.activate()
    return shell


def _run(shell: _Shell, cell: Any, seconds: int) -> bool:
    """Run one code cell, keep its outputs in it, and return whether it went well."""
    shell.outputs.clear()
    output, errors = (_Stream(name, shell.outputs) for name in ("stdout", "stderr"))
    with redirect_stdout(output), redirect_stderr(errors), _limited(seconds):
        result = shell.run_cell(cell.source, store_history=True)  # type: ignore[no-untyped-call]
    cell.execution_count = shell.execution_count - 1
    cell.outputs = [import_nbformat().from_dict(output) for output in shell.outputs]
    return bool(result.success)


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """Raise ``TimeoutError`` in a cell that takes too long; end the process where compiled code does not listen."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"the cell took longer than {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    faulthandler.dump_traceback_later(seconds + GRACE_SECONDS, exit=True, file=2)
    try:
        yield
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
