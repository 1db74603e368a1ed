"""Attributes of modules that are read while another module is imported: in defaults, class bodies, calls at the top."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.expressions import find_dotted, is_main_test, is_typing_only
from analysis.facts.source import parse
from analysis.facts.source_tree import read_if_any
from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext
from analysis.rules.finding import Place

#: A module and a name in it.
_Name = tuple[str, str]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def find_eager_reads(case: RuleContext, wanted: Iterable[_Name]) -> Iterator[tuple[_Name, tuple[_Name, Place]]]:
    """Yield the reads of some names through their modules that run on import: the name, who reads it, and where."""
    by_module: dict[str, set[str]] = defaultdict(set)
    for module, name in wanted:
        by_module[module].add(name)
    edges = case.graph.edges
    is_near = pc.is_in(edges["imported"].cast(pa.string()), pa.array(sorted(by_module)))
    near: dict[str, set[str]] = defaultdict(set)
    for path, imported in tables.read_rows(edges.filter(is_near), "path", "imported"):
        if path in case.homes and case.homes[path] != imported and not is_test_file(path):
            near[path] |= by_module[imported]
    for path, names in sorted(near.items()):
        reads = list(_read_file(case, path, names))
        meanings = case.meanings.find_meanings({(case.homes[path], owner) for owner, _, _ in reads}) if reads else {}
        for owner, name, line in reads:
            meaning = meanings.get((case.homes[path], owner))
            if meaning is not None and meaning.kind == "module" and name in by_module.get(meaning.definition, ()):
                yield (meaning.definition, name), ((case.homes[path], f"{owner}.{name}"), (path, line))


def _read_file(case: RuleContext, path: str, names: set[str]) -> Iterator[tuple[str, str, int]]:
    """Yield what a file reads of some attributes while it is imported: dotted owner, attribute, line."""
    source = read_if_any(case.facts.tree, path)
    if not re.search(rb"\.(?:%s)\b" % b"|".join(sorted(re.escape(name.encode()) for name in names)), source):
        return
    tree = parse(source).tree
    for node in _walk_eager(tree) if tree is not None else ():
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in names:
            owner = find_dotted(node.value)
            if owner:
                yield owner, node.attr, node.lineno


def _walk_eager(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes that run while a module is imported: of functions their defaults and decorators."""
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _FUNCTIONS):
            defaults = (each for each in (*node.args.defaults, *node.args.kw_defaults) if each is not None)
            waiting += [*defaults, *node.decorator_list]
        elif isinstance(node, ast.If) and (is_main_test(node.test) or is_typing_only(node.test)):
            waiting += node.orelse
        elif not isinstance(node, ast.Lambda | ast.GeneratorExp):
            waiting += reversed(list(ast.iter_child_nodes(node)))
