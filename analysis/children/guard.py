"""Starts processes that end with this one: each in a session of its own, listed with the guard, marked for it.

A handler, a ``finally`` or ``PR_SET_PDEATHSIG`` each miss a case: SIGKILL, grandchildren, macOS, or a thread that has
ended. The guard is a process of its own that reads from a pipe whose other end only this process holds; the kernel
closes that end whatever ends this process.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

_MAIN = Path(__file__).with_name("guard_main.py")
#: The start of the variable that marks a child and all that it starts; the name differs, so that marks add up.
_MARK = "GUARDED_BY_SSOT_"
#: How long the end of this process waits for the guard to clear up.
_FAREWELL_SECONDS = 1.0


class _Guard:
    """The guard as this process sees it: started when it is first needed, and again when it was killed."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        self._numbers = itertools.count(1)
        #: What a new guard must be told: the lines that still hold.
        self._lines: dict[str, str] = {}
        self._watches_signals = False
        self.mark = _MARK + secrets.token_hex(12)

    def mark_environment(self, environment: Mapping[str, str]) -> tuple[int, dict[str, str]]:
        """Return a number for a new child, and its environment."""
        with self._lock:
            self.write()
            number = next(self._numbers)
        return number, {**environment, f"{self.mark}_{number}": "1"}

    def hold(self, key: str, line: str) -> None:
        with self._lock:
            self._lines[key] = line
            self.write(line)

    def release(self, key: str, line: str) -> None:
        with self._lock:
            if self._lines.pop(key, None) is not None:
                self.write(line)

    def write(self, line: str = "") -> None:
        """Write a line; start the guard when there is none."""
        with self._lock:
            if self._process is None:
                self._start()
            try:
                self._send(line)
            except OSError:  # the guard was killed: the next one is told everything that holds
                self._start()
                with contextlib.suppress(OSError):
                    self._send(line)

    def _send(self, line: str) -> None:
        data = f"{line}\n".encode("ascii")
        while data:
            try:
                data = data[os.write(self._pipe, data) :]
            except BlockingIOError:  # signals need a pipe that never blocks
                time.sleep(0.001)

    def _start(self) -> None:
        read, write = os.pipe()
        os.set_blocking(write, False)
        if self._pipe < 0:
            self._pipe = write
        else:  # signals go to this number: it must not come to mean another file
            os.dup2(write, self._pipe, inheritable=False)
            os.close(write)
        if self._process is not None:
            self._process.poll()
        command = [sys.executable, "-I", "-S", "-B", str(_MAIN), self.mark, str(os.getpid())]
        try:
            self._process = subprocess.Popen(
                command, stdin=read, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
                start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(read)
        for line in self._lines.values():
            self._send(line)

    def watch_signals(self) -> None:
        with self._lock:
            self.write()
            signal.set_wakeup_fd(self._pipe, warn_on_full_buffer=False)
            self._watches_signals = True

    def say_farewell(self) -> None:
        """Let the guard clear up what is left, and wait for it."""
        with self._lock:
            if self._process is None:
                return
            with contextlib.suppress(OSError):
                self._send("done")
            if self._watches_signals:
                signal.set_wakeup_fd(-1)
            os.close(self._pipe)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_FAREWELL_SECONDS)
            self._process, self._pipe = None, -1

    def forget(self) -> None:
        """In a fork of this process: the guard and the children belong to the one that was forked."""
        if self._pipe >= 0:
            os.close(self._pipe)
        if self._process is not None:
            self._process.returncode = 0  # nothing here may wait for it
        self.__init__()  # type: ignore[misc]


_guard = _Guard()
#: The children that are watched, each with its number.
_numbers: WeakKeyDictionary[subprocess.Popen[bytes], int] = WeakKeyDictionary()
atexit.register(_guard.say_farewell)
os.register_at_fork(after_in_child=_guard.forget)
os.register_at_fork(after_in_child=_numbers.clear)


def start(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[bytes]:  # fmt: skip
    """Start a process in a session of its own and return it; ``options`` are those of ``subprocess.Popen``.

    When this process ends, in whatever way, the child and everything that it started is killed: its process group,
    and on Linux also what has left the group but kept the environment. Call ``end`` or ``reap`` in every case.
    """
    number, environment = _guard.mark_environment(os.environ if env is None else env)
    process = subprocess.Popen(command, env=environment, start_new_session=True, **options)
    _numbers[process] = number
    _guard.hold(f"start {number}", f"start {number} {process.pid}")
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a child with its process group and wait for it; what has left its group is killed by the guard soon after.

    A child that has ended by itself leaves its group behind: that is killed as well.
    """
    _stop_watching(process, "end")


def reap(process: subprocess.Popen[bytes]) -> None:
    """Wait for a child that starts nothing of its own and take it off the guard's list."""
    _stop_watching(process, "forget")


def _stop_watching(process: subprocess.Popen[bytes], verb: str) -> None:
    number = _numbers.pop(process, None)
    if number is None:
        return
    if verb == "end":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    # Before the number is free for another process: the guard must never kill by a number that is used again.
    _guard.release(f"start {number}", f"{verb} {number}")
    process.wait()


def run(
    command: Sequence[str], *, timeout: float, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a short command to its end and return its exit code and what it printed.

    Raises ``OSError`` when it cannot be started, ``subprocess.TimeoutExpired`` when it is killed after ``timeout``
    seconds.
    """
    pipe = subprocess.PIPE
    process = start(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        output, errors = process.communicate(stdin, timeout=timeout)
    except BaseException:
        end(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        raise
    reap(process)
    return subprocess.CompletedProcess(list(command), process.returncode, output, errors)


@contextlib.contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """Yield a new temporary folder; it is removed afterwards, also when this process is killed."""
    folder = tempfile.mkdtemp(prefix=prefix)
    name = os.fsencode(folder).hex()
    _guard.hold(f"folder {name}", f"folder {name}")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _guard.release(f"folder {name}", f"removed {name}")


def watch_signals() -> None:
    """Have the guard kill this process when a signal that it handles does not end it soon.

    Python calls a handler only between two of its own instructions; a long call into C would keep a run alive.
    """
    _guard.watch_signals()


def say_farewell() -> None:
    """Let the guard kill and remove what is left, and wait for it; for a process that is about to end."""
    _guard.say_farewell()
