"""State that classes, defaults and cached functions keep for everybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from analysis import tables
from analysis.facts.shared_state import EITHER
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.inherited_containers import InheritedChange, find_inherited_changes
from analysis.rules.plan_phases import STATE, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule
from analysis.rules.shared_state import CLASS_LEVEL, State, find_class_lines, find_states, is_factory
from analysis.rules.singletons import find_asked, find_singletons
from analysis.wording import format_count, format_some

#: Kinds of classes whose objects never change.
_HARMLESS = frozenset({"frozen", "enum", "namedtuple"})
_SETTINGS = ("Settings", "Config", "Configuration", "Options")


def _check_singletons(case: RuleContext) -> Iterator[Finding]:
    rule = "singleton"
    patterns = [pattern for factory in case.policy.factory if factory.forbid_singleton for pattern in factory.match]
    lines = find_class_lines(case)
    asked = find_asked(case)
    for state in find_singletons(case):
        is_forbidden = any(fnmatchcase(state.owner.rpartition(".")[2], pattern) for pattern in patterns)
        kept = [store for store in case.stores if store.is_kept and store.holder == f"{state.definition}.{state.name}"]
        arguments = sorted({name for store in kept for name in store.parameters}) or asked.get(state.definition, [])
        severity, note = ("P1", ", which the policy forbids") if is_forbidden else ("P1" if arguments else "P2", "")
        first = f" It keeps {format_some(arguments)} of one caller for all others." if arguments else ""
        message = (
            f"{state.definition} has one object for the whole process{note}: {state.value} keeps it in {state.name} "
            f"and returns it to every caller.{first} What it stores for one user, the next user finds"
        )
        stored = [(store.path, store.line) for store in kept]
        places = [(state.path, line) for line in (state.line, *state.changed)] if state.line else []
        places = [*lines.get(state.definition, ()), *places, *stored]
        yield build_finding(rule, severity, state.definition, message, places, [state.name])


def _check_class_attributes(case: RuleContext) -> Iterator[Finding]:
    rule = "shared-class-attribute"
    class_lines = find_class_lines(case)
    for definition, states in _group(find_states(case, *CLASS_LEVEL)):
        named = [f"{state.name} = {state.value}" for state in states]
        lines = sum(len(state.changed) for state in states)
        by_instance = any(state.kind == "class-attribute" for state in states)
        name = definition.rpartition(":")[2].rpartition(".")[2]
        is_decided = definition in case.policy_classes or is_factory(case, name)
        flows = [flow for state in states for flow in _list_flows(case, state, f"{state.owner}.{state.name}")]
        severity = "P1" if is_decided or (by_instance and flows) else "P2" if by_instance else "P3"
        whose = "Every object of the class" if by_instance else "Every caller of the class"
        message = (
            f"{definition} keeps {format_some(named)} in the class body, and changes it at "
            f"{format_count(lines, 'place')}. "
            f"{whose} shares it: what one user puts in{_name_flows(flows)}, the others get"
        )
        places = [(state.path, line) for state in states for line in (state.line, *state.changed)]
        places = [*class_lines.get(definition, ()), *places]
        yield build_finding(rule, severity, definition, message, places, [state.name for state in states])


def _check_inherited(case: RuleContext) -> Iterator[Finding]:
    """Yield the containers of class bodies that only methods of subclasses change."""
    known = {state.definition for state in find_states(case, *CLASS_LEVEL)}
    found: dict[str, list[InheritedChange]] = defaultdict(list)
    for each in find_inherited_changes(case):
        if each.definition not in known:
            found[each.definition].append(each)
    for definition, changes in sorted(found.items()):
        personal = sorted({name for each in changes for name in each.store.personal})
        names = sorted({each.name for each in changes})
        first = changes[0]
        message = (
            f"{definition} keeps {format_some(names)} in the class body, and {first.store.owner} of a subclass changes "
            f"it ({first.store.path}:{first.store.line}). Every object of the class and its subclasses shares it: what "
            f"one user puts in{_name_flows(personal)}, the others get"
        )
        places = [place for each in changes for place in ((each.path, each.line), (each.store.path, each.store.line))]
        yield build_finding("shared-class-attribute", "P1" if personal else "P2", definition, message, places, names)


def _check_containers(case: RuleContext) -> Iterator[Finding]:
    yield from _check_class_attributes(case)
    yield from _check_inherited(case)


def _check_defaults(case: RuleContext) -> Iterator[Finding]:
    rule = "shared-default"
    for definition, states in _group(find_states(case, "default")):
        named = [f"{state.name}={state.value}" for state in states]
        flows = [flow for state in states for flow in _list_flows(case, state, state.name)]
        message = (
            f"{definition} has the default {format_some(named)} and changes it or passes it on. Python creates it "
            f"once: callers that omit the argument share the same object{_name_flows(flows)}"
        )
        places = [(state.path, line) for state in states for line in (state.line, *state.changed)]
        yield build_finding(
            rule, "P1" if flows else "P2", definition, message, places, [state.name for state in states]
        )


def _list_flows(case: RuleContext, state: State, name: str) -> list[str]:
    """Return the arguments of a user that flow into a container, where every other caller finds them."""
    stores = (store for store in case.stores if store.path == state.path and store.line in state.changed)
    return sorted({flow for store in stores if store.name == name and store.is_open for flow in store.personal})


def _name_flows(flows: Sequence[str]) -> str:
    return f", such as {format_some(sorted(set(flows)))}" if flows else ""


def _check_cached(case: RuleContext) -> Iterator[Finding]:
    rule = "cached-getter"
    states = list(find_states(case, "cached-getter"))
    calls = {(state.module, name) for state in states for name in state.value.split(EITHER)}
    products = case.meanings.find_products(calls)
    marks = _find_marks(case) if states else {}
    for state in states:
        made = [(products.get((state.module, name)), name) for name in state.value.split(EITHER)]
        own = [product.definition for product, _ in made if product is not None and product.is_own]
        own += [
            f"{state.module}:{name}" for product, name in made if product is None and f"{state.module}:{name}" in marks
        ]
        if own and len(own) == len(made) and all(not _HARMLESS.isdisjoint(marks.get(each, ())) for each in own):
            continue  # what never changes carries nothing from one user to the next
        is_direct = any(product is None or not product.functions for product, _ in made)
        is_open = is_direct and any(not _is_settings(case, each) for each in own)
        message = (
            f"{state.definition} is cached and takes no argument: it calls {state.value} once and returns the "
            "result to all users"
        )
        yield build_finding(rule, "P2" if is_open else "P3", state.definition, message, [(state.path, state.line)])


def _find_marks(case: RuleContext) -> dict[str, tuple[str, ...]]:
    rows = tables.read_rows(case.facts.definitions, "path", "qualname", "marks")
    return {f"{case.homes[path]}:{qualname}": tuple(marks) for path, qualname, marks in rows if path in case.homes}


def _is_settings(case: RuleContext, definition: str) -> bool:
    """Return whether a class holds settings of the process, by its name or by what it extends."""
    names = {each.rpartition(":")[2] for each in (definition, *case.identity.inheritance.find_ancestors(definition))}
    return any(name.endswith(_SETTINGS) for name in names)


def _group(states: Iterable[State]) -> Iterator[tuple[str, list[State]]]:
    found: dict[str, list[State]] = defaultdict(list)
    for state in states:
        found[state.definition].append(state)
    yield from found.items()


_SINGLETON = (
    "class JobFactory:\n    _instance = None\n\n    def __new__(cls):\n        if cls._instance is None:\n"
    "            cls._instance = super().__new__(cls)\n        return cls._instance\n"
)

RULES = (
    Rule(
        "singleton", "P1",
        "A class keeps a single object and returns it to every caller. State that belongs to one user stays in it "
        "for the next, tests influence one another, and two users at a time overwrite one another.",
        "Create an object for each user or request and pass it on; where there must be only one, create it where the "
        "program starts and pass it in.",
        _check_singletons,
        bad={"a.py": _SINGLETON},
        good={"a.py": "class JobFactory:\n    def __init__(self, user):\n        self.user = user\n"},
        grades={
            "P1": "the policy forbids it for this factory, or it keeps the argument of one caller",
            "P2": "any other class",
        },
        is_joint=True,
        step=PlanStep(STATE, 10, "Replace singletons by objects that are passed on", minutes=90), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
    Rule(
        "shared-class-attribute", "P1",
        "A container that stands in the class body belongs to the class: all its objects change the same one.",
        "Make it in `__init__`, for each object. A registry that is meant to be one for all deserves a name and a "
        "place of its own.",
        _check_containers,
        bad={"a.py": "class Cart:\n    items = []\n\n    def add(self, item):\n        self.items.append(item)\n"},
        good={
            "a.py": "class Cart:\n    KINDS = ['a']\n\n    def __init__(self):\n        self.items = []\n\n"
            "    def add(self, item):\n        self.items.append(item)\n",
        },
        grades={
            "P1": "the class belongs to a concept or factory of the policy, or the argument of a user flows in",
            "P2": "methods change it through an object",
            "P3": "it is changed through the class only, as registries are",
        },
        is_joint=True,
        step=PlanStep(STATE, 40, "Move containers from class bodies into __init__", minutes=20), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
    Rule(
        "shared-default", "P1",
        "The default of a parameter is made once, when the function is defined. A function that changes it, or passes "
        "it on, gives one caller what another one left there.",
        "Use None as the default, and make the container inside the function.",
        _check_defaults,
        bad={"a.py": "def open_session(user, session={}):\n    session['user'] = user\n    return session\n"},
        good={
            "a.py": "def open_session(user, session=None):\n    session = dict(session or {})\n"
            "    session['user'] = user\n    return session\n\ndef show(rows=[]):\n    print(len(rows))\n",
        },
        grades={"P1": "the argument of a user flows in", "P2": "anything else does"},
        is_joint=True,
        step=PlanStep(STATE, 50, "Create default containers inside the functions", minutes=10), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
    Rule(
        "cached-getter", "P2",
        "A cached function without parameters is a singleton by another name: one object for all users, and nobody can "
        "see that from the call.",
        "Add a parameter that distinguishes users, or create the object where the program starts.",
        _check_cached,
        bad={
            "a.py": "from functools import lru_cache\nclass Cache: ...\n@lru_cache\ndef get_cache():\n"
            "    return Cache()\n",
        },
        good={
            "a.py": "from functools import lru_cache\nclass Cache: ...\n@lru_cache\ndef get_cache(user):\n"
            "    return Cache()\n@lru_cache\ndef find_size():\n    return 3\n",
        },
        grades={
            "P2": "it makes an object of the tree's own classes",
            "P3": "it makes settings of the process, or calls something else",
        },
        step=PlanStep(STATE, 60, "Give cached getters a parameter that distinguishes users", minutes=30),
        cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
)  # fmt: skip
