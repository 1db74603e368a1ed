"""The checks of the SSOT suite: plain functions that return violations as lines with file and place.

They need only the standard library. Checks of the source do not execute it; checks that import use a fresh process of
this interpreter, so that no test sees the imports of another one. It is one long file because it is copied unchanged
into the code base that it checks: one file to review there, and nothing to install.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

TIMEOUT_SECONDS = 120
_CACHES = {"__pycache__", "node_modules", "site-packages"}
#: No import reaches deeper folders, and os.walk of Python 3.11 could not.
_DEEPEST = 200


class TargetTree(NamedTuple):
    """A tree of source: its folder, and relative to it what is on ``sys.path`` and what does not belong to it."""

    root: Path
    roots: tuple[str, ...] = (".",)
    left_out: tuple[str, ...] = ()


def find_tree(start: str, place: str, roots: tuple[str, ...], left_out: tuple[str, ...]) -> TargetTree:
    """Return the tree that holds a package or module: ``SSOT_TARGET``, or the first above the file ``start``.

    Raises ``FileNotFoundError`` when it is not there: checks of nothing would pass.
    """
    stated = os.environ.get("SSOT_TARGET")
    for folder in [Path(stated).resolve()] if stated else Path(start).resolve().parents:
        if (folder / place).is_dir() or (folder / f"{place}.py").is_file():
            return TargetTree(folder, roots, left_out)
    where = f"SSOT_TARGET={stated} does not hold" if stated else f"no folder above {start} holds"
    raise FileNotFoundError(f"{where} {place}: set SSOT_TARGET to the folder that does")


class ClassStatement(NamedTuple):
    """A class statement: the name, its line, and whether it is one of those that are counted."""

    name: str
    line: int
    is_implementation: bool


class ModuleSource(NamedTuple):
    """What a module says: its classes by qualified name, and what its names stand for.

    ``bound`` has for a name the modules and names that it may mean, ``stars`` the modules of which it takes all, and
    ``taken`` the line, module and name of each from-import, also of those in functions.
    """

    path: Path
    classes: dict[str, ClassStatement]
    bound: dict[str, set[tuple[str, str]]]
    stars: list[str]
    taken: list[tuple[int, str, str]]


@lru_cache(maxsize=4)
def read_modules(tree: TargetTree) -> dict[str, ModuleSource]:
    """Return each module that can be imported from the roots, by its name; files that do not parse are left out.

    A file below two roots belongs to the inner one.
    """
    found: dict[str, ModuleSource] = {}
    seen: set[Path] = set()
    for folder in sorted({(tree.root / each).resolve() for each in tree.roots}, key=lambda each: -len(each.parts)):
        for path in find_files(tree, folder):
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if path in seen or not name or not all(part.isidentifier() for part in parts):
                continue
            seen.add(path)
            try:
                found.setdefault(name, read_module(name, path))
            except (OSError, SyntaxError, ValueError, RecursionError):
                continue
    return found


def read_module(name: str, path: Path) -> ModuleSource:
    """Return what a module says, as far as class statements, imports and plain assignments say it."""
    source = ast.parse(path.read_bytes())
    classes = {
        qualname: ClassStatement(node.name, node.lineno, is_implementation(node))
        for qualname, node in find_classes(source)
    }
    module = ModuleSource(path, classes, {}, [], [])
    for node in ast.walk(source):
        if isinstance(node, ast.ImportFrom):
            origin = find_source(node, name, path)
            module.taken.extend((node.lineno, origin, alias.name) for alias in node.names)
    for node in find_statements(source):
        if isinstance(node, ast.ImportFrom):
            origin = find_source(node, name, path)
            for alias in node.names:
                module.bound.setdefault(alias.asname or alias.name, set()).add((origin, alias.name))
            module.stars.extend(origin for alias in node.names if alias.name == "*")
        elif isinstance(node, ast.Assign) and isinstance(node.value, (ast.Name, ast.Attribute)):
            owner, _, value = ast.unparse(node.value).rpartition(".")
            for target in node.targets:
                module.bound.setdefault(ast.unparse(target), set()).add((owner or name, value))
    return module


def find_files(tree: TargetTree, folder: Path) -> Iterator[Path]:
    """Yield the Python files of a folder, sorted: none of caches, environments, and what the policy leaves out."""
    root = tree.root.resolve()

    def is_own(path: Path) -> bool:
        relative = path.relative_to(root).as_posix()
        is_excluded = any(fnmatchcase(relative, each) or fnmatchcase(path.name, each) for each in tree.left_out)
        is_built = path.name == "build" and (path / "lib").is_dir()
        return not is_excluded and not is_built and path.name not in _CACHES and not (path / "pyvenv.cfg").exists()

    for inside, folders, names in os.walk(folder):
        is_deepest = len(Path(inside).relative_to(root).parts) >= _DEEPEST
        folders[:] = [] if is_deepest else sorted(name for name in folders if is_own(Path(inside, name)))
        yield from (Path(inside, name) for name in sorted(names) if name.endswith(".py") and is_own(Path(inside, name)))


def format_place(tree: TargetTree, path: Path, line: int) -> str:
    """Return file and line as editors read them."""
    return f"{path.relative_to(tree.root.resolve()).as_posix()}:{line}"


def find_run(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node that an import runs: none that are only for type checkers, or only for a program."""
    if isinstance(node, ast.If):
        test = ast.unparse(node.test)
        if test.rpartition(".")[2] == "TYPE_CHECKING" or test == "__name__ == '__main__'":
            return list(node.orelse)
        if test.startswith("not ") and test.rpartition(".")[2].rpartition(" ")[2] == "TYPE_CHECKING":
            return list(node.body)
    return [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.expr)]


