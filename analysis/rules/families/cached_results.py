"""What callers change in the results of cached functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis.facts.shared_state import EITHER
from analysis.facts.source_tree import read_if_any
from analysis.rules.changed_results import ChangedResult, find_changed_results
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import STATE, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule
from analysis.rules.shared_state import find_states
from analysis.wording import format_some

_CLEARING = b"cache_clear("
_LIBRARY = b"functools"
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


def _check_methods(case: RuleContext) -> Iterator[Finding]:
    """Yield the cached methods of objects that others change: the cache knows the object, not what it holds."""
    for state in find_states(case, "cached-method"):
        owner, read = state.owner.rpartition(".")[0], set(state.value.split(EITHER))
        stores = [
            each
            for each in case.stores
            if each.way == "object" and each.holder == f"{state.module}:{owner}" and each.path == state.path
        ]
        setting = [each for each in stores if each.part.partition(".")[0] in read and each.inflow == "parameter"]
        source = read_if_any(case.facts.tree, state.path) if setting else b""
        if _LIBRARY not in source or _CLEARING in source:
            continue
        first = setting[0]
        message = (
            f"{state.definition} is cached and reads self.{first.part}, which {first.owner} sets "
            f"({first.path}:{first.line}). The cache knows the object and the arguments only: after that it still "
            f"gives the result of before, and it keeps every object alive"
        )
        places = [(state.path, state.line), *((each.path, each.line) for each in setting)]
        severity = "P1" if any(each.personal for each in setting) else "P2"
        yield build_finding("cached-method-stale", severity, state.definition, message, places)


_METHOD = (
    "from functools import lru_cache\nclass Desk:\n    def login(self, user):\n        self.user = user\n"
    "    {}def show(self):\n        return self.user\n"
)
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
    Rule(
        "cached-method-stale", "P1",
        "A cached method reads an attribute of its object that another method sets. The cache asks only for the object "
        "and the arguments, so it goes on giving what the method has found before.",
        "Give the method what it depends on as arguments, or use no cache.",
        _check_methods,
        bad={"a.py": _METHOD.format("@lru_cache\n    ")},
        good={"a.py": _METHOD.format("")},
        grades={"P1": "the argument of a user is set", "P2": "anything else is set"},
        step=PlanStep(STATE, 46, "Cache functions of what they depend on", minutes=15), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
)  # fmt: skip
