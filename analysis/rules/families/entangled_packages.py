"""Sibling packages that import each other in a cycle, whether or not any of their modules do."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.contracts.judging import find_tangles
from analysis.contracts.terms import Scope
from analysis.rules.context import RuleContext
from analysis.rules.contract_imports import find_contract_imports
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import LASTING, PlanStep
from analysis.rules.root_causes import CYCLES
from analysis.rules.rule import Rule
from analysis.wording import format_count, format_some

#: Imports that run on import; those inside functions and for type checkers have rules of their own.
_SCOPE = Scope(type_checking=False, deferred=False, external=False)
#: Levels below the top that are looked at.
_DEPTH = 4


def _check_tangles(case: RuleContext) -> Iterator[Finding]:
    imports = find_contract_imports(case, _SCOPE)
    together = [frozenset(cycle.modules) for cycle in case.cycles if cycle.kind == "import-time"]
    for tangle in find_tangles(imports, "", _DEPTH):
        packages = [name for name in tangle.chain if imports.find_children(name)]
        if len(packages) < 2 or any(_has_all(modules, tangle.chain) for modules in together):
            continue  # modules alone, or a cycle of modules that has a finding
        places = format_count(len(tangle.places), "statement")
        message = (
            f"{format_some(tangle.chain)} import each other in a cycle, as packages: none can be tested, moved or "
            f"released without the others. The direction with the fewest imports is from {tangle.importer} to "
            f"{tangle.imported}: {places}"
        )
        yield build_finding("packages-entangled", "P3", tangle.chain[0], message, tangle.places, tangle.chain)


def _has_all(modules: frozenset[str], packages: tuple[str, ...]) -> bool:
    """Return whether one cycle of modules goes through all packages."""
    return all(any(name == package or name.startswith(f"{package}.") for name in modules) for package in packages)


_TREE = {
    "app/__init__.py": "", "app/orders/__init__.py": "", "app/orders/book.py": "from app.pages import form\n",
    "app/orders/types.py": "x = 1\n", "app/pages/__init__.py": "", "app/pages/form.py": "y = 1\n",
    "app/pages/list.py": "from app.orders import types\n",
}  # fmt: skip

RULES = (
    Rule(
        "packages-entangled", "P3",
        "Packages import each other in a cycle, though none of their modules do. Every first import works, but none of "
        "the packages can be tested, moved or released without the others, and one more import makes a real cycle.",
        "Move what both need into a package below, or what goes against the direction to its users. A contract "
        "([[layer]] in the policy) keeps it so.",
        _check_tangles,
        bad=_TREE,
        good={**_TREE, "app/pages/list.py": "z = 1\n"},
        is_joint=True,
        step=PlanStep(LASTING, 20, "Give packages that import each other one direction", minutes=30), cause=CYCLES,
    ),
)  # fmt: skip
