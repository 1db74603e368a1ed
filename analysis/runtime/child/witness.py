"""Watches imports: which module bodies run, and which import errors are raised where."""

import builtins
import importlib
import importlib.machinery
import os
import sys
import time

#: Kept before anything of the target can change them.
_real_import, _clock = builtins.__import__, time.monotonic
import_module = importlib.import_module
#: Modules of the child itself: they may lie in the target when the target is the kit.
_OURS = ("__main__", __name__.partition(".")[0])


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
        path = getattr(module, "__file__", None) or ""
        return bool(self.find_path(path)) and str(getattr(module, "__name__", "")).partition(".")[0] not in _OURS

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
        importlib.import_module = self.watch(import_module)

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

        def imported_by_name(name, package=None):
            return imported(name, package)

        return imported if call is _real_import else imported_by_name

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


#: How texts of imports that failed by themselves begin: what is raised in a handler says something else.
_OWN_TEXTS = ("cannot import name", "No module named", "module '")


def find_root(error):
    """Return the circular failure that an exception was raised for; itself where there is none."""
    one = error
    for _ in range(10):
        if one is None:
            break
        if isinstance(one, (ImportError, AttributeError)) and is_circular(one):
            return one
        hands_on = one.__cause__ is not None or not str(one).startswith(_OWN_TEXTS)
        one = one.__cause__ or (one.__context__ if hands_on else None)
    return error


def is_circular(error):
    if "partially initialized module" in str(error) or str(error).startswith("cannot access submodule"):
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
        is_submodule = words[0].startswith("cannot access submodule")
        return ("%s.%s" % (words[3], words[1]), "") if is_submodule else (words[1], words[3])
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
