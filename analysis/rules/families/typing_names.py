"""Names that a module imports for type checkers only, and that its functions use when they run."""

from __future__ import annotations

import builtins
import re
from collections import defaultdict
from collections.abc import Iterator

import pyarrow as pa

from analysis import tables
from analysis.cache import remember_text
from analysis.facts.evaluated_annotations import find_annotated
from analysis.facts.test_files import is_test_file
from analysis.facts.typing_uses import find_typing_uses
from analysis.rules.context import RuleContext, ask_once
from analysis.rules.evaluated_annotations import find_evaluations, may_evaluate
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_some

_BUILTINS = frozenset(dir(builtins))
#: An assignment to an attribute of a name, as ``facts.program`` writes it.
_SET = re.compile(rb'\["=",\d+,\[\["a",\["n","\w+",\d+\],"([^"]*)"')


def _check_names(case: RuleContext) -> Iterator[Finding]:
    typing: dict[str, set[str]] = defaultdict(set)
    bound: dict[str, set[str]] = defaultdict(set)
    columns = ("path", "name", "scope", "owner", "kind")
    for path, name, scope, owner, kind in tables.read_rows(case.facts.bindings, *columns):
        if scope == "type_checking" and not owner:
            typing[path].add(name)
        elif (not owner or kind != "function") and scope != "type_checking":
            bound[path].add(name)
    for path, names in sorted(typing.items()):
        if path in case.homes:
            yield from _check_file(case, path, names - bound[path] - _BUILTINS)


def _check_file(case: RuleContext, path: str, names: set[str]) -> Iterator[Finding]:
    try:
        source = case.facts.tree.read_bytes(path)
    except OSError:
        return
    yield from _check_annotations(case, path, source, names)
    found = find_typing_uses(source, frozenset(names))
    given = {name for name in {name for name, _ in found} if _is_given(case, name)}
    uses = [use for use in found if use[0] not in given]
    if not uses:
        return
    used = sorted({name for name, _ in uses})
    module, (first, line) = case.homes[path], uses[0]
    message = (
        f"Functions of {module} use {format_some(used)} when they run, but the module imports "
        f"{choose_form(len(used), 'it', 'them')} for type checkers only (TYPE_CHECKING): the line fails with "
        f"NameError: name '{first}' is not defined ({path}:{line})"
    )
    severity = "P3" if is_test_file(path) else "P2"
    yield build_finding("typing-name-at-run-time", severity, module, message, [(path, line) for _, line in uses], used)


def _check_annotations(case: RuleContext, path: str, source: bytes, names: set[str]) -> Iterator[Finding]:
    """Yield what evaluates annotations with such names: a library that reads models, routes and commands."""
    if not may_evaluate(case, source):
        return
    found, module = find_annotated(source, frozenset(names)), case.homes[path]
    found = tuple(each for each in found if not all(_is_given(case, name) for name in each.names))
    told = set()
    for each, evaluation in find_evaluations(case, module, source, found) if found else ():
        if (each.owner, evaluation.by) in told:
            continue
        told.add((each.owner, evaluation.by))
        message = (
            f"{evaluation.by} evaluates the annotations of {module}:{each.owner}, and {format_some(each.names)} "
            f"{choose_form(len(each.names), 'is', 'are')} imported for type checkers only (TYPE_CHECKING): "
            f"{evaluation.fails}: name '{each.names[0]}' is not defined ({path}:{each.line})"
        )
        places = [(path, line) for line in (each.line, evaluation.line) if line]
        severity = "P3" if is_test_file(path) else "P1" if evaluation.is_now else "P2"
        yield build_finding("typing-name-at-run-time", severity, f"{module}:{each.owner}", message, places, each.names)


def _is_given(case: RuleContext, name: str) -> bool:
    """Return whether the body of some module sets an attribute of this name: that of the module in question, maybe."""
    return name in _list_given(case)


@ask_once
def _list_given(case: RuleContext) -> frozenset[str]:
    return frozenset[str]().union(*map(_list_set, case.facts.programs["program"].cast(pa.binary()).to_pylist()))


@remember_text
def _list_set(program: bytes) -> frozenset[str]:
    """Return the attributes of names that a program sets."""
    return frozenset(name.decode("utf-8", "surrogatepass") for name in _SET.findall(program))


RULES = (
    Rule(
        "typing-name-at-run-time", "P1",
        "A function uses a name that its module imports under TYPE_CHECKING only, or a library evaluates an annotation "
        "with such a name: pydantic that of a model, FastAPI that of a route, Typer that of a command, SQLAlchemy that "
        "of a column. Type checkers are content. The line fails with a NameError whenever it runs, the model or the "
        "route when it is first used.",
        "Import the name inside the function, or at the top of the module where that makes no cycle.",
        _check_names,
        bad={
            "shop/__init__.py": "", "shop/base.py": "class Base: ...\n",
            "shop/orders.py": (
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.base import Base\n"
                "def is_base(value):\n    return isinstance(value, Base)\n"
            ),
        },
        good={
            "shop/__init__.py": "", "shop/base.py": "class Base: ...\n",
            "shop/orders.py": (
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.base import Base\n"
                "def is_base(value: 'Base'):\n    from shop.base import Base\n    return isinstance(value, Base)\n"
            ),
        },
        grades={
            "P1": "a class statement fails with it",
            "P2": "the line fails whenever it runs, or what is annotated when it is used",
            "P3": "in a test",
        },
        is_joint=True,
        step=PlanStep(ENTRY_POINTS, 30, "Import what functions use when they run", minutes=10), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip
