"""Units that declare what they depend on: imports that were not declared, go up a layer, or take what is private."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from analysis.contracts.module_imports import ModuleImports, Place, compile_expression
from analysis.contracts.terms import Breach, ContractError, Dependencies, Offered, Unit


def judge_dependencies(terms: Dependencies, imports: ModuleImports) -> Iterator[Breach]:
    """Yield what one unit takes of another and should not: one breach for each pair of units and reason."""
    units = _name_units(terms.units, imports)
    found: dict[tuple[str, str, str], list[tuple[Place, tuple[str, str]]]] = defaultdict(list)
    for importer, statements in sorted(imports.statements.items()):
        user = _find_unit(importer, units)
        if user is None or user.is_unchecked:
            continue
        for imported, rows in sorted(statements.items()):
            for place, name, _ in rows:
                is_submodule = bool(name) and imported.endswith(f".{name}")
                taken = f"{imported}.{name}" if name and not is_submodule else imported
                owner = _find_unit(taken, units)
                reason = _judge(terms, user, owner, taken) if owner and owner.name != user.name else ""
                if owner and reason:
                    found[user.name, owner.name, reason].append((place, (importer, imported)))
    for (using, used, reason), pairs in sorted(found.items()):
        yield Breach(using, used, pairs[0][1], tuple(sorted({place for place, _ in pairs})), reason)


def _name_units(units: Iterable[Unit], imports: ModuleImports) -> dict[str, Unit]:
    """Return the units by name; one named by wildcards is each module that fits and has no unit of its own."""
    named = {unit.name: unit for unit in units if "*" not in unit.name}
    meant: dict[str, Unit] = {}
    for unit in (unit for unit in units if "*" in unit.name):
        pattern = _compile_unit(unit.name)
        for name in filter(pattern.fullmatch, imports.names):
            if name in meant:
                raise ContractError(f"{name} is meant by {meant[name].name} and by {unit.name}")
            if name not in named:
                meant[name] = unit
    return named | {name: replace(unit, name=name) for name, unit in meant.items()}


def _compile_unit(expression: str) -> re.Pattern[str]:
    """Return the pattern of modules that have a unit each: ``**`` is any number of parts, also none."""
    first, *rest = expression.split(".")
    if first == "**":
        raise ContractError(f"{expression} is not read as the name of a module")
    words = {"*": r"\.[^.]+", "**": r"(?:\.[^.]+)*"}
    start = r"[^.]+" if first == "*" else re.escape(first)
    return re.compile(start + "".join(words.get(part, re.escape(f".{part}")) for part in rest))


def _find_unit(name: str, units: Mapping[str, Unit]) -> Unit | None:
    """Return the nearest unit around a module or name."""
    while name and name not in units:
        name = name.rpartition(".")[0]
    return units.get(name)


def _judge(terms: Dependencies, user: Unit, owner: Unit, taken: str) -> str:
    """Return why a unit may not take something of another; empty where it may."""
    if not _is_offered(terms, user, owner, taken):
        return f"{user.name} takes {taken}, which {owner.name} does not offer"
    if user.layer and owner.layer:
        heights = {layer: height for height, layer in enumerate(terms.layers)}
        if heights[owner.layer] < heights[user.layer]:
            return (
                f"{user.name} is in the layer {user.layer} and imports {owner.name} of the higher layer {owner.layer}"
            )
        if heights[owner.layer] > heights[user.layer] and not terms.layers_are_declared:
            return ""
    if owner.is_utility:
        return ""
    if any(_match(expression, owner.name) for expression in user.forbids):
        return f"{user.name} must not depend on {owner.name}"
    if user.needs is not None and not any(_match(expression, owner.name) for expression in user.needs):
        return f"{user.name} does not declare that it depends on {owner.name}"
    return ""


def _is_offered(terms: Dependencies, user: Unit, owner: Unit, taken: str) -> bool:
    member = taken[len(owner.name) + 1 :]
    fitting = [each for each in terms.offered if _concerns(each, user, owner)]
    if not member or not fitting:
        return True
    return any(_compile(pattern).fullmatch(member) for each in fitting for pattern in each.names)


def _concerns(offered: Offered, user: Unit, owner: Unit) -> bool:
    is_owner = any(_compile(pattern).fullmatch(owner.name) for pattern in offered.units)
    return is_owner and (offered.takers is None or any(_match(each, user.name) for each in offered.takers))


def _match(expression: str, name: str) -> bool:
    return compile_expression(expression).fullmatch(name) is not None


@lru_cache(maxsize=1_000)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
