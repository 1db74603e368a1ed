"""First imports of the modules of a tree: what CPython says of each in a fresh process, and the simulation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.facts import scan
from analysis.runtime import find_entries
from analysis.simulation import Environment, simulate_entries

#: A program of one module, or the files of several; the word ``pk`` stands for the package that it is put into.
Program = str | Mapping[str, str]

#: Imports each module named on its input in a fresh process, and says how it ended, where, and what ran.
TRY_ALL = """
import builtins, importlib, importlib.machinery, json, os, sys, traceback
root = sys.argv[1]
sys.path.insert(0, root)
sys.dont_write_bytecode = True
sys.setrecursionlimit(300)
execute = importlib.machinery.SourceFileLoader.exec_module
runs = {}
def exec_module(self, module):
    runs[module.__name__] = runs.get(module.__name__, 0) + 1
    return execute(self, module)
importlib.machinery.SourceFileLoader.exec_module = exec_module
for name in json.load(sys.stdin):
    read, write = os.pipe()
    if os.fork() == 0:
        told = ["ok", "", 0]
        try:
            importlib.import_module(name)
        except BaseException as error:
            inner = [each for each in traceback.extract_tb(error.__traceback__) if each.filename.startswith(root)]
            if isinstance(error, SyntaxError):
                place = (error.filename, error.lineno)
            else:
                place = (inner[-1].filename, inner[-1].lineno) if inner else ("", 0)
            own = type(error).__mro__
            kind = next(each.__name__ for each in own if vars(builtins).get(each.__name__) is each)
            told = [kind, os.path.relpath(place[0], root) if place[0] else "", place[1]]
        own = sys.modules.get(name)
        names = {key: value is None for key, value in vars(own).items() if not key.startswith("__")} if own else {}
        repeated = {key: times for key, times in runs.items() if times > 1}
        os.write(write, json.dumps([*told, repeated, names]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        print(json.dumps([name, *json.loads(pipe.read())]))
    os.wait()
"""


def ask_python(root: Path, names: list[str]) -> dict[str, tuple[str, str, int, dict[str, int]]]:
    """Import each module first; return the exception (or ok), path and line of the statement, and what ran again.

    Of an exception of the tree's own, it is the built-in one that it extends.
    """
    command = [sys.executable, "-I", "-c", TRY_ALL, str(root)]
    done = subprocess.run(command, input=json.dumps(names), capture_output=True, text=True, timeout=300, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (kind, path, line, repeated) for name, kind, path, line, repeated, _ in rows}


def simulate(root: Path, environment: Environment | None = None) -> dict[str, dict[str, Any]]:
    """Simulate every module first; return the rows by module, what runs again and what is lost added."""
    facts = scan(root)
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    found = simulate_entries(facts, entries, environment=environment)
    rows = {row["module"]: {**row, "repeated": {}, "lost": []} for row in found["simulated"].to_pylist()}
    for row in found["simulated_executions"].to_pylist():
        rows[row["entry"]]["repeated"][row["module"]] = row["times"]
    for row in found["simulated_swallowed"].to_pylist():
        rows[row["entry"]]["lost"].append((row["path"], row["line"], row["outcome"], row["left_as"]))
    return rows


def compare(root: Path) -> tuple[list[Any], int]:
    """Return the modules of which the two say different things, with both answers, and the number of modules."""
    predicted = simulate(root)
    seen = ask_python(root, sorted(predicted))
    different = []
    for name, row in sorted(predicted.items()):
        said = (row["exception"] or "ok", row["failed_path"], row["failed_line"], row["repeated"])
        if said != seen[name]:
            different.append((name, said, seen[name]))
    return different, len(predicted)


def place_programs(programs: Sequence[Program]) -> dict[str, str]:
    """Return the files of one tree in which each program has a package of its own, ``t0`` and so on."""
    files = {}
    for number, program in enumerate(programs):
        parts = {"pk/__init__.py": "", "pk/m.py": program} if isinstance(program, str) else program
        for path, text in parts.items():
            files[re.sub(r"\bpk\b", f"t{number}", path)] = re.sub(r"\bpk\b", f"t{number}", text)
    return files


def compare_programs(root: Path, programs: Sequence[Program]) -> list[Any]:
    """Return the programs of a tree made by ``place_programs`` of which the two say different things."""
    different, count = compare(root)
    assert count >= len(programs)
    return [(programs[int(name.partition(".")[0][1:])], name, said, seen) for name, said, seen in different]


def decide(setup: str, test: str) -> str:
    """Return a program that raises one exception where a test is true, another where it is false."""
    return f"{setup}\nif {test}:\n    raise KeyError\nelse:\n    raise IndexError\n"