def find_classes(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield the classes that an import can reach, with their qualified names: none in functions or except blocks."""
    for inner in find_run(node):
        if isinstance(inner, ast.ClassDef):
            yield prefix + inner.name, inner
            yield from find_classes(inner, f"{prefix}{inner.name}.")
        elif not isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler)):
            yield from find_classes(inner, prefix)


def is_implementation(node: ast.ClassDef) -> bool:
    """Return whether a class is one of those that are counted: abstract classes and protocols say what one is."""
    bases = {ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases}
    kinds = {ast.unparse(each.value).rpartition(".")[2] for each in node.keywords if each.arg == "metaclass"}
    inner = [item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))]
    marks = {ast.unparse(mark).rpartition(".")[2] for item in inner for mark in item.decorator_list}
    is_abstract = "ABCMeta" in kinds or any(mark.startswith("abstract") for mark in marks)
    return not is_abstract and not bases & {"ABC", "Protocol"}


def check_concept(tree: TargetTree, *, match: Sequence[str], within: str, most: int, allow: Sequence[str]) -> list[str]:
    """Return the classes of a concept when there are more than allowed, one line each; otherwise nothing."""
    found = []
    for name, module in read_modules(tree).items():
        if within and not f"{name}.".startswith(f"{within}."):
            continue
        for qualname, each in module.classes.items():
            is_named = any(fnmatchcase(each.name, pattern) for pattern in match)
            is_allowed = {each.name, f"{name}:{qualname}", f"{name}.{qualname}"} & set(allow)
            if is_named and not is_allowed and each.is_implementation:
                found.append(f"{format_place(tree, module.path, each.line)}: {qualname}")
    return sorted(found) if len(found) > most else []


def find_source(node: ast.ImportFrom, module: str, path: Path) -> str:
    """Return the full name of the module that a statement imports from."""
    parts = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    around = parts[: len(parts) - node.level + 1] if node.level else []
    return ".".join([*around, *([node.module] if node.module else [])])


def find_statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements that a module runs when it is imported; except blocks only stand in."""
    for each in find_run(node):
        if isinstance(each, ast.stmt):
            yield each
        if not isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)):
            yield from find_statements(each)


def find_definitions(
    modules: Mapping[str, ModuleSource], place: tuple[str, str], seen: set[tuple[str, str]]
) -> set[str]:
    """Return the classes that a name of a module may mean, as ``module:name``; an empty text for what is not known.

    Where branches bind a name to different things, any of them may be meant.
    """
    own = modules.get(place[0])
    if own is None or place in seen:
        return set() if place in seen else {""}
    seen.add(place)
    if place[1] in own.classes:
        return {":".join(place)}
    if place[1] in own.bound:
        return {each for other in own.bound[place[1]] for each in find_definitions(modules, other, seen)}
    for star in reversed(own.stars):
        found = find_definitions(modules, (star, place[1]), seen) - {""}
        if found:
            return found
    return {""}


def check_import_paths(tree: TargetTree, sources: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the statements that take a class from a module which is not one of its sources.

    ``sources`` are by class, as ``module:name``, the modules by which it may be imported; the first is the one to use.
    """
    modules = read_modules(tree)
    problems = []
    for module in modules.values():
        for line, origin, name in module.taken:
            definitions = find_definitions(modules, (origin, name), set())
            right = sources.get("".join(definitions), [origin]) if len(definitions) == 1 else [origin]
            if origin not in right:
                problems.append(f"{format_place(tree, module.path, line)}: {name} from {origin}, not {right[0]}")
    return sorted(problems)


_CHILD = """
import importlib, inspect, json, os, sys, traceback, warnings
sys.path[:] = [place for place in sys.path if place]
def answer(value):
    print("\\nssot-answer:", json.dumps(value), flush=True)
def describe(error):
    here = os.getcwd() + os.sep
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename.startswith(here)]
    place = f"{frames[-1].filename[len(here):]}:{frames[-1].lineno}: " if frames else ""
    return f"{place}{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
