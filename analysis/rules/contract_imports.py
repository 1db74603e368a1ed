"""The direct imports of which contracts speak."""

from __future__ import annotations

from analysis.contracts.module_imports import ModuleImports, collect_imports
from analysis.contracts.terms import Scope
from analysis.rules.context import RuleContext, ask_once
from analysis.tables import read_rows


@ask_once
def find_contract_imports(case: RuleContext, scope: Scope) -> ModuleImports:
    """Return the direct imports between the modules of a target that are in a scope."""
    rows = read_rows(case.facts.modules, "module", "kind", "is_primary", "shadowed_by")
    modules = {name: kind for name, kind, is_primary, shadowed_by in rows if is_primary and not shadowed_by}
    return collect_imports(case.graph.edges, case.graph.externals, modules, scope)
