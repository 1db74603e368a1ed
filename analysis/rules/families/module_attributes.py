"""Attributes of modules: such as are not there, and submodules that another object has taken the place of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from analysis.names.attribute_uses import MissingAttribute, list_hidden
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PATHS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_count, format_some


def _check_missing(case: RuleContext) -> Iterator[Finding]:
    rule = "phantom-attribute"
    found: dict[tuple[str, str], list[MissingAttribute]] = defaultdict(list)
    for item in case.missing_attributes:
        if item.hidden is None:
            found[item.module.name, item.name].append(item)
    for (module, name), items in sorted(found.items()):
        takes = choose_form(len(items), "takes", "take")
        written = sorted({item.written for item in items})
        message = f"{module} has no {name}, but {format_count(len(items), 'place')} {takes} it: {format_some(written)}"
        yield build_finding(rule, _grade(items), f"{module}.{name}", message, _list_places(items))


def _grade(items: Sequence[MissingAttribute]) -> str:
    return "P2" if all(item.use.is_deferred for item in items) else "P1"


def _list_places(items: Sequence[MissingAttribute]) -> list[tuple[str, int]]:
    ordered = sorted(items, key=lambda item: (item.use.is_deferred, item.path, item.use.line))
    return list(dict.fromkeys((item.path, item.use.line) for item in ordered))


def _check_replaced(case: RuleContext) -> Iterator[Finding]:
    rule = "submodule-replaced"
    target = case.target_resolver
    hit: dict[tuple[str, str], list[MissingAttribute]] = defaultdict(list)
    for item in case.missing_attributes:
        if item.hidden is not None:
            hit[item.module.name, item.name].append(item)
    stars = {(package.name, name): line for package, name, _, line in list_hidden(target)}
    modules = {module.name: module for module in target.index.modules}
    for package, name in sorted(hit.keys() | stars.keys()):
        items = hit.get((package, name), [])
        outcome = target.names.resolve(modules[package], name)
        line = target.names.rows.line[outcome[0].row] if outcome and outcome[0].row >= 0 else 1
        by_star = " by a star import" if (package, name) in stars else ""
        means = outcome[0].value.target.replace(":", ".") if outcome else "another object"
        missed = sorted({item.written.rpartition(".")[2] for item in items})
        uses = (
            f"; {format_count(len(items), 'place')} {choose_form(len(items), 'takes', 'take')} from it "
            if items
            else ""
        )
        message = (
            f"{package}.{name} is not the submodule of that name: {means} replaces it{by_star}"
            f"{uses}{f'{format_some(missed)}, which only the submodule has' if items else ''}"
        )
        places = [(modules[package].source, max(1, line)), *_list_places(items)]
        yield build_finding(rule, _grade(items) if items else "P3", f"{package}.{name}", message, places)


_USED = "from p import a\ndef f():\n    return a.{}()\n"
_PACKAGE = {
    "p/q/__init__.py": "from . import tools\n",
    "p/q/tools.py": "def cut(): ...\n",
    "p/tools.py": "def label(): ...\n",
}

RULES = (
    Rule(
        "phantom-attribute", "P1",
        "An attribute of a module of the tree is used that the module does not have: the line fails with "
        "AttributeError whenever it runs.",
        "Correct the name, or restore what the module lost.",
        _check_missing,
        bad={"p/__init__.py": "", "p/a.py": "def there(): ...\n", "p/b.py": _USED.format("gone")},
        good={"p/__init__.py": "", "p/a.py": "def there(): ...\n", "p/b.py": _USED.format("there")},
        grades={"P1": "the line runs when its module is imported", "P2": "it waits inside a function"},
        step=PlanStep(
            ENTRY_POINTS, 45, "Correct or delete uses of attributes that their module does not have", minutes=10
        ),
        cause=UNCHECKED_IMPORTS,
    ),
    Rule(
        "submodule-replaced", "P1",
        "A package binds the name of one of its submodules to something else, by a star import that brings a name like "
        "it, or by a function or another module. Who means the submodule gets the other object.",
        "Import the names that are meant in place of the star, or give one of the two another name.",
        _check_replaced,
        bad={
            **_PACKAGE, "p/__init__.py": "from . import tools\nfrom .q import *\n",
            "p/b.py": "import p\ndef f():\n    return p.tools.label()\n",
        },
        good={
            **_PACKAGE, "p/__init__.py": "from . import tools\nfrom .q.tools import cut\n",
            "p/b.py": "import p\ndef f():\n    return p.tools.label()\n",
        },
        grades={
            "P1": "a line that runs when its module is imported takes from it what only the submodule has",
            "P2": "such a line waits inside a function",
            "P3": "a star import does it, and nobody is seen to be hit",
        },
        step=PlanStep(PATHS, 45, "Give submodules and names of their package different names", minutes=15),
        cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip
