"""Worker processes as their starter sees them: each runs one task at a time; those that are idle are kept a while."""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import cast
from weakref import WeakSet

from analysis.children import guard
from analysis.children.worker_main import BEGUN, LENGTH, pack, read_message

_MAIN = Path(__file__).with_name("worker_main.py")
#: numpy starts a thread for each core, to multiply matrices: that takes as long as the rest of it, for nothing.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "1")
#: A worker that nobody needs is kept so long for the next caller.
IDLE_SECONDS = 20.0


class Worker:
    """One process that runs one task at a time."""

    def __init__(self) -> None:
        # Python looks for the modules of a new process in the current folder first: in a target, that would run code.
        environment = {**dict([ONE_THREAD]), **os.environ, "PYTHONSAFEPATH": "1"}
        pipe = subprocess.PIPE
        command = [sys.executable, "-P", str(_MAIN)]
        self._process = guard.start(command, env=environment, stdin=pipe, stdout=pipe, bufsize=0)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._tasks, self._answers = self._process.stdin, io.BufferedReader(cast(io.RawIOBase, self._process.stdout))
        self.is_late = False
        self._stopping = threading.Lock()
        _all.add(self)
        own = str(_MAIN.parent.parent.parent)
        paths = [path for path in sys.path if path]
        self.send(pack(paths if own in paths else [*paths, own]))

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def send(self, message: bytes) -> bool:
        """Send a message; return whether the process took it."""
        data = memoryview(LENGTH.pack(len(message)) + message)
        try:
            while data:
                data = data[self._tasks.write(data) :]
        except (OSError, ValueError):
            return False
        return True

    def begin(self, message: bytes) -> bool:
        """Send a task; return whether the process took it up."""
        try:  # past the buffer, which would take the answer's start from under ``select``
            return self.send(message) and os.read(self._answers.fileno(), 1) == BEGUN
        except (OSError, ValueError):
            return False

    def receive(self, seconds: float) -> bytes | None:
        """Return the next answer; None when the process ended or is late."""
        try:
            if seconds and not select.select([self._answers], [], [], seconds)[0]:
                self.is_late = True
                return None
            return read_message(self._answers) or None
        except (OSError, ValueError):
            return None

    def stop(self) -> None:
        """Kill the process, and what it has started."""
        with self._stopping:
            guard.end(self._process)

    def discard(self) -> None:
        """Kill it and close its pipes; only for the one who uses it."""
        self.stop()
        self.close_pipes()

    def close_pipes(self) -> None:
        for pipe in (self._tasks, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()

    def disown(self) -> None:
        """In a fork of this process: leave it to the one that started it."""
        self.close_pipes()
        self._process.returncode = 0


class _Kept:
    """Workers that wait for the next caller."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: list[tuple[float, Worker]] = []
        self._timer: threading.Timer | None = None

    def take(self) -> Worker | None:
        """Return the worker that was used last and is still alive."""
        while True:
            with self._lock:
                worker = self._workers.pop()[1] if self._workers else None
            if worker is None or worker.is_alive:
                return worker
            worker.discard()

    def put(self, worker: Worker) -> None:
        with self._lock:
            self._workers.append((time.monotonic(), worker))
            self._arm()

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(IDLE_SECONDS, self._end_idle)
            self._timer.daemon = True
            self._timer.start()

    def _end_idle(self) -> None:
        with self._lock:
            oldest = time.monotonic() - IDLE_SECONDS
            idle = [worker for since, worker in self._workers if since <= oldest]
            self._workers = [(since, worker) for since, worker in self._workers if since > oldest]
            self._timer = None
            if self._workers:
                self._arm()
        for worker in idle:
            worker.discard()


_kept = _Kept()
keep_worker, take_kept_worker = _kept.put, _kept.take
_all: WeakSet[Worker] = WeakSet()


@atexit.register
def _end_all() -> None:
    for worker in list(_all):
        worker.stop()


def _disown_all() -> None:
    for worker in list(_all):
        worker.disown()
    _all.clear()
    _kept.__init__()  # type: ignore[misc]


os.register_at_fork(after_in_child=_disown_all)
