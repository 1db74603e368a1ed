"""The contracts of a target: those of its policy, and those of the files of other tools."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.contracts.linter_files import read_linter_contracts
from analysis.contracts.tach_files import read_tach_contracts
from analysis.contracts.terms import (
    Contract,
    ContractError,
    Forbidden,
    Independence,
    Interface,
    Layers,
    Scope,
    Terms,
    parse_layers,
)
from analysis.facts.source_tree import SourceTree
from analysis.policy import Policy
from analysis.policy.models import ForbiddenContract, IndependentContract, InterfaceContract, LayerContract

_Stated = LayerContract | ForbiddenContract | IndependentContract | InterfaceContract


def list_contracts(policy: Policy, tree: SourceTree) -> list[Contract]:
    """Return all contracts of a target, those of the policy first."""
    return [*_build_own(policy), *read_linter_contracts(tree), *read_tach_contracts(tree)]


def _build_own(policy: Policy) -> Iterator[Contract]:
    stated: tuple[_Stated, ...] = (*policy.layer, *policy.forbidden, *policy.independent, *policy.interface)
    for each in stated:
        scope = Scope(type_checking=each.type_checking, deferred=each.deferred, tests=each.tests)
        terms: Terms | None = None
        problem = ""
        try:
            terms = _build_terms(each)
        except ContractError as error:
            problem = str(error)
        yield Contract(
            each.name, "", 0, terms, each.severity, each.ignore_imports, scope=scope, problem=problem
        )  # fmt: skip


def _build_terms(stated: _Stated) -> Terms:
    if isinstance(stated, LayerContract):
        layers = parse_layers(stated.layers)
        return Layers(layers, stated.containers, stated.exhaustive, stated.exhaustive_ignores)
    if isinstance(stated, ForbiddenContract):
        return Forbidden(stated.source_modules, stated.forbidden_modules, stated.allow_indirect_imports)
    if isinstance(stated, IndependentContract):
        return Independence(stated.modules)
    return Interface(stated.package, stated.names, stated.type_hints_only)
