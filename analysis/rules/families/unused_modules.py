"""Modules of a program that nothing imports and that no start reaches, and those that only tests use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis.resolve.modules import Module
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import LASTING, PlanStep
from analysis.rules.root_causes import UNDOCUMENTED
from analysis.rules.rule import Rule
from analysis.rules.unused_modules import find_unused
from analysis.wording import choose_form, format_count, format_some


def _check_unused(case: RuleContext) -> Iterator[Finding]:
    found = find_unused(case)
    starts = f"none of the {format_count(found.starts, 'start')} reaches" if found.starts else "no start reaches"
    packages: dict[str, tuple[list[Module], list[Module]]] = defaultdict(lambda: ([], []))
    for number, modules in enumerate((found.modules, found.tested)):
        for module in modules:
            packages[module.package or module.plain][number].append(module)
    for package, (unused, tested) in sorted(packages.items()):
        parts = []
        if unused:
            parts.append(
                f"Nothing that is used imports or names {_list_names(unused)}, and {starts} {_choose(unused, 'it')}"
            )
        if tested:
            parts.append(f"Outside of tests nothing imports, runs or names {_list_names(tested)}")
        every = [*unused, *tested]
        places = [(module.path, 1) for module in every]
        yield build_finding("module-unused", "P3", package, ". ".join(parts), places, [each.plain for each in every])


def _list_names(modules: list[Module]) -> str:
    return format_some([module.plain for module in modules])


def _choose(modules: list[Module], one: str) -> str:
    return choose_form(len(modules), one, "them")


_TREE = {
    "shop/__init__.py": "", "shop/orders.py": "def count():\n    return 1\n",
    "shop/old_orders.py": "def count():\n    return 2\n",
    "start.py": "from shop import orders\n\nif __name__ == '__main__':\n    orders.count()\n",
}  # fmt: skip

RULES = (
    Rule(
        "module-unused", "P3",
        "Nothing that is used imports a module, in any scope, no start of the program reaches it, and no text of the "
        "tree names it; or only tests do. It is read and repaired like the rest, though nothing shows that it is part "
        "of the program. Of code that a distribution ships, others may import every module: there only modules whose "
        "names begin with an underscore are judged, unless a server or Django runs the package. Folders from which "
        "modules are loaded by computed names are left out, as it is unknown which of them are used.",
        "Delete it, or import it where it is meant to be used. If something outside of the tree loads it, accept the "
        "finding and say what.",
        _check_unused,
        bad=_TREE,
        good={**_TREE, "shop/orders.py": "def count():\n    from shop import old_orders\n"},
        is_joint=True,
        step=PlanStep(LASTING, 55, "Delete modules that nothing uses", minutes=10), cause=UNDOCUMENTED,
    ),
)  # fmt: skip
