"""Ends a command after a signal: in order, once, and soon."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from analysis import children

#: Ctrl-C, a scheduler's or `kill`'s request, a terminal that was closed. Added to 128 they are exit codes.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: A second signal within this time is the first one again: `timeout` and `make` pass on what the whole group got.
_SAME_SECONDS = 0.3


class Ending:
    """Handles the signals of a command; ``first`` is the one that ended it, if one did."""

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self._since = 0.0

    def handle(self, number: int, _: FrameType | None) -> None:
        """Interrupt the main thread, which runs all clean-up; a later Ctrl-C ends at once, without."""
        if self.first is None:
            self.first, self._since = signal.Signals(number), time.monotonic()
            raise KeyboardInterrupt
        if number == signal.SIGINT and time.monotonic() - self._since > _SAME_SECONDS:
            os._exit(128 + number)  # what it started is ended by its guard


def end_in_order() -> Ending:
    """Let the first signal raise ``KeyboardInterrupt`` in the main thread, and a later Ctrl-C end at once.

    What is ignored stays ignored (``nohup``, jobs in the background). A call that cannot be interrupted is given a
    moment, then the guard kills this process.
    """
    ending = Ending()
    for number in SIGNALS:
        if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
            signal.signal(number, ending.handle)
    children.watch_signals()
    return ending


def leave_to(command: Sequence[str]) -> NoReturn:
    """Become another program, so that signals and the exit code are its own."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    sys.stdout.flush()
    children.say_farewell()
    os.execv(command[0], list(command))  # noqa: S606 - no shell is wanted
