"""Modules of a program that nothing imports and that no start reaches."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import LASTING, PlanStep
from analysis.rules.root_causes import UNDOCUMENTED
from analysis.rules.rule import Rule
from analysis.rules.unused_modules import find_unused
from analysis.wording import choose_form, format_count


def _check_unused(case: RuleContext) -> Iterator[Finding]:
    found = find_unused(case)
    starts = f"none of the {format_count(found.starts, 'start')}" if found.starts > 1 else "not the one start"
    for module in found.modules:
        message = (
            f"Nothing in the tree imports {module.plain}, in any scope, {starts} of the program "
            f"{choose_form(found.starts, 'runs it', 'runs it')}, and no other file names it"
        )
        yield build_finding("module-unused", "P3", module.plain, message, [(module.path, 1)])


_TREE = {
    "shop/__init__.py": "", "shop/orders.py": "def count():\n    return 1\n",
    "shop/old_orders.py": "def count():\n    return 2\n",
    "start.py": "from shop import orders\n\nif __name__ == '__main__':\n    orders.count()\n",
}  # fmt: skip

RULES = (
    Rule(
        "module-unused", "P3",
        "Nothing in the tree imports a module, no start of the program runs it, and no other file names it. It is read "
        "and repaired like the rest, though nothing shows that it is part of the program.",
        "Delete it, or import it where it is meant to be used. If something outside of the tree loads it, accept the "
        "finding and say what.",
        _check_unused,
        bad=_TREE,
        good={**_TREE, "shop/orders.py": "def count():\n    from shop import old_orders\n\n    return old_orders.count()\n"},
        step=PlanStep(LASTING, 55, "Delete modules that nothing uses", minutes=10), cause=UNDOCUMENTED,
    ),
)  # fmt: skip
