"""What CPython makes of each module of a package, imported first in a fresh process: used by ``fixes``.

Runs with nothing but the standard library; the folder of the package, the modules as JSON on standard input, the answer
as JSON in the file named last.

    python benchmarks/fixes_witness.py FOLDER OUT < modules
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SECONDS = 60


def main() -> None:
    folder, out = sys.argv[1:]
    own = Path(__file__).resolve().parent
    sys.path = [path for path in sys.path if Path(path).resolve() != own]
    sys.path.insert(0, str(Path(folder).parent))
    sys.dont_write_bytecode = False
    sys.pycache_prefix = f"{out}.compiled"  # compiled once, not in each process; gone with the answer
    warnings.simplefilter("ignore")
    names = json.load(sys.stdin)
    sys.argv = [""]
    _load(_find_harmless(Path(folder).name, names))
    Path(out).write_text(json.dumps({name: _observe_alone(name) for name in names}))


def _find_harmless(package: str, names: list[str]) -> list[str]:
    """Return the third-party modules that the package loads and that do not load it: loaded once, before all forks."""
    outside = _ask(_list_outside, package, names)
    while outside:
        offender = _ask(_find_offender, package, outside)
        if not offender:
            break
        outside.remove(offender)
    return list(outside or ())


def _list_outside(package: str, names: list[str]) -> list[str]:
    _load(names)
    return [name for name in sys.modules if name.partition(".")[0] not in {package, "__main__"}]


def _find_offender(package: str, names: list[str]) -> str:
    for name in names:
        _load([name])
        if package in sys.modules:
            return name
    return ""


def _load(names: list[str]) -> None:
    for name in names:
        with (
            contextlib.suppress(BaseException), contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):  # fmt: skip
            importlib.import_module(name)


def _observe_alone(name: str) -> Any:
    """Return what a module is in a process of its own."""
    answer = _ask(_observe, name)
    return "the process ended" if answer is None else answer


def _ask(question: Callable[..., Any], *given: Any) -> Any:
    """Return the answer to a question that is asked in a process of its own; None where that ends without one."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        sys.stdin = io.StringIO()
        signal.alarm(_SECONDS if question is _observe else 10 * _SECONDS)
        with os.fdopen(writer, "w") as answer:
            json.dump(question(*given), answer)
            answer.flush()
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else None


def _observe(name: str) -> Any:
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            module = importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001 - whatever it raises is how the import ends
        return f"{type(error).__name__}: {error}"[:300]
    found = {}
    for key, value in sorted(vars(module).items()):
        if not key.startswith("_"):
            with contextlib.suppress(BaseException):
                found[key] = _identify(value)
    return found


def _identify(value: object) -> list[str]:
    """Return what a name means: of a class or function where it was made, and whether that place still has it."""
    if isinstance(value, types.ModuleType):
        return ["module", value.__name__]
    stated = getattr(value, "__module__", "") if isinstance(value, type | types.FunctionType) else ""
    if not isinstance(stated, str) or not stated:
        return [type(value).__module__, type(value).__qualname__]
    qualname = getattr(value, "__qualname__", "")
    there: object = sys.modules.get(stated)
    for part in qualname.split("."):
        there = getattr(there, part, None)
    return [stated, qualname, str(there is value)]


if __name__ == "__main__":
    main()
