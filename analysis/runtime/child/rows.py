"""One module's row: it is imported, and what happened and what is alive afterwards is described."""

import resource
import sys
import threading
import time

from .bindings import describe_modules, find_digest, find_marks, format_twins
from .witness import find_places, find_root, find_wanted, import_module, is_circular

MOST_TEXT, MOST_HOPS = 500, 50
#: Of the bodies that an import runs, so many are timed, and none below this many seconds.
MOST_COSTS, LEAST_COST = 120, 0.0005
_clock = time.monotonic


def judge(tree, error):
    """Return the outcome that an exception stands for."""
    if isinstance(error, SystemExit):
        return "exit"
    if isinstance(error, RecursionError):
        return "recursion"
    if isinstance(error, SyntaxError):
        return "syntax"
    root = find_root(error)
    if isinstance(root, (ImportError, AttributeError)) and is_circular(root):
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
        import_module(name)
    except BaseException as error:
        failure = error
        row["outcome"] = judge(tree, error)
        row["exception"], row["message"] = type(error).__name__, tell(error)
        places = find_places(tree, error.__traceback__)
        if isinstance(error, SyntaxError) and tree.find_path(error.filename or ""):
            places.append((tree.find_path(error.filename), error.lineno or 1, ""))
        row["chain"] = ["%s:%d %s" % place for place in places[-MOST_HOPS:]]
        if places:
            row["failed"] = [*places[-1][:2], *find_wanted(find_root(error))]
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
    row["twins"] = format_twins(tree) if any(times > 1 for _, times, _ in row["runs"]) else []
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row["memory"] = usage * (1 if sys.platform == "darwin" else 1024)
    return row
