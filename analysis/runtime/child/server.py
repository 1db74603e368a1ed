"""Loads what modules share, forks a process per module, and sends the rows on as they come.

A server sends lines: a JSON object for everything but rows; a row is ``R``, 1 when its import succeeded without
threads else 0, a blank, the module's name as JSON, a tab, and the row as JSON. What a server below sends is passed on
only about modules that were given to it.
"""

import gc
import json
import os
import signal
import sys
import time

from .bindings import describe_modules, find_digest, find_marks
from .isolation import MOST_NESTED
from .lines import read_line, read_lines
from .survey import find_packages, survey
from .system import (
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    PR_SET_PDEATHSIG,
    control,
    find_open,
    kill,
    kill_children,
)
from .tree_marks import TreeMarks
from .turn import Turn, close_others, live_in, wait_for
from .witness import Recorder, Tree, import_module

#: Fewer modules are not worth a process that serves them.
LEAST_LED = 3
_exit, _clock, _write = os._exit, time.monotonic, os.write


class Server:
    """Loads what all modules share, forks a process per module, and writes the rows as they come."""

    def __init__(self, plan, answers, isolation):
        self.plan, self.answers, self.tree, self.isolation = plan, answers, Tree(plan), isolation
        self.turns, self.known, self.ok, self.unfit = {}, set(), set(plan["ok"]), set(plan["unfit"])
        self.recorder, self.loaded, self.told, self.marks = Recorder(self.tree), set(), None, None

    def say(self, row):
        self.send((json.dumps(row) + "\n").encode("utf-8", "backslashreplace"))

    def send(self, text):
        while text:
            text = text[_write(self.answers, text) :]

    def begin(self):
        # The mounts are made before the path is set: entries below the target must be looked up anew.
        self.isolation.enter()
        self.told = self.isolation.told
        live_in(self.isolation.home)
        if self.told["target"].startswith("writable"):
            self.marks = TreeMarks(self.plan["root"])
        self.beside = [path for path in self.plan["paths"] if path not in sys.path]
        sys.path[:] = self.plan["paths"] + [path for path in sys.path if path]
        self.say({"hello": sys.version, "isolation": self.told})
        self.say({"preloaded": self.preload()})
        self.say({"outside": survey(self.plan, self.is_beside)})
        if self.isolation.layer is not None and os.listdir(self.isolation.home):
            self.isolation.seed = os.dup(self.isolation.layer)
        self.recorder.install()
        for name in self.plan["alone"]:
            self.run([name])
        for names in self.plan["rounds"]:
            self.run_below(names)
        if self.marks is not None:
            self.marks.look(self.say)
        self.say({"bye": True})

    def preload(self):
        """Import third-party modules once; anything that brings in the target is not kept."""
        loaded = []
        for name in self.plan["preload"]:
            if not self.is_beside(name):
                self.say({"loading": name})
                if self.load(name):
                    loaded.append(name)
            if any(self.tree.is_own(module) for module in list(sys.modules.values())):
                self.say({"unfit": name})
                _exit(3)
        return loaded

    def is_beside(self, name):
        """Return whether a package stands beside the target, and so may well import it."""
        top = name.partition(".")[0]
        try:
            return any(
                os.path.exists(os.path.join(folder, top)) or os.path.exists(os.path.join(folder, top + ".py"))
                for folder in self.beside
            )
        except ValueError:
            return True

    def load(self, name):
        """Import into this process, quietly and within a time; return whether it worked."""

        def stop(number, frame):
            raise TimeoutError

        own = find_open()
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, self.plan["timeout"])
        self.isolation.rest_powers()
        try:
            import_module(name)
            return True
        except BaseException:
            return False
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.isolation.take_powers()
            self.loaded |= find_open() - own

    def find_kept(self):
        """Return the descriptors that a new process needs to cut itself off, and those that what is loaded opened."""
        ours = {self.answers, *(pipe for turn in self.turns.values() for pipe in turn.pipes)}
        needed = {each for each in (self.isolation.base, self.isolation.seed) if each is not None}
        return (self.loaded - ours) | needed

    def run_below(self, names):
        """Run modules; those of a package whose import succeeds are forked from a process that has imported it.

        That changes nothing: whatever module of a package is wanted first, Python imports the package before it.
        """
        groups, single = {}, []
        known = (set(names) | self.ok).difference(self.plan["empty"])
        for name in names:
            above = next((top for top in find_packages(name) if top in known and top not in sys.modules), None)
            if above is None:
                single.append(name)
            else:
                groups.setdefault(above, []).append(name)
        self.run_led(single)
        for package, below in sorted(groups.items()):
            if not self.plan["share"] or package in self.unfit or package not in self.ok:
                self.run(below)
            else:
                self.run(self.serve_below(package, below, is_around=True))

    def run_led(self, names):
        """Run modules whose packages are loaded; those that begin with one import are forked after that import.

        Python would import it before anything else of them. Only if it comes to import the module itself, by a
        circle, there is a difference: then the module is run here.
        """
        groups, single = {}, []
        for name in names:
            groups.setdefault(self.find_lead(name) if self.plan["share"] else "", []).append(name)
        for lead, led in sorted(groups.items()):
            if not lead or len(led) < LEAST_LED:
                single += led
            else:
                single += self.serve_below(lead, led, is_around=False)
        self.run(single)

    def find_lead(self, name):
        """Return what a module imports first of all that is not imported here yet; empty when that is not certain."""
        for module, attribute in self.plan["leads"].get(name, ()):
            wanted, known = module, sys.modules.get(module)
            if known is not None:
                wanted = module + "." + attribute
                if not attribute or attribute in vars(known) or wanted in sys.modules:
                    continue
                if "__getattr__" in vars(known):
                    return ""
            return wanted if wanted in self.ok and wanted not in self.unfit else ""
        return ""

    def serve_below(self, package, names, is_around):
        """Fork a process that imports a package or module and then runs others; return those that it leaves to us.

        It has run code of the target: when it ends, falls silent or has left files behind, its modules are run here.
        """
        if self.isolation.depth >= MOST_NESTED:
            return names
        reading, writing = os.pipe()
        pid = self.isolation.fork()
        if pid == 0:
            self.serve(package, names, is_around, writing)
        os.close(writing)
        try:
            is_complete = self.relay(reading, set(names))
        finally:
            os.close(reading)
            kill(pid)
            os.waitpid(pid, 0)
            self.clear()
        if not is_complete:
            self.unfit.add(package)
        waiting = set(names) - self.answered
        return [name for name in names if name in waiting]

    def serve(self, package, names, is_around, answers):
        """Import a package in the new process and run modules from it. Never returns."""
        code = 1
        try:
            os.setsid()
            control(PR_SET_PDEATHSIG, signal.SIGKILL)
            control(PR_SET_CHILD_SUBREAPER, 1)
            control(PR_SET_DUMPABLE, 0 if self.isolation.has_powers else 1)
            close_others({answers} | self.find_kept())
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 2)
            os.close(nothing)
            self.answers = answers
            self.isolation.enter()
            if self.isolation.told == self.told:
                live_in(self.isolation.home)
                self.serve_loaded(package, names, is_around)
                code = 0
        except BaseException:
            code = 1
        finally:
            _exit(code)

    def serve_loaded(self, package, names, is_around):
        before, started = self.recorder.find_begun(), _clock()
        if not self.load(package) or self.isolation.has_left_marks():
            return
        self.recorder.seconds += _clock() - started
        self.describe_shared()
        gc.freeze()
        begun = set() if is_around else self.recorder.find_begun() - before
        left = [name for name in names if not begun.isdisjoint([name, *find_packages(name)])]
        if self.marks is not None:
            self.marks.since = set()
        self.run_below([name for name in names if name not in set(left)])
        if self.marks is not None:
            self.marks.look(self.say)
        self.say({"bye": True})

    def relay(self, pipe, names):
        """Pass on what a server below sends of its modules, until it ends; return whether it came to its end."""
        self.answered, begun, has_ended = set(), set(), False
        for line in read_lines(pipe, 1.5 * self.plan["timeout"] + 5):
            name, is_ok, row = read_line(line)
            if name is not None:
                if name in names - self.answered:
                    self.answered.add(name)
                    if is_ok:
                        self.ok.add(name)
                    self.send(line + b"\n")
            elif "begin" in row and row["begin"] in names - begun:
                begun.add(row["begin"])
                self.send(line + b"\n")
            elif "contents" in row or ("changed" in row and names.issuperset(row.get("by", [""]))):
                self.send(line + b"\n")
            has_ended = has_ended or "bye" in row
        return has_ended

    def describe_shared(self):
        """Describe what the processes forked from now on have in common, and send it once."""
        modules = describe_modules(self.tree)
        self.recorder.marks = find_marks(self.tree)
        self.recorder.digests = {name: find_digest(rows) for name, rows in modules.items()}
        contents = {
            self.recorder.digests[name]: [row[:5] for row in rows if row[1] != "module"]
            for name, rows in modules.items()
            if self.recorder.digests[name] not in self.known
        }
        self.known.update(contents)
        if contents:
            self.say({"contents": contents})

    def run(self, names):
        """Give each module its turn, as many at once as allowed."""
        waiting = list(reversed(names))
        while waiting or self.turns:
            while waiting and len(self.turns) < self.plan["jobs"]:
                name = waiting.pop()
                self.say({"begin": name})
                turn = Turn(name, self)
                self.turns[turn.pid] = turn
            self.wait()

    def wait(self):
        """Read what the processes say for a while; say the rows of those that ended or are late."""
        pipes = {pipe: turn for turn in self.turns.values() for pipe in turn.pipes}
        left = min(turn.deadline for turn in self.turns.values()) - _clock()
        for pipe in wait_for(pipes, min(left, 0.5 if pipes else 0.005)):
            pipes[pipe].read(pipe)
        for turn in list(self.turns.values()):
            is_late = _clock() > turn.deadline
            pid, status = os.waitpid(turn.pid, 0 if turn.is_over else os.WNOHANG)
            if is_late and not pid:
                kill(turn.pid)
                pid, status = os.waitpid(turn.pid, 0)
            if pid:
                del self.turns[turn.pid]
                self.finish(turn, status, is_late)

    def finish(self, turn, status, is_late):
        self.clear()
        row = turn.end(status, is_late)
        if self.marks is not None:
            self.marks.note(turn.name, [each.name for each in self.turns.values()], self.say)
        if row is None:
            if self.isolation.depth > 1 or self.recorder.marks:
                return  # what this process has loaded keeps others from beginning: the server above runs it
            row = {"module": turn.name, "outcome": "other", "message": "the probe could not start a process for it"}
        self.known.update(row.get("contents", ()))
        is_ok = row["outcome"] == "ok" and not row.get("threads")
        if is_ok:
            self.ok.add(turn.name)
        text = "R%d %s\t%s\n" % (is_ok, json.dumps(turn.name), json.dumps(row))
        self.send(text.encode("utf-8", "backslashreplace"))

    def clear(self):
        """End what modules left behind, where no process namespace ends it."""
        if not self.isolation.has_powers:
            kill_children(self.turns)
