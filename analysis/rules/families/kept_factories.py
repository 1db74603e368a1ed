"""Methods that make an object for their first caller, keep it in ``self``, and give it to the later ones."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from analysis.facts.shared_state import MAKING
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import STATE, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule
from analysis.rules.shared_objects import find_shared_objects
from analysis.rules.shared_state import is_factory
from analysis.rules.stored_state import Store
from analysis.wording import format_some

#: Classes that say that they make objects for others.
_FACTORY = re.compile(r"(Factory|Provider|Builder|Creator|Maker|Producer)$")


def _check_kept(case: RuleContext) -> Iterator[Finding]:
    rule = "factory-keeps-object"
    found: dict[str, list[Store]] = defaultdict(list)
    for store in case.stores:
        if store.way == "object" and store.is_once and store.is_returned and not store.is_test and _grade(store):
            found[store.holder].append(store)
    shared = find_shared_objects(case) if found else {}
    for definition, stores in sorted(found.items()):
        name = definition.rpartition(":")[2].rpartition(".")[2]
        is_named = any(not each.is_nested for each in shared.get(definition, ()))
        is_said = is_named and any(store.inflow == "parameter" and store.is_open for store in stores)
        if is_said or is_factory(case, name):
            continue  # object-keeps-argument, or what the policy asks of this factory
        best = min(stores, key=lambda store: (_grade(store), store))
        loose = best.first or [each for each in best.parameters if each not in best.keys]
        first = f" with {format_some(loose)} of its first caller" if loose else ""
        key = f" under the key {format_some(best.keys)}" if best.keys else ""
        message = (
            f"{best.owner} makes an object{first}, keeps it in self.{best.part}{key} ({best.path}:{best.line}) and "
            "returns it to every later caller: they share one object"
        )
        places = [(store.path, store.line) for store in stores]
        yield build_finding(rule, _grade(best), definition, message, places, sorted({each.part for each in stores}))


def _grade(store: Store) -> str:
    """Return the severity by what flows in; empty where nobody expects an object of their own."""
    owner, _, method = store.owner.rpartition(".")
    is_making = method.startswith(MAKING)
    if is_making and store.first and store.is_open:
        return "P1"
    if is_making and store.parameters and not store.is_keyed:
        # Many objects get something once, for themselves.
        return "P3" if method.startswith("get") and not _FACTORY.search(owner) else "P2"
    return "P3" if is_making and _FACTORY.search(owner) and not _tells_users_apart(store) else ""


def _tells_users_apart(store: Store) -> bool:
    return store.is_keyed and (not store.keys or store.is_personal_key)


RULES = (
    Rule(
        "factory-keeps-object", "P1",
        "A method that by its name makes or gets an object makes it for its first caller, keeps it in its own object, "
        "and gives the same one to every later caller, whatever they hand over.",
        "Make a new object in each call, or keep it under a key that contains everything that it is made of.",
        _check_kept,
        bad={
            "a.py": "class Job:\n    def __init__(self, user):\n        self.user = user\n\n"
            "class Jobs:\n    def __init__(self):\n        self._job = None\n\n    def get_job(self, user):\n"
            "        if self._job is None:\n            self._job = Job(user)\n        return self._job\n",
        },
        good={
            "a.py": "class Job:\n    def __init__(self, user):\n        self.user = user\n\n"
            "class Jobs:\n    def __init__(self):\n        self._jobs = {}\n\n    def get_job(self, user):\n"
            "        if user not in self._jobs:\n            self._jobs[user] = Job(user)\n"
            "        return self._jobs[user]\n",
        },
        grades={
            "P1": "it is made of an argument that belongs to a user or request by its name",
            "P2": "it is made of another argument",
            "P3": "a method of another class only gets it, or a class that says that it is a factory makes it of "
            "nothing, or by a key that no user is part of",
        },
        is_joint=True,
        step=PlanStep(STATE, 21, "Give each caller of a factory an object of its own", minutes=45), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
)  # fmt: skip
