"""Commands that are ended by a signal while they work, and what is left of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What a command starts is found by this variable, or by its value in the command line.
VARIABLE = "STARTED_BY_A_TEST"


@dataclass
class KilledRun:
    """What was left of a run: its exit code (negative: the signal), what it printed, who lived on, what lay about."""

    code: int
    errors: str
    left: list[str]
    seconds: float
    folders: list[str]


@dataclass
class Command:
    """An `ssot` command line to be ended; ``ready`` is text of a process that shows that it is at work."""

    arguments: Sequence[str]
    ready: str
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def build(self) -> list[str]:
        program = [] if self.arguments[0] == "-c" else ["-m", "analysis.cli"]
        return [sys.executable, *program, *(word.replace("MARK", self.mark) for word in self.arguments)]


def find_processes(text: str) -> dict[int, str]:
    """Return the processes whose environment or command line has a text, with their command lines."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in command or text.encode() in environment:
            found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


def kill_run(command: Command, number: signal.Signals, data: Path, delay: float, timeout: float = 60) -> KilledRun:
    """Start a command, wait until it is at work and ``delay`` seconds more, end it; SIGINT as Ctrl-C does.

    ``seconds`` is how long anything of it lived on after the signal, at most a little more than two.
    """
    scratch = Path(tempfile.mkdtemp(prefix="kills-"))  # a short name: the sockets of kernels are in it
    environment = {**os.environ, VARIABLE: command.mark, "SSOT_DATA": str(data), "PYTHONPATH": str(ROOT)}
    environment["TMPDIR"] = str(scratch)
    run = subprocess.Popen(
        command.build(), env=environment, cwd=data, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - nohup ignores it
    )  # fmt: skip
    end = time.monotonic() + timeout
    while not any(command.ready in line for line in find_processes(command.mark).values()):
        assert run.poll() is None, run.communicate()[1]
        assert time.monotonic() < end, "it never was at work"
        time.sleep(0.01)
    time.sleep(delay)
    started = time.monotonic()
    (os.killpg if number == signal.SIGINT else os.kill)(run.pid, number)
    while time.monotonic() - started < 2 and (run.poll() is None or find_processes(command.mark)):
        time.sleep(0.02)
    seconds = time.monotonic() - started
    left = find_processes(command.mark)
    for pid in left:  # a test that fails leaves nothing either
        os.kill(pid, signal.SIGKILL)
    _, errors = run.communicate()
    folders = sorted(path.name for path in scratch.iterdir())
    shutil.rmtree(scratch)
    return KilledRun(run.returncode, errors, list(left.values()), seconds, folders)


def list_modules(count: int = 400) -> dict[str, str]:
    """Return a package of many modules, a few kilobytes each, that import one another; some in cycles."""
    files = {"app/__init__.py": ""}
    for number in range(count):
        lines = [f"from app.m{(number * 7 + 1) % count:03} import C0\n", f"import app.m{number // 2:03}\n"]
        lines += [
            f"class C{each}:\n    def run(self, value):\n        return [value + {each}, {number}, self.run]\n"
            for each in range(80)
        ]
        files[f"app/m{number:03}.py"] = "".join(lines)
    return files
