"""The probe's child: imports each module first, in a process of its own, and says what happened.

Runs in the target's interpreter, so it needs nothing but the standard library of Python 3.8. It reads one JSON
document from the descriptor named by its first argument, and writes one JSON line per module to that named by its
second. One server process loads what all share and forks a process per module from it.
"""

import builtins
import ctypes
import gc
import hashlib
import importlib
import importlib.machinery
import importlib.util
import json
import os
import pkgutil
import resource
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
import types

MOST_TEXT = 500
MOST_OUTPUT = 1000
MOST_HOPS = 50
#: Fewer modules are not worth a process that serves them.
LEAST_LED = 3
#: Of the bodies that an import runs, so many are timed, and none below this many seconds.
MOST_COSTS, LEAST_COST = 120, 0.0005
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
#: Kept before anything of the target can change them.
_real_import, _exit, _clock, _write = builtins.__import__, os._exit, time.monotonic, os.write
_import_module = importlib.import_module
#: What a class holds and is called, past whatever its metaclass says.
_inside, _qualname = type.__dict__["__dict__"].__get__, type.__dict__["__qualname__"].__get__


class Tree:
    """Where the target is, and what is in it."""

    def __init__(self, plan):
        self.root = os.path.join(os.path.realpath(plan["root"]), "")
        self.written = os.path.join(plan["root"], "")
        self.tops = frozenset(plan["tops"])

    def find_path(self, filename):
        """Return a file's path relative to the target; empty when it is elsewhere."""
        for root in (self.root, self.written):
            if filename.startswith(root):
                return filename[len(root) :]
        return ""

    def is_own(self, module):
        return bool(self.find_path(getattr(module, "__file__", None) or ""))

    def owns(self, name):
        return name.partition(".")[0] in self.tops


class Note:
    """One import error on its way: where it was raised, what it wanted, and how far it came."""

    def __init__(self, statement, module, name, is_circular, error):
        self.statement, self.module, self.name = statement, module, name
        self.is_circular, self.error, self.caught = is_circular, error, statement


class Recorder:
    """Watches imports: which bodies run, which errors are raised by which statement."""

    def __init__(self, tree):
        self.tree, self.notes, self.runs, self.seconds = tree, [], {}, 0.0
        self.marks, self.digests = {}, {}
        self.costs, self.depth = [], 0

    def install(self):
        loader = importlib.machinery.SourceFileLoader
        execute = loader.exec_module

        def exec_module(this, module):
            path = self.tree.find_path(this.path or "")
            if not path:
                return execute(this, module)
            self.runs.setdefault(path, []).append(module.__name__)
            cost = [module.__name__, self.depth, 0.0]
            self.costs.append(cost)
            self.depth += 1
            started = _clock()
            try:
                return execute(this, module)
            finally:
                cost[2] = _clock() - started
                self.depth -= 1

        loader.exec_module = exec_module
        builtins.__import__ = self.watch(_real_import)
        importlib.import_module = self.watch(_import_module)

    def find_begun(self):
        """Return the modules whose body has begun to run, also those that failed."""
        return {name for names in self.runs.values() for name in names}

    def watch(self, call):
        def imported(name, globals=None, locals=None, fromlist=(), level=0):
            frame = sys._getframe(1 if call is _real_import else 2)
            try:
                module = call(name, globals, locals, fromlist, level) if call is _real_import else call(name, globals)
            except (ImportError, AttributeError) as error:
                self.note(error, frame)
                raise
            if fromlist:
                self.look(module, fromlist, frame)
            return module

        def import_module(name, package=None):
            return imported(name, package)

        return imported if call is _real_import else import_module

    def place(self, frame):
        return self.tree.find_path(frame.f_code.co_filename), frame.f_lineno

    def look(self, module, wanted, frame):
        """Note the name that the statement is about to miss: its error is raised behind the import's back."""
        known = getattr(module, "__dict__", {})
        for name in wanted:
            if name == "*" or name in known or "__getattr__" in known:
                continue
            if "%s.%s" % (known.get("__name__", ""), name) in sys.modules:
                continue
            place = self.place(frame)
            if place[0]:
                self.notes.append(Note(place, known.get("__name__", ""), name, is_half(module), None))
            return

    def note(self, error, frame):
        place = self.place(frame)
        for note in reversed(self.notes):
            if note.error is error:
                note.caught = place if place[0] else note.caught
                return
        inner = find_places(self.tree, error.__traceback__)
        raised = inner[-1][:2] if inner else place
        for note in reversed(self.notes):
            if note.error is None and note.statement == raised and place != raised:
                note.error, note.caught = error, place if place[0] else note.caught
                return
        if raised[0]:
            module, name = find_wanted(error)
            note = Note(raised, module, name, is_circular(error), error)
            note.caught = place if place[0] else raised
            self.notes.append(note)


