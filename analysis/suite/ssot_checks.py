"""The checks of the SSOT suite: plain functions that return what is wrong, as lines with file and place.

They need nothing but the standard library. What reads source does not run it; what imports does so in a fresh
process of this interpreter, so that no test sees what another one has imported.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path

LEFT_OUT = {"node_modules", "site-packages", "build", "dist", "venv", "env"}
TIMEOUT_SECONDS = 120


def find_target(start: str, package: str) -> Path:
    """Return the folder that holds a package or module: ``SSOT_TARGET``, or the first above the file ``start``."""
    if os.environ.get("SSOT_TARGET"):
        return Path(os.environ["SSOT_TARGET"]).resolve()
    for folder in Path(start).resolve().parents:
        if (folder / package).is_dir() or (folder / f"{package}.py").is_file():
            return folder
    raise FileNotFoundError(f"no folder above {start} holds {package}: set SSOT_TARGET")


def read_modules(root: Path, roots: Iterable[str] = (".",)) -> dict[str, tuple[Path, ast.Module]]:
    """Return the syntax tree of each module that can be imported from the roots, by its name; broken files are not."""
    found: dict[str, tuple[Path, ast.Module]] = {}
    for folder in (root / each for each in roots):
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            if any(part in LEFT_OUT or not part.isidentifier() for part in parts):
                continue
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            try:
                tree = ast.parse(path.read_bytes())
            except (SyntaxError, ValueError, RecursionError):
                continue
            if name:
                found.setdefault(name, (path, tree))
    return found


def find_classes(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield the classes that an import can reach, with their qualified names: none in functions or except blocks."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield prefix + node.name, node
            yield from find_classes(node, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
            yield from find_classes(node, prefix)


def is_implementation(node: ast.ClassDef) -> bool:
    """Return whether a class is one of those that are counted: abstract classes and protocols say what one is."""
    bases = {ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases}
    bases |= {ast.unparse(keyword.value).rpartition(".")[2] for keyword in node.keywords}
    inner = [item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))]
    marks = {ast.unparse(mark).rpartition(".")[2] for item in inner for mark in item.decorator_list}
    return not bases & {"ABC", "ABCMeta", "Protocol"} and not any(mark.startswith("abstract") for mark in marks)


def check_concept(
    root: Path, *, match: Sequence[str], within: str, most: int, allow: Sequence[str], roots: Iterable[str] = (".",)
) -> list[str]:
    """Return the classes of a concept when there are more than allowed, one line each; otherwise nothing."""
    found = {}
    for module, (path, tree) in read_modules(root, roots).items():
        if within and not f"{module}.".startswith(f"{within}."):
            continue
        for qualname, node in find_classes(tree):
            is_named = any(fnmatchcase(node.name, pattern) for pattern in match)
            is_allowed = {node.name, f"{module}:{qualname}", f"{module}.{qualname}"} & set(allow)
            if is_named and not is_allowed and is_implementation(node):
                found[f"{module}:{qualname}"] = f"{path.relative_to(root)}:{node.lineno}: {qualname}"
    return sorted(found.values()) if len(found) > most else []


def check_import_paths(
    root: Path, sources: Mapping[str, Sequence[str]], roots: Iterable[str] = (".",)
) -> list[str]:  # fmt: skip
    """Return the statements that take a class from a module of the tree that is not one of its sources.

    ``sources`` are by class name the modules that define it and the packages around them. A module that defines a
    class of that name itself is another matter.
    """
    modules = read_modules(root, roots)
    own = {(module, name) for module, (_, tree) in modules.items() for name, _ in find_classes(tree)}
    problems = []
    for module, (path, tree) in modules.items():
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom):
                continue
            around = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(part for part in (around, node.module or "") if part)
            for alias in node.names:
                is_known = source in modules and (source, alias.name) not in own
                if is_known and source not in sources.get(alias.name, [source]):
                    wanted = sources[alias.name][0]
                    problems.append(f"{path.relative_to(root)}:{node.lineno}: {alias.name} from {source}, not {wanted}")
    return sorted(problems)


def run_python(
    root: Path, code: str, *arguments: str, roots: Iterable[str] = (".",)
) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter whose path begins with the roots."""
    places = [str(root / each) for each in roots]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, env=environment, cwd=root, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )


def import_first(root: Path, modules: Sequence[str], roots: Iterable[str] = (".",)) -> dict[str, str]:
    """Import each module first in a process of its own; return the last line of the error of each that fails."""
    places = tuple(roots)

    def run(module: str) -> str:
        done = run_python(root, "import importlib, sys; importlib.import_module(sys.argv[1])", module, roots=places)
        lines = done.stderr.strip().splitlines()
        return "" if done.returncode == 0 else lines[-1] if lines else f"exit code {done.returncode}"

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return {module: error for module, error in zip(modules, pool.map(run, modules)) if error}  # noqa: B905


