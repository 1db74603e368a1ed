"""What a running interpreter says of a package that nobody tuned to: used by ``held_out``.

Runs in a process of its own, with nothing but the standard library; a question on standard input as JSON, the answer
written as JSON to the file named last.

    python benchmarks/held_out_witness.py classes|imports|outside FOLDER OUT < question
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import inspect
import io
import json
import os
import signal
import sys
import traceback
import warnings
from pathlib import Path
from types import FunctionType

_SECONDS = 120


def main() -> None:
    what, folder, out = sys.argv[1:]
    own = Path(__file__).resolve().parent
    sys.path = [path for path in sys.path if Path(path).resolve() != own]
    sys.path.insert(0, str(Path(folder).parent))
    sys.dont_write_bytecode = True
    question = json.load(sys.stdin)
    sys.stdin = io.StringIO()
    sys.argv = [""]
    Path(out).write_text(json.dumps(_ANSWERS[what](folder, question)))


def observe_classes(folder: str, names: list[str]) -> dict[str, object]:
    """Import every module; return which class of the package each public name is bound to, and where its body ran."""
    bodies: dict[str, list[tuple[str, int]]] = {}
    codes: dict[object, str] = {}

    def note(frame, event, _argument):
        code = frame.f_code
        if event == "return" and not code.co_flags & inspect.CO_OPTIMIZED and code.co_filename.startswith(folder):
            with contextlib.suppress(Exception):
                names = frame.f_locals
                if "__qualname__" in names and code.co_name != "<module>":
                    qualname = getattr(code, "co_qualname", names["__qualname__"])
                    place = f"{frame.f_globals['__name__']}:{qualname}"
                    bodies.setdefault(place, []).append((code.co_filename, code.co_firstlineno))
                    for value in list(names.values()):
                        inner = _find_function(value)
                        if inner is not None and inner.__code__.co_filename == code.co_filename:
                            codes.setdefault(inner.__code__, place)

    package = Path(folder).name
    sys.setprofile(note)
    failed = {name: error for name in names if (error := _import(name)) is not None}
    sys.setprofile(None)
    loaded = [name for name in names if name in sys.modules and name not in failed]
    groups: dict[int, int] = {}
    rows = []
    names_of = _find_names_of_classes()
    for name in loaded:
        for key, value in sorted(vars(sys.modules[name]).items()):
            stated = str(getattr(value, "__module__", "")) if issubclass(type(value), type) else ""
            if key.startswith("_") or not f"{stated}.".startswith(f"{package}."):
                continue
            places = {codes[code] for code in _list_codes(value) if code in codes}
            others = names_of.get(id(value), ())
            # What a call makes is named by its name there, what others have by the name that they give it.
            places.update(one for one in others if one.startswith(f"{stated}:") or not one.startswith(f"{package}."))
            if f"{stated}:{value.__qualname__}" not in bodies:  # it states another module than that of its statement
                places.update(one for one in others if one in bodies)
            group = groups.setdefault(id(value), len(groups))
            rows.append((name, key, group, stated, value.__qualname__, sorted(places)))
    return {"failed": failed, "rows": rows, "bodies": bodies}


def _find_names_of_classes() -> dict[int, list[str]]:
    """Return under which names modules have each class, by its identity."""
    found: dict[int, list[str]] = {}
    for name, module in list(sys.modules.items()):
        for key, value in list(getattr(module, "__dict__", {}).items()):
            if issubclass(type(value), type):
                found.setdefault(id(value), []).append(f"{name}:{key}")
    return found


def _list_codes(value: type) -> list[object]:
    found = (_find_function(each) for each in list(vars(value).values()))
    return [each.__code__ for each in found if each is not None]


def _find_function(value: object) -> FunctionType | None:
    """Return the function that a value is, or that a method wraps; no other object is asked."""
    inner = value.__func__ if type(value) in {staticmethod, classmethod} else value
    return inner if type(inner) is FunctionType else None


def _import(name: str) -> str | None:
    previous = signal.signal(signal.SIGALRM, _stop)
    signal.alarm(_SECONDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001 whatever a module does, the others are still observed
        return f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
    return None


def _stop(*_: object) -> None:
    raise TimeoutError("import takes too long")


def try_imports(folder: str, names: list[str]) -> dict[str, object]:
    """Import each module in a fresh process; return the built-in exception, the last statement of the package, and
    which module was not found.
    """
    found = {}
    for name in names:
        read, write = os.pipe()
        child = os.fork()
        if not child:
            answer = _try_import(folder, name)
            os.write(write, json.dumps(answer).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        found[name] = json.loads(text) if text else ["died", "", 0, "", ""]
    return found


def _try_import(folder: str, name: str) -> list[object]:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_SECONDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001 that is what is asked
        inside = [each for each in traceback.extract_tb(error.__traceback__) if each.filename.startswith(f"{folder}/")]
        place = (inside[-1].filename, inside[-1].lineno) if inside else ("", 0)
        if isinstance(error, SyntaxError):
            place = (str(error.filename), error.lineno or 0)
        own = type(error).__mro__
        kind = next(each.__name__ for each in own if vars(builtins).get(each.__name__) is each)
        path = os.path.relpath(place[0], folder) if place[0] else ""
        return [kind, path, place[1], str(getattr(error, "name", "") or ""), str(error)[:200]]
    return ["ok", "", 0, "", ""]


def look_outside(_: str, wanted: dict[str, list[str]]) -> dict[str, object]:
    """Return which modules cannot be imported, and which names others have not."""
    missing, lacking = [], []
    for module, names in wanted.items():
        if _import(module) is not None or module not in sys.modules:
            missing.append(module)
            continue
        owner = sys.modules[module]
        lacking += [
            (module, name) for name in names if not hasattr(owner, name) and _import(f"{module}.{name}") is not None
        ]
    return {"missing": missing, "lacking": lacking}


_ANSWERS = {"classes": observe_classes, "imports": try_imports, "outside": look_outside}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
    sys.stdout.flush()
    os._exit(0)  # threads and handlers that some module left behind are not waited for
