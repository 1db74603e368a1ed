"""How the first imports of modules end, and what their names are then: used by ``trial_copies``.

Runs in the interpreter of the package, with nothing but the standard library: one JSON document with ``roots``,
``modules`` (each with the names that others take from it), ``packages`` among them, and ``statements`` (of imports,
to be run in each module) on standard input, one on standard output. Each module is imported in a process of its
own, forked before anything of the package was imported; what the children load of the standard library and of a few
others, which know nothing of the package, is loaded before the next fork.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import types
import warnings

#: A first import that takes longer counts as one that does not end.
SECONDS = 240
#: Packages beside the standard library that import none of those that are checked, but themselves.
_OTHERS = frozenset({
    "PIL", "aiohttp", "anyio", "asgiref", "clickhouse_connect", "cryptography", "fastapi", "greenlet", "httpx",
    "langchain_core", "loguru", "numpy", "opentelemetry", "pandas", "psutil", "pydantic", "pydantic_core", "redis",
    "sqlalchemy", "sqlparse", "starlette", "typing_extensions", "zope",
})  # fmt: skip


def describe(value: object) -> list[object]:
    """Return what an object is: its kind, where it says it is defined, and whether that is this very object."""
    kind = type(value)  # nothing asks the object itself: some read settings on the first question
    if issubclass(kind, types.ModuleType):
        name = getattr(value, "__name__", "")
        return ["module", name, "", sys.modules.get(name) is value]
    if not issubclass(kind, (type, types.FunctionType)):
        return [kind.__name__, "", "", True]
    home, qualified = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(home, str) or not isinstance(qualified, str):
        return [type(value).__name__, "", "", True]
    found: object = sys.modules.get(home)
    for part in qualified.split("."):
        found = getattr(found, part, None)
    return [type(value).__name__, home, qualified, found is value]


def run_statement(text: str, name: str, package: str) -> object:
    """Run one import statement as a module of a package would; return what its names are, or the error."""
    space: dict[str, object] = {"__name__": name, "__package__": package}
    try:
        exec(compile(text, name, "exec"), space)
    except BaseException as error:  # noqa: BLE001 - whatever it does, it is the outcome
        return f"{type(error).__name__}: {error}"[:300]
    return {each: describe(value) for each, value in sorted(space.items()) if not each.startswith("__")}


def observe(name: str, wanted: list[str], statements: list[str], package: str) -> dict[str, object]:
    """Import one module and return the outcome, its names, those of the wanted ones that it has, and its statements."""
    found = observe_module(name, wanted)
    return {**found, "ran": {text: run_statement(text, name, package) for text in statements}}


def observe_module(name: str, wanted: list[str]) -> dict[str, object]:
    """Import one module and return the outcome, its names, and those of the wanted ones that it has."""
    try:
        module = importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001 - whatever it does, it is the outcome
        return {"outcome": type(error).__name__, "message": str(error)[:300]}
    exported = getattr(module, "__all__", None)
    names = {each: describe(value) for each, value in sorted(vars(module).items()) if not each.startswith("__")}
    for each in wanted:
        if each not in names:
            try:
                names[each] = describe(getattr(module, each))
            except Exception:  # noqa: BLE001 - it is not there
                continue
    return {"outcome": "ok", "names": names, "exported": sorted(map(str, exported)) if exported is not None else None}


def list_outside(own: set[str]) -> list[str]:
    """Return the loaded modules that may be loaded before the package is, whose top-level names are some."""
    tops = (sys.stdlib_module_names | _OTHERS) - own
    return sorted(name for name in sys.modules if name.partition(".")[0] in tops and name != "__main__")


def load(names: list[str]) -> None:
    """Import modules that are not there yet, as far as they can be imported."""
    for name in names:
        if name not in sys.modules:
            try:
                importlib.import_module(name)
            except Exception:  # noqa: BLE001 - what cannot be imported is left to the children
                continue


def main() -> None:
    """Observe each module in a child of its own."""
    asked = json.load(sys.stdin)
    sys.path[:0] = asked["roots"]
    warnings.simplefilter("ignore")
    found = {}
    own = {name.partition(".")[0] for name in asked["modules"]}
    for name, wanted in asked["modules"].items():
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            signal.alarm(SECONDS)
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            with os.fdopen(writing, "w") as out:
                package = name if name in asked.get("packages", ()) else name.rpartition(".")[0]
                answer = observe(name, wanted, asked.get("statements", {}).get(name, []), package)
                json.dump({**answer, "outside": list_outside(own)}, out, default=str)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        found[name] = json.loads(text or '{"outcome": "no end", "outside": []}')
        load(found[name].pop("outside"))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