def is_half(module):
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def is_circular(error):
    if "partially initialized module" in str(error):
        return True
    module = sys.modules.get(getattr(error, "name", None) or "")
    return isinstance(error, ImportError) and not isinstance(error, ModuleNotFoundError) and is_half(module)


def find_wanted(error):
    """Return the module and name that an import error is about."""
    if isinstance(error, ModuleNotFoundError):
        return error.name or "", ""
    words = str(error).split("'")
    if isinstance(error, ImportError) and str(error).startswith("cannot import name") and len(words) > 2:
        return error.name or (words[3] if len(words) > 4 else ""), words[1]
    if isinstance(error, AttributeError) and len(words) > 4 and "module" in words[0]:
        return words[1], words[3]
    return getattr(error, "name", None) or "", ""


def find_places(tree, traceback):
    """Return path, line and module of the frames of the target in a traceback, outermost first."""
    found = []
    while traceback is not None:
        frame = traceback.tb_frame
        path = tree.find_path(frame.f_code.co_filename)
        if path:
            found.append((path, traceback.tb_lineno, str(frame.f_globals.get("__name__", ""))))
        traceback = traceback.tb_next
    return found


def judge(tree, error):
    """Return the outcome that an exception stands for."""
    if isinstance(error, SystemExit):
        return "exit"
    if isinstance(error, RecursionError):
        return "recursion"
    if isinstance(error, SyntaxError):
        return "syntax"
    if isinstance(error, (ImportError, AttributeError)) and is_circular(error):
        return "circular"
    if isinstance(error, ModuleNotFoundError):
        return "missing-in-tree" if tree.owns(error.name or "") else "missing-third-party"
    if isinstance(error, ImportError):
        module, name = find_wanted(error)
        if name and tree.owns(module):
            return "missing-name"
        return "missing-third-party" if module and not tree.owns(module) else "other"
    return "other"


def tell(error):
    try:
        return str(error)[:MOST_TEXT]
    except BaseException:
        return "(its text cannot be had)"


def import_first(tree, name, recorder):
    """Import a module and return what is known of it, as a dictionary for JSON.

    The recorder may have seen the packages around it already: they come first, whatever module is wanted.
    """
    row = {"module": name, "outcome": "ok", "exception": "", "message": "", "chain": [], "failed": ["", 0, "", ""]}
    failure, started = None, _clock()
    try:
        _import_module(name)
    except BaseException as error:
        failure = error
        row["outcome"] = judge(tree, error)
        row["exception"], row["message"] = type(error).__name__, tell(error)
        places = find_places(tree, error.__traceback__)
        if isinstance(error, SyntaxError) and tree.find_path(error.filename or ""):
            places.append((tree.find_path(error.filename), error.lineno or 1, ""))
        row["chain"] = ["%s:%d %s" % place for place in places[-MOST_HOPS:]]
        if places:
            row["failed"] = [*places[-1][:2], *find_wanted(error)]
    row["seconds"] = recorder.seconds + _clock() - started
    least = max(LEAST_COST, row["seconds"] / MOST_COSTS)
    row["costs"] = [cost for cost in recorder.costs if cost[2] >= least][:MOST_COSTS]
    row["threads"] = threading.active_count() > 1
    row["runs"] = sorted([path, len(names), sorted(set(names))] for path, names in recorder.runs.items())
    row["swallowed"] = [describe_note(tree, note) for note in recorder.notes if not led_to(note, failure, row)]
    return row