def is_of_others(error: str, module: str, root: Path, roots: Iterable[str] = (".",)) -> bool:
    """Return whether an error only says that a package of somebody else is not installed, or the module is gone."""
    if not error.startswith("ModuleNotFoundError: No module named "):
        return False
    missing = error.partition("'")[2].partition("'")[0]
    top = missing.partition(".")[0]
    is_here = any((root / each / top).is_dir() or (root / each / f"{top}.py").is_file() for each in roots)
    return missing == module or not is_here


_COMPARE = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
found = {}
for path in sys.argv[1:]:
    module, _, name = path.rpartition(".")
    try:
        found[path] = id(getattr(importlib.import_module(module), name))
    except Exception as error:
        found[path] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""


def check_one_object(root: Path, paths: Sequence[str], roots: Iterable[str] = (".",)) -> list[str]:
    """Import several paths in one process; return a line for each that does not yield the object of the first."""
    done = run_python(root, _COMPARE, *paths, roots=roots)
    if done.returncode:
        return [f"{paths[0]}: {(done.stderr.strip().splitlines() or ['no output'])[-1]}"]
    found = json.loads(done.stdout.splitlines()[-1])
    broken = [f"{path}: {seen}" for path, seen in found.items() if isinstance(seen, str)]
    first = found[paths[0]]
    other = [f"{path}: another object than {paths[0]}" for path, seen in found.items() if seen != first]
    return broken or other


_WARN = """
import json, sys, warnings
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    exec(compile(f"import {sys.argv[1]}", "<importer>", "exec"))
kinds = [(issubclass(each.category, DeprecationWarning), each.filename) for each in seen]
print(json.dumps(kinds))
"""


def check_redirect(root: Path, module: str, marker: str, roots: Iterable[str] = (".",)) -> list[str]:
    """Return what a redirecting module lacks: its marker, or a deprecation warning that names who imports it."""
    known = read_modules(root, roots)
    if module not in known:
        return [f"{module}: no such module"]
    path = known[module][0]
    problems = []
    if marker and marker.casefold() not in path.read_text("utf-8", "replace").casefold():
        problems.append(f"{path.relative_to(root)}:1: the marker {marker!r} is missing")
    done = run_python(root, _WARN, module, roots=roots)
    seen = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 and done.stdout else []
    deprecated = [filename for is_deprecation, filename in seen if is_deprecation]
    if not deprecated:
        problems.append(f"{path.relative_to(root)}:1: importing it raises no DeprecationWarning")
    elif "<importer>" not in deprecated:
        problems.append(f"{path.relative_to(root)}:1: its warning does not name who imports it: stacklevel=2 does")
    return problems


_FACTORY = """
import importlib, inspect, json, sys
module, name, required, scope, forbid = json.loads(sys.argv[1])
kind = importlib.import_module(module)
for part in name.split("."):
    kind = getattr(kind, part)
problems = [f"it has no method {each}" for each in required if not callable(getattr(kind, each, None))]
if forbid and "__new__" in vars(kind):
    try:
        one = kind.__new__(kind) is kind.__new__(kind)
    except Exception:
        one = False
    if one:
        problems.append("it is a singleton: __new__ returns one object for all")
making = ("create", "get", "make", "build", "new", "produce", "provide", "acquire", "obtain")
for each, method in vars(kind).items():
    method = getattr(method, "__func__", method)
    if not scope or not inspect.isfunction(method) or each.startswith("_"):
        continue
    if each in required or each.startswith(making):
        parameters = inspect.signature(method).parameters.values()
        is_open = any(part.kind in (part.VAR_POSITIONAL, part.VAR_KEYWORD) for part in parameters)
        if not is_open and not {part.name for part in parameters} & set(scope):
            problems.append(f"{each} takes none of {', '.join(scope)}: users cannot be told apart")
print(json.dumps(problems))
"""


def check_factory(
    root: Path, *, match: Sequence[str], require: Sequence[str], user_scope: Sequence[str], forbid_singleton: bool,
    roots: Iterable[str] = (".",),
) -> list[str]:  # fmt: skip
    """Return what is wrong with the factories of a pattern: methods, users that cannot be told apart, singletons."""
    places = tuple(roots)
    problems = []
    for module, (path, tree) in read_modules(root, places).items():
        if any(part in {"tests", "test"} for part in module.split(".")):
            continue
        for qualname, node in find_classes(tree):
            if any(fnmatchcase(node.name, pattern) for pattern in match):
                asked = json.dumps([module, qualname, list(require), list(user_scope), forbid_singleton])
                done = run_python(root, _FACTORY, asked, roots=places)
                where = f"{path.relative_to(root)}:{node.lineno}: {qualname}"
                if done.returncode:
                    problems.append(f"{where}: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
                else:
                    problems += [f"{where}: {problem}" for problem in json.loads(done.stdout.splitlines()[-1])]
    return problems
