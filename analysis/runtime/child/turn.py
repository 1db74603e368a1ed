"""One module's turn: a process that keeps watch, and below it the one that imports the module.

The keeper is the first process of a process namespace where the system can: when it ends, all that the module started
ends. What the module does to its keeper, its pipes or its row costs that row and no other.
"""

import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time

from .bindings import has_digest
from .isolation import APART
from .limits import MOST_PROCESSES, limit, limit_processes
from .rows import report
from .system import (
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    PR_SET_PDEATHSIG,
    control,
    kill,
    kill_children,
)

MOST_OUTPUT = 1000
MOST_ANSWER = 64 << 20
#: The module's pipe to the server has a number that no loop over the first thousand descriptors closes.
ANSWER = min(3333, resource.getrlimit(resource.RLIMIT_NOFILE)[0] % (1 << 31) - 1)
_exit, _clock, _write = os._exit, time.monotonic, os.write


class Turn:
    """One module's turn: its process, its pipes and its deadline."""

    def __init__(self, name, server):
        self.name, self.isolation, self.timeout = name, server.isolation, server.plan["timeout"]
        self.output, self.answer, self.token = bytearray(), bytearray(), os.urandom(16).hex().encode()
        out_read, out_write = os.pipe()
        answer_read, answer_write = os.pipe()
        self.started = _clock()
        self.deadline = self.started + self.timeout
        self.pid = server.isolation.fork()
        if self.pid == 0:
            keep(self, server, out_write, answer_write)
        os.close(out_write)
        os.close(answer_write)
        self.pipes = {out_read: self.output, answer_read: self.answer}
        self.answers = answer_read
        for pipe in self.pipes:
            os.set_blocking(pipe, False)

    def read(self, pipe):
        """Read what has come; return whether there may be more at once."""
        try:
            data = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        kept = self.pipes[pipe]
        if not data:
            os.close(pipe)
            del self.pipes[pipe]
        elif len(kept) < (MOST_ANSWER if kept is self.answer else 4 * MOST_OUTPUT):
            kept += data
        return bool(data)

    @property
    def is_over(self):
        return self.answers not in self.pipes

    def end(self, status, is_late):
        """Return the module's row when its processes have ended, or were ended; None when it was never begun."""
        for pipe in list(self.pipes):
            for _ in range(2 * MOST_ANSWER >> 16):
                if not self.read(pipe):
                    break
        for pipe in self.pipes:
            os.close(pipe)
        self.pipes.clear()
        told = read_frames(bytes(self.answer), self.token)
        if b"begun" not in told and not is_late:
            return None
        row = read_row(told.get(b"row", b""), self.name)
        if row is None:
            ending = read_row(told.get(b"end", b""), self.name) or {"status": None, "watch": status}
            row = {"module": self.name, "seconds": _clock() - self.started, **format_ending(ending, is_late)}
        row["output"] = bytes(self.output).decode("utf-8", "replace")[:MOST_OUTPUT]
        return row


def read_frames(data, token):
    """Return what was sent by its kind; whatever else was written into the pipe is passed over."""
    found = {}
    for part in data.split(token)[1:]:
        kind, _, rest = part.partition(b" ")
        text, end, _ = rest.partition(b"\n")
        if end:
            found[kind] = text
    return found


def read_row(text, name):
    try:
        row = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or row.get("module") != name:
        return None
    contents = row.get("contents")
    if isinstance(contents, dict):  # what others have alike is sent once: nobody may say it for them
        row["contents"] = {digest: rows for digest, rows in contents.items() if has_digest(rows, digest)}
    return row


