"""The guard: a small process that kills what its parent started when the parent is gone, and removes its folders.

Run by its path with ``-I -S``: standard library only. It reads lines from standard input, whose other end only the
parent holds; the end of the input means that the parent has ended, in whatever way. On Linux it also finds processes
by a variable in their environment, which reaches what has left the process group of the child that started it.
"""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import time
from collections.abc import Callable

#: What a process that was ended may have started in its last moment is looked for at most this often.
SWEEP_SECONDS = 0.25
#: After a parent that was killed: pauses between the searches for what was just about to start.
LAST_PAUSES = (0.0, 0.02, 0.05, 0.1, 0.2)
#: A parent that was asked to end and does not, because it is inside a call that cannot be interrupted, is killed.
GRACE_SECONDS = 1.3
#: So often the guard looks whether the parent is there, although the pipe says it.
LOOK_SECONDS = 0.5
#: A parent passes its signals on as single bytes between the lines; no line contains one of these.
_SIGNALS = re.compile(rb"[\x01-\x09\x0b-\x1f]")


class Guard:
    """What the parent has said so far."""

    def __init__(self, mark: bytes, parent: int) -> None:
        self.mark = re.compile(re.escape(mark) + rb"_(\d+)=")
        self.parent, self.deadline = parent, 0.0
        self.groups: dict[int, int] = {}
        self.folders: set[str] = set()
        self.ended: set[int] = set()
        self.is_done = False

    def obey(self, line: bytes) -> None:
        """Follow one line; one that is cut, by a parent killed while it wrote, is none."""
        try:
            verb, *words = line.decode("ascii").split()
            if verb == "start":
                self.groups[int(words[0])] = int(words[1])
            elif verb == "forget":
                self.groups.pop(int(words[0]), None)
            elif verb == "end":
                self.groups.pop(int(words[0]), None)
                self.ended.add(int(words[0]))
            elif verb == "folder":
                self.folders.add(os.fsdecode(bytes.fromhex(words[0])))
            elif verb == "removed":
                self.folders.discard(os.fsdecode(bytes.fromhex(words[0])))
            elif verb == "done":
                self.is_done = True
        except (ValueError, IndexError):
            return

    def watch(self) -> None:
        """Read until the parent is gone."""
        rest, last_sweep = b"", 0.0
        while True:
            now = time.monotonic()
            if os.getppid() != self.parent:  # a fork of the parent may hold the pipe open
                return
            if self.deadline and now > self.deadline:
                kill(os.kill, self.parent)
            wait = max(0.0, last_sweep + SWEEP_SECONDS - now) if self.ended else LOOK_SECONDS
            if not select.select([0], [], [], wait)[0]:
                if self.ended:
                    self.sweep(self.ended)
                    self.ended, last_sweep = set(), time.monotonic()
                continue
            data = os.read(0, 1 << 16)
            if not data:
                return
            if _SIGNALS.search(data):
                data = _SIGNALS.sub(b"", data)
                self.deadline = self.deadline or time.monotonic() + GRACE_SECONDS
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self.obey(line)

    def sweep(self, numbers: set[int] | None = None) -> None:
        """Kill, until none is left, what the environment marks as started for some children (default: for any)."""
        for _ in range(100):
            found = [pid for pid, number in self.find_marked() if numbers is None or number in numbers]
            if not found:
                return
            for pid in found:
                kill(os.kill, pid)
            time.sleep(0.005)

    def find_marked(self) -> list[tuple[int, int]]:
        """Return the processes that hold the mark, each with the numbers of the children it belongs to."""
        found = []
        try:
            names = os.listdir("/proc")
        except OSError:
            return []
        for name in names:
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/environ", "rb") as file:
                        found += [(int(name), int(number)) for number in self.mark.findall(file.read())]
                except OSError:
                    continue
        return found

    def finish(self) -> None:
        """Kill and remove what is left."""
        for group in self.groups.values():
            kill(os.killpg, group)
        for pause in (0.0,) if self.is_done else LAST_PAUSES:
            time.sleep(pause)
            self.sweep()
        if self.folders:
            import shutil

            for folder in self.folders:
                shutil.rmtree(folder, ignore_errors=True)


def kill(send: Callable[[int, int], None], number: int) -> None:
    """Send SIGKILL to what may have ended already."""
    try:
        send(number, signal.SIGKILL)
    except OSError:
        pass


def main() -> None:
    """Watch until the end; ``sys.argv`` has the mark and the parent's number."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    guard = Guard(sys.argv[1].encode(), int(sys.argv[2]))
    guard.watch()
    guard.finish()


if __name__ == "__main__":
    main()
