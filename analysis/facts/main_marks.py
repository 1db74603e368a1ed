"""What goes wrong between processes: those that a file starts on import, and what it pickles as ``__main__``."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from analysis.facts.expressions import find_dotted, find_literal_text, is_main_test
from analysis.facts.rows import Row
from analysis.facts.walking import list_nodes, list_statements

#: A file without any of these has no such statement.
_WORDS = (b"multiprocess", b"ProcessPoolExecutor", b"pickle", b"joblib", b"torch.save", b"torch.load")
_PROCESS_MODULES = ("multiprocessing", "torch.multiprocessing", "multiprocess", "billiard")
_POOLS = frozenset({
    "concurrent.futures.ProcessPoolExecutor", "concurrent.futures.process.ProcessPoolExecutor",
    *(f"{module}.{name}" for module in _PROCESS_MODULES for name in ("Pool", "Manager", "pool.Pool")),
})  # fmt: skip
_PROCESSES = frozenset(f"{module}.Process" for module in _PROCESS_MODULES)
_CHOOSING = ("set_start_method", "get_context")
#: Ways to start a process that import the main program again.
_IMPORTING = frozenset({"spawn", "forkserver"})
_DUMPING = frozenset({"pickle.dump", "pickle.dumps", "joblib.dump", "torch.save"})
_LOADING = frozenset({"pickle.load", "pickle.loads", "joblib.load", "torch.load", "pandas.read_pickle"})
#: A file that imports none of them and asks nobody for a context can have no mark.
_LIBRARIES = frozenset(name.partition(".")[0] for name in (*_POOLS, *_PROCESSES, *_DUMPING, *_LOADING))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_INNER = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)


def find_process_marks(source: bytes, tree: ast.Module, next_position: Callable[[], int]) -> list[Row]:
    """Return the rows of ``start_marks`` of one file about processes and pickles; most files cost one search each."""
    if not any(word in source for word in _WORDS):
        return []
    names = _find_names(tree)
    if b"get_context" not in source and _LIBRARIES.isdisjoint(name.partition(".")[0] for name in names.values()):
        return []
    nodes = list_nodes(tree)
    marks = [
        *((line, "process-start", value) for line, value in _find_starts(tree, nodes, names)),
        *((line, "main-pickle", name) for line, name in _find_pickled(tree, nodes, names)),
        *((line, "unpickling", "") for line in _find_calls(nodes, names, _LOADING)),
    ]
    return [(next_position(), line, kind, "", "", "", value, "module") for line, kind, value in sorted(set(marks))]


def _find_names(tree: ast.Module) -> dict[str, str]:
    """Return what the names of a file mean that import statements bind, dotted."""
    found: dict[str, str] = {}
    for node in list_statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _name(node: ast.expr, names: Mapping[str, str]) -> str:
    """Return the dotted name of a callee as its library has it."""
    first, _, rest = find_dotted(node).partition(".")
    known = names.get(first, "")
    return f"{known}.{rest}" if known and rest else known


def _find_calls(nodes: Iterable[ast.AST], names: Mapping[str, str], wanted: Iterable[str]) -> Iterator[int]:
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node.func, names) in wanted:
            yield node.lineno


# Processes


def _find_starts(tree: ast.Module, every: Sequence[ast.AST], names: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that start processes while the file is imported; with ``spawn`` where the file chooses that."""
    chosen = ""
    for node in every:
        if isinstance(node, ast.Call) and find_dotted(node.func).rpartition(".")[2] in _CHOOSING and node.args:
            chosen = "spawn" if find_literal_text(node.args[0]) in _IMPORTING else chosen
        value = node.value if isinstance(node, ast.Assign) else None
        if isinstance(value, ast.Call) and find_dotted(value.func).rpartition(".")[2] == "get_context":
            names = names | {find_dotted(node.targets[0]): "multiprocessing"}  # type: ignore[attr-defined]
    functions = {node.name: _list_running(node.body) for node in tree.body if isinstance(node, _FUNCTIONS)}
    starting = {name for name, nodes in functions.items() if any(_list_started(nodes, names, ()))}
    for _ in functions:
        more = {name for name, nodes in functions.items() if any(_list_started(nodes, names, starting))}
        if more == starting:
            break
        starting = more
    for line in _list_started(_list_running(tree.body), names, starting):
        yield line, chosen


def _list_running(body: Sequence[ast.stmt]) -> list[ast.AST]:
    """Return the nodes that run with a block: not those of functions in it, nor what only the main program runs."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, _INNER):
            continue
        if isinstance(node, ast.If) and is_main_test(node.test):
            waiting += reversed(node.orelse)
            continue
        found.append(node)
        waiting += reversed(list(ast.iter_child_nodes(node)))
    return found


def _list_started(nodes: Sequence[ast.AST], names: Mapping[str, str], starting: Iterable[str]) -> Iterator[int]:
    """Yield the lines of calls that start a process: of pools, of ``start``, and of functions that do so."""
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    has_process = any(_name(call.func, names) in _PROCESSES for call in calls)
    others = {
        find_dotted(node.targets[0])
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if _name(node.value.func, names) not in _PROCESSES
    }
    for call in calls:
        owner = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "start" else None
        is_start = has_process and owner is not None and find_dotted(owner) not in others
        is_function = isinstance(call.func, ast.Name) and call.func.id in starting
        if is_start or is_function or _name(call.func, names) in _POOLS:
            yield call.lineno


# Pickles


def _find_pickled(
    tree: ast.Module, every: Sequence[ast.AST], names: Mapping[str, str]
) -> Iterator[tuple[int, str]]:  # fmt: skip
    """Yield the lines that pickle objects of classes of the file itself, with the class."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    dumps = [node for node in every if isinstance(node, ast.Call) and _name(node.func, names) in _DUMPING]
    if not classes or not dumps:
        return
    made = _find_made(tree, every, classes)
    for owner in classes.values():
        own = list_nodes(owner)
        lines = set(_find_calls(own, names, _DUMPING))
        inner = {id(node) for node in own} if lines else set()
        for call in dumps:
            is_itself = id(call) in inner and call.args and find_dotted(call.args[0]) == "self"
            if is_itself and any(_is_call_of(node, owner.name) for node in every):
                yield call.lineno, owner.name
    for call in dumps:
        for node in list_nodes(call.args[0]) if call.args else ():
            named = made.get(node.id, "") if isinstance(node, ast.Name) else ""
            name = named or next((name for name in classes if _is_call_of(node, name)), "")
            if name:
                yield call.lineno, name


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and find_dotted(node.func) == name


def _find_made(tree: ast.Module, every: Sequence[ast.AST], classes: Iterable[str]) -> dict[str, str]:
    """Return the names that are only ever bound to new objects of one class of the file, also as arguments."""
    bound: dict[str, set[str]] = defaultdict(set)
    functions = {node.name: node for node in tree.body if isinstance(node, _FUNCTIONS)}
    for node in every:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    bound[target.id].add(_find_class(node.value, classes))
        function = functions.get(find_dotted(node.func)) if isinstance(node, ast.Call) else None
        if function is not None:
            for parameter, given in zip(function.args.args, node.args, strict=False):  # type: ignore[attr-defined]
                if not (isinstance(given, ast.Name) and given.id == parameter.arg):
                    bound[parameter.arg].add(_find_class(given, classes))
    return {name: next(iter(found)) for name, found in bound.items() if len(found) == 1 and "" not in found}


def _find_class(value: ast.expr, classes: Iterable[str]) -> str:
    return next((name for name in classes if _is_call_of(value, name)), "")