def describe_note(tree, note):
    if note.error is not None:
        outcome, kind, text = judge(tree, note.error), type(note.error).__name__, tell(note.error)
        if note.is_circular:
            outcome = "circular"
    else:
        outcome, kind = "circular" if note.is_circular else "missing-name", "ImportError"
        text = "cannot import name %r from %r" % (note.name, note.module)
        if not note.is_circular and not tree.owns(note.module):
            outcome = "missing-third-party"
    return [outcome, kind, text, *note.statement, note.module, note.name, *note.caught]


def led_to(note, failure, row):
    """Return whether the error is the one that the import failed with in the end, or led to it."""
    seen = set()
    while failure is not None and id(failure) not in seen:
        if note.error is failure:
            return True
        seen.add(id(failure))
        failure = failure.__cause__ or failure.__context__
    return note.error is None and row["outcome"] != "ok" and row["failed"][:2] == list(note.statement)


# What is alive afterwards


def describe_modules(tree, skipped=frozenset()):
    """Return per module of the target its bindings as rows: name, kind, path, line, qualified name, module."""
    found = {}
    for name in sorted(name for name, module in list(sys.modules.items()) if tree.is_own(module)):
        if name in skipped:
            continue
        rows = []
        inside = vars(sys.modules[name])
        for key in sorted(key for key in inside if isinstance(key, str)):
            if not (key.startswith("__") and key.endswith("__")):
                try:
                    rows.append([key, *describe(tree, inside[key])])
                except BaseException:
                    rows.append([key, "instance", "", 0, "", ""])
        found[name] = rows
    return found


def describe(tree, value):
    if value is None:
        return ["none", "", 0, "", ""]
    if isinstance(value, types.ModuleType):
        return ["module", "", 0, str(value.__name__), ""]
    if isinstance(value, type):
        return ["class", *locate_class(tree, value)]
    function = unwrap(value)
    if isinstance(function, types.FunctionType):
        code = function.__code__
        return [
            "function", tree.find_path(code.co_filename), code.co_firstlineno, function.__qualname__,
            str(function.__module__),
        ]  # fmt: skip
    if isinstance(value, (types.BuiltinFunctionType, types.MethodType)):
        return ["function", "", 0, getattr(value, "__qualname__", ""), str(getattr(value, "__module__", ""))]
    return ["instance", *locate_class(tree, type(value))]


def unwrap(value):
    for _ in range(10):
        if type(value) in (staticmethod, classmethod):
            value = value.__func__
        wrapped = getattr(value, "__dict__", {}).get("__wrapped__") if callable(value) else None
        if wrapped is None:
            return value
        value = wrapped
    return value


def locate_class(tree, kind):
    """Return path, line, qualified name and module of a class, the place by its functions: names may lie.

    The line is that of its first method: the statement is above it. Without methods it is, negative, that of the
    statement with its decorators where Python 3.13 knows it, else 0.
    """
    inside = _inside(kind)
    qualname, module = str(_qualname(kind)), str(inside.get("__module__", ""))
    codes = []
    for value in list(inside.values()):
        if isinstance(value, property):
            value = value.fget
        value = unwrap(value)
        if isinstance(value, types.FunctionType) and value.__qualname__ == "%s.%s" % (qualname, value.__name__):
            path = tree.find_path(value.__code__.co_filename)
            if path:
                codes.append((value.__code__.co_firstlineno, path))
    first = inside.get("__firstlineno__", 0)
    if codes:
        line, path = min(codes)
        return [path, line, qualname, module]
    path = tree.find_path(getattr(sys.modules.get(module), "__file__", None) or "")
    return [path, -first, qualname, module]


