"""Loaded first by the interpreter of a run: sets the switch interval, and notes the modules that were imported."""

import atexit
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _load_own():
    """Load the ``sitecustomize`` that this one stands before."""
    paths = [path for path in sys.path if os.path.abspath(path or ".") != _HERE]
    finder = next((each for each in sys.meta_path if getattr(each, "__name__", "") == "PathFinder"), None)
    spec = finder.find_spec("sitecustomize", paths) if finder is not None else None
    if spec is not None and spec.loader is not None:
        import importlib.util  # costs more than all the rest, and is seldom needed

        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def _note_modules(place):
    files = sorted(
        {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())},
        key=str,
    )
    try:
        with open(place, "a", encoding="utf-8", errors="surrogateescape") as file:
            file.write("".join(path + "\n" for path in files if path.endswith(".py")))
    except OSError:
        pass


if os.environ.get("SSOT_SWITCH_INTERVAL"):
    sys.setswitchinterval(float(os.environ["SSOT_SWITCH_INTERVAL"]))
if os.environ.get("SSOT_MODULES"):
    atexit.register(_note_modules, os.environ["SSOT_MODULES"])
_load_own()
