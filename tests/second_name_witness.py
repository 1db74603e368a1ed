"""CPython as a witness of second names: runs a command and says which files were loaded under several names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_HOOK = """
import atexit, json, os, sys

def note():
    names = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if name == "__main__" and path is None:  # CPython takes it away when the script has ended
            path = os.path.abspath(sys.argv[0])
        if isinstance(path, str) and path.startswith(os.getcwd()):
            names.setdefault(os.path.relpath(os.path.realpath(path)), {})[id(module)] = name
    several = {path: sorted(found.values()) for path, found in names.items() if len(found) > 1}
    with open(os.environ["NAMES_FILE"], "w") as file:
        json.dump(several, file)

atexit.register(note)
"""


class Seen(NamedTuple):
    """How a command ended, the last line of its errors, and the files with several modules, by path."""

    code: int
    error: str
    names: dict[str, list[str]]


def run_and_see(root: Path, command: Sequence[str]) -> Seen:
    """Run the interpreter in a tree, and return what came of it; the hook lies beside the tree, not in it."""
    hooks = root.parent / f"{root.name}-hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "sitecustomize.py").write_text(_HOOK)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "SSOT_"))}
    where = hooks / "names.json"
    environment = {**kept, "PYTHONPATH": str(hooks), "PYTHONDONTWRITEBYTECODE": "1", "NAMES_FILE": str(where)}
    ended = subprocess.run(
        [sys.executable, *command], cwd=root, env=environment, text=True, capture_output=True, check=False, timeout=60
    )
    names = json.loads(where.read_text()) if where.exists() else {}
    return Seen(ended.returncode, (ended.stderr.strip().splitlines() or [""])[-1], names)
