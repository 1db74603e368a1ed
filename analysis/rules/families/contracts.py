"""Contracts: imports that break one, and contracts that cannot be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analysis.contracts.judging import judge_contract
from analysis.contracts.own import list_contracts
from analysis.contracts.terms import Breach, Contract, ContractError
from analysis.facts.source import LARGEST_FILE_BYTES
from analysis.rules.context import RuleContext, ask_once
from analysis.rules.contract_imports import find_contract_imports
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import LASTING, PlanStep
from analysis.rules.root_causes import CYCLES, UNDOCUMENTED
from analysis.rules.rule import Rule

_MOST_SHOWN = 6


@ask_once
def _judge_all(case: RuleContext) -> tuple[tuple[Contract, tuple[Breach, ...], str], ...]:
    """Return each contract with what breaks it, or with why it cannot be judged."""
    found = []
    for contract in list_contracts(case.policy, case.facts.tree):
        try:
            breaches = judge_contract(contract, find_contract_imports(case, contract.scope))
            found.append((contract, tuple(_let_pass(case, contract.mark, breaches)), ""))
        except ContractError as error:
            found.append((contract, (), str(error)))
    return tuple(found)


def _let_pass(case: RuleContext, mark: str, breaches: Iterable[Breach]) -> Iterator[Breach]:
    """Yield the breaches without the places that a comment lets pass; one without any place left is none."""
    for breach in breaches:
        places = tuple(place for place in breach.places if not (mark and _is_marked(case, mark, place)))
        if places or not breach.places:
            yield replace(breach, places=places)


def _is_marked(case: RuleContext, mark: str, place: Place) -> bool:
    path, line = place
    try:
        lines = case.facts.tree.read_bytes(path, most_bytes=LARGEST_FILE_BYTES).splitlines()
    except OSError:
        return False
    above = lines[line - 2].strip() if 1 < line <= len(lines) else b""
    here = lines[line - 1] if line <= len(lines) else b""
    return mark.encode() in here.partition(b"#")[2] or (above.startswith(b"#") and mark.encode() in above)


def _check_breaches(case: RuleContext) -> Iterator[Finding]:
    for contract, breaches, _ in _judge_all(case):
        for breach in breaches:
            where = f"{contract.name} ({contract.path})" if contract.path else contract.name
            message = f"The contract {where} is broken: {_describe(breach)}"
            marks = [contract.name, breach.imported]
            places = breach.places or [(path, 1) for path, name in case.homes.items() if name == breach.importer]
            yield build_finding("import-against-contract", contract.severity, breach.importer, message, places, marks)


def _describe(breach: Breach) -> str:
    if breach.words:
        return breach.words
    if len(breach.chain) == 2:
        return f"{breach.importer} may not import {breach.imported}, and {breach.chain[0]} imports {breach.chain[1]}"
    shown = breach.chain if len(breach.chain) <= _MOST_SHOWN else (*breach.chain[:3], "…", *breach.chain[-2:])
    return f"{breach.importer} may not import {breach.imported}, and does so through others: {' → '.join(shown)}"


def _check_contracts(case: RuleContext) -> Iterator[Finding]:
    for contract, _, problem in _judge_all(case):
        if problem:
            message = f"The contract {contract.name} cannot be judged: {problem}"
            places = [(contract.path, contract.line)] if contract.path else []
            yield build_finding("contract-not-judged", "P2", contract.name, message, places, [contract.path])


_LAYERS = '[[layer]]\nname = "shop"\nlayers = ["shop.pages", "shop.orders"]\n'
_TREE = {"shop/__init__.py": "", "shop/orders.py": "x = 1\n"}
_LINTER = (
    "[importlinter]\nroot_package = shop\n\n[importlinter:contract:one]\nname = alone\ntype = protected\n"
    "protected_modules = {0}\nallowed_importers = shop\nignore_imports =\n    shop.pages -> {0}\n"
    "unmatched_ignore_imports_alerting = none\n"
)

RULES = (
    Rule(
        "import-against-contract", "P0",
        "An import breaks a contract of the policy, or one that the target states for import-linter or tach. What was "
        "decided about who may know whom does not hold.",
        "Move what is needed to a lower layer, pass it in as a parameter, or allow the import in ignore_imports with "
        "a reason.",
        _check_breaches,
        bad={**_TREE, "shop/orders.py": "from shop import pages\n", "shop/pages.py": "y = 2\n"},
        good={**_TREE, "shop/pages.py": "from shop import orders\n"},
        policy=_LAYERS,
        grades={
            "P0": "where the policy says so", "P1": "where the policy says so",
            "P2": "unless the policy says another severity", "P3": "where the policy says so",
        },
        breach="policy requirement",
        step=PlanStep(LASTING, 10, "Remove the imports that break a contract", minutes=45), cause=CYCLES,
    ),
    Rule(
        "contract-not-judged", "P2",
        "A contract names a module that does not exist, allows an import that is not there, or is of a type that is "
        "not read. Nobody knows whether it holds.",
        "Correct the contract, or delete what it no longer needs.",
        _check_contracts,
        bad={**_TREE, ".importlinter": _LINTER.format("shop.pages")},
        good={**_TREE, ".importlinter": _LINTER.format("shop.orders")},
        breach="policy requirement",
        step=PlanStep(LASTING, 11, "Correct the contracts that cannot be judged", minutes=10), cause=UNDOCUMENTED,
    ),
)  # fmt: skip