"""


def ask(tree: TargetTree, code: str, *arguments: str) -> tuple[Any, str]:
    """Run code in a fresh interpreter whose path begins with the roots; return its answer, or why there is none."""
    root = tree.root.resolve()
    places = [str((root / each).resolve()) for each in tree.roots]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", _CHILD + code, *arguments]
    try:
        done = subprocess.run(
            command, env=environment, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            encoding="utf-8", errors="replace", timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, f"TimeoutError: not done after {TIMEOUT_SECONDS} seconds"
    answers = [line for line in done.stdout.splitlines() if line.startswith("ssot-answer:")]
    if answers:
        return json.loads(answers[-1].partition(":")[2]), ""
    return None, (done.stderr.strip().splitlines() or [f"no answer, exit code {done.returncode}"])[-1]


_IMPORT = """
try:
    importlib.import_module(sys.argv[1])
    answer("")
except BaseException as error:
    answer(describe(error))
"""


def import_first(tree: TargetTree, modules: Sequence[str]) -> dict[str, str]:
    """Import each module first in a process of its own; return the error of each that fails, with its place."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        answers = list(pool.map(lambda module: ask(tree, _IMPORT, module), modules))
    errors = {module: error or told for module, (told, error) in zip(modules, answers)}  # noqa: B905
    return {module: error for module, error in errors.items() if error}


def is_of_others(tree: TargetTree, error: str, module: str = "") -> bool:
    """Return whether an error only says that a third-party package is not installed, or that a module is gone."""
    missing = error.partition("ModuleNotFoundError: No module named '")[2].partition("'")[0]
    top = missing.partition(".")[0]
    places = [tree.root / each / top for each in tree.roots]
    is_here = any(place.is_dir() or place.with_name(f"{top}.py").is_file() for place in places)
    return bool(missing) and (missing == module or not is_here)


_COMPARE = """
warnings.simplefilter("ignore")
first, problems = None, []
for path in sys.argv[1:]:
    module, colon, name = path.partition(":")
    module, _, name = (module, "", name) if colon else path.rpartition(".")
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except BaseException as error:
        problems.append(f"{path}: {describe(error)}")
        continue
    first = first or (path, found)
    if found is not first[1]:
        problems.append(f"{path}: another object than {first[0]}")
answer(problems)
"""


def check_one_object(tree: TargetTree, paths: Sequence[str]) -> list[str]:
    """Import several paths in one process; return a line for each that fails or yields another object."""
    problems, error = ask(tree, _COMPARE, *paths)
    return [f"{paths[0]}: {error}"] if error else list(problems)


_WARN = """
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    try:
        exec(compile(f"import {sys.argv[1]}", "<importer>", "exec"))
        error = ""
    except BaseException as failure:
        error = describe(failure)
answer([error, [each.filename for each in seen if issubclass(each.category, DeprecationWarning)]])
"""


def check_redirect(tree: TargetTree, module: str, marker: str) -> list[str]:
    """Return what a redirecting module lacks: its marker, or a deprecation warning that names the importer."""
    known = read_modules(tree)
    if module not in known:
        return [f"{module}: no such module"]
    place = format_place(tree, known[module].path, 1)
    problems = []
    if marker and marker.casefold() not in known[module].path.read_text("utf-8", "replace").casefold():
        problems.append(f"{place}: the marker {marker!r} is missing")
    told, error = ask(tree, _WARN, module)
    failure, warned = told or (error, [])
    if failure:
        problems.append(f"{place}: it cannot be imported: {failure}")
    elif not warned:
        problems.append(f"{place}: importing it raises no DeprecationWarning")
    elif "<importer>" not in warned:
        problems.append(f"{place}: its warning does not name the importer; use stacklevel=2")
    return problems


_FACTORY = """
module, name, required, scope, forbid = json.loads(sys.argv[1])
try:
    kind = importlib.import_module(module)
    for part in name.split("."):
        kind = getattr(kind, part)
except BaseException as error:
    answer([f"it cannot be imported: {describe(error)}"])
    raise SystemExit
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
            problems.append(f"{each} takes none of {', '.join(scope)}: users cannot be separated")
answer(problems)
"""


def check_factory(
    tree: TargetTree, *, match: Sequence[str], require: Sequence[str], user_scope: Sequence[str], forbid_singleton: bool
) -> list[str]:
    """Return the faults of factories of a pattern: missing methods, users that are not separated, singletons."""
    problems = []
    for name, module in read_modules(tree).items():
        if {"tests", "test", "testing"} & set(name.split(".")) or module.path.name.startswith(("test_", "conftest.")):
            continue
        for qualname, each in module.classes.items():
            if any(fnmatchcase(each.name, pattern) for pattern in match):
                asked = json.dumps([name, qualname, list(require), list(user_scope), forbid_singleton])
                found, error = ask(tree, _FACTORY, asked)
                where = f"{format_place(tree, module.path, each.line)}: {qualname}"
                problems += [f"{where}: {problem}" for problem in ([error] if error else found)]
    return problems
