"""State of modules: globals that functions bind anew, and objects that modules make on import."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.kept_objects import find_kept_objects
from analysis.rules.plan_phases import STATE, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule
from analysis.rules.shared_state import MadeObject, find_module_objects, find_rebound, is_factory
from analysis.wording import choose_form, format_count, format_some


def _check_rebound(case: RuleContext) -> Iterator[Finding]:
    rule = "global-rebound"
    kept = {store.holder for store in case.stores if store.is_kept and not store.is_test}
    for item in find_rebound(case):
        if item.is_constant and f"{item.module}.{item.name}" in kept:
            continue  # argument-kept-for-all says it
        functions = sorted({function for function, _ in item.functions})
        value = (
            "a constant, or once"
            if item.is_constant
            else f"its argument {item.personal}"
            if item.personal
            else "a value"
        )
        binds = choose_form(len(functions), "binds", "bind")
        message = (
            f"{format_some(functions)} {binds} the global {item.module}.{item.name} to {value}: it is the same for all "
            f"users and threads{'' if item.is_constant else ', and the last call wins'}"
        )
        places = [(item.path, line) for _, line in item.functions]
        severity = "P3" if item.is_constant or item.is_setting else "P1" if item.personal else "P2"
        yield build_finding(rule, severity, f"{item.module}.{item.name}", message, places)


def _check_objects(case: RuleContext) -> Iterator[Finding]:
    rule = "object-made-on-import"
    found: dict[str, list[MadeObject]] = defaultdict(list)
    for item in sorted([*find_module_objects(case), *find_kept_objects(case)]):
        found[item.module].append(item)
    for module, items in found.items():
        is_decided = any(item.made_by in case.policy_classes or is_factory(case, _tail(item.made_by)) for item in items)
        named = [f"{item.name} ({_describe_maker(item)})" for item in items]
        message = (
            f"{module} makes {format_count(len(items), 'object')} when it is imported: {format_some(named)}. All who "
            "import it share them, and the order of imports decides when they are made"
        )
        places = [(item.path, item.line) for item in items]
        marks = sorted({item.name for item in items})
        yield build_finding(rule, "P2" if is_decided else "P3", module, message, places, marks)


def _describe_maker(item: MadeObject) -> str:
    by = f" by {_tail(item.functions[0])}" if item.functions else ""
    return f"{_tail(item.made_by)}{by}"


def _tail(definition: str) -> str:
    return definition.replace(":", ".").rpartition(".")[2]


RULES = (
    Rule(
        "global-rebound", "P1",
        "A function binds a global name anew. All users and threads see the last one's value.",
        "Return the value, or keep it in an object that belongs to the user or request.",
        _check_rebound,
        bad={"a.py": "_last = None\ndef note(user):\n    global _last\n    _last = user\n"},
        good={"a.py": "_last = None\ndef note(user):\n    _last = user\n    return _last\n"},
        grades={
            "P1": "to an argument that belongs to a user or request by its name",
            "P2": "to a value that differs from call to call",
            "P3": "to constants only, or when it was None before, or by a function that says that it sets it",
        },
        step=PlanStep(STATE, 70, "Return values instead of binding globals", minutes=30), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
    Rule(
        "object-made-on-import", "P2",
        "A module makes an object of the tree's own classes when it is imported, under a name of its own, in a class "
        "body or as a default: one for all users, at a moment that the order of imports decides.",
        "Make it where the program starts and pass it on; keep at module level only what never changes.",
        _check_objects,
        bad={"a.py": "class Box:\n    def __init__(self):\n        self.items = []\n\nBOX = Box()\n"},
        good={
            "a.py": "import enum\nclass Box:\n    def __init__(self):\n        self.items = []\n\n"
            "def start():\n    return Box()\nclass E(enum.Enum):\n    A = 1\nE_A = E(1)\n",
        },
        grades={"P2": "its class belongs to a concept or factory of the policy", "P3": "any other class"},
        step=PlanStep(STATE, 80, "Create objects where the program starts", minutes=30), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
)  # fmt: skip
