"""A worker: reads tasks from its standard input, runs one after the other, writes each answer to standard output.

Run by its path. The first message is the list of folders to import from. A task is a function, its arguments, and how
many bytes it may take; an answer is whether it went well, and the result or the exception. Each message is a pickle
with its length before it; before an answer comes a byte that says that the task has begun. At the end of the input the
worker ends, also in the middle of a task.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO, NoReturn

LENGTH = struct.Struct("<Q")
#: What a worker says when it takes a task up: one that ends before has not touched it.
BEGUN = b"+"


def pack(value: Any) -> bytes:
    """Return a message for a worker, or for the process that started this one."""
    return pickle.dumps(value, protocol=5)


def unpack(message: bytes) -> Any:
    """Return what a message holds; only for messages from a pipe between a worker and the process that started it."""
    return pickle.loads(message)  # noqa: S301 - a pipe that nobody else has an end of


def main() -> NoReturn:
    """Work until the input ends."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    # What a task prints must not get between the answers; what a task starts gets neither end.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    folders = read_message(tasks)
    if not folders:  # who started it has ended already
        os._exit(0)
    sys.path[:] = unpack(folders)
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=read_tasks, args=(tasks, waiting), daemon=True).start()
    while True:
        message = waiting.get()
        os.write(answers, BEGUN)
        answer = run_task(message)
        data = memoryview(LENGTH.pack(len(answer)) + answer)
        while data:
            data = data[os.write(answers, data) :]


def read_tasks(tasks: BinaryIO, waiting: queue.SimpleQueue[bytes]) -> None:
    """Hand over the tasks as they come; at the end of the input nobody waits for an answer any more."""
    try:
        while message := read_message(tasks):
            waiting.put(message)
    finally:
        os._exit(0)


def read_message(stream: BinaryIO) -> bytes:
    """Return the next message; empty at the end of the stream, also in the middle of a message."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return b""
    length: int = LENGTH.unpack(head)[0]
    message = stream.read(length)
    return message if len(message) == length else b""


def run_task(message: bytes) -> bytes:
    """Return the answer to a task."""
    try:
        function, arguments, memory_bytes = unpack(message)
        return pack((True, run_within(memory_bytes, function, arguments)))
    except BaseException as error:  # noqa: BLE001 - it belongs to whoever asked for the result
        error.add_note("In a worker:\n" + "".join(traceback.format_exception(error)).rstrip())
        try:
            answer = pack((False, error))
            unpack(answer)  # some exceptions can be written but not read
        except Exception:  # noqa: BLE001
            return pack((False, RuntimeError(f"{type(error).__name__}: {error}")))
        return answer


def run_within(memory_bytes: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call a function that may take so much memory more than there is in use (0: any); only Linux keeps to it."""
    in_use = find_memory_in_use() if memory_bytes else 0
    if not in_use:
        return function(*arguments)
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = in_use + memory_bytes
    known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([wanted, *known]), hard))
    try:
        return function(*arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def find_memory_in_use() -> int:
    """Return the bytes of this process's address space; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    main()
