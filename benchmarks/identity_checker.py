"""Checks findings by importing their subjects: the second half of ``identity_precision``.

Runs in a process of its own, with nothing but the standard library: checks as JSON on standard input, answers
as JSON written to the file named last.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
import warnings
from functools import reduce
from pathlib import Path


def check(kind: str, module: str, name: str, other: str) -> str:
    """Return ``right``, ``wrong``, or the error that keeps the finding from being checked."""
    if kind == "phantom module":
        return "wrong" if _is_importable(module) else "right"
    loaded = importlib.import_module(module)
    if kind == "shadowed file":
        return "wrong" if Path(loaded.__file__ or "") == Path(other) else "right"
    if kind == "phantom name":
        return "wrong" if hasattr(loaded, name) or _is_importable(f"{module}.{name}") else "right"
    home, _, qualname = other.partition(":")
    defined = reduce(getattr, qualname.split("."), importlib.import_module(home))
    is_elsewhere = (module != home and not home.startswith(f"{module}.")) or not hasattr(loaded, "__path__")
    return "right" if getattr(loaded, name) is defined and is_elsewhere else "wrong"


def _is_importable(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        return not module.startswith(str(error.name))
    return True


def main() -> None:
    package, out = sys.argv[1:]
    sys.path = [path for path in sys.path if Path(path).resolve() != Path(__file__).resolve().parent]
    warnings.simplefilter("ignore")
    importlib.import_module(package)
    answers = []
    for asked in json.load(sys.stdin):
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                answers.append(check(asked["kind"], asked["module"], asked["name"], asked["other"]))
        except BaseException as error:  # noqa: BLE001 whatever a module does, the others are still checked
            answers.append(f"{type(error).__name__}: {error}")
    Path(out).write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