def find_twins(tree):
    """Return the classes of one statement that are alive more than once: path, line, name, number."""
    groups, waiting, seen = {}, [object], set()
    while waiting:
        for kind in type.__subclasses__(waiting.pop()):
            if id(kind) not in seen:
                seen.add(id(kind))
                waiting.append(kind)
                try:
                    path, line, qualname, _ = locate_class(tree, kind)
                except BaseException:
                    continue
                if path and "<locals>" not in qualname:
                    groups.setdefault((path, line, qualname), []).append(id(kind))
    return {key: set(ids) for key, ids in groups.items() if len(ids) > 1}


def tell_twins(tree):
    gc.collect()
    twins = find_twins(tree)
    holders = {}
    for name, module in sorted(sys.modules.items()):
        if twins and tree.is_own(module):
            for key, value in sorted(vars(module).items(), key=lambda item: str(item[0])):
                if isinstance(value, type):
                    holders.setdefault(id(value), "%s.%s" % (name, key))
    return [
        [path, line, qualname, len(ids), sorted(holders[one] for one in ids if one in holders)]
        for (path, line, qualname), ids in sorted(twins.items())
    ]


def find_digest(rows):
    text = json.dumps([row[:5] for row in rows if row[1] != "module"])
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def find_marks(tree):
    """Return per module of the target what changes when one of its names is bound anew; far cheaper than a digest."""
    return {
        name: hash((tuple(vars(module)), tuple(map(id, vars(module).values()))))
        for name, module in list(sys.modules.items())
        if tree.is_own(module)
    }


def report(tree, name, known, recorder):
    """Import a module and describe everything; bindings that are known by their digest are not sent again.

    What the process that this one was forked from had described, and nothing has bound anew, is not looked at again.
    """
    row = import_first(tree, name, recorder)
    marks = find_marks(tree)
    same = {module for module, mark in marks.items() if recorder.marks.get(module) == mark and module != name}
    modules = describe_modules(tree, same)
    row["bindings"] = modules.get(name, [])
    row["digests"] = {module: recorder.digests[module] for module in same}
    row["digests"].update((module, find_digest(rows)) for module, rows in modules.items())
    row["contents"] = {
        digest: [each[:5] for each in modules[module] if each[1] != "module"]
        for module, digest in row["digests"].items()
        if digest not in known
    }
    row["twins"] = tell_twins(tree) if any(times > 1 for _, times, _ in row["runs"]) else []
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row["memory"] = usage * (1 if sys.platform == "darwin" else 1024)
    return row


# One process per module


class Turn:
    """One module's turn: its process, its pipes and its deadline."""

    def __init__(self, name, plan, tree, known, recorder):
        self.name, self.home = name, tempfile.mkdtemp(prefix="ssot-probe-", dir=plan["scratch"])
        self.output, self.answer = bytearray(), os.path.join(plan["scratch"], os.path.basename(self.home) + ".json")
        out_read, out_write = os.pipe()
        self.started = _clock()
        self.deadline = self.started + plan["timeout"]
        self.pid = os.fork()
        if self.pid == 0:
            run_turn(name, plan, tree, known, recorder, self.home, out_write, self.answer)
        os.close(out_write)
        self.pipes = [out_read]
        os.set_blocking(out_read, False)

    def read(self, pipe):
        try:
            data = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            os.close(pipe)
            self.pipes.remove(pipe)
        elif len(self.output) < 4 * MOST_OUTPUT:
            self.output += data

    def end(self, status, is_late):
        """Return the module's row when its process has ended, or was ended."""
        for pipe in list(self.pipes):
            self.read(pipe)
        for pipe in list(self.pipes):
            os.close(pipe)
        del self.pipes[:]
        shutil.rmtree(self.home, ignore_errors=True)
        row = None
        try:
            with open(self.answer, encoding="utf-8") as file:
                row = json.load(file)
            os.unlink(self.answer)
        except (OSError, ValueError):
            pass
        if not isinstance(row, dict) or row.get("module") != self.name:
            row = {"module": self.name, "seconds": _clock() - self.started, **tell_ending(status, is_late)}
        row["output"] = bytes(self.output).decode("utf-8", "replace")[:MOST_OUTPUT]
        return row


