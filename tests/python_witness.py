"""What CPython itself does with the import statements of a tree: every module first, each in a fresh process."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.agreement_watch import Item, Key

#: Runs with nothing loaded but what every start has loaded: what it imported itself, a tree could not stand in for.
CHILD = """
import os, site, stat, sys, builtins
base, folders, names = eval(sys.stdin.read())
sys.path[:0] = folders
sys.dont_write_bytecode = True
load, seen = builtins.__import__, []
def show(module):
    place = getattr(module, "__file__", None) or ""
    if not place and hasattr(module, "__path__"):
        place = next(iter(module.__path__)) + "/"
    return ("file", place[len(base) + 1:]) if place.startswith(base) else ("outside", module.__name__)
def take(owner, name):
    if name == "*":
        lacks = not all(hasattr(owner, each) for each in getattr(owner, "__all__", ()))
        return ("fails", "AttributeError") if lacks else show(owner)
    value = getattr(owner, name, None) or sys.modules.get(owner.__name__ + "." + name)
    if value is None and not hasattr(owner, name):
        return ("fails", "ImportError")
    is_child = isinstance(value, type(sys)) and value.__name__ == owner.__name__ + "." + name
    return show(value if is_child else owner)
def watch(name, globals=None, locals=None, fromlist=(), level=0):
    frame = sys._getframe(1)
    place = frame.f_code.co_filename
    if not place.startswith(base):
        return load(name, globals, locals, fromlist, level)
    key = place[len(base) + 1:], frame.f_lineno
    try:
        found = load(name, globals, locals, fromlist, level)
    except Exception as error:
        above = (globals["__package__"] or "").split(".") if level else []
        asked = ".".join(above[:len(above) - level + 1] + [name] * bool(name))
        missing = isinstance(error, ModuleNotFoundError) and error.name or "?"
        how = "absent" if (asked + ".").startswith(missing + ".") else "fails"
        seen.extend((*key, each, (how, type(error).__name__)) for each in fromlist or ("",))
        raise
    if fromlist:
        seen.extend((*key, each, take(found, each)) for each in fromlist)
    else:
        seen.append((*key, "", show(sys.modules[name])))
    return found
for name in names:
    if os.fork():
        os.wait()
        continue
    builtins.__import__ = watch
    outcome = "ok"
    try:
        load(name)
    except Exception as error:
        outcome = type(error).__name__
    print(repr((name, outcome, seen)), flush=True)
    os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class Imports:
    """How each first import ends (``ok`` or the class of the exception), and what each statement yields or fails with.

    ``yields`` and ``failures`` are over all first imports that come to the statement; ``absent`` are the statements
    that name a module that is not there.
    """

    outcomes: dict[str, str]
    yields: dict[Key, set[Item]] = field(default_factory=lambda: defaultdict(set))
    failures: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    absent: set[Key] = field(default_factory=set)


def ask_python(root: Path, folders: Sequence[str], names: Sequence[str]) -> Imports:
    """Import modules in fresh processes that find them in some folders of a tree."""
    places = [str(root / folder) for folder in folders]
    given = repr((str(root), places, list(names)))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", CHILD], input=given, capture_output=True, text=True, check=True, cwd=root
    )
    found = Imports({})
    for line in done.stdout.splitlines():
        name, outcome, seen = ast.literal_eval(line)
        found.outcomes[name] = outcome
        for path, number, taken, (kind, where) in seen:
            if kind == "absent":
                found.absent.add((path, number, taken))
            if kind in {"absent", "fails"}:
                found.failures[path, number, taken].add(where)
            else:
                found.yields[path, number, taken].add(Item(kind, where))
    return found
