"""Texts by which the code of a file itself loads something: the entries of a table, and what ``resolve_name`` is given.

An entry counts where its text, or what a split leaves of it, reaches the call that loads it, and no ``try`` is around.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from analysis.facts.expressions import find_dotted, find_literal_text
from analysis.facts.function_names import Function
from analysis.facts.lines import find_lines
from analysis.facts.walking import has_line_of, list_nodes, list_statements

#: What loads a module or an object by its dotted name: by the last part of what is called.
_LOADING = frozenset({"import_module", "import_string", "resolve_name", "import_from_string", "__import__"})
_WORDS = (b"import_module(", b"import_string(", b"resolve_name(", b"import_from_string(", b"__import__(")
#: What gives a part of a text, or an entry of a table, without changing it.
_KEEPING = frozenset({"rpartition", "partition", "split", "rsplit", "get", "items", "values", "pop"})
#: What expects that the load fails.
_EXPECTING = ("raises", "assertRaises", "suppress")
_WHOLE = frozenset({"resolve_name", "import_string"})
_NAMED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?::[A-Za-z_]\w*)?\Z")
_CONTAINERS = (ast.Dict, ast.List, ast.Tuple, ast.Set)

_Table = list[tuple[int, str]]


def find_loaded_texts(source: bytes, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of what is loaded by its name, as far as the text stands in the file."""
    lines = find_lines(source, _WORDS)
    if not lines:
        return
    tables, functions = _find_tables(tree.body), list[Function]()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            tables |= _find_tables(node.body)
            functions += [each for each in node.body if isinstance(each, Function)]
        elif isinstance(node, Function):
            functions.append(node)
        elif has_line_of(node, lines) and not _is_tried(node):
            yield from _read_calls(node)
    for function in functions:
        calls = _list_untried(function) if has_line_of(function, lines) else []
        own = {each.arg for each in list_nodes(function.args) if isinstance(each, ast.arg)} if calls else set()
        for name in sorted(_find_sources(function, calls) & tables.keys() - own) if calls and tables else ():
            yield from tables[name]
        for call in calls:
            yield from _read_calls(call)


def _list_untried(function: Function) -> list[ast.Call]:
    """Return the calls of a function that load something, without those that may expect to fail."""
    calls = _list_loading(function)
    tried = {id(each) for node in list_statements(function) if calls and _is_tried(node) for each in list_nodes(node)}
    return [each for each in calls if id(each) not in tried]


def _is_tried(node: ast.AST) -> bool:
    """Return whether a statement may expect that what it does fails."""
    items = node.items if isinstance(node, ast.With | ast.AsyncWith) else []
    calls = [each.context_expr for each in items if isinstance(each.context_expr, ast.Call)]
    return isinstance(node, ast.Try) or any(find_dotted(each.func).endswith(_EXPECTING) for each in calls)


def _find_tables(body: Sequence[ast.stmt]) -> dict[str, _Table]:
    """Return the tables of a block by name, each entry with its line; none with an entry that is no dotted name."""
    found = {}
    for node in body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(value, _CONTAINERS) and isinstance(target, ast.Name):
            values = value.values if isinstance(value, ast.Dict) else value.elts
            entries = [(each.lineno, _read_entry(each)) for each in values]
            if entries and all(text for _, text in entries):
                found[target.id] = entries
    return found


def _read_entry(node: ast.expr) -> str:
    """Return the dotted name of an entry: a text, or a pair of a module and a name in it."""
    text = find_literal_text(node)
    if isinstance(node, ast.Tuple) and len(node.elts) == 2:
        module, name = (find_literal_text(each) or "" for each in node.elts)
        text = f"{module}.{name}" if name.isidentifier() else ""
    return text.replace(":", ".") if text and _NAMED.match(text) else ""


def _list_loading(node: ast.AST) -> list[ast.Call]:
    """Return the calls that load what their only argument names."""
    return [
        each
        for each in list_nodes(node)
        if isinstance(each, ast.Call)
        and len(each.args) == 1
        and not each.keywords
        and find_dotted(each.func).rpartition(".")[2] in _LOADING
    ]


def _read_calls(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield what calls name by a literal that say the whole name of an object."""
    for call in _list_loading(node):
        text = find_literal_text(call.args[0]) or ""
        if find_dotted(call.func).rpartition(".")[2] in _WHOLE and _NAMED.match(text):
            yield call.lineno, text.replace(":", ".")


def _find_sources(function: Function, calls: Sequence[ast.Call]) -> set[str]:
    """Return the names whose values reach some calls unchanged, or in parts; ``self.X`` and ``cls.X`` as ``X``."""
    assigned = _find_assigned(function)
    found: set[str] = set()
    waiting: list[ast.AST] = [call.args[0] for call in calls]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Subscript | ast.Starred):
            waiting.append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _KEEPING:
            waiting.append(node.func.value)
        elif isinstance(node, ast.Attribute) and find_dotted(node.value) in {"self", "cls"}:
            found.add(node.attr)
        elif isinstance(node, ast.Name) and node.id not in found:
            found.add(node.id)
            waiting += assigned.get(node.id, ())
    return found


def _find_assigned(function: Function) -> Mapping[str, list[ast.expr]]:
    """Return what local names are bound to, by assignments and loops; each name of several to all of it."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in list_nodes(function):
        pairs: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.NamedExpr):
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            pairs = [(node.target, node.iter)]
        for target, value in pairs:
            for each in list_nodes(target):
                if isinstance(each, ast.Name):
                    found[each.id].append(value)
    return found
