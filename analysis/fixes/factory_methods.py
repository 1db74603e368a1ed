"""Scaffolds for factories that lack methods which the policy requires: by the method that is there, or a new object."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from analysis.facts.expressions import find_dotted
from analysis.facts.scopes import Function
from analysis.fixes.context_state import add_context_import
from analysis.fixes.deferred_imports import UnmovableError
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import SourceText
from analysis.fixes.statements import insert_after, place_statement
from analysis.rules.families.factories import find_near

_MAKING, _GIVING = "create", "get"


def build_method_edits(
    source: SourceText, node: ast.ClassDef, missing: Sequence[str], offered: Sequence[str]
) -> list[Edit]:
    """Return the edits that add methods to the end of a class.

    A method of a like name, if there is but one, does the work; without one ``create`` makes an object and ``get``
    returns the one of the context. Raises ``UnmovableError`` where it is not known what a method should do.
    """
    own: Mapping[str, Function] = {each.name: each for each in node.body if isinstance(each, Function)}
    lines: list[str] = []
    for name in missing:
        near = [each for each in find_near(name, offered) if each in own]
        if len(near) == 1:
            lines += ["", *_delegate(name, own[near[0]], node.name)]
        elif len(near) > 1:
            listed = ", ".join(f"{each}()" for each in near)
            raise UnmovableError(node.lineno, f"{listed} may each be what {name}() should do")
        elif name == _MAKING:
            lines += ["", *_write_create(node, own)]
        elif name == _GIVING and _MAKING in {*missing, *offered}:
            lines += ["", *_write_get(node)]
        else:
            raise UnmovableError(node.lineno, f"no method of a like name shows what {name}() should do")
    last = place_statement(source, node.body[-1])
    if not last.is_alone:
        raise UnmovableError(node.lineno, "the body of the class stands on the line of its class statement")
    if isinstance(node.body[-1], ast.Pass) and len(node.body) == 1:
        lines = lines[1:]
    edits = [insert_after(last, "\n".join(lines))]
    if any(_name_variable(node) in line for line in lines):
        text = f'{_name_variable(node)}: "ContextVar[object]" = ContextVar("{node.name}", default=None)'
        edits += add_context_import(source, place_statement(source, node), text)
    return edits


def _name_variable(node: ast.ClassDef) -> str:
    return f"_{node.name.lower()}_of_context"


def _delegate(name: str, near: Function, owner: str) -> list[str]:
    """Return the lines of a method that calls another one, with its signature."""
    decorators = [find_dotted(each) for each in near.decorator_list]
    kind = next((each for each in decorators if each in {"staticmethod", "classmethod"}), "")
    if len(decorators) > bool(kind):
        raise UnmovableError(near.lineno, f"a decorator of {near.name}() decides how it is called")
    arguments = near.args
    positional = [*arguments.posonlyargs, *arguments.args]
    own = positional[0].arg if positional and kind != "staticmethod" else ""
    given = [each.arg for each in (positional[1:] if own else positional)]
    passed = [*given, *([f"*{arguments.vararg.arg}"] if arguments.vararg else [])]
    passed += [f"{each.arg}={each.arg}" for each in arguments.kwonlyargs]
    passed += [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    is_async = isinstance(near, ast.AsyncFunctionDef)
    returns = f" -> {ast.unparse(near.returns)}" if near.returns is not None else ""
    call = f"{own or owner}.{near.name}({', '.join(passed)})"
    return [
        f"# Scaffold: {name}() does what {near.name}() does. To complete it, let callers use it, and make the other",
        "# one private.",
        *([f"@{kind}"] if kind else []),
        f"{'async ' if is_async else ''}def {name}({ast.unparse(arguments)}){returns}:",
        f'    """Do what the policy calls {name}: see {near.name}."""',
        f"    return {'await ' if is_async else ''}{call}",
    ]


def _write_create(node: ast.ClassDef, own: Mapping[str, Function]) -> list[str]:
    """Return the lines of a method that makes an object; of a class that keeps its one object, past that."""
    made = (
        ["made = object.__new__(cls)", "made.__init__(*args, **kwargs)"]
        if "__new__" in own
        else ["made = cls(*args, **kwargs)"]
    )
    return [
        "# Scaffold: an object of its own for each user or request. To complete it, name the arguments, and let",
        f"# callers use it in place of {node.name}().",
        "@classmethod",
        f'def create(cls, *args, **kwargs) -> "{node.name}":',
        '    """Return a new object that nobody else has."""',
        *(f"    {line}" for line in made),
        "    return made",
    ]


def _write_get(node: ast.ClassDef) -> list[str]:
    """Return the lines of a method that returns the object of the context."""
    return [
        "# Scaffold: the object of this request or task, made when it is first asked for. To complete it, pass the",
        "# object on where that is possible, and hand the context on where threads are started.",
        "@classmethod",
        f'def get(cls) -> "{node.name}":',
        '    """Return the object of this context."""',
        f"    found = {_name_variable(node)}.get()",
        "    if not isinstance(found, cls):",
        "        found = cls.create()",
        f"        {_name_variable(node)}.set(found)",
        "    return found",
    ]
