"""Runs heavy work: tasks in local worker processes, with limits.

This is the one seam: a caller gives functions and arguments and gets futures, and knows nothing of processes. Another
place to run tasks, a cluster, needs the three methods of ``TaskExecutor`` and no more.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from analysis.children.worker import Worker, keep_worker, take_kept_worker
from analysis.children.worker_main import pack, unpack

Result = TypeVar("Result")


class LostTaskError(Exception):
    """A task has no result: its worker died, or it took longer than its limit. Other tasks are not concerned."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one task may use: wall seconds, and bytes of memory beyond what its worker has already (0: no limit).

    Too long is ``LostTaskError``, too large ``MemoryError``; either way the worker is replaced. Only Linux keeps to the
    limit of memory.
    """

    seconds: float = 0.0
    memory_bytes: int = 0


NO_LIMITS = Limits()


def count_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_executor(jobs: int, *, fresh: bool = False) -> TaskExecutor:
    """Return an executor that runs up to ``jobs`` tasks at once, each in a process of its own.

    The processes start clean (no fork of the caller's threads), do not import the caller's main module, so that
    scripts and notebooks need no guard, and take no module from the current folder. They are kept for the next caller
    for a while (unless ``fresh`` asks for new ones), and end with this process, whatever ends it.
    """
    return TaskExecutor(jobs, fresh=fresh)


class _Task:
    """One call that waits for a worker."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits) -> None:
        self.future: Future[Any] = Future()
        self.limits = limits
        self.message = pack((function, arguments, limits.memory_bytes))


class TaskExecutor:
    """Runs tasks in worker processes. As a context, what has not finished at its end is given up and stopped."""

    def __init__(self, jobs: int, *, fresh: bool = False) -> None:
        self._jobs, self._fresh = jobs, fresh
        self._lock = threading.Lock()
        self._waiting: deque[_Task] = deque()
        self._threads = 0
        self._busy: set[Worker] = set()
        self._own: list[Worker] = []
        self._is_closed = False

    def submit(self, function: Callable[..., Result], /, *arguments: Any) -> Future[Result]:
        """Run a function of a module; return the future of its result."""
        return self.submit_within(NO_LIMITS, function, *arguments)

    def submit_within(self, limits: Limits, function: Callable[..., Result], /, *arguments: Any) -> Future[Result]:
        """Run a function within limits; the future raises what it raises, or ``LostTaskError``."""
        task = _Task(function, arguments, limits)
        with self._lock:
            if self._is_closed:
                raise RuntimeError("this executor is closed")
            self._waiting.append(task)
            if self._threads < self._jobs:
                self._threads += 1
                # Not to be waited for at the end of the program, as the threads of concurrent.futures are.
                threading.Thread(target=self._work, daemon=True).start()
        return task.future

    def close(self) -> None:
        """Give up what has not finished; workers that are in the middle of it are killed."""
        with self._lock:
            self._is_closed = True
            for task in self._waiting:
                task.future.cancel()
            for worker in self._busy:
                worker.stop()
            for worker in self._own:
                worker.discard()
            self._own.clear()

    def __enter__(self) -> TaskExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        """Run waiting tasks, one after the other, until there is none."""
        worker: Worker | None = None
        task = self._take(worker)
        while task is not None:
            result: Any = None
            error: BaseException | None = None
            is_wanted = task.future.set_running_or_notify_cancel()
            if is_wanted:
                try:
                    worker, result, error = self._run(task, worker)
                except BaseException as failure:  # noqa: BLE001 - no worker could be started
                    error = failure
            done, task = task, self._take(worker)
            # Only now: who waits for the result and has another task finds the worker free.
            if error is not None:
                done.future.set_exception(error)
            elif is_wanted:
                done.future.set_result(result)

    def _take(self, worker: Worker | None) -> _Task | None:
        """Return the next task, or give the worker back."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            if worker is not None:
                self._busy.discard(worker)
                if self._fresh and not self._is_closed:
                    self._own.append(worker)
                elif self._fresh:
                    worker.discard()
                else:
                    keep_worker(worker)
        return None

    def _run(self, task: _Task, worker: Worker | None) -> tuple[Worker | None, Any, BaseException | None]:
        """Run one task; return the worker (None when the next task needs another), the result, and the error."""
        worker = worker or self._borrow()
        has_begun = worker.begin(task.message)
        if not has_begun and not self._is_closed:  # it died while nobody used it: that is not the task's fault
            self._drop(worker)
            worker = self._borrow()
            has_begun = worker.begin(task.message)
        answer = worker.receive(task.limits.seconds) if has_begun else None
        if answer is None:
            self._drop(worker)
            late = f"it took longer than {task.limits.seconds:g} s"
            return None, None, LostTaskError(late if worker.is_late else "its worker ended in the middle of it")
        is_good, value = unpack(answer)
        if is_good:
            return worker, value, None
        if isinstance(value, MemoryError):
            self._drop(worker)
            return None, None, value
        return worker, None, value

    def _borrow(self) -> Worker:
        with self._lock:
            own = self._own.pop() if self._own else None
        worker = own or (None if self._fresh else take_kept_worker()) or Worker()
        with self._lock:
            self._busy.add(worker)
            if self._is_closed:
                worker.stop()
        return worker

    def _drop(self, worker: Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
        worker.discard()


@contextmanager
def paused_collection() -> Iterator[None]:
    """Switch cyclic garbage collection off inside: it would walk, again and again, what is going to be kept.

    That halves the time of the resolution. What was collecting before collects afterwards.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def freeing_cycles() -> Iterator[None]:
    """Free at the end what was made inside and only refers to itself, where collection is off.

    What was there before is not looked through, so that this costs no more than it can bring.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()


class _NoPandas:
    """Stands before the finders of modules while Arrow looks for pandas."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:  # noqa: ARG004
        if name == "pandas":
            raise ModuleNotFoundError(name)


def spare_pandas() -> None:
    """Keep Arrow from importing pandas for its first values, to know its types; who asks for a frame later gets one."""
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _NoPandas)
        try:
            pa.array(np.zeros(0))
            pa.scalar("")
        finally:
            sys.meta_path.remove(_NoPandas)


@contextmanager
def swift_process() -> Iterator[None]:
    """Spare a command that makes no frames and ends soon what it does not need.

    Python walks everything that is left when it ends, which takes its time after a large target: what is there is left
    to the operating system. To be entered before anything makes an array: see ``spare_pandas``.
    """
    spare_pandas()
    with paused_collection():
        yield
        gc.freeze()
