"""What CPython itself says of a built case; a script, so that the case never runs inside the tests.

    python case_witness.py imports|names|suite TREE

Prints JSON. ``imports``: every module as the first import of a process of its own. ``names``: what each import
statement of the tree takes, after the good order was established. ``suite``: which seeds the golden path passes.
"""

from __future__ import annotations

import ast
import asyncio  # noqa: F401 - before the forks: what the standard library costs is paid once
import dataclasses  # noqa: F401
import importlib
import importlib.machinery
import importlib.util
import json
import os
import random  # noqa: F401
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ENTRY = "netra_backend.app.agents.bootstrap"
#: Names that a swallowed import decides about: class or None, by who came first.
DECIDED = (
    ("netra_backend.app.core.event_handlers", "EventBus"),
    ("netra_backend.app.websocket_core.notifier", "WebSocketManager"),
)
SHARED_EVENTS = ("netra_backend.app.core.event_types", "netra_backend.app.core.event_bus")
SEEDS = 200


def list_modules(tree: Path) -> list[str]:
    """Return the modules of the product, the shadowed one once."""
    names = {
        ".".join(path.relative_to(tree).with_suffix("").parts).removesuffix(".__init__")
        for path in (tree / "netra_backend").rglob("*.py")
    }
    return sorted(names)


def import_first(name: str) -> dict[str, Any]:
    """Import one module in this fresh process and say how it went."""
    runs: Counter[str] = Counter()
    execute = importlib.machinery.SourceFileLoader.exec_module

    def count(self: importlib.machinery.SourceFileLoader, module: Any) -> None:
        runs[module.__name__] += 1
        execute(self, module)

    importlib.machinery.SourceFileLoader.exec_module = count  # type: ignore[method-assign]
    error = ""
    try:
        importlib.import_module(name)
    except (ImportError, AttributeError, RecursionError) as raised:
        error = f"{type(raised).__name__}: {raised}"
    seen = {
        f"{module}.{bound}": type(getattr(sys.modules[module], bound, "unbound")).__name__
        for module, bound in DECIDED
        if module in sys.modules
    }
    types, bus = (sys.modules.get(module) for module in SHARED_EVENTS)
    base = getattr(types, "BASE_EVENT", None)
    is_split = base is not None and bus is not None and base is not bus.Event
    repeated = sorted(module for module, times in runs.items() if times > 1)
    return {"error": error, "repeated": repeated, "decided": seen, "two_event_classes": is_split}


def import_all(tree: Path) -> dict[str, dict[str, Any]]:
    """Return the outcome of each module as first import, each in a forked child."""
    outcomes = {}
    for name in list_modules(tree):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            with os.fdopen(writer, "w") as stream:
                json.dump(import_first(name), stream)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as stream:
            outcomes[name] = json.load(stream)
        os.waitpid(child, 0)
    return outcomes


def walk(node: ast.AST, scope: str = "module") -> Iterator[tuple[ast.ImportFrom, str]]:
    """Yield each from-import with the scope in which it stands."""
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = "function"
        elif isinstance(child, ast.ClassDef) and scope == "module":
            inner = "class"
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            inner = "type_checking"
        if isinstance(child, ast.ImportFrom):
            yield child, scope
        yield from walk(child, inner)


def judge(module: str, name: str) -> tuple[str, str]:
    """Return what a name of a module is: phantom, class or other, and where the class says it was defined."""
    try:
        holder = importlib.import_module(module)
    except ModuleNotFoundError:
        return "phantom-module", module
    if not hasattr(holder, name):
        spec = f"{module}.{name}"
        has_path = hasattr(holder, "__path__") and importlib.util.find_spec(spec) is not None
        return ("other", "") if has_path else ("phantom-name", spec)
    found = getattr(holder, name)
    return ("class", found.__module__) if isinstance(found, type) else ("other", "")


def is_shim(tree: Path, module: str, name: str) -> bool:
    """Say whether a module's source announces that it re-exports a name."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text("utf-8")
    doc = ast.get_docstring(ast.parse(source)) or ""
    listed = getattr(importlib.import_module(module), "__all__", ())
    return name in listed or f"import {name} as {name}" in source or "deprecated" in doc.lower()


def judge_names(tree: Path) -> dict[str, Any]:
    """Return what the import statements of the product take from elsewhere, or in vain."""
    importlib.import_module(ENTRY) if importlib.util.find_spec(ENTRY) else None
    violations, phantoms = [], set()
    for path in sorted(tree.rglob("*.py")):
        relative = path.relative_to(tree)
        if relative.parts[0].startswith("backup"):
            continue
        own = ".".join(relative.with_suffix("").parts)
        package = own.removesuffix(".__init__") if own.endswith(".__init__") else own.rpartition(".")[0]
        for node, scope in walk(ast.parse(path.read_bytes())):
            module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            if module.partition(".")[0] not in {"netra_backend", "tests"}:
                continue
            taken = [(alias.name, *judge(module, alias.name)) for alias in node.names]
            phantoms |= {(kind, what) for _, kind, what in taken if kind.startswith("phantom")}
            homes = {name: home for name, kind, home in taken if kind == "class"}
            wrong = [name for name, home in homes.items() if home != module and not is_facade(module, home)]
            if wrong:
                route = "shim" if is_shim(tree, module, wrong[0]) else "accidental"
                how = "relative" if node.level else "aliased" if any(alias.asname for alias in node.names) else "plain"
                violations.append([relative.as_posix(), node.lineno, scope, route, how, len(node.names)])
    return {"violations": violations, "phantoms": sorted(phantoms)}


def is_facade(module: str, home: str) -> bool:
    """Say whether a module is a package around the defining one."""
    return hasattr(sys.modules[module], "__path__") and home.startswith(f"{module}.")


def run_suite(tree: Path) -> list[bool]:
    """Return for each seed whether the golden path passes, all in this one process."""
    suite = importlib.import_module("tests.mission_critical.test_websocket_agent_events_suite")
    checks = [getattr(suite, name) for name in dir(suite) if name.startswith("test_")]
    assert len(checks) == 3
    return [all(passes(check, seed) for check in checks) for seed in range(SEEDS)]


def passes(check: Any, seed: int) -> bool:
    """Say whether one check passes with one seed."""
    os.environ["SSOT_SEED"] = str(seed)
    try:
        check()
    except AssertionError:
        return False
    return True


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    root = Path(sys.argv[2]).resolve()
    sys.path[0] = str(root)
    answer = {"imports": import_all, "names": judge_names, "suite": run_suite}[sys.argv[1]](root)
    sys.stdout.write(json.dumps(answer))
