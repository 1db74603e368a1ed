"""How much state users share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from analysis.rules.context import RuleContext
from analysis.rules.metrics.metric import Metric
from analysis.rules.shared_state import (
    CLASS_LEVEL,
    MadeObject,
    Rebound,
    State,
    find_module_objects,
    find_rebound,
    find_states,
)
from analysis.rules.singletons import find_singletons

_Found = TypeVar("_Found", State, MadeObject, Rebound)


def measure_shared(case: RuleContext) -> Iterator[Metric]:
    """Yield the metrics of shared state, of the chosen packages only."""

    def own(found: Iterable[_Found]) -> list[_Found]:
        return [item for item in found if case.is_chosen(item.path)]

    singletons = {state.definition for state in own(find_singletons(case))}
    attributes = own(find_states(case, *CLASS_LEVEL))
    rebinding = {(item.module, name) for item in own(find_rebound(case)) for name, _ in item.functions}
    getters = own(find_states(case, "cached-getter"))
    defaults = {state.definition for state in own(find_states(case, "default"))}
    meaning = "Classes that have one object for the whole process."
    yield Metric("singletons", len(singletons), "classes", meaning)
    meaning = "Containers of class bodies that methods change."
    yield Metric("class-level-mutable-attributes", len(attributes), "attributes", meaning)
    meaning = "Objects of the tree's own classes that modules make on import."
    yield Metric("module-level-instances", len(own(find_module_objects(case))), "objects", meaning)
    yield Metric("global-statements", len(rebinding), "functions", "Functions that bind global names anew.")
    yield Metric("cached-getters", len(getters), "functions", "Cached functions without an argument.")
    meaning = "Functions that change a default of their own, or hand it on."
    yield Metric("mutable-default-arguments", len(defaults), "functions", meaning)
