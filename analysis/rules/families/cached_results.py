"""What callers change in the results of cached functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis.rules.changed_results import ChangedResult, find_changed_results
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import STATE, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule
from analysis.wording import format_some

_EMPTY = frozenset({"{}", "[]", "set()", "dict()", "list()"})


def _check_results(case: RuleContext) -> Iterator[Finding]:
    found: dict[str, list[ChangedResult]] = defaultdict(list)
    for each in sorted(set(find_changed_results(case))):
        found[each.state.definition].append(each)
    for definition, changes in sorted(found.items()):
        personal = sorted({name for each in changes for name in each.personal})
        first, state = changes[0], changes[0].state
        flows = f", such as {format_some(personal)}," if personal else ""
        message = (
            f"{definition} is cached and returns {state.value} ({state.path}:{state.line}), and {first.owner} changes "
            f"what it gets ({first.path}:{first.line}). The cache keeps that same object: what one call puts in"
            f"{flows} the next one gets"
        )
        severity = "P1" if personal else "P3" if state.value in _EMPTY else "P2"
        places = [*((each.path, each.line) for each in changes), (state.path, state.line)]
        yield build_finding("cached-result-changed", severity, definition, message, places, [state.name])


_CACHED = (
    "from functools import lru_cache\n@lru_cache\ndef find_menu(shop):\n    return ['soup', 'bread']\n"
    "def serve(user):\n    menu = {}\n    menu.append(user)\n    return menu\n"
)

RULES = (
    Rule(
        "cached-result-changed", "P1",
        "A cached function returns a container, and a caller changes it in place. The cache gives the changed object "
        "to everybody who asks with the same arguments.",
        "Return a tuple, a frozenset or a `MappingProxyType`, or copy what comes back before it is changed.",
        _check_results,
        bad={"a.py": _CACHED.format("find_menu(1)")},
        good={"a.py": _CACHED.format("list(find_menu(1))")},
        grades={
            "P1": "the argument of a user is put in",
            "P2": "anything else changes it",
            "P3": "the function makes an empty container: a registry, one for all on purpose",
        },
        is_joint=True,
        step=PlanStep(STATE, 45, "Copy what cached functions return before it is changed", minutes=10),
        cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
)  # fmt: skip