def format_ending(ending, is_late):
    """Return outcome, exception and message of a process that ended silently."""
    status = ending["status"]
    if is_late:
        return {"outcome": "timeout", "exception": "", "message": "it did not end in its time"}
    if ending.get("many"):
        return {"outcome": "crash", "exception": "", "message": "ended: it had more than %d processes" % MOST_PROCESSES}
    if status is None:
        return {"outcome": "crash", "exception": "", "message": "it ended the process that watched over it"}
    signaled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if signaled == signal.SIGXCPU:
        return {"outcome": "timeout", "exception": "SIGXCPU", "message": "it used up its processor time"}
    if signaled:
        name = signal.Signals(signaled).name if signaled in set(signal.Signals) else "signal %d" % signaled
        return {"outcome": "crash", "exception": name, "message": "killed by %s" % name}
    code = os.WEXITSTATUS(status)
    return {"outcome": "crash", "exception": "", "message": "it ended its process itself, with code %d" % code}


def close_others(kept):
    """Close every descriptor but the standard ones and those."""
    first = 3
    for descriptor in [*sorted(kept), 4096]:
        os.closerange(first, descriptor)
        first = descriptor + 1


def keep(turn, server, output, answer):
    """Run in the new process: cut it off, fork the module's process below it, and wait for that. Never returns."""
    code, isolation = 1, server.isolation
    try:
        os.setsid()
        control(PR_SET_PDEATHSIG, signal.SIGKILL)
        control(PR_SET_CHILD_SUBREAPER, 1)
        control(PR_SET_DUMPABLE, 0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(answer, ANSWER, inheritable=False)
        close_others({output, ANSWER} | server.find_kept())
        isolation.enter()
        if isolation.told != server.told:
            raise OSError("the isolation of this module failed")
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        module = os.fork()
        if module == 0:
            run_turn(turn, server, output)
        os.close(output)
        ending = {"module": turn.name, **watch(module, isolation.told["processes"] == APART)}
        send(turn, b"end", json.dumps(ending).encode())
        if not isolation.has_powers:
            kill(module)
            kill_children()
            shutil.rmtree(isolation.home, ignore_errors=True)
        code = 0
    except BaseException:
        code = 1
    finally:
        _exit(code)


def watch(module, is_alone):
    """Wait for the module's process, and end those that others left; return how it ended."""
    while True:
        if hasattr(signal, "sigtimedwait"):
            signal.sigtimedwait([signal.SIGCHLD], 0.05)
        else:
            time.sleep(0.005)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return {"status": None}
            if pid == module:
                return {"status": status}
            if not pid:
                break
        if is_alone and sum(name.isdigit() for name in os.listdir("/proc")) > MOST_PROCESSES:
            return {"status": None, "many": True}


def send(turn, kind, text):
    text = b"\n" + turn.token + kind + b" " + text + b"\n"
    while text:
        text = text[_write(ANSWER, text) :]


def run_turn(turn, server, output):
    """Run in the module's own process: limit it, import, answer, end. Never returns."""
    code = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        os.setsid()
        control(PR_SET_PDEATHSIG, signal.SIGKILL)
        control(PR_SET_CHILD_SUBREAPER, 0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, descriptor in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, descriptor)
        close_others({ANSWER} | server.loaded)
        live_in(server.isolation.home)
        if server.isolation.has_powers:
            limit_processes(server.plan["nice"])
        server.isolation.give_up_powers()
        limit(server.plan)
        send(turn, b"begun", b"")
        row = report(server.tree, turn.name, server.known, server.recorder)
        text = json.dumps(row).encode("utf-8", "backslashreplace")
        for printed in (sys.stdout, sys.stderr):
            try:
                printed.flush()
            except BaseException:
                pass
        send(turn, b"row", text)
        code = 0
    except BaseException:
        code = 1
    finally:
        _exit(code)


def live_in(home):
    """Make a folder the HOME and the temporary folder of this process."""
    os.environ.update(HOME=home, TMPDIR=home, TEMP=home, TMP=home, USERPROFILE=home)
    tempfile.tempdir = None


def wait_for(pipes, seconds):
    """Return the pipes of which something can be read, after so many seconds at most."""
    return select.select(list(pipes), [], [], max(0.0, seconds))[0]
