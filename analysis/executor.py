"""Where and how work runs: a pool of local processes, as a ``concurrent.futures.Executor``; the collector paused."""

from __future__ import annotations

import gc
import multiprocessing.resource_tracker
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

import numpy as np
import pyarrow as pa

#: Python looks for the modules of a new process in the current folder first: in a target, that would run its code.
_SAFE_PATH = {"PYTHONSAFEPATH": "1"}


def count_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_executor(jobs: int, *, fresh: bool = False) -> Executor:
    """Return a pool of ``jobs`` processes; it is kept for the next caller unless ``fresh`` asks for a new one.

    The processes start clean (no fork of the caller's threads) and do not import the caller's main module,
    so that scripts and notebooks need no guard.
    """
    from loky import get_reusable_executor

    _start_trackers()
    executor: Executor = get_reusable_executor(
        max_workers=jobs, timeout=20, reuse=False if fresh else "auto", env=_SAFE_PATH
    )
    return executor


def _start_trackers() -> None:
    """Start the two processes that watch over shared resources; they take no environment of their own.

    The caller's environment is put back: what a notebook starts itself may want the current folder.
    """
    import loky.backend.resource_tracker

    before = os.environ.get("PYTHONSAFEPATH")
    os.environ.update(_SAFE_PATH)
    try:
        multiprocessing.resource_tracker.ensure_running()
        loky.backend.resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


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


class _NoPandas:
    """Stands before the finders of modules while Arrow looks for pandas."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:  # noqa: ARG004
        if name == "pandas":
            raise ModuleNotFoundError(name)


@contextmanager
def swift_process() -> Iterator[None]:
    """Spare a command that makes no frames and ends soon what it does not need.

    Arrow imports pandas for its first array, to know its types, and Python walks everything that is left when it
    ends: together half a second after a large target. Inside, Arrow is told that there is no pandas, once and for the
    whole process; afterwards, what is there is left to the operating system.
    """
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _NoPandas)
        try:
            pa.array(np.zeros(0))
        finally:
            sys.meta_path.remove(_NoPandas)
    with paused_collection():
        yield
        gc.freeze()