def tell_ending(status, is_late):
    """Return outcome, exception and message of a process that ended without a word."""
    signaled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if is_late:
        return {"outcome": "timeout", "exception": "", "message": "it did not end in its time"}
    if signaled == signal.SIGXCPU:
        return {"outcome": "timeout", "exception": "SIGXCPU", "message": "it used up its processor time"}
    if signaled:
        name = signal.Signals(signaled).name if signaled in set(signal.Signals) else "signal %d" % signaled
        return {"outcome": "crash", "exception": name, "message": "killed by %s" % name}
    code = os.WEXITSTATUS(status)
    return {"outcome": "crash", "exception": "", "message": "it ended its process itself, with code %d" % code}


def run_turn(name, plan, tree, known, recorder, home, output, answer):
    """Run in the new process: limit it, import, answer, end. Never returns."""
    code = 1
    try:
        os.setsid()
        control(PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, descriptor in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, descriptor)
        os.closerange(3, 4096)
        os.environ.update(HOME=home, TMPDIR=home, TEMP=home, TMP=home, USERPROFILE=home)
        tempfile.tempdir = None
        limit(plan)
        text = json.dumps(report(tree, name, known, recorder)).encode("utf-8", "backslashreplace")
        for printed in (sys.stdout, sys.stderr):
            try:
                printed.flush()
            except BaseException:
                pass
        keep = os.open(answer, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        while text:
            text = text[_write(keep, text) :]
        code = 0
    except BaseException:
        code = 1
    finally:
        _exit(code)


def limit(plan):
    for kind, amount in (
        (resource.RLIMIT_CPU, plan["cpu_seconds"]), (resource.RLIMIT_AS, plan["memory_bytes"]),
        (resource.RLIMIT_NOFILE, plan["open_files"]), (resource.RLIMIT_FSIZE, plan["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        try:
            _, hard = resource.getrlimit(kind)
            wanted = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
            resource.setrlimit(kind, (wanted, hard if kind == resource.RLIMIT_CPU else wanted))
        except (ValueError, OSError):
            pass


def control(option, value):
    try:
        return ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False


def find_children(parent):
    """Return the processes whose parent is this one; those of ended processes come to it."""
    try:
        with open("/proc/%d/task/%d/children" % (parent, parent)) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def isolate(plan):
    """Leave the network, and make the target read-only; return what worked, in words."""
    libc = ctypes.CDLL(None, use_errno=True)
    told = {"network": "open: this system has no network namespaces", "target": "writable: no mount namespaces"}
    user, group = os.getuid(), os.getgid()
    for extra in (0, CLONE_NEWUSER):
        try:
            if libc.unshare(extra | CLONE_NEWNET | CLONE_NEWNS) != 0:
                told["network"] = "open: %s" % os.strerror(ctypes.get_errno())
                continue
        except AttributeError:
            return told
        if extra:
            for name, text in (("setgroups", "deny"), ("uid_map", "%d %d 1" % (user, user)),
                               ("gid_map", "%d %d 1" % (group, group))):  # fmt: skip
                with open("/proc/self/%s" % name, "w") as file:
                    file.write(text)
        told["network"] = "none: a namespace of its own"
        if libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0:
            told["target"] = protect(libc, os.fsencode(plan["root"]), os.fsencode(plan["scratch"]))
        return told
    return told


def protect(libc, root, scratch):
    """Lay a layer over the target that takes what is written and is thrown away; else make it read-only."""
    layer = os.path.join(scratch, b"layer")
    os.makedirs(layer, exist_ok=True)
    if not set(root + layer) & set(b",:\\") and libc.mount(b"tmpfs", layer, b"tmpfs", 0, b"size=256m") == 0:
        parts = [os.path.join(layer, name) for name in (b"upper", b"work")]
        for part in parts:
            os.mkdir(part)
        options = b"lowerdir=%s,upperdir=%s,workdir=%s" % (root, *parts)
        if libc.mount(b"overlay", root, b"overlay", 0, options) == 0:
            return "untouched: what is written goes into a layer that is thrown away"
    if (
        libc.mount(root, root, None, MS_BIND | MS_REC, None) == 0
        and libc.mount(None, root, None, MS_REMOUNT | MS_BIND | MS_RDONLY, None) == 0
    ):
        return "read-only"
    return "writable: %s" % os.strerror(ctypes.get_errno())


class Server:
    """Loads what all modules share, forks a process per module, and writes the rows as they come."""

    def __init__(self, plan, answers):
        self.plan, self.answers, self.tree = plan, answers, Tree(plan)
        self.turns, self.known, self.ok = {}, set(), set(plan["ok"])
        self.recorder, self.own = Recorder(self.tree), os.getpid()

    def say(self, row):
        text = (json.dumps(row) + "\n").encode("utf-8", "backslashreplace")
        while text:
            text = text[_write(self.answers, text) :]

    def begin(self):
        # The mount is made before the path is set: entries below the target must be looked up anew.
        isolation = isolate(self.plan) if self.plan["isolate"] else {"network": "open: as asked", "target": "writable"}
        self.beside = [path for path in self.plan["paths"] if path not in sys.path]
        sys.path[:] = self.plan["paths"] + [path for path in sys.path if path]
        self.say({"hello": sys.version, "isolation": isolation})
        self.say({"preloaded": self.preload()})
        self.say({"outside": self.survey()})
        self.recorder.install()
        for names in self.plan["rounds"]:
            self.run_below(names)
        self.say({"bye": True})

    def preload(self):
        """Import what is somebody else's once; anything that brings in the target is not kept."""
        loaded = []
        for name in self.plan["preload"]:
            if not self.is_beside(name) and self.load(name):
                loaded.append(name)
            if any(self.tree.is_own(module) for module in list(sys.modules.values())):
                self.say({"unfit": name})
                _exit(3)
        return loaded

    def survey(self):
        """Return what can be imported from others, and what they lack of what the target takes from them."""
        missing, lacking, found = (
            [],
            [],
            set(sys.builtin_module_names) | {name.partition(".")[0] for name in sys.modules},
        )
        found.update(each.name for each in pkgutil.iter_modules())
        for folder in sys.path:
            if os.path.isdir(folder):
                found.update(name for name in os.listdir(folder) if name.isidentifier())
        for module, names in sorted(self.plan["outside"].items()):
            known = sys.modules.get(module)
            if known is None:
                around = [name for name in [*find_packages(module), module] if not can_be_found(name)]
                if around or (module in self.plan["preload"] and not self.is_beside(module)):
                    missing.append(around[0] if around else module)
                else:
                    found.add(module.partition(".")[0])
                continue
            for name in names:
                try:
                    is_there = hasattr(known, name) or can_be_found("%s.%s" % (module, name))
                except BaseException:
                    is_there = True
                if not is_there:
                    lacking.append([module, name])
        version = list(sys.version_info[:3])
        return {"missing": missing, "lacking": lacking, "found": sorted(found), "version": version}

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

        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, self.plan["timeout"])
        self.say({"loading": name})
        try:
            _import_module(name)
            return True
        except BaseException:
            return False
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

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
            if not self.plan["share"] or package in self.plan["unfit"] or package not in self.ok:
                self.run(below)
            else:
                self.serve_below(package, below, is_around=True)

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
            return wanted if wanted in self.ok and wanted not in self.plan["unfit"] else ""
        return ""

    def serve_below(self, package, names, is_around):
        """Fork a process that imports a package or module and then runs others; return those that it leaves to us."""
        told = os.path.join(self.plan["scratch"], "served-%d-%d.json" % (os.getpid(), len(self.ok)))
        self.say({"loading": package})
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                control(PR_SET_PDEATHSIG, signal.SIGKILL)
                control(PR_SET_CHILD_SUBREAPER, 1)
                self.own = os.getpid()
                before, started = self.recorder.find_begun(), _clock()
                if self.load(package):
                    self.recorder.seconds += _clock() - started
                    self.describe_shared()
                    gc.freeze()
                    begun = set() if is_around else self.recorder.find_begun() - before
                    left = [name for name in names if not begun.isdisjoint([name, *find_packages(name)])]
                    self.run_below([name for name in names if name not in set(left)])
                    with open(told, "w", encoding="utf-8") as file:
                        json.dump([sorted(self.ok), left], file)
                    code = 0
            except BaseException:
                code = 1
            finally:
                _exit(code)
        _, status = os.waitpid(pid, 0)
        self.clear()
        if status:
            self.say({"unserved": package})
            _exit(3)
        with open(told, encoding="utf-8") as file:
            ok, left = json.load(file)
        os.unlink(told)
        self.ok.update(ok)
        return left

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
                turn = Turn(waiting.pop(), self.plan, self.tree, self.known, self.recorder)
                self.turns[turn.pid] = turn
            self.wait()

    def wait(self):
        """Read what the processes say for a while; say the rows of those that ended or are late."""
        pipes = {pipe: turn for turn in self.turns.values() for pipe in turn.pipes}
        left = min(turn.deadline for turn in self.turns.values()) - _clock()
        ready, _, _ = select.select(list(pipes), [], [], max(0.0, min(left, 0.5 if pipes else 0.005)))
        for pipe in ready:
            pipes[pipe].read(pipe)
        for turn in list(self.turns.values()):
            is_late = _clock() > turn.deadline
            pid, status = os.waitpid(turn.pid, os.WNOHANG) if turn.pipes or is_late else self.reap(turn)
            if is_late and not pid:
                kill(turn.pid)
                pid, status = os.waitpid(turn.pid, 0)
            if pid:
                del self.turns[turn.pid]
                self.finish(turn, status, is_late)

    def reap(self, turn):
        """Wait a little for a process that has closed its pipe; it may have closed it and go on."""
        until = min(turn.deadline, _clock() + 0.02)
        while True:
            pid, status = os.waitpid(turn.pid, os.WNOHANG)
            if pid or _clock() > until:
                return pid, status
            time.sleep(0.0005)

    def finish(self, turn, status, is_late):
        kill(turn.pid)
        self.clear()
        row = turn.end(status, is_late)
        self.known.update(row.get("contents", ()))
        if row["outcome"] == "ok" and not row.get("threads"):
            self.ok.add(turn.name)
        self.say(row)

    def clear(self):
        """End what the processes left behind: without a parent it comes to this one."""
        for _ in range(1000):
            strays = [pid for pid in find_children(self.own) if pid not in self.turns]
            if not strays:
                return
            for pid in strays:
                kill(pid)
                try:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                except OSError:
                    pass


def can_be_found(name):
    """Return whether a module can be found, as far as that can be told without running anything."""
    top, _, rest = name.partition(".")
    package = name.rpartition(".")[0]
    try:
        if not rest:
            return importlib.util.find_spec(top) is not None
        if package in sys.modules and not hasattr(sys.modules[package], "__path__"):
            return False
        return package not in sys.modules or importlib.util.find_spec(name) is not None
    except BaseException:
        return True


def find_packages(name):
    """Return the packages around a module, the outermost first."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def kill(pid):
    """Kill a process and all of its group."""
    for stop in (os.killpg, os.kill):
        try:
            stop(pid, signal.SIGKILL)
        except OSError:
            pass


def main():
    with os.fdopen(int(sys.argv[1]), "rb") as file:
        plan = json.loads(file.read().decode("utf-8"))
    control(PR_SET_PDEATHSIG, signal.SIGKILL)
    control(PR_SET_CHILD_SUBREAPER, 1)
    sys.dont_write_bytecode = True
    sys.setrecursionlimit(1000)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nothing, descriptor)
    Server(plan, int(sys.argv[2])).begin()


if __name__ == "__main__":
    main()
